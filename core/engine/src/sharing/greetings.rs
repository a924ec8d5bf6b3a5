//! What people who come into a chart say they want to be called: sealed for those who take part, opened as their
//! admissions are read. A name is said, not proven; what this account calls somebody itself comes before it.

use std::collections::BTreeMap;

use holdfast_protocol::ids::{AccountId, InviteId, SpaceId};
use holdfast_protocol::membership::{ChartState, Greeting, MAX_GREETINGS, SpaceState};

use crate::error::Result;
use crate::identity::keys;
use crate::store::Tx;
use crate::store::sync_tables::greeted;
use crate::sync::site::Site;

/// The longest name that is shown, in characters, as for one's own.
const MAX_NAME: usize = 80;

/// A name for everybody who takes part, the owners first.
pub(super) fn seal(
    site: &Site<'_>,
    chart: &ChartState,
    accounts: &BTreeMap<AccountId, SpaceState>,
    (space, invite): (SpaceId, InviteId),
    name: &str,
) -> Vec<Greeting> {
    let mut readers: Vec<&AccountId> =
        chart.members.iter().filter(|(_, member)| !member.waiting).map(|(id, _)| id).collect();
    readers.sort_by_key(|account| !chart.is_owner(account));
    let place = (space, invite, site.account);
    let seal = |to: &AccountId| {
        let epoch = accounts.get(to)?.as_account()?.epoch();
        // Somebody whose key is of no use is greeted by no name; that keeps nobody from coming in.
        site.with_entropy(|entropy| Greeting::seal(place, name, *to, epoch, entropy)).ok()
    };
    readers.into_iter().take(MAX_GREETINGS).filter_map(seal).collect()
}

/// Opens the names that a chart's members have said to this account, and keeps them.
pub(crate) fn note(site: &Site<'_>, tx: &Tx<'_>, space: SpaceId, chart: &ChartState) -> Result<()> {
    for (account, member) in &chart.members {
        let greetings = member.greetings.as_deref().unwrap_or_default();
        let mine = greetings.iter().find(|greeting| greeting.to == site.account);
        let (Some(mine), Some(invite)) = (mine, member.invite) else { continue };
        if greeted::is_noted(tx.reader(), space, *account, invite)? {
            continue;
        }
        let secret = keys::account_secret(tx.reader(), site.seal, site.account, mine.epoch)?;
        // Without the secret of that epoch it is tried again when the keys come.
        let Some(secret) = secret else { continue };
        let name = mine.open((space, invite, *account), &secret).unwrap_or_default();
        let name = if is_shown(&name) { name.trim() } else { "" };
        greeted::put(tx, space, *account, invite, name)?;
    }
    Ok(())
}

/// Whether a stranger's text is shown as a name: one line that reads as it is written.
fn is_shown(name: &str) -> bool {
    let hidden = |c: char| {
        c.is_control()
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
    };
    !name.trim().is_empty() && name.chars().count() <= MAX_NAME && !name.chars().any(hidden)
}

#[cfg(test)]
mod tests {
    use super::is_shown;

    #[test]
    fn a_name_that_would_read_otherwise_than_it_is_written_is_not_shown() {
        assert!(is_shown("Dr. Cruz") && is_shown("Зоя") && is_shown("腰"));
        for wrong in
            ["", "  ", "Ana\nBen", "\u{202e}zurC", "An\u{200b}a", "\u{2066}Ben", "a\u{1b}[2J"]
        {
            assert!(!is_shown(wrong), "{wrong:?}");
        }
        assert!(!is_shown(&"a".repeat(81)));
    }
}
