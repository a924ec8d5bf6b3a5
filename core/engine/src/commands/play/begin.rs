//! From a routine and what a person decides to what the player plays. Everything that would stop the
//! session later is asked or refused here, before anything begins.

use std::collections::{BTreeMap, BTreeSet};

use holdfast_domain::catalogue::Catalogue;
use holdfast_domain::ids::{SessionId, StepId};
use holdfast_domain::player::Plan;
use holdfast_domain::record::{RecordRefusal, SessionKey, StepRef};
use holdfast_domain::routine::{Choices, Playable, Routine, Step};
use holdfast_domain::rules::{self, Profile};
use holdfast_domain::schedule::ANY_SLOT;
use holdfast_domain::vocabulary::{Laterality, Side, SideRule};
use rusqlite::Connection;

use super::PlayOptions;
use super::kept::Begun;
use super::record;
use crate::Inner;
use crate::commands::log::{MAX_NAME_BYTES, text};
use crate::commands::place::slot;
use crate::commands::routine::find;
use crate::error::{Error, Result, WayOn};
use crate::projection::{self, history};
use holdfast_domain::words::Message;

impl Inner {
    /// Works out what is played, in which session.
    pub(super) fn begin(&self, key: &str, options: &PlayOptions) -> Result<(Begun, Plan)> {
        self.store.read(|conn| {
            let plan = self.plan(conn)?;
            let routine = find::routine(&plan, key)?;
            self.begin_routine(conn, routine, options, &plan.catalogue())
        })
    }

    fn begin_routine(
        &self,
        conn: &Connection,
        routine: &Routine,
        options: &PlayOptions,
        catalogue: &Catalogue,
    ) -> Result<(Begun, Plan)> {
        let profile = self.profile_now(conn)?;
        let choices = choices(routine, options, &profile)?;
        let acks: Vec<_> =
            options.acks.iter().map(|rule| find::rule(rule)).collect::<Result<_>>()?;
        // What is still to be said comes first: rules judge the sides that were said.
        let timing = options.timing.unwrap_or_default();
        let playable = routine.to_plan(catalogue, &choices, timing)?;
        let mut findings = rules::admit_play(routine, catalogue, &profile, &choices, &acks)
            .map_err(|broken| Error::Broken { broken, way_on: WayOn::Acknowledge })?;
        for finding in &mut findings {
            record::acknowledge(finding, &acks, &self.who.account.to_hex());
        }
        let Playable { plan, mut steps, left_out, conditional } = playable;
        let plan = from_step(plan, routine, options.from_step.as_deref())?;
        let played: BTreeSet<&StepId> = plan.holds().iter().map(|hold| &hold.step).collect();
        steps.retain(|step| matches!(&step.step, StepRef::Step(id) if played.contains(id)));
        let session = self.session_to_play(conn, routine, options)?;
        self.one_side_only(conn, &session, &plan, catalogue)?;
        let begun = Begun {
            play: self.fresh_id(),
            made_ms: u64::try_from(self.clock.wall_ms()).unwrap_or(0),
            routine: routine.id.clone(),
            routine_name: routine.name.clone(),
            routine_version: routine.version,
            zone: self.here_and_now(conn)?.zone,
            day_start_min: self.day_start_min(conn)?,
            by: self.assistant(conn, text("by", options.by.as_deref(), MAX_NAME_BYTES)?)?,
            before: self.recorded_session(conn, &session)?,
            session,
            steps,
            findings,
            left_out,
            conditional,
        };
        Ok((begun, plan))
    }

    /// The scheduled session where there is a slot, so that two offline devices meet in it; else one
    /// of its own, so that a second doing on the day is a second session.
    fn session_to_play(
        &self,
        conn: &Connection,
        routine: &Routine,
        options: &PlayOptions,
    ) -> Result<SessionKey> {
        let (now, day_start_min) = (self.here_and_now(conn)?, self.day_start_min(conn)?);
        let day = options.day.unwrap_or_else(|| now.local_day(day_start_min));
        let slot = slot(options.slot.as_deref(), routine, day, &now)?;
        if options.slot.is_none() && options.day.is_none() && slot.as_str() == ANY_SLOT {
            let id = SessionId::new(self.fresh_id()).expect("base32 is an id");
            return Ok(SessionKey::from_id(id));
        }
        Ok(SessionKey::Scheduled { routine: routine.id.clone(), day, slot })
    }

    /// A one-sided exercise of which the session has the other side already is a mistake.
    fn one_side_only(
        &self,
        conn: &Connection,
        session: &SessionKey,
        plan: &Plan,
        catalogue: &Catalogue,
    ) -> Result<()> {
        let Some(chart) = self.log_chart(conn)? else { return Ok(()) };
        let Some(number) = projection::session(conn, chart, session)? else { return Ok(()) };
        let done = history::done(conn, number)?;
        for hold in plan.holds() {
            let entry = catalogue.exercise(&hold.exercise);
            let one_sided = entry.is_some_and(|e| e.laterality == Laterality::OneSideOnly);
            let other = |(exercise, _, side): &(String, String, Side)| {
                exercise == hold.exercise.as_str() && *side != hold.side
            };
            if one_sided && done.iter().any(other) {
                let exercise = hold.exercise.to_string();
                return Err(RecordRefusal::BothSidesOfOne { exercise }.into());
            }
        }
        Ok(())
    }
}

/// What is played: as said now, else as the profile knows.
fn choices(routine: &Routine, options: &PlayOptions, profile: &Profile) -> Result<Choices> {
    let mut sides: BTreeMap<StepId, Side> = BTreeMap::new();
    // The one side to realign is the one that is pulled forward (000).
    if let Some(side) = profile.forward_side {
        let asks = |step: &&Step| {
            let entry = Catalogue::built_in().exercise(&step.exercise);
            step.side == SideRule::Ask
                && entry.is_some_and(|entry| entry.laterality == Laterality::OneSideOnly)
        };
        sides.extend(routine.steps().filter(asks).map(|step| (step.id.clone(), side)));
    }
    if let Some(side) = options.side {
        let asks = |rule| matches!(rule, SideRule::Ask | SideRule::Affected);
        sides.extend(
            routine.steps().filter(|step| asks(step.side)).map(|step| (step.id.clone(), side)),
        );
    }
    for (key, side) in &options.sides {
        sides.insert(find::step(routine, key)?.clone(), *side);
    }
    let steps = |keys: &[String]| -> Result<BTreeSet<StepId>> {
        keys.iter().map(|key| find::step(routine, key).cloned()).collect()
    };
    Ok(Choices {
        sides,
        affected: profile.affected_side,
        include: steps(&options.include)?,
        leave_out: steps(&options.leave_out)?,
        first_side: options.first_side,
    })
}

/// The plan from the first hold of a step on.
fn from_step(plan: Plan, routine: &Routine, from: Option<&str>) -> Result<Plan> {
    let Some(key) = from else { return Ok(plan) };
    let step = find::step(routine, key)?;
    let first = plan.holds().iter().position(|hold| hold.step == *step).ok_or_else(|| {
        Error::bad("from", Message::new("input.step_not_played").with("step", step.to_string()))
    })?;
    let rest = plan.holds()[first..].to_vec();
    Plan::new(plan.timing(), rest)
        .map_err(|refused| Error::Forbidden { code: "cannot_play", message: refused.message() })
}
