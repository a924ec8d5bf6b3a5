//! What sync keeps on disk: the logs as far as this device knows them, what is on its way, the keys,
//! and what is wrong. Rows and bytes; what they mean is the business of `sync` and `identity`.

pub(crate) mod accepting;
pub(crate) mod accounts;
pub(crate) mod alarms;
pub(crate) mod entries;
pub(crate) mod greeted;
pub(crate) mod relay;
pub(crate) mod sealed;
pub(crate) mod secrets;
pub(crate) mod spaces;
pub(crate) mod tips;
pub(crate) mod tombstones;
pub(crate) mod wishes;

use holdfast_protocol::ids::EntryHash;

use crate::error::{Error, Result};

fn hash_of(bytes: &[u8]) -> Result<EntryHash> {
    EntryHash::from_slice(bytes).ok_or_else(|| Error::Unreadable("an entry's hash".to_owned()))
}
