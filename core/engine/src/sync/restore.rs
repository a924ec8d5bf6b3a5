//! A relay that was restored from a backup, or that rolled back without saying so.

use holdfast_protocol::ids::SpaceId;

use super::site::Site;
use crate::error::Result;
use crate::store::Priority;
use crate::store::sync_tables::{alarms, spaces};

/// The relay lost entries and says so: its log is read from the start, and what it lacks is given back to it.
pub(crate) fn read_again(site: &Site<'_>, space: SpaceId) -> Result<()> {
    site.store.write(Priority::Sync, "sync", |tx| {
        let Some(row) = spaces::get(tx.reader(), space)? else { return Ok(()) };
        spaces::read_again(tx, &row, &site.me().0)
    })
}

/// The relay shows less, or something else, than it did, and does not say why.
pub(crate) fn raise_rolled_back(site: &Site<'_>, space: SpaceId) -> Result<()> {
    site.store.write(Priority::Sync, "sync", |tx| {
        alarms::raise(
            tx,
            "relay_rolled_back",
            space,
            "the relay shows an older or another history than before and does not say why; your records are safe \
             here and stay usable; ask whoever runs the relay whether it was restored from a backup",
        )
    })
}
