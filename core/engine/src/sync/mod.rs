//! Sync: what this device wrote goes to the relay sealed, what others wrote comes back and is checked. A state
//! machine without I/O, and a thin loop that carries what it asks.

pub(crate) mod accounts;
pub(crate) mod apply;
pub(crate) mod checkpoints;
pub(crate) mod cursors;
pub(crate) mod give_back;
pub(crate) mod handed_again;
pub(crate) mod http;
pub(crate) mod intents;
pub(crate) mod machine;
pub(crate) mod packs;
pub(crate) mod pull;
pub(crate) mod push;
pub(crate) mod relays;
pub mod report;
pub(crate) mod restore;
pub mod run;
pub(crate) mod seal;
pub(crate) mod site;
pub(crate) mod start;
pub mod transport;
pub mod watch;
