//! What the scenario tests, the simulator and the benches share.

pub mod history;
pub mod near_relay;
