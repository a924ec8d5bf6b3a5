//! Habits of the day: ticking them, planning them, what is due of them. What a habit is and when its
//! plan is due, the domain knows; adherence never sees any of it.

use holdfast_domain::catalogue::Catalogue;
use holdfast_domain::habit::{self, ClockTime, Given, Habit, HabitPlan, HabitRhythm, habit_day};
use holdfast_domain::ids::{HabitId, SourceId};
use holdfast_domain::record::{Amount, DayFact};
use holdfast_domain::running::Recovery;
use holdfast_domain::units::{LocalDay, Moment};
use holdfast_domain::vocabulary::DayKind;
use holdfast_domain::words::{Arg, Message};
use jiff::tz::TimeZone;
use rusqlite::Connection;
use serde::Serialize;

use super::nearest::nearest;
use super::routine::find::{Named, pick};
use crate::documents::plan::PlannedHabit;
use crate::error::{Error, Result};
use crate::projection::days::{DayFilter, DayRow};
use crate::projection::status::Statuses;
use crate::views::{StatusKind, rfc3339};
use crate::{Engine, HoldfastError, Inner};

/// The habit of days of recovery.
pub(super) const RECOVERY_DAYS: &str = "run-recovery-days";
/// How many days back a recovery can have begun.
pub(super) const RECOVERY_REACHES_DAYS: u8 = 14;

/// Habits on a local day.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct HabitsView {
    /// The day.
    pub day: LocalDay,
    /// Every habit, the person's own among them, those that are planned first.
    pub habits: Vec<HabitView>,
    /// Runs that this day may be a day of recovery of.
    pub recovery: Vec<RecoveryView>,
}

/// One habit on a local day.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct HabitView {
    /// Its id.
    pub habit: String,
    /// Its name, where it is one of the person's own.
    pub name: Option<String>,
    /// How its ticks come together: `adds_up`, `once_a_day`, `once_a_night` or `hours`.
    pub counting: &'static str,
    /// Whether a source says in figures how often. Where none does, every plan is one's own choice.
    pub frequency_stated: bool,
    /// The plan.
    pub plan: Option<HabitPlanView>,
    /// What another device planned at the same time (nothing for an end). A new plan settles it.
    pub other_plans: Vec<Option<HabitPlanView>>,
    /// How often it was kept on the day.
    pub done: u32,
    /// What was told of it, in hours.
    pub value: Option<Amount>,
    /// How many are left of the day's plan, at no particular time.
    pub left: u32,
    /// Since when one is due, RFC 3339.
    pub due_since: Option<String>,
    /// When the next ones are due if nothing is ticked meanwhile, RFC 3339.
    pub next: Vec<String>,
    /// The ticks of the day, the earliest first.
    pub ticks: Vec<TickView>,
}

/// A tick of a habit.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TickView {
    /// Its id, to undo it by.
    pub id: String,
    /// The habit.
    pub habit: String,
    /// How many times.
    pub count: u32,
    /// What was told, in hours.
    pub value: Option<Amount>,
    /// When, RFC 3339.
    pub at: String,
    /// The local day it counts for.
    pub local_day: LocalDay,
    /// A note.
    pub note: Option<String>,
    /// The device that recorded it, as hex.
    pub device: String,
    /// How far it has come.
    pub status: StatusKind,
}

/// The plan of a habit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HabitPlanView {
    /// So many a day.
    pub per_day: Option<u32>,
    /// One every so many minutes…
    pub every_min: Option<u32>,
    /// … from this local time…
    pub from: Option<ClockTime>,
    /// … to this one.
    pub to: Option<ClockTime>,
}

impl From<&HabitPlan> for HabitPlanView {
    fn from(plan: &HabitPlan) -> Self {
        match plan.rhythm {
            HabitRhythm::PerDay(times) => {
                Self { per_day: Some(times), every_min: None, from: None, to: None }
            }
            HabitRhythm::Every { minutes, from, to } => {
                Self { per_day: None, every_min: Some(minutes), from: Some(from), to: Some(to) }
            }
        }
    }
}

/// Days of recovery after a very long run, as a source states them. It gives a younger runner fewer
/// days and an older one more, and no age.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RecoveryView {
    /// The local day of the run.
    pub run_day: LocalDay,
    /// How long it was, in minutes.
    pub minutes: u32,
    /// The first day.
    pub from: LocalDay,
    /// The last day for a younger runner.
    pub to_younger: LocalDay,
    /// The last day for an older one.
    pub to_older: LocalDay,
    /// The days of it that were ticked as days of recovery.
    pub taken: Vec<LocalDay>,
    /// Who says so.
    pub sources: Vec<SourceId>,
}

impl RecoveryView {
    /// A recovery, with the days that were ticked as such.
    pub(super) fn of(recovery: Recovery, ticked: &[LocalDay]) -> Self {
        Self {
            taken: ticked.iter().copied().filter(|day| recovery.may_cover(*day)).collect(),
            run_day: recovery.run_day,
            minutes: recovery.minutes,
            from: recovery.from,
            to_younger: recovery.to_younger,
            to_older: recovery.to_older,
            sources: recovery.sources,
        }
    }
}

/// What ticking gave.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Ticked {
    /// The tick: the one that stood already where the habit counts once and was kept before.
    pub tick: TickView,
    /// Whether it stood already.
    pub already: bool,
    /// The habit on that day.
    pub habit: HabitView,
}

impl Engine {
    /// Ticks a habit, at `at` or just now. What counts once a day or night and was kept already is
    /// not written again.
    ///
    /// # Errors
    /// [`HoldfastError::BadInput`] for an unknown habit, a value where a count is meant, a time in
    /// the future; nothing is written then.
    pub fn tick_habit(
        &self,
        habit: &str,
        given: Given,
        at: Option<&Moment>,
        note: Option<&str>,
    ) -> std::result::Result<Ticked, HoldfastError> {
        self.guarded(|inner| inner.tick_habit(habit, given, at, note))
    }

    /// Takes a tick back, by its id or any unambiguous beginning of it. Gives it and its habit on
    /// that day: another device may have ticked it too.
    ///
    /// # Errors
    /// [`HoldfastError::NotFound`].
    pub fn undo_tick(&self, id: &str) -> std::result::Result<(TickView, HabitView), HoldfastError> {
        self.guarded(|inner| {
            inner.command("habit undo", |tx, journal| {
                let row = inner.find_day(tx.reader(), Some(DayKind::Tick), id)?;
                let statuses = inner.statuses(tx.reader())?;
                inner.take_back(tx, journal, &row.record.value)?;
                let day = row.record.value.local_day;
                let tick = tick_view(row, &statuses)?;
                let id = HabitId::new(tick.habit.as_str()).map_err(unreadable)?;
                let catalogue = inner.catalogue(tx.reader())?;
                let found = Habit::find(&catalogue, &id);
                let habit = found.ok_or_else(|| unknown_habit(&tick.habit, &catalogue))?;
                Ok((tick, inner.habit_view(tx.reader(), habit, day)?))
            })
        })
    }

    /// Every habit on a local day, or today.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn habits(&self, day: Option<LocalDay>) -> std::result::Result<HabitsView, HoldfastError> {
        self.guarded(|inner| inner.store.read(|conn| inner.habits(conn, day)))
    }

    /// One habit on a local day, or today.
    ///
    /// # Errors
    /// [`HoldfastError::BadInput`] for an unknown habit.
    pub fn habit(
        &self,
        habit: &str,
        day: Option<LocalDay>,
    ) -> std::result::Result<HabitView, HoldfastError> {
        self.guarded(|inner| {
            inner.store.read(|conn| {
                let catalogue = inner.catalogue(conn)?;
                let habit = find(&catalogue, habit)?;
                let day = day.map_or_else(|| inner.today(conn), Ok)?;
                inner.habit_view(conn, habit, day)
            })
        })
    }

    /// Plans a habit. It takes the place of what was planned before.
    ///
    /// # Errors
    /// [`HoldfastError::BadInput`] with the field at fault; nothing is written then.
    pub fn plan_habit(
        &self,
        habit: &str,
        rhythm: HabitRhythm,
    ) -> std::result::Result<HabitView, HoldfastError> {
        self.guarded(|inner| {
            let (catalogue, day_start_min) = inner
                .store
                .read(|conn| Ok((inner.catalogue(conn)?, inner.day_start_min(conn)?)))?;
            let habit = find(&catalogue, habit)?;
            let plan = HabitPlan::new(rhythm).checked(&habit, day_start_min);
            let plan = plan.map_err(|bad| Error::bad_value(bad.field(), bad.message()))?;
            inner.write_plan(habit, Some(&plan))
        })
    }

    /// Ends the plan of a habit. Ticks stay what they are.
    ///
    /// # Errors
    /// [`HoldfastError::BadInput`] for an unknown habit, [`HoldfastError::Forbidden`] where nothing is
    /// planned.
    pub fn unplan_habit(&self, habit: &str) -> std::result::Result<HabitView, HoldfastError> {
        self.guarded(|inner| {
            let catalogue = inner.store.read(|conn| inner.catalogue(conn))?;
            inner.write_plan(find(&catalogue, habit)?, None)
        })
    }
}

impl Inner {
    fn tick_habit(
        &self,
        habit: &str,
        given: Given,
        at: Option<&Moment>,
        note: Option<&str>,
    ) -> Result<Ticked> {
        let catalogue = self.store.read(|conn| self.catalogue(conn))?;
        let habit = find(&catalogue, habit)?;
        let tick = habit.tick(given);
        let tick = tick.map_err(|bad| Error::bad_value(bad.field(), bad.message()))?;
        self.command("habit done", |tx, journal| {
            let once = habit.counting().is_once() && tick.value.is_none() && note.is_none();
            let conn = tx.reader();
            let now = self.here_and_now(conn)?;
            let day = at.unwrap_or(&now).local_day(self.day_start_min(conn)?);
            if once {
                let view = self.habit_view(tx.reader(), habit, day)?;
                if let Some(tick) = view.ticks.first().cloned() {
                    return Ok(Ticked { tick, already: true, habit: view });
                }
            }
            let record = self.record_day(tx, journal, at, DayFact::Tick(tick), note)?;
            let view = self.habit_view(tx.reader(), habit, record.local_day)?;
            let own = view.ticks.iter().find(|tick| tick.id == record.id.as_str());
            let tick = own
                .cloned()
                .ok_or_else(|| Error::NotFound { what: "tick", id: record.id.to_string() })?;
            Ok(Ticked { tick, already: false, habit: view })
        })
    }

    fn write_plan(&self, habit: Habit<'_>, plan: Option<&HabitPlan>) -> Result<HabitView> {
        let id = habit_id(habit)?;
        self.edit_plan("habit plan", |edit| {
            let known = edit.reading().habits.get(&id).cloned().unwrap_or_default();
            if plan.is_none() && known == PlannedHabit::default() {
                let message =
                    Message::new("habit.not_planned").with("habit", Arg::code(habit.name()));
                return Err(Error::forbidden(message));
            }
            edit.plan_habit(&id, plan)?;
            let planned = edit.reading().habits.get(&id).cloned().unwrap_or_default();
            let conn = edit.conn();
            let (here, day) = (self.here(conn)?, self.today(conn)?);
            let rows = self.ticks(conn, Some(habit.id()), day)?;
            view(habit, &planned, day, rows, &self.statuses(conn)?, &here)
        })
    }

    fn habits(&self, conn: &Connection, day: Option<LocalDay>) -> Result<HabitsView> {
        let day = day.map_or_else(|| self.today(conn), Ok)?;
        let here = self.here(conn)?;
        let (plan, statuses) = (self.plan(conn)?, self.statuses(conn)?);
        let rows = self.ticks(conn, None, day)?;
        let mut habits = Vec::new();
        let catalogue = self.catalogue(conn)?;
        for habit in Habit::all(&catalogue) {
            let planned = plan.habits.get(&habit_id(habit)?).cloned().unwrap_or_default();
            let own = rows.iter().filter(|row| row.record.value.what.about() == habit.id());
            habits.push(view(habit, &planned, day, own.cloned().collect(), &statuses, &here)?);
        }
        habits.sort_by_key(|habit| habit.plan.is_none());
        let recovery = self.recovery(conn, day)?;
        Ok(HabitsView { day, habits, recovery })
    }

    fn habit_view(&self, conn: &Connection, habit: Habit<'_>, day: LocalDay) -> Result<HabitView> {
        let planned = self.plan(conn)?.habits.get(&habit_id(habit)?).cloned().unwrap_or_default();
        let rows = self.ticks(conn, Some(habit.id()), day)?;
        view(habit, &planned, day, rows, &self.statuses(conn)?, &self.here(conn)?)
    }

    /// The ticks that stand of a local day.
    fn ticks(&self, conn: &Connection, habit: Option<&str>, day: LocalDay) -> Result<Vec<DayRow>> {
        let filter = DayFilter {
            kind: Some(DayKind::Tick),
            about: habit,
            since: Some(day),
            until: Some(day),
            ..DayFilter::default()
        };
        self.day_rows(conn, &filter)
    }

    fn here(&self, conn: &Connection) -> Result<Here> {
        let (now, day_start_min) = (self.here_and_now(conn)?, self.day_start_min(conn)?);
        Ok(Here { now, day_start_min })
    }

    /// The recoveries that a local day may belong to.
    pub(crate) fn recovery(&self, conn: &Connection, day: LocalDay) -> Result<Vec<RecoveryView>> {
        self.recovery_views(conn, day, day)
    }

    /// The recoveries that days of a range may belong to, with the days of each that were ticked.
    pub(crate) fn recovery_views(
        &self,
        conn: &Connection,
        from: LocalDay,
        to: LocalDay,
    ) -> Result<Vec<RecoveryView>> {
        let (all, _) = self.recoveries_between(conn, from, to)?;
        let Some(first) = all.iter().map(|recovery| recovery.from).min() else {
            return Ok(Vec::new());
        };
        let (_, ticked) = self.recoveries_between(conn, first, to)?;
        let ticked: Vec<LocalDay> = ticked.into_iter().collect();
        Ok(all.into_iter().map(|recovery| RecoveryView::of(recovery, &ticked)).collect())
    }
}

/// When and where the habits are looked at.
struct Here {
    now: Moment,
    day_start_min: u16,
}

fn view(
    habit: Habit<'_>,
    planned: &PlannedHabit,
    day: LocalDay,
    rows: Vec<DayRow>,
    statuses: &Statuses,
    here: &Here,
) -> Result<HabitView> {
    let Here { now, day_start_min } = here;
    let kept = {
        let records = rows.iter().map(|row| &row.record.value);
        habit_day(records, &habit_id(habit)?, day)
    };
    let due = planned.plan.as_ref().map(|plan| {
        let zone = TimeZone::get(&now.zone).unwrap_or(TimeZone::UTC);
        let done = (kept.done, kept.last_ms);
        habit::due(plan, day, *day_start_min, (&zone, &now.zone), done, now.utc_ms)
    });
    let due = due.unwrap_or_default();
    // A day that is over asks for nothing any more.
    let over = day < now.local_day(*day_start_min);
    let mut ticks = Vec::new();
    for row in rows {
        ticks.push(tick_view(row, statuses)?);
    }
    let place = |tick: &TickView| kept.ticks.iter().position(|id| id.as_str() == tick.id);
    ticks.sort_by_key(place);
    Ok(HabitView {
        habit: habit.id().to_owned(),
        name: habit.own_name().map(str::to_owned),
        counting: habit.counting().as_str(),
        frequency_stated: habit.is_frequency_stated(),
        plan: planned.plan.as_ref().map(HabitPlanView::from),
        other_plans: planned
            .others
            .iter()
            .map(|other| other.as_ref().map(HabitPlanView::from))
            .collect(),
        done: kept.done,
        value: kept.value,
        left: if over { 0 } else { due.left },
        due_since: due.since.as_ref().map(rfc3339),
        next: due.next.iter().map(rfc3339).collect(),
        ticks,
    })
}

fn tick_view(row: DayRow, statuses: &Statuses) -> Result<TickView> {
    let status = statuses.of(std::slice::from_ref(&row.travel));
    let (author, record) = (row.record.author, row.record.value);
    let DayFact::Tick(tick) = &record.what else {
        return Err(Error::Unreadable(format!("the tick {}: it is none", record.id)));
    };
    Ok(TickView {
        id: record.id.to_string(),
        habit: tick.habit.to_string(),
        count: tick.count,
        value: tick.value,
        at: rfc3339(&record.at),
        local_day: record.local_day,
        note: record.note.clone(),
        device: author.device.to_string(),
        status: status.kind,
    })
}

fn habit_id(habit: Habit<'_>) -> Result<HabitId> {
    HabitId::new(habit.id()).map_err(unreadable)
}

fn unreadable(error: holdfast_domain::ids::BadId) -> Error {
    Error::Unreadable(error.to_string())
}

/// The habit a key means: its id or an unambiguous beginning of it; of an own one also its name.
fn find<'a>(catalogue: &'a Catalogue, key: &str) -> Result<Habit<'a>> {
    let named = |habit: Habit<'a>| Named {
        id: habit.id(),
        name: habit.own_name().unwrap_or_default(),
        thing: habit,
    };
    let all: Vec<Named<'_, Habit<'a>>> = Habit::all(catalogue).map(named).collect();
    pick("habit", key, &all).map_err(|error| match error {
        Error::Unknown { .. } => unknown_habit(key, catalogue),
        other => other,
    })
}

/// What is said of a habit that there is not: a value at fault, not a state of things.
fn unknown_habit(key: &str, catalogue: &Catalogue) -> Error {
    let near = nearest(key, Habit::all(catalogue).map(|habit| habit.id()));
    let message = if near.is_empty() {
        Message::new("habit.unknown")
    } else {
        Message::new("habit.unknown_near").with("near", near.join(", "))
    };
    Error::bad_value("habit", message.with("given", key))
}
