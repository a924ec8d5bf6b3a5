//! What the scenario tests, the simulator and the benches share.

#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod bare_client;
pub mod bench;
pub mod by_hand;
pub mod forge;
pub mod fuse;
pub mod history;
pub mod liar;
pub mod live;
pub mod near_relay;
pub mod people;
pub mod rude;
pub mod scene;
pub mod seeded_home;
pub mod simulator;
pub mod tap;
pub mod two_people;
