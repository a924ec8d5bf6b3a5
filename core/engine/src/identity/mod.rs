//! Who this device is and which devices share its account: founding, joining, recovering, revoking. It
//! signs and opens; what crosses the network is `sync`'s business.

pub(crate) mod address;
mod create;
pub(crate) mod keys;
pub(crate) mod outline;
pub(crate) mod statements;

pub use create::NewAccount;
