//! Writing down by hand what was done. What cannot be is refused, what is odd is asked, and what goes
//! against a rule is noted: it happened.

use holdfast_domain::catalogue::Exercise;
use holdfast_domain::ids::{ExerciseId, HoldId, ObservationId, Site, ToolId};
use holdfast_domain::record::{
    Attempt, Change, Context, HoldKey, Observation, PainRating, Reporter, SessionRecord, Target,
    next_free,
};
use holdfast_domain::units::{Millis, Moment, Nrs};
use holdfast_domain::vocabulary::{EndedBy, Mode, Side};
use rusqlite::OptionalExtension;

use super::findings::findings;
use super::journal::{Journal, day_start_mark};
use super::log_request::{Done, Eased, LogRequest, LogSide};
use super::place::{self, Here, Place, Said};
use crate::documents::strand::Record;
use crate::error::{Error, Result};
use crate::projection::{self, history};
use crate::store::{Tx, docs};
use crate::views::HoldView;
use crate::{Engine, HoldfastError, Inner};
use holdfast_domain::words::Message;

impl Engine {
    /// Logs one hold, or two where both sides are given. It is on the disk when this returns.
    ///
    /// # Errors
    /// [`HoldfastError::BadInput`] with the field at fault, [`HoldfastError::NeedsConfirmation`]
    /// for more than three times the target, [`HoldfastError::Forbidden`] for both sides of a
    /// one-sided exercise; nothing is written then.
    pub fn log(&self, request: &LogRequest) -> std::result::Result<Vec<HoldView>, HoldfastError> {
        self.guarded(|inner| inner.log(request))
    }
}

impl Inner {
    pub(crate) fn log(&self, request: &LogRequest) -> Result<Vec<HoldView>> {
        let exercise = self.store.read(|conn| self.exercise_named(conn, &request.exercise))?;
        let exercise = &exercise;
        let mut given = Given::read(request)?;
        given.by = self.store.read(|conn| self.assistant(conn, given.by.take()))?;
        let sides: &[Side] = match request.side {
            None => &[Side::None],
            Some(LogSide::Left) => &[Side::Left],
            Some(LogSide::Right) => &[Side::Right],
            Some(LogSide::Both) => &[Side::Left, Side::Right],
        };
        self.command("log", |tx, journal| {
            let mut ids = Vec::new();
            for side in sides {
                ids.push(self.log_one(tx, journal, request, &given, exercise, *side)?);
            }
            // The record of a whole set changes with what is logged singly: show both as they are now.
            self.hold_views(tx.reader(), self.who.chart, &ids)
        })
    }

    fn log_one(
        &self,
        tx: &Tx<'_>,
        journal: &mut Journal<'_>,
        request: &LogRequest,
        given: &Given,
        exercise: &Exercise,
        side: Side,
    ) -> Result<HoldId> {
        let (conn, space) = (tx.reader(), self.who.chart);
        let (now, day_start_min) = (self.here_and_now(conn)?, self.day_start_min(conn)?);
        let chart = projection::chart(conn, space)?;
        let said = Said {
            routine: request.routine.as_deref(),
            date: request.date,
            slot: request.slot.as_deref(),
            step: request.step.as_deref(),
            session: request.session.as_deref(),
            at: request.at.as_ref(),
        };
        let on = (side != Side::None).then_some(side);
        let device = self.who.device.to_hex();
        let here = Here { now: &now, day_start_min, device: &device };
        let place = place::place(conn, chart, said, &exercise.id, on, here)?;
        let number = match chart {
            Some(chart) => projection::session(conn, chart, &place.session)?,
            None => None,
        };
        let done = match number {
            Some(number) => history::done(conn, number)?,
            None => Vec::new(),
        };
        let step = place.step_ref(&exercise.id);
        let taken = match number {
            Some(number) => history::taken(conn, number, &step.to_string(), side)?,
            None => Vec::new(),
        };
        let dose = place.dose(exercise);
        let whole_set = matches!(request.done, Done::Reps { .. });
        let per_set = dose.reps.to_play().and_then(|reps| u16::try_from(reps).ok());
        let per_set = per_set.filter(|_| matches!(request.done, Done::Held(_)));
        let (set, rep) = next_free(&taken, request.set, request.rep, per_set, whole_set)
            .ok_or_else(|| Error::bad("set", Message::new("input.no_set_left")))?;
        let key = HoldKey { session: place.session.clone(), step, side, set, rep };

        let observation = given.observation(self, request, exercise, &place, key, day_start_min);
        let sides_done: Vec<Side> = done
            .iter()
            .filter(|(what, ..)| what == exercise.id.as_str())
            .map(|(.., side)| *side)
            .collect();
        let context = Context {
            laterality: exercise.laterality,
            mode: dose.mode,
            sides_done: &sides_done,
            yes: request.yes,
        };
        let mut observation = observation.checked(context)?;
        let profile = self.profile_now(conn)?;
        let before: Vec<super::findings::Done> =
            done.iter().filter_map(|(what, _, side)| Some((what.parse().ok()?, *side))).collect();
        let known = before.iter().map(|(what, _)| what).chain([&exercise.id]);
        let catalogue = self.catalogue_for(conn, known.map(ExerciseId::as_str))?;
        let (now_done, routine) = ((exercise.id.clone(), side), place.routine.as_ref());
        observation.findings = findings(&before, now_done, routine, &profile, &catalogue);

        let mut records = Vec::new();
        records.extend(
            self.session_record(tx, &place, &now, day_start_min)?
                .map(|r| Record::Session(Box::new(r))),
        );
        let id = observation.id.clone();
        records.push(Record::Observation(Box::new(observation)));
        journal.write(tx, space, &place.session, &records)?;
        if let Some(hold) = hold_with(tx, &id)? {
            return Ok(hold);
        }
        // Another device, whose clock is ahead, removed what had this key: the removal reaches this
        // hold too. It was known when this was logged, so this stands after it.
        let back = Change::Edit(Box::default());
        let target = Target::Observation(id.clone());
        self.correct(tx, journal, &place.session, target, vec![id.clone()], back)?;
        hold_with(tx, &id)?.ok_or_else(|| Error::NotFound { what: "hold", id: id.to_string() })
    }

    /// The session's record by this device, where it has to be written: there is none yet, this hold
    /// began before it, or it was removed and is begun again.
    fn session_record(
        &self,
        tx: &Tx<'_>,
        place: &Place,
        now: &Moment,
        day_start_min: u16,
    ) -> Result<Option<SessionRecord>> {
        let (conn, space) = (tx.reader(), self.who.chart);
        let doc = self.strand_of(&place.session)?;
        let sql = "SELECT body FROM session_record WHERE doc = ?1 ORDER BY v LIMIT 1";
        let mut found = conn.prepare_cached(sql)?;
        let own: Option<String> = match docs::row(conn, space, &doc)? {
            Some(row) => found.query_row([row.id], |row| row.get(0)).optional()?,
            None => None,
        };
        let removed = match projection::chart(conn, space)? {
            Some(chart) => projection::removed_until(conn, chart, &place.session)?,
            None => None,
        };
        // What was removed stays removed: this begins after it, whatever the clocks say.
        let begin = |at: &Moment| match removed {
            Some(until) if at.utc_ms <= until => {
                Moment { utc_ms: now.utc_ms.max(until.saturating_add(1)), ..now.clone() }
            }
            _ => at.clone(),
        };
        let started_at = begin(&place.started_at);
        if let Some(body) = own {
            let mut record: SessionRecord = serde_json::from_str(&body)
                .map_err(|error| Error::Unreadable(error.to_string()))?;
            let stands = begin(&record.started_at) == record.started_at;
            let earlier = started_at.utc_ms < record.started_at.utc_ms;
            record.started_at = started_at;
            return Ok((!stands || earlier).then_some(record));
        }
        Ok(Some(SessionRecord {
            key: place.session.clone(),
            routine: place.routine.as_ref().map(|routine| routine.id.clone()),
            routine_version: place.routine.as_ref().map(|routine| routine.version),
            started_at,
            ended_at: None,
            paused: Millis::ZERO,
            finished: false,
            assisted_by: None,
            steps: place.routine.as_ref().map(place::played_steps).unwrap_or_default(),
            findings: Vec::new(),
            unknown: day_start_mark(day_start_min),
        }))
    }

    /// A fresh id for a record.
    pub(crate) fn record_id(&self) -> String {
        // The time comes first, so that what is written together lies together in the indexes.
        let mut bytes = self.random::<16>();
        let ms = u64::try_from(self.clock.wall_ms()).unwrap_or(0);
        bytes[..6].copy_from_slice(&ms.to_be_bytes()[2..]);
        let mut text = data_encoding::BASE32_NOPAD.encode(&bytes);
        text.make_ascii_lowercase();
        text
    }
}

/// The hold that an observation just written belongs to, unless a removal took it out.
fn hold_with(tx: &Tx<'_>, id: &ObservationId) -> Result<Option<HoldId>> {
    let sql = "SELECT hold.hold_id FROM observation CROSS JOIN hold
                   ON hold.session = observation.session AND hold.step = observation.step
                  AND hold.side = observation.side AND hold.set_n = observation.set_n
                  AND hold.rep = observation.rep,
                  json_each(hold.body, '$.observations') AS part
               WHERE observation.id = ?1 AND part.value ->> '$.id' = ?1
                 AND part.value ->> '$.removed' IS NULL";
    let mut found = tx.reader().prepare_cached(sql)?;
    let hold: Option<String> = found.query_row([id.as_str()], |row| row.get(0)).optional()?;
    Ok(hold.and_then(|hold| HoldId::new(hold).ok()))
}

/// What a request says, read and within bounds.
struct Given {
    pain_before: Option<PainRating>,
    pain_after: Option<PainRating>,
    tool: Option<ToolId>,
    note: Option<String>,
    by: Option<String>,
}

/// The longest note, in bytes. A record must fit one value of a document.
pub(crate) const MAX_NOTE_BYTES: usize = 16_000;
/// The longest name of a helper, in bytes.
pub(crate) const MAX_NAME_BYTES: usize = 200;
/// The longest hold that can be logged: a day.
const MAX_HELD: Millis = Millis::from_secs(86_400);

impl Given {
    fn read(request: &LogRequest) -> Result<Self> {
        if let Done::Held(held) | Done::Reps { hold_each: Some(held), .. } = request.done {
            within_a_day("held", held)?;
        }
        within_a_day("paused", request.paused)?;
        if let Some(target) = request.target {
            within_a_day("target", target)?;
        }
        if request.pain_site.is_some()
            && request.pain_before.is_none()
            && request.pain_after.is_none()
        {
            return Err(Error::bad("pain_site", Message::new("input.site_without_pain")));
        }
        if request.eased.is_some() && matches!(request.done, Done::Ticked) {
            return Err(Error::bad("eased", Message::new("input.eased_of_tick")));
        }
        let site = request.pain_site.as_deref();
        Ok(Self {
            pain_before: pain("pain_before", request.pain_before, site)?,
            pain_after: pain("pain_after", request.pain_after, site)?,
            tool: tool(request.tool.as_deref())?,
            note: text("note", request.note.as_deref(), MAX_NOTE_BYTES)?,
            by: text("by", request.by.as_deref(), MAX_NAME_BYTES)?,
        })
    }

    fn observation(
        &self,
        inner: &Inner,
        request: &LogRequest,
        exercise: &Exercise,
        place: &Place,
        key: HoldKey,
        day_start_min: u16,
    ) -> Observation {
        let dose = place.dose(exercise);
        let target = dose.hold_s.to_play().map(|secs| Millis::from_secs(secs.into()));
        let target = request.target.or(target.filter(|_| request.done != Done::Ticked));
        let attempts = attempts(request);
        let ended_by = request.ended.unwrap_or_else(|| ended_by(request, dose.mode, target));
        Observation {
            id: ObservationId::new(inner.record_id()).expect("base32 is an id"),
            revision: 0,
            key,
            exercise: exercise.id.clone(),
            routine: place.routine.as_ref().map(|routine| routine.id.clone()),
            routine_version: place.routine.as_ref().map(|routine| routine.version),
            target,
            // The doses of a routine's steps are in the session's record.
            dose: place.step.is_none().then(|| dose.clone()),
            attempts,
            took: None,
            paused: request.paused,
            extended: Millis::ZERO,
            reps: match request.done {
                Done::Reps { count, .. } => Some(count),
                Done::Held(_) | Done::Ticked => None,
            },
            load: request.load.clone(),
            tempo: request.tempo.clone(),
            pain_before: self.pain_before.clone(),
            pain_after: self.pain_after.clone(),
            tool: self.tool.clone(),
            ended_by,
            assisted_by: self.by.clone(),
            logged_by: None,
            started_at: place.started_at.clone(),
            source: request.source,
            findings: Vec::new(),
            note: self.note.clone(),
            unknown: inner.clock_mark().into_iter().chain(day_start_mark(day_start_min)).collect(),
        }
    }
}

/// The tries: how long the ones before a moved spot lasted is not known.
fn attempts(request: &LogRequest) -> Vec<Attempt> {
    let held = match request.done {
        Done::Held(held) => Some(held),
        Done::Reps { hold_each, .. } => hold_each,
        Done::Ticked => None,
    };
    let Some(held) = held else { return Vec::new() };
    let eased_after = match request.eased {
        Some(Eased::After(after)) => Some(after),
        Some(Eased::No) | None => None,
    };
    let earlier = (0..request.moves).map(|n| Attempt { moved_spot: n > 0, ..Attempt::default() });
    let last = Attempt { held, eased_after, pressure: None, moved_spot: request.moves > 0 };
    earlier.chain(std::iter::once(last)).collect()
}

/// How it ended, where the person did not say.
fn ended_by(request: &LogRequest, mode: Mode, target: Option<Millis>) -> EndedBy {
    match (request.eased, request.done) {
        (Some(Eased::No), _) => EndedBy::NotEased,
        (Some(Eased::After(_)), _) if mode == Mode::UntilEased => EndedBy::Eased,
        (_, Done::Held(held) | Done::Reps { hold_each: Some(held), .. })
            if target.is_some_and(|target| held < target) =>
        {
            EndedBy::Stopped
        }
        _ => EndedBy::Target,
    }
}

fn within_a_day(field: &'static str, given: Millis) -> Result<()> {
    if given <= MAX_HELD {
        return Ok(());
    }
    let text = Message::new("input.more_than_a_day").with("seconds", given.as_secs());
    Err(Error::bad(field, text))
}

/// A rating by the person whose body it is.
pub(crate) fn pain(
    field: &'static str,
    nrs: Option<u8>,
    site: Option<&str>,
) -> Result<Option<PainRating>> {
    let Some(nrs) = nrs else { return Ok(None) };
    let nrs = Nrs::try_from(nrs).map_err(|error| Error::bad(field, error.message()))?;
    let site = site.map(Site::new).transpose();
    let site = site.map_err(|error| Error::bad("pain_site", error.message()))?;
    Ok(Some(PainRating { nrs, site, reported_by: Reporter::Subject }))
}

pub(crate) fn tool(id: Option<&str>) -> Result<Option<ToolId>> {
    let read = id.map(ToolId::new).transpose();
    read.map_err(|error| Error::bad("tool", error.message()))
}

/// A text a person wrote: trimmed, nothing where nothing is left.
pub(crate) fn text(
    field: &'static str,
    given: Option<&str>,
    longest: usize,
) -> Result<Option<String>> {
    let given = given.map(str::trim).filter(|text| !text.is_empty());
    if given.is_some_and(|text| text.len() > longest) {
        return Err(Error::bad(
            field,
            Message::new("input.long_text").with("most", longest as u64),
        ));
    }
    Ok(given.map(str::to_owned))
}
