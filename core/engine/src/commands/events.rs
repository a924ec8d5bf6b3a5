//! Events: a run, a walk, how much it hurts somewhere. Writing them down, listing them, taking them
//! back, and what a run asks of the hours after it.

use holdfast_domain::catalogue::Catalogue;
use holdfast_domain::ids::Site;
use holdfast_domain::record::{DayFact, DayRecord, Event};
use holdfast_domain::running::{self, Lately, Recovery};
use holdfast_domain::units::{LocalDay, Moment, Nrs};
use holdfast_domain::vocabulary::{DayKind, Side};
use holdfast_domain::words::Message;
use rusqlite::Connection;
use serde::Serialize;

use super::habits::RecoveryView;
use super::nearest::nearest;
use crate::clock;
use crate::error::{Error, Result};
use crate::projection::days::{DayFilter, DayRow};
use crate::projection::status::Statuses;
use crate::views::{StatusKind, rfc3339};
use crate::{Engine, HoldfastError, Inner};

/// Which events to list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EventQuery {
    /// Only `run`, `walk` or `pain`.
    pub kind: Option<String>,
    /// The first local day.
    pub since: Option<LocalDay>,
    /// The last local day.
    pub until: Option<LocalDay>,
    /// At most so many, the newest.
    pub limit: Option<u32>,
}

/// An event as people see it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct EventView {
    /// Its id.
    pub id: String,
    /// `run`, `walk` or `pain`.
    pub kind: String,
    /// When it was over, or when it hurt; RFC 3339.
    pub at: String,
    /// The local day it counts for.
    pub local_day: LocalDay,
    /// How long a run or walk was, in minutes.
    pub minutes: Option<u32>,
    /// Where it hurts.
    pub site: Option<Site>,
    /// On which side.
    pub side: Option<Side>,
    /// How much, NRS 0–10.
    pub score: Option<Nrs>,
    /// A note.
    pub note: Option<String>,
    /// The device that recorded it, as hex.
    pub device: String,
    /// How far it has come.
    pub status: StatusKind,
}

/// What an event gave, and what it asks for. What is not stated for it is absent.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct EventAdded {
    /// The event.
    pub event: EventView,
    /// Whether a walk comes before any stretch: the run was longer than a source's limit, and no walk
    /// was written down since.
    pub walk_first: bool,
    /// Until when the cool-down of a run lasts, RFC 3339.
    pub cool_down_until: Option<String>,
    /// The days of recovery after a run.
    pub recovery: Option<RecoveryView>,
}

impl Engine {
    /// Writes down an event that ended at `at`, or just now.
    ///
    /// # Errors
    /// [`HoldfastError::BadInput`] for minutes out of bounds, an unknown site, a time in the future;
    /// nothing is written then.
    pub fn add_event(
        &self,
        event: Event,
        at: Option<&Moment>,
        note: Option<&str>,
    ) -> std::result::Result<EventAdded, HoldfastError> {
        self.guarded(|inner| inner.add_event(event, at, note))
    }

    /// Events, the newest first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn events(&self, query: &EventQuery) -> std::result::Result<Vec<EventView>, HoldfastError> {
        self.guarded(|inner| {
            inner.store.read(|conn| {
                let filter = DayFilter {
                    kind: Some(DayKind::Event),
                    about: query.kind.as_deref(),
                    since: query.since,
                    until: query.until,
                    limit: query.limit,
                    ..DayFilter::default()
                };
                let statuses = inner.statuses(conn)?;
                let rows = inner.day_rows(conn, &filter)?;
                rows.into_iter().map(|row| view(row, &statuses)).collect()
            })
        })
    }

    /// Takes an event back, by its id or any unambiguous beginning of it.
    ///
    /// # Errors
    /// [`HoldfastError::NotFound`].
    pub fn remove_event(&self, id: &str) -> std::result::Result<EventView, HoldfastError> {
        self.guarded(|inner| {
            inner.command("event remove", |tx, journal| {
                let row = inner.find_day(tx.reader(), Some(DayKind::Event), id)?;
                let statuses = inner.statuses(tx.reader())?;
                inner.take_back(tx, journal, &row.record.value)?;
                view(row, &statuses)
            })
        })
    }

    /// The last run that is written down, as far as it matters now: see [`Lately`].
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn last_run(&self) -> std::result::Result<Lately, HoldfastError> {
        self.guarded(|inner| inner.store.read(|conn| inner.lately(conn, inner.clock.wall_ms())))
    }
}

impl Inner {
    fn add_event(
        &self,
        event: Event,
        at: Option<&Moment>,
        note: Option<&str>,
    ) -> Result<EventAdded> {
        if let Event::Pain { site, .. } = &event {
            known_site(site)?;
        }
        let catalogue = Catalogue::built_in();
        self.command("event add", |tx, journal| {
            let record = self.record_day(tx, journal, at, DayFact::Event(event), note)?;
            let conn = tx.reader();
            let row = self.find_day(conn, Some(DayKind::Event), record.id.as_str())?;
            let mut added = EventAdded {
                event: view(row, &self.statuses(conn)?)?,
                walk_first: false,
                cool_down_until: None,
                recovery: None,
            };
            if let DayFact::Event(Event::Run { minutes }) = record.what {
                let lately = self.lately(conn, self.clock.wall_ms())?;
                let limit = running::very_long_above_min(catalogue);
                let open = lately.minutes_not_walked_off();
                added.walk_first = open.zip(limit).is_some_and(|(open, limit)| open > limit);
                added.cool_down_until = running::cool_down_min(catalogue).map(|minutes| {
                    let until = record.at.utc_ms.saturating_add(i64::from(minutes) * 60_000);
                    rfc3339(&clock::moment(until, &record.at.zone))
                });
                let recovery = Recovery::after(catalogue, record.local_day, minutes);
                added.recovery = recovery.map(|recovery| RecoveryView::of(recovery, &[]));
            }
            Ok(added)
        })
    }

    /// What was run and walked lately, as far as it matters at `now_ms`.
    pub(crate) fn lately(&self, conn: &Connection, now_ms: i64) -> Result<Lately> {
        // Two days back: local days of another zone may be named differently.
        let here = self.here_and_now(conn)?;
        let today = clock::moment(now_ms, &here.zone).local_day(self.day_start_min(conn)?);
        let since = today.0.checked_sub(jiff::Span::new().days(2)).map_or(today, LocalDay);
        let rows =
            self.day_rows(conn, &DayFilter { since: Some(since), ..DayFilter::default() })?;
        let records: Vec<&DayRecord> = rows.iter().map(|row| &row.record.value).collect();
        Ok(Lately::of(records, now_ms))
    }

    /// Minutes of the run that still asks for a walk before a stretch: none where it was walked off or
    /// is too long ago, nothing where no run was ever written down.
    pub(crate) fn run_not_walked_off(&self, conn: &Connection, now_ms: i64) -> Result<Option<u32>> {
        let minutes = self.lately(conn, now_ms)?.minutes_not_walked_off();
        if minutes.is_some() {
            return Ok(minutes);
        }
        let filter = DayFilter {
            kind: Some(DayKind::Event),
            about: Some("run"),
            before_ms: Some(now_ms),
            limit: Some(1),
            ..DayFilter::default()
        };
        Ok((!self.day_rows(conn, &filter)?.is_empty()).then_some(0))
    }
}

fn known_site(site: &Site) -> Result<()> {
    let known = &Catalogue::built_in().vocabulary().regions;
    if known.contains(site) {
        return Ok(());
    }
    let names: Vec<&str> = known.iter().map(Site::as_str).collect();
    let near = nearest(site.as_str(), names.iter().copied());
    let offered = if near.is_empty() { names.join(", ") } else { near.join(", ") };
    let message = Message::new("event.unknown_site").with("given", site.as_str());
    Err(Error::bad_value("site", message.with("offered", offered)))
}

fn view(row: DayRow, statuses: &Statuses) -> Result<EventView> {
    let status = statuses.of(std::slice::from_ref(&row.travel));
    let (author, record) = (row.record.author, row.record.value);
    let kind = record.what.about().to_owned();
    let DayFact::Event(event) = record.what else {
        return Err(Error::Unreadable(format!("the event {}: it is none", record.id)));
    };
    let (minutes, pain) = match event {
        Event::Run { minutes } | Event::Walk { minutes } => (Some(minutes), None),
        Event::Pain { site, side, score } => (None, Some((site, side, score))),
    };
    Ok(EventView {
        id: record.id.to_string(),
        kind,
        at: rfc3339(&record.at),
        local_day: record.local_day,
        minutes,
        side: pain.as_ref().map(|(_, side, _)| *side).filter(|side| *side != Side::None),
        score: pain.as_ref().map(|(.., score)| *score),
        site: pain.map(|(site, ..)| site),
        note: record.note,
        device: author.device.to_string(),
        status: status.kind,
    })
}
