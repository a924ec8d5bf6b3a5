//! How it goes, read from the totals and the plan in one state of the data. What they make together is
//! the domain's matter; here it is decided only which days are meant.

use holdfast_domain::progress::{
    DEFAULT_DAYS, MAX_DAYS, Material, Planned, Progress, Window, progress,
};
use holdfast_domain::units::LocalDay;
use holdfast_domain::words::Message;
use rusqlite::Connection;

use super::rest_days::RestDays;
use crate::error::{Error, Result};
use crate::projection::progress::{self as totals, Active};
use crate::{Engine, HoldfastError, Inner, clock};

/// Which days to look at. The default is four weeks up to today.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ProgressQuery {
    /// How many days, 1 to 3,660; 28 where nothing is said.
    pub days: Option<u16>,
    /// The last of them; today where nothing is said.
    pub until: Option<LocalDay>,
}

impl Engine {
    /// What was done of what was asked, streaks, pain, sides and trends. What it costs grows with the
    /// days looked at and not with the history.
    ///
    /// Today is the day it is where something was done last: looked at from another zone, the streak is
    /// the same.
    ///
    /// # Errors
    /// [`HoldfastError::BadInput`] for a number of days that cannot be looked at.
    pub fn progress(&self, query: &ProgressQuery) -> std::result::Result<Progress, HoldfastError> {
        self.guarded(|inner| inner.progress(query))
    }
}

impl Inner {
    fn progress(&self, query: &ProgressQuery) -> Result<Progress> {
        let days = query.days.unwrap_or(DEFAULT_DAYS);
        if !(1..=MAX_DAYS).contains(&days) {
            let message = Message::new("progress.bad_days")
                .with("given", u64::from(days))
                .with("most", u64::from(MAX_DAYS));
            return Err(Error::bad_value("days", message));
        }
        self.store.read(|conn| {
            // A chart of which nothing is known yet has no rows.
            let chart = self.log_chart(conn)?.unwrap_or(0);
            let today = self.today_there(conn, chart)?;
            let until = query.until.unwrap_or(today);
            let since = until.plus(1 - i64::from(days));
            let window = Window { since, until, today };
            let plan = self.plan(conn)?;
            let rests = RestDays::new(self, conn);
            let is_recovery = |day| rests.excuses(day);
            let routines = plan.routines.values().chain(plan.ended.values());
            let calendar = Planned::new(routines, &plan.pauses, &is_recovery);
            let active = Active::until(conn, chart, until.min(today), self.day_start_min(conn)?)?;
            let sets = totals::sets(conn, chart, window.loads_from(), until)?;
            let sessions = totals::sessions(conn, chart, window.loads_from(), until)?;
            let tests = totals::tests(conn, chart, since, until)?;
            let recovery = self.recoveries_between(conn, since, until.min(today))?.0;
            let material =
                Material { sets: &sets, sessions: &sessions, tests: &tests, recovery: &recovery };
            let found = progress(window, &calendar, &active, material);
            active.finish()?;
            rests.finish()?;
            Ok(found)
        })
    }

    /// The day it is where something was done last; here, where nothing was. Travel may repeat a date: the
    /// latest one that was lived is not over again.
    fn today_there(&self, conn: &Connection, chart: i64) -> Result<LocalDay> {
        let (now, day_start_min) = (self.here_and_now(conn)?, self.day_start_min(conn)?);
        let Some((last, latest)) = totals::latest(conn, chart)? else {
            return Ok(now.local_day(day_start_min));
        };
        let today = clock::moment(now.utc_ms, &last.zone).local_day(day_start_min);
        // A day that somebody logged ahead of time is not today.
        let lived = latest == today.plus(1) && last.utc_ms <= now.utc_ms;
        Ok(if lived { latest } else { today })
    }
}
