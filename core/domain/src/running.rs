//! What a run asks of the hours and days after it: a walk before any stretch, the cool-down, days of
//! recovery. Figures are the sources'; what they leave open stays open. No day is judged here.

use serde::{Deserialize, Serialize};

use crate::catalogue::{Catalogue, Figure};
use crate::ids::SourceId;
use crate::record::{DayFact, DayRecord, Event};
use crate::units::LocalDay;

/// How long a run matters for what is done after it: 3 hours, in milliseconds. Ours.
pub const RUN_MATTERS_MS: i64 = 3 * 3_600_000;

/// A run that was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LastRun {
    /// How long, in minutes.
    pub minutes: u32,
    /// When it ended, in milliseconds since 1970-01-01T00:00Z.
    pub ended_ms: i64,
}

/// What was run and walked lately, as far as it was written down. It is all that rules ask about runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Lately {
    /// The longest run that ended within [`RUN_MATTERS_MS`] and was followed by no walk, else the
    /// last one within it.
    pub last_run: Option<LastRun>,
    /// Whether a walk was taken after it.
    pub walked_since: bool,
}

/// Habits that are a walk: a tick of one after a run is as good as an event.
/// source: ../domain/protocols.md, rule `walk-after-long-run`
pub const WALKS: [&str; 2] = ["run-cooldown", "pre-stretch-walk"];

impl Lately {
    /// What matters at `now_ms` of the records that stand. An event ends at its moment.
    #[must_use]
    pub fn of<'a>(records: impl IntoIterator<Item = &'a DayRecord>, now_ms: i64) -> Self {
        let (mut runs, mut walks) = (Vec::new(), Vec::new());
        for record in records {
            let ended_ms = record.at.utc_ms;
            match &record.what {
                DayFact::Event(Event::Run { minutes })
                    if ended_ms <= now_ms && now_ms.saturating_sub(ended_ms) <= RUN_MATTERS_MS =>
                {
                    runs.push(LastRun { minutes: *minutes, ended_ms });
                }
                DayFact::Event(Event::Walk { .. }) if ended_ms <= now_ms => walks.push(ended_ms),
                DayFact::Tick(tick)
                    if ended_ms <= now_ms && WALKS.contains(&tick.habit.as_str()) =>
                {
                    walks.push(ended_ms);
                }
                _ => {}
            }
        }
        let walked = |run: &LastRun| walks.iter().any(|walk| *walk >= run.ended_ms);
        let open = runs.iter().filter(|run| !walked(run));
        let longest = open.max_by_key(|run| (run.minutes, run.ended_ms)).copied();
        let last = || runs.iter().max_by_key(|run| (run.ended_ms, run.minutes)).copied();
        let last_run = longest.or_else(last);
        Self { last_run, walked_since: longest.is_none() && last_run.is_some() }
    }

    /// Minutes of the run that still asks for a walk. Zero where one was taken since; nothing where
    /// no run is known: nobody has said that there was none.
    #[must_use]
    pub fn minutes_not_walked_off(&self) -> Option<u32> {
        self.last_run.map(|run| if self.walked_since { 0 } else { run.minutes })
    }
}

/// Above how many minutes a run counts as very long. source: ../domain/protocols.md, `long-run`
#[must_use]
pub fn very_long_above_min(catalogue: &Catalogue) -> Option<u32> {
    figure(catalogue, "long-run").and_then(|figure| figure.values.first().copied())
}

/// The minutes after a run that are its cool-down: drink at once, refuel within them.
/// source: ../domain/protocols.md, `cooldown`
#[must_use]
pub fn cool_down_min(catalogue: &Catalogue) -> Option<u32> {
    figure(catalogue, "cooldown").and_then(|figure| figure.values.first().copied())
}

/// Days of recovery after a very long run, as the sources state them: fewer for younger runners, more
/// for older ones, and no age said. Of a race the sources say nothing; it counts by its minutes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recovery {
    /// The local day of the run.
    pub run_day: LocalDay,
    /// How long it was, in minutes.
    pub minutes: u32,
    /// The first day of recovery.
    pub from: LocalDay,
    /// The last day for a younger runner.
    pub to_younger: LocalDay,
    /// The last day for an older runner.
    pub to_older: LocalDay,
    /// Who says so.
    pub sources: Vec<SourceId>,
}

impl Recovery {
    /// The recovery of a run on a local day. Nothing where it is not longer than
    /// [`very_long_above_min`]: of a "long" run the sources say days but no minutes.
    /// source: ../domain/protocols.md, `recovery-very-long`
    #[must_use]
    pub fn after(catalogue: &Catalogue, run_day: LocalDay, minutes: u32) -> Option<Self> {
        if minutes <= very_long_above_min(catalogue)? {
            return None;
        }
        let figure = figure(catalogue, "recovery-very-long")?;
        let [younger, older] = figure.values[..] else { return None };
        let days = |n: u32| {
            let span = jiff::Span::new().try_days(n).ok()?;
            run_day.0.checked_add(span).ok().map(LocalDay)
        };
        Some(Self {
            run_day,
            minutes,
            from: days(1)?,
            to_younger: days(younger)?,
            to_older: days(older)?,
            sources: figure.provenance.sources.of("values").to_vec(),
        })
    }

    /// The recoveries of all runs among the records that stand, the earliest first.
    #[must_use]
    pub fn all<'a>(
        catalogue: &Catalogue,
        records: impl IntoIterator<Item = &'a DayRecord>,
    ) -> Vec<Self> {
        let mut all: Vec<Self> = Vec::new();
        for record in records {
            if let DayFact::Event(Event::Run { minutes }) = &record.what {
                all.extend(Self::after(catalogue, record.local_day, *minutes));
            }
        }
        all.sort_by_key(|recovery| (recovery.run_day, recovery.minutes));
        all
    }

    /// Whether a local day is one of recovery for everybody.
    #[must_use]
    pub fn covers(&self, day: LocalDay) -> bool {
        (self.from..=self.to_younger).contains(&day)
    }

    /// Whether what a local day asks for is excused: it is one of recovery for everybody, or for an
    /// older runner at least and was ticked as such. The sources give a range and no age; the tick is
    /// what says that the longer one is meant (ours).
    #[must_use]
    pub fn excuses(&self, day: LocalDay, ticked: bool) -> bool {
        self.covers(day) || (ticked && self.may_cover(day))
    }

    /// Whether a local day is one of recovery at least for an older runner.
    #[must_use]
    pub fn may_cover(&self, day: LocalDay) -> bool {
        (self.from..=self.to_older).contains(&day)
    }
}

/// The figures about recovery that are told as they are stated, because nobody says from how many
/// minutes or at what age they hold.
pub fn recovery_figures(catalogue: &Catalogue) -> impl Iterator<Item = &Figure> {
    let ids = ["recovery-week", "recovery-long", "recovery-very-long"];
    ids.into_iter().filter_map(|id| figure(catalogue, id))
}

fn figure<'a>(catalogue: &'a Catalogue, id: &str) -> Option<&'a Figure> {
    catalogue.figures().iter().find(|figure| figure.id == id)
}
