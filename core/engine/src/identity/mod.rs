//! Who this device is and which devices share its account: founding, joining, recovering, revoking. It
//! signs and opens; what crosses the network is `sync`'s business.

pub(crate) mod address;
mod arrive;
pub(crate) mod asking;
pub(crate) mod create;
pub(crate) mod devices;
mod join;
#[cfg(test)]
mod key_tests;
pub(crate) mod keys;
pub(crate) mod outline;
mod phrase_check;
mod recover;
pub(crate) mod statements;

pub use create::NewAccount;
pub use devices::{DeviceStanding, DeviceView, Pairing};
pub use phrase_check::PhraseView;
