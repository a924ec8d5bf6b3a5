//! The second half of the demo: a therapist and a partner, each with an account and a home of their own, come into
//! Ana's chart, do what their roles give them, and one of them goes again.

use std::path::{Path, PathBuf};

use holdfast::domain::units::Millis;
use holdfast::sharing::Role;
use holdfast::{
    Compared, Config, Done, Engine, GrantRequest, HistoryQuery, HoldfastError, Invitation,
    LogRequest, LogSide, NewAccount,
};

use super::Figures;
use super::steps::{NotSo, Shown, Steps, must};
use super::story::sync;
use crate::failure::Outcome;
use crate::output::words::{counted, plain, say};

/// What the partner writes down for Ana.
pub const PARTNER_NOTE: &str = "held it for her while she counted";
/// What Ana writes after the partner was removed.
pub const AFTER_NOTE: &str = "alone again tonight";
/// The release that is done with another's hands.
const ASSISTED: &str = "iliopsoas-manual-assisted";
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
            let written = therapist.anas.rename_routine(super::story::ROUTINE, "Another name");
            let code = match &written {
                Err(HoldfastError::Forbidden { .. }) => plain("prompt.demo.therapist_may_not"),
                Err(other) => return Err(NotSo(other.to_string())),
                Ok(_) => return Err(NotSo(plain("prompt.demo.therapist_wrote_plan"))),
            };
            Ok(((), code))
        })?;
        let partner = steps.show("prompt.demo.step.partner", || {
            let guest = self.come_in(&self.partner, Role::Partner, ana, figures)?;
            Ok((guest, plain("prompt.demo.words_same")))
        })?;
        steps.show("prompt.demo.step.assisted", || assisted(ana, &partner, figures))?;
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

/// A hold done with the partner's hands, which both write down without a network: each what they saw.
fn assisted(ana: &Engine, partner: &Guest, figures: &mut Figures) -> Shown<((), String)> {
    let today = ana.now().local_day(180);
    let by = |held: u64, pain: u8, note: Option<&str>| LogRequest {
        side: Some(LogSide::Right),
        routine: Some(super::story::ROUTINE.to_owned()),
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
