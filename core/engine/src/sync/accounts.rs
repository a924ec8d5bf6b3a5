//! The accounts that charts are judged by: the own one, and those of everybody who shares a chart with it or
//! once did. What a relay shows of them is read from their genesis on, and can only grow.

use std::cell::OnceCell;
use std::collections::BTreeMap;

use holdfast_domain::words::Message;
use holdfast_protocol::ids::{AccountId, DeviceId};
use holdfast_protocol::membership::{Accounts, SpaceState};
use holdfast_protocol::sync::AccountOutline;
use rusqlite::Connection;

use super::site::Site;
use crate::error::Result;
use crate::identity::outline::{self, BadOutline};
use crate::observe::Key;
use crate::projection;
use crate::protocol_words;
use crate::store::sync_tables::{accounts, alarms, spaces};
use crate::store::{Priority, Tx};

/// Every account this device knows. Those of others are read when a judgement first asks for them: a therapist
/// has many, and a chart names few.
pub(crate) struct Known {
    own: Option<SpaceState>,
    others: BTreeMap<AccountId, Other>,
}

struct Other {
    bytes: Vec<u8>,
    state: OnceCell<Option<SpaceState>>,
}

impl Other {
    fn state(&self) -> Option<&SpaceState> {
        // What does not read is as if it had not come: whoever needs it waits for it.
        self.state.get_or_init(|| accounts::state_of(&self.bytes).ok()).as_ref()
    }
}

impl Known {
    /// What is known now, `own` being this device's account.
    pub(crate) fn load(conn: &Connection, own: AccountId) -> Result<Self> {
        let others = accounts::all(conn)?
            .into_iter()
            .map(|(account, bytes)| (account, Other { bytes, state: OnceCell::new() }))
            .collect();
        Ok(Self { own: spaces::known_state(conn, own)?, others })
    }

    /// Puts the own account as it is now in the place of what was read.
    pub(crate) fn set_own(&mut self, own: SpaceState) {
        self.own = Some(own);
    }

    /// Whether a device is or was one of any account known here.
    pub(crate) fn knows_device(&self, device: &DeviceId) -> bool {
        let others = self.others.values().filter_map(Other::state);
        self.own
            .iter()
            .chain(others)
            .filter_map(SpaceState::as_account)
            .any(|account| account.devices.contains_key(device))
    }
}

impl Accounts for Known {
    fn account(&self, account: &AccountId) -> Option<&SpaceState> {
        match &self.own {
            Some(own) if own.space() == *account => Some(own),
            _ => self.others.get(account).and_then(Other::state),
        }
    }
}

/// Takes what the relay shows of the accounts of others. What is not as it should be is an alarm and is not
/// taken; what depends on it waits. Gives whether all of it was taken.
pub(crate) fn take(site: &Site<'_>, outlines: &[AccountOutline]) -> Result<bool> {
    let mut all = true;
    for one in outlines.iter().filter(|one| one.account != site.account) {
        let known = site.store.read(|conn| accounts::get(conn, one.account))?;
        let seen = known.as_ref().filter(|known| !known.doubted);
        let seen = seen.map(|known| known.state.membership_head());
        let read = outline::read(one.account, &one.membership, seen);
        if let Ok(state) = &read
            && seen == Some(state.membership_head())
        {
            // Shown as it is known: whatever was wrong with how it was shown before is over.
            if site.store.read(is_distrusted)? {
                site.store.write(Priority::Sync, "sync", |tx| believe(tx, one.account))?;
            }
            continue;
        }
        all &= read.is_ok();
        site.store.write(Priority::Sync, "sync", |tx| match &read {
            Ok(state) => keep(site, tx, state),
            Err(BadOutline::LacksHead) => {
                let text = "sync.alarm.account_rolled_back";
                alarms::raise(tx, "account_rolled_back", one.account, text)
            }
            Err(bad) => {
                let text = Message::new("sync.alarm.account_unreadable")
                    .with("account", short(one.account))
                    .with("why", bad.message());
                alarms::raise(tx, "account_unreadable", one.account, &protocol_words::keep(&text))
            }
        })?;
    }
    Ok(all)
}

/// Whether the relay shows somebody otherwise than it should: then nobody's device is a stranger's for sure.
pub(crate) fn is_distrusted(conn: &Connection) -> Result<bool> {
    Ok(alarms::is_raised(conn, "account_rolled_back")?
        || alarms::is_raised(conn, "account_unreadable")?)
}

/// The id of an account as people see it: enough of it to tell accounts apart.
fn short(account: AccountId) -> String {
    account.to_hex().chars().take(12).collect()
}

/// The relay shows an account as it should.
fn believe(tx: &Tx<'_>, account: AccountId) -> Result<()> {
    alarms::clear(tx, "account_rolled_back", account)?;
    alarms::clear(tx, "account_unreadable", account)?;
    alarms::clear(tx, "account_missing", account)
}

fn keep(site: &Site<'_>, tx: &Tx<'_>, state: &SpaceState) -> Result<()> {
    let account = state.space();
    accounts::put(tx, state)?;
    believe(tx, account)?;
    tx.touch(Key::Charts);
    let known = Known::load(tx.reader(), site.account)?;
    for row in spaces::all(tx.reader())? {
        let Some(state) = &row.state else { continue };
        let belongs = |chart: &holdfast_protocol::membership::ChartState| {
            chart.ever_members().any(|member| member == account)
        };
        if state.as_chart().is_some_and(belongs) {
            know_authors(tx, state, &known)?;
        }
    }
    Ok(())
}

/// Notes whose devices write in a chart: those of its members, and of former ones, whose records stay theirs.
pub(crate) fn know_authors(tx: &Tx<'_>, chart: &SpaceState, known: &Known) -> Result<()> {
    let Some(state) = chart.as_chart() else { return Ok(()) };
    for account in state.ever_members() {
        let Some(member) = known.account(&account).and_then(SpaceState::as_account) else {
            continue;
        };
        for device in member.devices.keys() {
            let subject = account == state.subject;
            projection::know_author(tx, chart.space(), *device, account, subject)?;
        }
    }
    Ok(())
}

/// The relay does not show an account that a chart's log cannot be judged without.
pub(crate) fn missing(site: &Site<'_>, account: AccountId) -> Result<()> {
    let text = Message::new("sync.alarm.account_missing").with("account", short(account));
    let text = protocol_words::keep(&text);
    site.store
        .write(Priority::Sync, "sync", |tx| alarms::raise(tx, "account_missing", account, &text))
}
