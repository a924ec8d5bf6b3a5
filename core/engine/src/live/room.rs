//! Who takes part in a live session and may say what: read from the chart's log as it is known here, apart from what
//! the relay lets through. It also has the key, and the relay's address. It talks to nobody.

use std::collections::BTreeMap;

use holdfast_domain::words::Message;
use holdfast_protocol::ids::{AccountId, Class, DeviceId};
use holdfast_protocol::membership::{ChartState, Judge};
use holdfast_protocol::secret::Secret32;

use crate::Inner;
use crate::error::{Error, Result};
use crate::identity::keys;
use crate::rights::{ChartStanding, Rights, relay_now};
use crate::sharing::members::name_of;
use crate::store::meta;
use crate::store::sync_tables::{relay, spaces};
use crate::sync::accounts::Known;
use crate::sync::relays;

/// The chart, its key and its people, as they were last read.
pub(super) struct Room {
    /// The current epoch of the log, and its key.
    pub(super) epoch: u32,
    pub(super) key: Secret32,
    pub(super) relay: String,
    /// The token in the form it is sent; nothing while a sync has to fetch one.
    pub(super) token: Option<String>,
    /// Whether this account may write the log.
    pub(super) writes: bool,
    /// How far the relay's feed is known.
    pub(super) feed: u64,
    chart: ChartState,
    known: Known,
    names: BTreeMap<AccountId, String>,
    read_ms: u64,
    /// Now by the relay's clock when it was read, in milliseconds since 1970.
    now_ms: u64,
}

/// Somebody who may be listened to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Speaker {
    pub(super) account: AccountId,
    /// Whether what they say counts, and not only that they are there.
    pub(super) writes: bool,
    /// Whether it is the person whose body it is.
    pub(super) subject: bool,
}

impl Room {
    /// Reads it.
    ///
    /// # Errors
    /// In words where there is no relay, or this account may not follow here.
    pub(super) fn read(inner: &Inner) -> Result<Self> {
        let row = inner.store.read(relay::get)?.filter(|relay| !relay.url.is_empty());
        let row = row.ok_or_else(|| Error::forbidden(Message::new("live.no_relay")))?;
        let token = inner.with_site(|site| Ok(relays::token(site, &row)))?;
        inner.store.read(|conn| {
            let not_here = || Error::forbidden(Message::new("live.not_synced"));
            let space = spaces::get(conn, inner.who.chart)?.ok_or_else(not_here)?;
            let state = match space.state {
                Some(state) if space.starting.is_none() => state,
                _ => spaces::known_state(conn, inner.who.chart)?.ok_or_else(not_here)?,
            };
            let chart = state.as_chart().cloned().ok_or_else(not_here)?;
            let now_ms = relay_now(conn, inner.clock.wall_ms())?;
            let tombstone = inner.tombstone(conn)?;
            let rights =
                Rights::of(&chart, space.gone, tombstone.as_ref(), inner.who.account, now_ms);
            if rights.standing != ChartStanding::Active || !rights.reads(Class::Log) {
                let why = rights.against_writing(Class::Log);
                return Err(Error::forbidden(why.unwrap_or_else(|| Message::new("live.no_log"))));
            }
            let epoch = chart.epoch(Class::Log);
            let key = keys::content(conn, &inner.key, inner.who.chart, Class::Log, epoch)?;
            let key = key.ok_or_else(not_here)?;
            let reading = inner.account_reading(conn)?;
            let mut names: BTreeMap<AccountId, String> = chart
                .members
                .iter()
                .map(|(account, member)| (*account, name_of(&reading, *account, member.invite)))
                .collect();
            if let Some(me) = meta::me(conn)? {
                names.insert(inner.who.account, me.name);
            }
            Ok(Self {
                epoch,
                key,
                relay: row.url,
                token,
                writes: rights.writes(Class::Log),
                feed: row.feed,
                chart,
                known: Known::load(conn, inner.who.account)?,
                names,
                read_ms: inner.clock.since_boot_ms(),
                now_ms,
            })
        })
    }

    /// How long ago it was read, in milliseconds.
    pub(super) const fn age_ms(&self, since_boot_ms: u64) -> u64 {
        since_boot_ms.saturating_sub(self.read_ms)
    }

    /// Whose device it is, and what it may say now. Nothing where it is to be ignored.
    pub(super) fn speaker(&self, device: &DeviceId, since_boot_ms: u64) -> Option<Speaker> {
        let now_ms = self.now_ms.saturating_add(self.age_ms(since_boot_ms));
        if self.chart.closed {
            return None;
        }
        let judge = Judge::Relay { now_ms };
        let account = self.chart.account_of(device, &self.known, judge).ok()?;
        let reads = self.chart.may_read_at(&account, Class::Log, now_ms);
        let writes = self.chart.may_write(&account, Class::Log);
        let subject = self.chart.subject == account;
        reads.then_some(Speaker { account, writes, subject })
    }

    /// What an account is called here.
    pub(super) fn name(&self, account: &AccountId) -> String {
        self.names.get(account).cloned().unwrap_or_default()
    }

    /// Whether an account is the person whose body it is.
    pub(super) fn is_subject(&self, account: &AccountId) -> bool {
        self.chart.subject == *account
    }
}
