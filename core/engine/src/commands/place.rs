//! Where something that is logged belongs: which session, which step of which routine, which set and
//! repetition. It reads the projection and writes nothing.

use holdfast_domain::catalogue::Exercise;
use holdfast_domain::dose::Dose;
use holdfast_domain::ids::{ExerciseId, SessionId, Slot, StepId};
use holdfast_domain::record::{PlayedStep, SessionKey, StepRef};
use holdfast_domain::routine::{Routine, Schedule, Step};
use holdfast_domain::schedule::any_slot;
use holdfast_domain::units::{LocalDay, Moment};
use holdfast_domain::vocabulary::{Side, SideRule};
use rusqlite::Connection;

use crate::clock;
use crate::error::{Error, Result};
use crate::projection::{self, history};
use holdfast_domain::words::Message;

/// What a person said about where it belongs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Said<'a> {
    pub(crate) routine: Option<&'a str>,
    pub(crate) date: Option<LocalDay>,
    pub(crate) slot: Option<&'a str>,
    pub(crate) step: Option<&'a str>,
    pub(crate) session: Option<&'a str>,
    pub(crate) at: Option<&'a Moment>,
}

/// When and where it is written down.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Here<'a> {
    pub(crate) now: &'a Moment,
    /// When a day starts, in minutes after local midnight.
    pub(crate) day_start_min: u16,
    pub(crate) device: &'a str,
}

/// Where it belongs.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    pub(crate) session: SessionKey,
    pub(crate) routine: Option<Routine>,
    pub(crate) step: Option<Step>,
    pub(crate) started_at: Moment,
}

impl Place {
    /// The step or exercise of the hold's key.
    pub(crate) fn step_ref(&self, exercise: &ExerciseId) -> StepRef {
        match &self.step {
            Some(step) => StepRef::Step(step.id.clone()),
            None => StepRef::Exercise(exercise.clone()),
        }
    }

    /// The dose that counts: the step's, else the exercise's own.
    pub(crate) fn dose<'a>(&'a self, exercise: &'a Exercise) -> &'a Dose {
        self.step.as_ref().map_or(&exercise.dose, |step| &step.dose)
    }
}

/// Works out where a hold of an exercise on a side belongs.
///
/// Without a routine or a session it goes into this device's loose session of that local day (ours):
/// two devices keep one each, so what they log offline never meets by accident.
pub(crate) fn place(
    conn: &Connection,
    chart: Option<i64>,
    said: Said<'_>,
    exercise: &ExerciseId,
    side: Option<Side>,
    here: Here<'_>,
) -> Result<Place> {
    let started_at = started_at(said, here)?;
    let day = said.date.unwrap_or_else(|| started_at.local_day(here.day_start_min));
    if said.session.is_some() && (said.slot.is_some() || said.date.is_some()) {
        let text = Message::new("input.session_says_day");
        return Err(Error::bad("session", text));
    }
    if said.slot.is_some() && said.routine.is_none() {
        return Err(Error::bad("slot", Message::new("input.slot_of_what")));
    }
    let named = said.session.map(|id| session_named(conn, chart, id)).transpose()?;
    let scheduled = named.as_ref().and_then(|key| key.routine().map(ToString::to_string));
    let found = |id: &str| match chart {
        Some(chart) => projection::routine(conn, chart, id),
        None => Err(Error::NotFound { what: "routine", id: id.to_owned() }),
    };
    let routine = match (said.routine, scheduled) {
        (Some(id), _) => Some(found(id)?),
        // The session of a routine that was removed since can still be added to.
        (None, Some(id)) => found(&id).ok(),
        (None, None) => None,
    };
    let session = match (named, &routine) {
        (Some(key), _) => key,
        (None, Some(routine)) => SessionKey::Scheduled {
            routine: routine.id.clone(),
            day,
            slot: slot(said.slot, routine, day, &started_at)?,
        },
        (None, None) => loose_session(day, here.device),
    };
    let step = match &routine {
        Some(routine) => step(conn, chart, said, routine, &session, exercise, side)?,
        None if said.step.is_some() => {
            return Err(Error::bad("step", Message::new("input.step_of_what")));
        }
        None => None,
    };
    Ok(Place { session, routine, step, started_at })
}

/// When it began: as said; else now, moved by whole days to the day that was said.
fn started_at(said: Said<'_>, here: Here<'_>) -> Result<Moment> {
    let now = here.now;
    let (at, Some(day)) = (said.at, said.date) else {
        return Ok(said.at.unwrap_or(now).clone());
    };
    if let Some(at) = at {
        let own = at.local_day(here.day_start_min);
        // A routine's session may be put under another day than the clock's; a loose one is its day.
        if said.routine.is_none() && own != day {
            let text = Message::new("input.other_day");
            let text = text.with("own", own.to_string()).with("day", day.to_string());
            return Err(Error::bad("date", text));
        }
        return Ok(at.clone());
    }
    let today = now.local_day(here.day_start_min);
    let days = i64::from(day.0.since(today.0).map_or(0, |span| span.get_days()));
    let moved = clock::moment(now.utc_ms.saturating_add(days * 86_400_000), &now.zone);
    // The zone's offset may have changed in between: the same time of day is meant.
    let shift_ms = i64::from(now.offset_s - moved.offset_s) * 1000;
    Ok(clock::moment(moved.utc_ms.saturating_add(shift_ms), &now.zone))
}

/// The session of what is logged outside of any: one a day and device.
pub(crate) fn loose_session(day: LocalDay, device: &str) -> SessionKey {
    let id = format!("loose:{day}:{}", device.get(..16).unwrap_or(device));
    SessionKey::from_id(SessionId::new(id).expect("a day and hex digits are an id"))
}

/// A known session by its id or the beginning of it, or a new one of that id.
fn session_named(conn: &Connection, chart: Option<i64>, id: &str) -> Result<SessionKey> {
    let known = chart.map(|chart| history::session(conn, chart, id));
    match known {
        Some(Ok((_, session))) => Ok(session.key),
        Some(Err(error @ Error::Ambiguous { .. })) => Err(error),
        _ => id
            .parse()
            .map_err(|_| Error::bad("session", Message::new("input.no_session").with("id", id))),
    }
}

/// The slot of the day: as said; the schedule's only one; that of the hour, where the schedule has
/// it (ours: before 11, before 15, before 20 o'clock, later); else any.
pub(crate) fn slot(
    said: Option<&str>,
    routine: &Routine,
    day: LocalDay,
    at: &Moment,
) -> Result<Slot> {
    if let Some(said) = said {
        return Slot::new(said).map_err(|error| Error::bad("slot", error.message()));
    }
    let schedule = routine.timetable.on(day).or_else(|| routine.schedule());
    let slots = schedule.map(Schedule::slots_of_day).unwrap_or_default();
    let hour = (at.utc_ms / 1000 + i64::from(at.offset_s)).rem_euclid(86_400) / 3600;
    let by_hour = match hour {
        3..=10 => "morning",
        11..=14 => "midday",
        15..=19 => "evening",
        _ => "bedtime",
    };
    let found = match &slots[..] {
        [only] => Some(only),
        several => several.iter().find(|slot| slot.as_str() == by_hour),
    };
    Ok(found.cloned().unwrap_or_else(any_slot))
}

/// The step of the routine: as said; else the first of this exercise that was not done on this side
/// yet; else the first of this exercise. An exercise that the routine has not is none of its steps.
fn step(
    conn: &Connection,
    chart: Option<i64>,
    said: Said<'_>,
    routine: &Routine,
    session: &SessionKey,
    exercise: &ExerciseId,
    side: Option<Side>,
) -> Result<Option<Step>> {
    if let Some(id) = said.step {
        let mut found = routine.steps().filter(|step| step.id.as_str().starts_with(id));
        let exact = StepId::new(id).ok().and_then(|id| routine.step(&id));
        let step = match (exact, found.next(), found.next()) {
            (Some(step), ..) | (None, Some(step), None) => step,
            (None, Some(_), Some(_)) => {
                let all = routine.steps().map(|step| step.id.to_string());
                let candidates = all.filter(|other| other.starts_with(id)).collect();
                return Err(Error::Ambiguous { what: "step", id: id.to_owned(), candidates });
            }
            (None, None, _) => {
                let what = "step of this routine";
                return Err(Error::NotFound { what, id: id.to_owned() });
            }
        };
        if step.exercise != *exercise {
            let text = Message::new("input.other_step")
                .with("step", step.id.as_str())
                .with("is", step.exercise.as_str())
                .with("not", exercise.as_str());
            return Err(Error::bad("step", text));
        }
        return Ok(Some(step.clone()));
    }
    let fits = |step: &&Step| step.exercise == *exercise && may_be_on(step.side, side);
    let number = match chart {
        Some(chart) => projection::session(conn, chart, session)?,
        None => None,
    };
    let done = match number {
        Some(number) => history::done(conn, number)?,
        None => Vec::new(),
    };
    let is_done = |step: &&Step| {
        let key = StepRef::Step(step.id.clone()).to_string();
        done.iter().any(|(_, at, on)| *at == key && side.is_none_or(|side| side == *on))
    };
    let open = routine.steps().filter(fits).find(|step| !is_done(step));
    Ok(open.or_else(|| routine.steps().find(fits)).cloned())
}

fn may_be_on(rule: SideRule, side: Option<Side>) -> bool {
    match rule {
        SideRule::Left => side != Some(Side::Right),
        SideRule::Right => side != Some(Side::Left),
        _ => true,
    }
}

/// The steps of a routine with the doses of this moment, for the session's record.
pub(crate) fn played_steps(routine: &Routine) -> Vec<PlayedStep> {
    let on = routine.blocks.iter().filter(|block| routine.is_chosen(block));
    on.flat_map(|block| &block.steps)
        .filter(|step| step.is_on())
        .map(|step| PlayedStep {
            step: StepRef::Step(step.id.clone()),
            exercise: step.exercise.clone(),
            side: step.side,
            dose: step.dose.clone(),
        })
        .collect()
}
