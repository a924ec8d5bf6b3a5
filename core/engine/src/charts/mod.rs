//! The charts that this account takes part in: which there are, what it may do in each, and a view of one of them.
//! What happens inside a chart is the business of the commands.

mod in_use;

use std::collections::BTreeMap;

use holdfast_protocol::ids::{AccountId, Class, SpaceId};
use holdfast_protocol::membership::{Access, ChartState, Grant, Role, SpaceState};
use rusqlite::Connection;
use serde::Serialize;

use crate::documents::account::{Account, AccountReading, Contact};
use crate::documents::name::DocName;
use crate::erasure::KEEP_CLOSED_MS;
use crate::error::{Error, Result};
use crate::export::Unsent;
use crate::open_documents::document_of;
use crate::projection::READER_ACTOR;
use crate::rights::{ChartStanding, Rights, relay_now};
use crate::store::sync_tables::tombstones::{self, Tombstone};
use crate::store::sync_tables::{greeted, spaces};
use crate::store::{docs, meta};
use crate::{Engine, HoldfastError, Inner};

/// What the account's own chart is called besides its name.
const OWN: &str = "own";

/// A chart as this account takes part in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ChartView {
    /// Its id, as hex.
    pub id: String,
    /// What this account calls it.
    pub name: String,
    /// Whose it is: the account of the person whose body it is, as hex.
    pub owner: String,
    /// What this account calls that person.
    pub owner_name: String,
    /// `owner`, `partner`, `therapist` or `viewer`, where the grant is one of them; else nothing.
    pub role: Option<&'static str>,
    /// What may be done, by class (`plan`, `log`, `notes`, `prescription`, `profile`): `read` or `write`.
    pub grants: BTreeMap<&'static str, &'static str>,
    /// When it ends, in milliseconds since 1970, by the relay's clock.
    pub until_ms: Option<u64>,
    /// Whether it is the account's own.
    pub own: bool,
    /// Whether this is the chart that is looked at.
    pub current: bool,
    /// How the account stands in it.
    pub standing: ChartStanding,
    /// Of a closed chart: when what is here of it is erased by itself, in milliseconds since 1970. Until then it can
    /// be read and exported.
    pub erases_at_ms: Option<i64>,
    /// How many records this device wrote in it that no relay has taken. Where nothing can be sent any more,
    /// [`Engine::export_unsent`] writes them to a file.
    pub unsent: u64,
}

/// A class, as JSON and the command line call it.
pub(crate) const fn class_name(class: Class) -> &'static str {
    match class {
        Class::Membership => "membership",
        Class::Account => "account",
        Class::Plan => "plan",
        Class::Log => "log",
        Class::Notes => "notes",
        Class::Prescription => "prescription",
        Class::Profile => "profile",
    }
}

/// A role, as JSON and the command line call it.
pub(crate) const fn role_name(role: Role) -> &'static str {
    match role {
        Role::Owner => "owner",
        Role::Partner => "partner",
        Role::Therapist => "therapist",
        Role::Viewer => "viewer",
    }
}

/// The role whose preset a grant is, its end aside.
pub(crate) fn role_of(grant: &Grant) -> Option<Role> {
    let is_it = |role: &Role| {
        let preset = Grant::preset(*role);
        preset.owner == grant.owner && preset.classes == grant.classes
    };
    Role::ALL.into_iter().find(is_it)
}

/// A grant, class by class.
pub(crate) fn grant_names(grant: &Grant) -> BTreeMap<&'static str, &'static str> {
    let name = |access: Access| match access {
        Access::Read => "read",
        Access::Write => "write",
    };
    grant.classes.iter().map(|(class, access)| (class_name(*class), name(*access))).collect()
}

impl Engine {
    /// The charts this account takes part in or once did, the own one first, then by name.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn charts(&self) -> std::result::Result<Vec<ChartView>, HoldfastError> {
        self.guarded(|inner| inner.store.read(|conn| inner.chart_views(conn)))
    }

    /// The chart that this engine looks at.
    ///
    /// # Errors
    /// When the database cannot be read, or nothing is known of the chart any more.
    pub fn current_chart(&self) -> std::result::Result<ChartView, HoldfastError> {
        self.guarded(|inner| {
            let views = inner.store.read(|conn| inner.chart_views(conn))?;
            let id = inner.who.chart.to_hex();
            let current = views.into_iter().find(|view| view.current);
            current.ok_or(Error::NotFound { what: "chart", id })
        })
    }

    /// The same engine with its commands on another chart: `own`, the name of a chart, or its id or any
    /// unambiguous beginning of it. What is asked of it and may not be done there is refused with the reason.
    ///
    /// # Errors
    /// [`HoldfastError::NotFound`], with what answers to the name where several do.
    pub fn chart(&self, key: &str) -> std::result::Result<Self, HoldfastError> {
        self.guarded(|inner| {
            let views = inner.store.read(|conn| inner.chart_views(conn))?;
            let id = find(&views, key)?;
            Ok(Self { inner: inner.of(id) })
        })
    }
}

fn find(views: &[ChartView], key: &str) -> Result<SpaceId> {
    let lower = key.trim().to_lowercase();
    let own = views.iter().find(|view| view.own && lower == OWN);
    let fits: Vec<&ChartView> = match own {
        Some(own) => vec![own],
        None => views
            .iter()
            .filter(|view| {
                view.name.to_lowercase() == lower
                    || (!lower.is_empty() && view.id.starts_with(&lower))
            })
            .collect(),
    };
    match fits[..] {
        [one] => SpaceId::from_hex(&one.id)
            .ok_or_else(|| Error::Unreadable(format!("the chart {}", one.id))),
        [] => Err(Error::NotFound { what: "chart", id: key.to_owned() }),
        _ => Err(Error::Ambiguous {
            what: "chart",
            id: key.to_owned(),
            candidates: fits.iter().map(|view| format!("{} ({})", view.id, view.name)).collect(),
        }),
    }
}

impl Inner {
    /// What the account's own document says: charts, contacts, names. Whom it has no name for is called as they
    /// said themselves when they came in.
    pub(crate) fn account_reading(&self, conn: &Connection) -> Result<AccountReading> {
        account_reading(conn, self.who.account)
    }

    /// The charts as people see them.
    pub(crate) fn chart_views(&self, conn: &Connection) -> Result<Vec<ChartView>> {
        let reading = self.account_reading(conn)?;
        let my_name = meta::me(conn)?.map(|me| me.name).unwrap_or_default();
        let now = relay_now(conn, self.clock.wall_ms())?;
        let mut views = Vec::new();
        for row in spaces::all(conn)? {
            // While a log is read again, what it said before still tells.
            let state = match row.state {
                Some(state) if row.starting.is_none() => Some(state),
                _ => spaces::known_state(conn, row.id)?,
            };
            let Some(chart) = state.as_ref().and_then(|state| state.as_chart()) else { continue };
            let hidden = reading.charts.get(&row.id).is_some_and(|entry| entry.hidden);
            let ever = chart.ever_members().any(|account| account == self.who.account);
            let own = row.id == self.me.chart;
            let tombstone = tombstones::get(conn, row.id)?;
            let erased = tombstone.as_ref().is_some_and(Tombstone::hides);
            if ever && (own || !(hidden || erased)) {
                let rights = Rights::of(chart, row.gone, tombstone.as_ref(), self.who.account, now);
                let kept = tombstone.filter(|one| one.is_closed() && !one.hides());
                let ending = Ending {
                    erases_at_ms: kept.map(|one| one.since_ms.saturating_add(KEEP_CLOSED_MS)),
                    unsent: Unsent::of_chart(conn, row.id)?.count(),
                };
                views.push(self.chart_view((row.id, chart), rights, ending, &reading, &my_name));
            }
        }
        views.sort_by(|a, b| (!a.own, &a.name, &a.id).cmp(&(!b.own, &b.name, &b.id)));
        Ok(views)
    }

    fn chart_view(
        &self,
        (id, chart): (SpaceId, &ChartState),
        rights: Rights,
        ending: Ending,
        reading: &AccountReading,
        my_name: &str,
    ) -> ChartView {
        let own = id == self.me.chart;
        let owner_name = if chart.subject == self.who.account {
            my_name.to_owned()
        } else {
            name_of(reading, chart.subject)
        };
        let known = reading.charts.get(&id).map(|entry| entry.name.clone());
        let grant = rights.grant;
        ChartView {
            id: id.to_hex(),
            name: known.unwrap_or_else(|| owner_name.clone()),
            owner: chart.subject.to_hex(),
            owner_name,
            role: grant.as_ref().and_then(role_of).map(role_name),
            grants: grant.as_ref().map(grant_names).unwrap_or_default(),
            until_ms: grant.and_then(|grant| grant.until_ms),
            own,
            current: id == self.who.chart,
            standing: rights.standing,
            erases_at_ms: ending.erases_at_ms,
            unsent: ending.unsent,
        }
    }
}

/// What an account's devices share about it.
fn account_reading(conn: &Connection, account: AccountId) -> Result<AccountReading> {
    let id = DocName::Account.to_id().expect("the name of the account document is short");
    let mut reading = match docs::load(conn, account, &id)? {
        Some(stored) => Account::from(document_of(&id, &stored, READER_ACTOR)?).read(),
        None => AccountReading::default(),
    };
    for (account, name) in greeted::all(conn)? {
        reading.contacts.entry(account).or_insert_with(|| Contact::new(name));
    }
    Ok(reading)
}

/// What `account` calls a chart: its own name for it, else the name of whose it is.
pub(crate) fn chart_name(conn: &Connection, account: AccountId, chart: SpaceId) -> Result<String> {
    let reading = account_reading(conn, account)?;
    if let Some(entry) = reading.charts.get(&chart) {
        return Ok(entry.name.clone());
    }
    let state = spaces::known_state(conn, chart)?;
    let subject = state.as_ref().and_then(SpaceState::as_chart).map(|chart| chart.subject);
    Ok(name_of(&reading, subject.unwrap_or(chart)))
}

/// What becomes of what is here of a chart.
struct Ending {
    erases_at_ms: Option<i64>,
    unsent: u64,
}

/// What this account calls somebody else's; the beginning of its id where it has no name for it.
pub(crate) fn name_of(reading: &AccountReading, account: AccountId) -> String {
    let known = reading.contacts.get(&account).map(|contact| contact.name.clone());
    known.unwrap_or_else(|| account.to_hex().chars().take(12).collect())
}
