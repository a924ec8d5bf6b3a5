//! The second half of the demo: a therapist and a partner, each with an account and a home of their own, come into
//! Ana's chart, do what their roles give them, and one of them goes again.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use holdfast::domain::dose::Range;
use holdfast::domain::player::{Action, Input, PauseReason, StageView, View};
use holdfast::domain::units::Millis;
use holdfast::live::Live;
use holdfast::play::{Applied, PlayOptions};
use holdfast::prescription::{AcceptOptions, Proposal, ProposedFrom, RoutineEdit};
use holdfast::routine::{DoseEdit, StepEdit};
use holdfast::sharing::Role;
use holdfast::{
    Compared, Config, Done, Engine, GrantRequest, HistoryQuery, HoldfastError, Invitation,
    LogRequest, LogSide, NewAccount,
};

use super::Figures;
use super::steps::{NotSo, Shown, Steps, must};
use super::story::{ROUTINE, SHARED, sync};
use crate::failure::Outcome;
use crate::output::words::{counted, length, plain, say};

/// What the partner writes down for Ana.
pub const PARTNER_NOTE: &str = "held it for her while she counted";
/// What Ana writes after the partner was removed.
pub const AFTER_NOTE: &str = "alone again tonight";
/// The release that is done with another's hands.
const ASSISTED: &str = "iliopsoas-manual-assisted";
/// How long the therapist has the shared release held, in seconds.
const PRESCRIBED_S: u32 = 75;
/// Why.
pub const REASON: &str = "it still tightens when you rush it";
/// How long an invite of the demo is open, in milliseconds.
const OPEN_MS: u64 = 600_000;

/// The people beside Ana.
pub struct Company {
    therapist: PathBuf,
    partner: PathBuf,
    relay: String,
}

/// Somebody in Ana's chart.
struct Guest {
    /// The own home.
    home: Engine,
    /// Ana's chart, as it is seen from there.
    anas: Engine,
}

impl Company {
    /// With homes in a folder, at a relay.
    pub fn new(folder: &Path, relay: String) -> Self {
        Self { therapist: folder.join("therapist"), partner: folder.join("partner"), relay }
    }

    /// Tells it, step by step. `ana` is her phone.
    pub fn tell(&self, ana: &Engine, steps: &mut Steps<'_>, figures: &mut Figures) -> Outcome {
        let therapist = steps.show("prompt.demo.step.therapist", || {
            let guest = self.come_in(&self.therapist, Role::Therapist, ana, figures)?;
            let (hers, theirs) = (holds(ana)?, holds(&guest.anas)?);
            must(hers == theirs, || plain("prompt.demo.histories_differ"))?;
            Ok((guest, plain("prompt.demo.therapist_reads")))
        })?;
        steps.show("prompt.demo.step.limits", || {
            let written = therapist.anas.rename_routine(ROUTINE, "Another name");
            let code = match &written {
                Err(HoldfastError::Forbidden { .. }) => plain("prompt.demo.therapist_may_not"),
                Err(other) => return Err(NotSo(other.to_string())),
                Ok(_) => return Err(NotSo(plain("prompt.demo.therapist_wrote_plan"))),
            };
            Ok(((), code))
        })?;
        steps.show("prompt.demo.step.prescription", || prescribed(ana, &therapist, figures))?;
        let partner = steps.show("prompt.demo.step.partner", || {
            let guest = self.come_in(&self.partner, Role::Partner, ana, figures)?;
            Ok((guest, plain("prompt.demo.words_same")))
        })?;
        steps.show("prompt.demo.step.assisted", || assisted(ana, &partner, figures))?;
        steps.show("prompt.demo.step.together", || together(ana, &partner, figures))?;
        steps.show("prompt.demo.step.removal", || removed(ana, &partner, &therapist, figures))?;
        Ok(())
    }

    /// Somebody makes an account, takes Ana's link while her phone is silent, and both compare the words.
    fn come_in(
        &self,
        home: &Path,
        role: Role,
        ana: &Engine,
        figures: &mut Figures,
    ) -> Shown<Guest> {
        let name = match role {
            Role::Therapist => "Therapist Example",
            _ => "Partner Example",
        };
        let invited = ana.invite(&Invitation {
            name: Some(name.to_owned()),
            grant: GrantRequest::of(role),
            valid_ms: OPEN_MS,
            confirm_first: false,
        })?;
        let account = NewAccount {
            name: name.to_owned(),
            device_name: format!("{name}'s phone"),
            relay: Some(self.relay.clone()),
        };
        let (home, _) = Engine::create(Config::command_line(home), account)?;
        sync(&home, figures)?;
        let chart = home.accept_invite(&invited.link)?;
        let anas = home.chart(&chart.id)?;
        sync(&home, figures)?;
        sync(ana, figures)?;
        let member = ana.member(name)?;
        let (hers, theirs) = (ana.phrase_with(&member.account)?, anas.phrase_with("Ana Example")?);
        must(hers.words == theirs.words, || plain("prompt.demo.words_differ"))?;
        let compared = [ana.verify(&member.account, true)?, anas.verify("Ana Example", true)?];
        must(compared == [Compared::Verified; 2], || plain("prompt.demo.not_verified"))?;
        Ok(Guest { home, anas })
    }
}

/// The therapist proposes a longer hold, and Ana looks at it, step by step, and takes it.
fn prescribed(ana: &Engine, therapist: &Guest, figures: &mut Figures) -> Shown<((), String)> {
    let dose = DoseEdit { hold_s: Some(Range::exactly(PRESCRIBED_S)), ..DoseEdit::default() };
    let edit = StepEdit { dose, ..StepEdit::default() };
    let proposed = therapist.anas.propose(&Proposal {
        routine: Some(ROUTINE.to_owned()),
        from: ProposedFrom::Chart,
        edits: vec![RoutineEdit::SetStep { step: SHARED.to_owned(), edit: Box::new(edit) }],
        reason: Some(REASON.to_owned()),
        based_on: None,
        overrides: Vec::new(),
    })?;
    sync(&therapist.home, figures)?;
    sync(ana, figures)?;
    let seen = ana.prescription_diff(&proposed.id)?;
    must(seen.differences.len() == 1, || plain("prompt.demo.not_one_change"))?;
    let before = held_for(ana)?;
    ana.accept_prescription(&proposed.id, &AcceptOptions::default())?;
    sync(ana, figures)?;
    sync(&therapist.home, figures)?;
    let after = [held_for(ana)?, held_for(&therapist.anas)?];
    must(after == [PRESCRIBED_S; 2], || plain("prompt.demo.not_prescribed"))?;
    let seconds = |s: u32| length(u64::from(s) * 1_000).into();
    let args = [("before", seconds(before)), ("after", seconds(PRESCRIBED_S))];
    Ok(((), say("prompt.demo.prescribed", &args)))
}

/// How long the routine holds the release that both devices logged, in seconds.
fn held_for(engine: &Engine) -> Shown<u32> {
    let routine = engine.routine(ROUTINE)?.routine;
    let step = routine.steps().find(|step| step.exercise.as_str() == SHARED);
    Ok(step.and_then(|step| step.dose.hold_s.to_play()).unwrap_or_default())
}

/// Ana and her partner do one session on two phones: he pauses, her phone pauses; she ends it.
fn together(ana: &Engine, partner: &Guest, figures: &mut Figures) -> Shown<((), String)> {
    let options = PlayOptions { slot: Some("morning".to_owned()), ..PlayOptions::default() };
    let playing = ana.play(ROUTINE, &options)?;
    let hers = playing.together(|| {}).map_err(|not| NotSo(not.error.to_string()))?;
    let his = partner.anas.follow(|| {})?;
    taken(hers.apply(&Input::unseeing(Action::Start)))?;
    soon(|| his.view().is_some_and(|view| view.stage != StageView::Ready))?;
    taken(his.apply(&Input::unseeing(Action::Pause { reason: PauseReason::Person })))?;
    let paused = |live: &Live| live.view().is_some_and(|view| view.paused.is_some());
    soon(|| paused(&hers) && paused(&his))?;
    let (a, b) = (hers.view(), his.view());
    let second = |view: Option<View>| view.map(|view| (view.step_no, view.side, view.elapsed));
    must(second(a) == second(b), || plain("prompt.demo.not_the_same_second"))?;
    drop(his);
    hers.finish()?;
    sync(ana, figures)?;
    sync(&partner.home, figures)?;
    Ok(((), plain("prompt.demo.same_second")))
}

/// An input that was taken.
fn taken(applied: Applied) -> Shown<()> {
    applied.error.map_or(Ok(()), |error| Err(NotSo(error.to_string())))
}

/// Waits until something is so, for ten seconds.
fn soon(so: impl Fn() -> bool) -> Shown<()> {
    let begun = Instant::now();
    while !so() {
        must(begun.elapsed() < Duration::from_secs(10), || plain("prompt.demo.not_heard"))?;
        std::thread::sleep(Duration::from_millis(10));
    }
    Ok(())
}

/// A hold done with the partner's hands, which both write down without a network: each what they saw.
fn assisted(ana: &Engine, partner: &Guest, figures: &mut Figures) -> Shown<((), String)> {
    let today = ana.now().local_day(180);
    let by = |held: u64, pain: u8, note: Option<&str>| LogRequest {
        side: Some(LogSide::Right),
        routine: Some(ROUTINE.to_owned()),
        date: Some(today),
        slot: Some("midday".to_owned()),
        set: Some(1),
        rep: Some(1),
        pain_before: Some(6),
        pain_after: Some(pain),
        note: note.map(str::to_owned),
        ..LogRequest::new(ASSISTED, Done::Held(Millis::from_secs(held)))
    };
    partner.anas.log(&by(95, 5, Some(PARTNER_NOTE)))?;
    ana.log(&by(80, 2, None))?;
    for engine in [&partner.home, ana, &partner.home] {
        sync(engine, figures)?;
    }
    for engine in [ana, &partner.anas] {
        let query = HistoryQuery { exercise: Some(ASSISTED.to_owned()), ..HistoryQuery::default() };
        let found = engine.history(&query)?.holds.unwrap_or_default();
        let [hold] = found.as_slice() else {
            return Err(NotSo(say("prompt.demo.not_one", &[("n", (found.len() as u64).into())])));
        };
        let pain = hold.pain_after.map(u8::from);
        must(hold.held_ms == 95_000 && pain == Some(2), || plain("prompt.demo.not_her_pain"))?;
        let seen = engine.hold_observations(&hold.hold_id)?.len();
        must(seen == 2, || say("prompt.demo.observations", &[("n", (seen as u64).into())]))?;
    }
    Ok(((), plain("prompt.demo.her_pain")))
}

/// The partner goes: what Ana writes from then on is read by the therapist and by nobody who left.
fn removed(
    ana: &Engine,
    partner: &Guest,
    therapist: &Guest,
    figures: &mut Figures,
) -> Shown<((), String)> {
    let before = holds(&partner.anas)?.len();
    ana.remove_member("Partner Example")?;
    sync(ana, figures)?;
    let alone = LogRequest {
        side: Some(LogSide::Left),
        note: Some(AFTER_NOTE.to_owned()),
        ..LogRequest::new("glute-max-release", Done::Held(Millis::from_secs(60)))
    };
    ana.log(&alone)?;
    sync(ana, figures)?;
    sync(&therapist.home, figures)?;
    // What the one who went is told is a problem of its sync, and meant to be one.
    partner.home.sync_once(&holdfast::Budget::default())?;
    figures.syncs += 1;
    let (hers, theirs) = (holds(ana)?, holds(&therapist.anas)?);
    must(hers == theirs, || plain("prompt.demo.histories_differ"))?;
    must(holds(&partner.anas)?.len() == before, || plain("prompt.demo.still_reads"))?;
    let refused = partner.anas.log(&alone);
    must(matches!(refused, Err(HoldfastError::Forbidden { .. })), || {
        plain("prompt.demo.still_writes")
    })?;
    let n = counted("prompt.demo.holds", before as u64);
    Ok(((), say("prompt.demo.gone_for_good", &[("n", n.into())])))
}

/// The holds of a chart, each with its id and how long it was held.
fn holds(engine: &Engine) -> Shown<Vec<(String, u64)>> {
    let query = HistoryQuery { limit: Some(500), ..HistoryQuery::default() };
    let found = engine.history(&query)?.holds.unwrap_or_default();
    Ok(found.into_iter().map(|hold| (hold.hold_id, hold.held_ms)).collect())
}
