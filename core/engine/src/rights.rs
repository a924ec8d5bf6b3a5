//! What this account may do in a chart, as its log and the relay's clock say. Sync asks before it seals, and every
//! command before it writes; the relay and the readers of the log ask again, apart from this.

use holdfast_domain::words::{Arg, Message};
use holdfast_protocol::ids::{AccountId, Class, SpaceId};
use holdfast_protocol::membership::{ChartState, Grant, SpaceState};
use rusqlite::Connection;

use crate::error::{Error, HoldfastError, Result};
use crate::projection;
use crate::store::sync_tables::tombstones::{self, Tombstone};
use crate::store::sync_tables::{relay, spaces};
use crate::{Engine, Inner};

/// How this account stands in a chart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ChartStanding {
    /// It is a member.
    Active,
    /// It came in with an invite that asks for the safety phrase to be compared, which an owner has not done
    /// yet: it has no key and no say.
    Waiting,
    /// The time it was given is over.
    Ended,
    /// It is no member any more. What is here stays, readable and to be exported; nothing can be written.
    Gone,
    /// An owner has closed the chart. What is here stays, readable and to be exported.
    Closed,
}

/// What an account may do in a chart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Rights {
    pub(crate) standing: ChartStanding,
    /// What it was given, or what it had at last where its log says that it is no member any more; nothing where
    /// the log knows nothing of it.
    pub(crate) grant: Option<Grant>,
    /// Whether what was here of it is erased, or is being erased.
    pub(crate) erased: bool,
}

impl Rights {
    /// Judges a chart as it is known here. `now_ms` is by the relay's clock. What stands over it beats what its log
    /// says: a relay that lost the closing does not open the chart again.
    pub(crate) fn of(
        chart: &ChartState,
        gone: bool,
        tombstone: Option<&Tombstone>,
        account: AccountId,
        now_ms: u64,
    ) -> Self {
        let closed = chart.closed || tombstone.is_some_and(Tombstone::is_closed);
        let member = chart.members.get(&account);
        let standing = match member {
            _ if closed => ChartStanding::Closed,
            Some(_) if gone => ChartStanding::Gone,
            None => ChartStanding::Gone,
            Some(member) if member.waiting => ChartStanding::Waiting,
            Some(member) if member.grant.has_ended(now_ms) => ChartStanding::Ended,
            Some(_) => ChartStanding::Active,
        };
        let erased = tombstone.is_some_and(Tombstone::hides);
        let grant = member.map(|member| &member.grant).or_else(|| chart.former.get(&account));
        Self { standing, grant: grant.cloned(), erased }
    }

    /// The rights of `account` in `space`, where that is a chart known here.
    pub(crate) fn read(
        conn: &Connection,
        space: SpaceId,
        account: AccountId,
        wall_ms: i64,
    ) -> Result<Option<Self>> {
        let Some(state) = spaces::known_state(conn, space)? else { return Ok(None) };
        let Some(chart) = state.as_chart() else { return Ok(None) };
        let gone = spaces::is_gone(conn, space)?;
        let tombstone = tombstones::get(conn, space)?;
        let now = relay_now(conn, wall_ms)?;
        Ok(Some(Self::of(chart, gone, tombstone.as_ref(), account, now)))
    }

    /// Whether it may look at a class. What it could read when it lost a chart stays readable, and what had been taken
    /// from it before does not come back.
    pub(crate) fn reads(&self, class: Class) -> bool {
        match self.standing {
            _ if self.erased => false,
            ChartStanding::Waiting => false,
            ChartStanding::Gone | ChartStanding::Closed => {
                self.grant.as_ref().is_none_or(|grant| grant.reads(class))
            }
            ChartStanding::Active | ChartStanding::Ended => {
                self.grant.as_ref().is_some_and(|grant| grant.reads(class))
            }
        }
    }

    /// Whether it may write a class.
    pub(crate) fn writes(&self, class: Class) -> bool {
        self.standing == ChartStanding::Active
            && self.grant.as_ref().is_some_and(|grant| grant.writes(class))
    }

    /// Why it may not write a class; nothing where it may.
    pub(crate) fn against_writing(&self, class: Class) -> Option<Message> {
        if self.writes(class) {
            return None;
        }
        Some(match self.standing {
            ChartStanding::Waiting => Message::new("chart.not_confirmed_yet"),
            ChartStanding::Ended => Message::new("chart.grant_ended"),
            ChartStanding::Gone => Message::new("chart.not_a_member"),
            ChartStanding::Closed => Message::new("chart.closed"),
            ChartStanding::Active if matches!(class, Class::Plan | Class::Profile) => {
                Message::new("chart.only_the_owner").with("part", part(class))
            }
            ChartStanding::Active if self.reads(class) => {
                Message::new("chart.only_read").with("part", part(class))
            }
            ChartStanding::Active => Message::new("chart.not_given").with("part", part(class)),
        })
    }
}

impl Rights {
    /// Why it may not look at a class; nothing where it may.
    fn against_reading(&self, class: Class) -> Option<Message> {
        match self.standing {
            _ if self.reads(class) => None,
            ChartStanding::Waiting => Some(Message::new("chart.not_confirmed_yet")),
            _ => Some(Message::new("chart.not_given").with("part", part(class))),
        }
    }
}

/// A class as people call it.
pub(crate) fn part(class: Class) -> Arg {
    match class {
        Class::Plan => Arg::code("chart.part.plan"),
        Class::Log => Arg::code("chart.part.log"),
        Class::Notes => Arg::code("chart.part.notes"),
        Class::Prescription => Arg::code("chart.part.prescription"),
        Class::Profile => Arg::code("chart.part.profile"),
        Class::Membership | Class::Account => Arg::code("chart.part.membership"),
    }
}

/// Now by the relay's clock as far as it is known, in milliseconds since 1970.
pub(crate) fn relay_now(conn: &Connection, wall_ms: i64) -> Result<u64> {
    let ahead = relay::get(conn)?.map_or(0, |relay| relay.ahead_ms);
    Ok(u64::try_from(wall_ms.saturating_add(ahead)).unwrap_or(0))
}

impl Inner {
    /// What this account may do in the chart that is looked at; nothing before anything is known of it.
    pub(crate) fn rights(&self, conn: &Connection) -> Result<Option<Rights>> {
        Rights::read(conn, self.who.chart, self.who.account, self.clock.wall_ms())
    }

    /// Refuses what this account may not write.
    pub(crate) fn must_write(&self, conn: &Connection, class: Class) -> Result<()> {
        let rights = self.rights(conn)?;
        match rights.and_then(|rights| rights.against_writing(class)) {
            Some(message) => Err(Error::forbidden(message)),
            None => Ok(()),
        }
    }

    /// Whether this account may look at a class. The own chart is its own.
    pub(crate) fn may_read(&self, conn: &Connection, class: Class) -> Result<bool> {
        if self.who.chart == self.me.chart {
            return Ok(true);
        }
        Ok(self.rights(conn)?.is_some_and(|rights| rights.reads(class)))
    }

    /// Refuses where a class was not given to look at. What is not given reads as empty to commands that only
    /// need it on the way.
    fn must_read(&self, conn: &Connection, class: Class) -> Result<()> {
        if self.who.chart == self.me.chart {
            return Ok(());
        }
        match self.rights(conn)?.and_then(|rights| rights.against_reading(class)) {
            Some(message) => Err(Error::forbidden(message)),
            None => Ok(()),
        }
    }

    /// The number of the chart in the projection, for queries of its log; nothing where it has none, or the log
    /// was not given to this account.
    pub(crate) fn log_chart(&self, conn: &Connection) -> Result<Option<i64>> {
        if self.may_read(conn, Class::Log)? {
            projection::chart(conn, self.who.chart)
        } else {
            Ok(None)
        }
    }
}

impl Engine {
    /// Whether a part of the chart may be looked at. What was not given reads as empty; ask this first to tell
    /// "nothing there" from "not for you".
    ///
    /// # Errors
    /// [`HoldfastError::Forbidden`] with the reason.
    pub fn must_be_given(&self, class: Class) -> std::result::Result<(), HoldfastError> {
        self.guarded(|inner| inner.store.read(|conn| inner.must_read(conn, class)))
    }
}

/// Whether an account owns a space: its own, or a chart where it may do everything.
pub(crate) fn owns(state: &SpaceState, account: AccountId) -> bool {
    match state.as_chart() {
        Some(chart) => chart.is_owner(&account),
        None => state.space() == account,
    }
}
