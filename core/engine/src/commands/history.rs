//! The history, in pages. Its cost is that of the page, not of what was ever logged.

use holdfast_domain::catalogue::own::is_own;
use holdfast_domain::ids::ExerciseId;
use holdfast_domain::units::LocalDay;
use holdfast_domain::vocabulary::Side;

use crate::error::{Error, Result};
use crate::projection::history::{self, Filter, MAX_PAGE};
use crate::views::{Cursor, HistoryPage};
use crate::{Engine, HoldfastError, Inner};
use holdfast_domain::words::Message;

/// How many rows a page has where nobody says.
pub const DEFAULT_PAGE: u32 = 100;

/// Which part of the history. The default is the newest holds.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct HistoryQuery {
    /// From this local day on.
    pub since: Option<LocalDay>,
    /// Up to this local day, itself included.
    pub until: Option<LocalDay>,
    /// Only this exercise, by its id or any unambiguous beginning of it.
    pub exercise: Option<String>,
    /// Only this side.
    pub side: Option<Side>,
    /// Sessions instead of holds.
    pub by_session: bool,
    /// At most so many, up to 500; 100 where it is left out.
    pub limit: Option<u32>,
    /// Where the page begins: the `next` of the page before.
    pub after: Option<Cursor>,
}

impl Engine {
    /// A page of the history, the newest first.
    ///
    /// # Errors
    /// [`HoldfastError::BadInput`] with the field at fault.
    pub fn history(&self, query: &HistoryQuery) -> std::result::Result<HistoryPage, HoldfastError> {
        self.guarded(|inner| inner.history(query))
    }
}

impl Inner {
    /// The id of an exercise that can be in the history: a removed one too, by its full id.
    fn exercise_recorded(&self, key: &str) -> Result<String> {
        self.store.read(|conn| {
            let own = ExerciseId::new(key).ok().filter(is_own);
            if let Some(id) = own
                && self.catalogue(conn)?.exercise(&id).is_some()
            {
                return Ok(id.to_string());
            }
            Ok(self.exercise_named(conn, key)?.id.to_string())
        })
    }

    fn history(&self, query: &HistoryQuery) -> Result<HistoryPage> {
        let limit = query.limit.unwrap_or(DEFAULT_PAGE);
        if !(1..=MAX_PAGE).contains(&limit) {
            let text = Message::new("input.page").with("most", MAX_PAGE).with("given", limit);
            return Err(Error::bad("limit", text));
        }
        if let (Some(since), Some(until)) = (query.since, query.until)
            && since > until
        {
            let text = Message::new("input.until_before_since");
            let text = text.with("until", until.to_string()).with("since", since.to_string());
            return Err(Error::bad("until", text));
        }
        let exercise = query.exercise.as_deref().map(|key| self.exercise_recorded(key));
        let exercise = exercise.transpose()?;
        let exercise = exercise.as_deref();
        let filter = Filter {
            since: query.since,
            until: query.until,
            exercise,
            side: query.side,
            after: query.after.as_ref(),
            limit,
        };
        self.store.read(|conn| {
            let Some(chart) = self.log_chart(conn)? else {
                return Ok(HistoryPage::empty(query.by_session));
            };
            let statuses = self.statuses(conn)?;
            if query.by_session {
                let (sessions, next) = history::sessions(conn, chart, &filter)?;
                let sessions = sessions
                    .into_iter()
                    .map(|(number, session)| self.session_view(conn, number, session, &statuses))
                    .collect::<Result<_>>()?;
                return Ok(HistoryPage { holds: None, sessions: Some(sessions), next });
            }
            let (holds, next) = history::holds(conn, chart, &filter)?;
            let holds = holds
                .into_iter()
                .map(|hold| self.hold_view(conn, chart, hold, &statuses))
                .collect::<Result<_>>()?;
            Ok(HistoryPage { holds: Some(holds), sessions: None, next })
        })
    }
}
