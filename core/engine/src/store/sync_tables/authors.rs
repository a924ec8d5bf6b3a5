//! Which account a device of a space belongs to, as verified from the membership. Devices that left stay,
//! because their records do.

use holdfast_protocol::ids::SpaceId;
use holdfast_protocol::membership::{Accounts, SpaceState};

use crate::error::Result;
use crate::observe::Key;
use crate::store::Tx;

/// Notes the devices that a chart's members have or once had.
pub(crate) fn note(tx: &Tx<'_>, chart: &SpaceState, accounts: &dyn Accounts) -> Result<()> {
    let Some(state) = chart.as_chart() else { return Ok(()) };
    let sql = "INSERT INTO author (space, device, account, subject) VALUES (?1, ?2, ?3, ?4)
               ON CONFLICT (space, device) DO UPDATE
               SET account = excluded.account, subject = excluded.subject
               WHERE account <> excluded.account OR subject <> excluded.subject";
    for account in state.members.keys() {
        let Some(devices) = accounts.account(account).and_then(SpaceState::as_account) else {
            continue;
        };
        for device in devices.devices.keys() {
            let row =
                (chart.space().0, device.to_hex(), account.to_hex(), *account == state.subject);
            if tx.execute(sql, row)? > 0 {
                tx.touch(Key::History);
            }
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
