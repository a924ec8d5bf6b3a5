//! Looking at a session with its holds, and taking one out.

use holdfast_domain::record::{Change, Session, Target};
use rusqlite::Connection;

use crate::error::Result;
use crate::projection::status::{self, Statuses};
use crate::projection::{DAY_START_MIN, history};
use crate::views::{HoldView, SessionView};
use crate::{Engine, HoldfastError, Inner};

/// A session and its holds in the order of their start.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct SessionWithHolds {
    /// The session.
    pub session: SessionView,
    /// Its holds.
    pub holds: Vec<HoldView>,
}

impl Engine {
    /// One session with its holds, by its id or any unambiguous beginning of it.
    ///
    /// # Errors
    /// [`HoldfastError::NotFound`].
    pub fn session(&self, id: &str) -> std::result::Result<SessionWithHolds, HoldfastError> {
        self.guarded(|inner| {
            inner.store.read(|conn| {
                let chart = inner.own_chart(conn, "session", id)?;
                let (number, session) = history::session(conn, chart, id)?;
                let statuses = inner.statuses(conn)?;
                let holds = history::holds_of(conn, number)?
                    .into_iter()
                    .map(|hold| inner.hold_view(conn, chart, hold, &statuses))
                    .collect::<Result<_>>()?;
                let session = inner.session_view(conn, number, session, &statuses)?;
                Ok(SessionWithHolds { session, holds })
            })
        })
    }

    /// Takes a session and its holds out of the history. What was recorded stays stored, and what is
    /// done in it afterwards is new and stays.
    ///
    /// # Errors
    /// [`HoldfastError::NotFound`].
    pub fn remove_session(&self, id: &str) -> std::result::Result<(), HoldfastError> {
        self.guarded(|inner| {
            inner.command("session remove", |tx, journal| {
                let chart = inner.own_chart(tx.reader(), "session", id)?;
                let (number, session) = history::session(tx.reader(), chart, id)?;
                let seen = history::observation_ids(tx.reader(), number)?;
                let target = Target::Session(session.key.clone());
                inner.correct(tx, journal, &session.key, target, seen, Change::Remove)
            })
        })
    }
}

impl Inner {
    /// A session as people see it.
    pub(crate) fn session_view(
        &self,
        conn: &Connection,
        number: i64,
        session: Session,
        statuses: &Statuses,
    ) -> Result<SessionView> {
        let sums = history::sums(conn, number)?;
        let travels = status::of_session(conn, number)?;
        let view = SessionView::new(session, DAY_START_MIN, sums, statuses.of(&travels));
        let shown = |kept: &String| self.assisted_by(conn, &statuses.names, kept.clone());
        let assisted_by = view.assisted_by.iter().map(shown).collect::<Result<_>>()?;
        Ok(SessionView { assisted_by, ..view })
    }
}
