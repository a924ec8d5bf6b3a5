//! Which account a device of a space belongs to, as verified from the membership. Devices that left stay,
//! because their records do.

use holdfast_protocol::ids::SpaceId;
use holdfast_protocol::membership::{Accounts, SpaceState};

use crate::error::Result;
use crate::projection;
use crate::store::Tx;

/// Notes the devices that a chart's members have or once had.
pub(crate) fn note(tx: &Tx<'_>, chart: &SpaceState, accounts: &dyn Accounts) -> Result<()> {
    let Some(state) = chart.as_chart() else { return Ok(()) };
    for account in state.members.keys() {
        let Some(devices) = accounts.account(account).and_then(SpaceState::as_account) else {
            continue;
        };
        for device in devices.devices.keys() {
            let is_subject = *account == state.subject;
            projection::know_author(tx, chart.space(), *device, *account, is_subject)?;
        }
    }
    Ok(())
}

/// The charts this device knows.
pub(crate) fn charts_of(spaces: &[super::spaces::SpaceRow]) -> impl Iterator<Item = SpaceId> + '_ {
    spaces
        .iter()
        .filter(|space| space.state.as_ref().is_some_and(|state| state.as_chart().is_some()))
        .map(|space| space.id)
}
