//! What the demo tells: a routine played, two devices offline, the same hold on both, one record in
//! the end, and a relay that read none of it.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use holdfast::clock::SystemClock;
use holdfast::domain::player::script;
use holdfast::domain::profile::Change;
use holdfast::domain::units::{LocalDay, Millis};
use holdfast::domain::vocabulary::{Side, SideRule};
use holdfast::play::PlayOptions;
use holdfast::routine::TemplateOptions;
use holdfast::views::HoldView;
use holdfast::{
    Budget, Config, Done, Engine, HistoryQuery, LogRequest, LogSide, NewAccount, SyncOutcome,
};
use holdfast_relay::{Relay, RelayConfig, RunningRelay};

use super::Figures;
use super::company::{AFTER_NOTE, Company, PARTNER_NOTE, REASON};
use super::search::search;
use super::steps::{NotSo, Shown, Steps, must};
use crate::failure::Outcome;
use crate::output::Output;
use crate::output::words::{counted, length, plain, reader, say};
use crate::player::pace::PacedClock;
use crate::player::seat::Seat;
use crate::player::{Conducted as _, scripted};

/// How much faster than the clock the routine is played.
const FAST: u32 = 2_000;
/// What is written on one device and must never be read on the relay's disk.
const PHONE_NOTE: &str = "the spot just inside the hip bone was sore at first";
/// What is written on the other.
const TABLET_NOTE: &str = "breathing out slowly let it go";
/// The template that is played.
const TEMPLATE: &str = "bedtime-10";
/// What the routine is called.
pub const ROUTINE: &str = "Evening before sleep";
/// The exercise that both devices log.
pub const SHARED: &str = "psoas-release-hook";

/// The places of the story.
pub struct Story {
    folder: PathBuf,
    phone: PathBuf,
    tablet: PathBuf,
    relay: PathBuf,
}

impl Story {
    /// In a folder of its own.
    pub fn new(folder: &Path) -> Self {
        Self {
            folder: folder.to_owned(),
            phone: folder.join("phone"),
            tablet: folder.join("tablet"),
            relay: folder.join("relay"),
        }
    }

    /// Tells it, step by step.
    pub fn tell(&self, steps: &mut Steps<'_>, figures: &mut Figures, output: &Output) -> Outcome {
        let relay = steps.show("prompt.demo.step.relay", || {
            let relay = self.run_relay(None)?;
            let url = relay.url();
            Ok((relay, url))
        })?;
        let at = relay.address();
        let (phone, phrase) = steps.show("prompt.demo.step.phone", || {
            let account = NewAccount {
                name: "Ana Example".into(),
                device_name: "Ana's phone".into(),
                relay: Some(relay.url()),
            };
            let (phone, phrase) = Engine::create(self.config(&self.phone), account)?;
            Ok(((phone, phrase.words().to_owned()), plain("prompt.demo.with_keys")))
        })?;
        let tablet = steps.show("prompt.demo.step.tablet", || {
            sync(&phone, figures)?;
            let pairing = phone.pair(600_000)?;
            let tablet = Engine::join(self.config(&self.tablet), &pairing.link, "Kitchen tablet")?;
            sync(&tablet, figures)?;
            sync(&phone, figures)?;
            let devices = phone.devices()?.iter().filter(|device| !device.paper).count();
            must(devices == 2, || say("prompt.demo.devices", &[("n", (devices as u64).into())]))?;
            Ok((tablet, plain("prompt.demo.joined")))
        })?;
        let both = [&phone, &tablet];
        let step = steps.show("prompt.demo.step.routine", || {
            let step = add_routine(&phone)?;
            sync_all(&both, figures)?;
            let (here, there) = (phone.routine(ROUTINE)?.routine, tablet.routine(ROUTINE)?.routine);
            must(here == there, || plain("prompt.demo.routines_differ"))?;
            Ok((
                step,
                say(
                    "prompt.demo.with_steps",
                    &[
                        ("name", here.name.as_str().into()),
                        ("n", (here.steps().count() as u64).into()),
                    ],
                ),
            ))
        })?;
        steps.show("prompt.demo.step.played", || {
            let played = self.play(output)?;
            let holds = phone.history(&HistoryQuery::default())?.holds.unwrap_or_default();
            must(played == holds.len(), || {
                say(
                    "prompt.demo.not_all_played",
                    &[("played", (played as u64).into()), ("kept", (holds.len() as u64).into())],
                )
            })?;
            let held: u64 = holds.iter().map(|hold| hold.held_ms).sum();
            let n = counted("prompt.demo.holds", played as u64);
            Ok((
                (),
                say("prompt.demo.held_in_all", &[("n", n.into()), ("held", length(held).into())]),
            ))
        })?;
        relay.stop();
        steps.show("prompt.demo.step.down", || offline(&both, &step, figures))?;
        let relay = steps.show("prompt.demo.step.back", || {
            let relay = self.run_relay(Some(at))?;
            sync_all(&both, figures)?;
            let queued: u64 = both
                .iter()
                .map(|one| Ok(one.relay()?.map_or(0, |r| r.queued)))
                .sum::<Shown<u64>>()?;
            must(queued == 0, || say("prompt.demo.still_wait", &[("n", queued.into())]))?;
            Ok((relay, plain("prompt.demo.nothing_waits")))
        })?;
        steps.show("prompt.demo.step.one_record", || same_record(&both, figures))?;
        steps.show("prompt.demo.step.one_hold", || shared_hold(&both))?;
        steps.show("prompt.demo.step.doctor", || {
            for device in both {
                let report = device.doctor(false)?;
                must(report.ok, || {
                    let first = report.findings.first();
                    first.map(|found| reader().say(&found.sentence)).unwrap_or_default()
                })?;
            }
            Ok(((), plain("prompt.demo.no_finding")))
        })?;
        steps.show("prompt.demo.step.idle", || {
            let report = sync(&phone, figures)?;
            figures.idle_round_trips = report.round_trips;
            figures.idle_bytes = report.bytes_sent + report.bytes_received;
            must(report.round_trips == 1 && figures.idle_bytes <= 200, || {
                say(
                    "prompt.demo.idle_cost",
                    &[("trips", report.round_trips.into()), ("bytes", figures.idle_bytes.into())],
                )
            })?;
            Ok(((), say("prompt.demo.bodies", &[("n", figures.idle_bytes.into())])))
        })?;
        let company = Company::new(&self.folder, relay.url());
        company.tell(&phone, steps, figures)?;
        figures.holds = record(&phone).map_or(0, |holds| holds.len() as u64);
        drop((phone, tablet));
        relay.stop();
        steps.show("prompt.demo.step.plain", || self.search_relay(&phrase, figures))
    }

    fn config(&self, home: &Path) -> Config {
        Config::command_line(home)
    }

    fn run_relay(&self, at: Option<SocketAddr>) -> Shown<RunningRelay> {
        let config = RelayConfig::in_directory(&self.relay);
        Ok(match at {
            Some(at) => Relay::spawn_at(config, at)?,
            None => Relay::spawn(config)?,
        })
    }

    /// Plays the routine to its end, with an engine of its own on a clock that runs fast.
    fn play(&self, output: &Output) -> Shown<usize> {
        let clock = Arc::new(PacedClock::standing_at(&SystemClock, FAST));
        let config = Config { clock: clock.clone(), ..self.config(&self.phone) };
        let engine = Engine::open(config)?;
        engine.set_profile(&answers()?)?;
        let playing = engine.play(ROUTINE, &PlayOptions::default())?;
        let inputs =
            script::parse("0 start\n100 pain before 6\n36000 eased\n60000 pause\n75000 resume")?;
        let mut seat = Seat::new(&engine, playing, clock);
        seat.start();
        scripted::run(&mut seat, &inputs, output, &|| false);
        must(seat.playing.summary().end.is_some(), || plain("prompt.demo.did_not_end"))?;
        if let Some(trouble) = seat.trouble() {
            return Err(NotSo(trouble));
        }
        Ok(seat.playing.finish()?.summary.holds.len())
    }

    /// Looks for what was written in every file of the relay, and, to show that looking finds it, in
    /// those of a device.
    fn search_relay(&self, phrase: &str, figures: &mut Figures) -> Shown<((), String)> {
        let mut secrets: Vec<String> =
            [PHONE_NOTE, PARTNER_NOTE, ROUTINE, SHARED, TEMPLATE, TABLET_NOTE, AFTER_NOTE]
                .map(str::to_owned)
                .into();
        let names =
            ["Ana Example", "Kitchen tablet", "Therapist Example", "Partner Example", REASON];
        secrets.extend(names.map(str::to_owned));
        secrets.push(phrase.to_owned());
        let device = search(&self.phone, &secrets[..4])?;
        for word in &secrets[..4] {
            must(device.found.iter().any(|(found, _)| found == word), || {
                say("prompt.demo.search_blind", &[("text", word.as_str().into())])
            })?;
        }
        let relay = search(&self.relay, &secrets)?;
        figures.relay_bytes = relay.bytes;
        must(relay.bytes > 0 && relay.files > 0, || plain("prompt.demo.empty_disk"))?;
        if let Some((word, path)) = relay.found.first() {
            let path = path.display().to_string();
            let found = [("text", word.as_str().into()), ("path", path.into())];
            return Err(NotSo(say("prompt.demo.stands_in", &found)));
        }
        let texts = counted("prompt.demo.texts", secrets.len() as u64);
        let files = counted("prompt.demo.files", relay.files);
        let found =
            [("texts", texts.into()), ("bytes", relay.bytes.into()), ("files", files.into())];
        Ok(((), say("prompt.demo.not_found", &found)))
    }
}

/// What Ana says of herself: nothing stands before the pressure on the front of her hips.
fn answers() -> Shown<Vec<Change>> {
    let said = [("pregnant", "no"), ("ask_first", "no"), ("prone_ok", "yes")];
    said.iter()
        .map(|(key, value)| Change::parse(key, value).map_err(|refused| NotSo(refused.to_string())))
        .collect()
}

fn add_routine(phone: &Engine) -> Shown<String> {
    let options = TemplateOptions {
        name: Some(ROUTINE.to_owned()),
        realign_side: Some(SideRule::Right),
        ..TemplateOptions::default()
    };
    let routine = phone.add_template(TEMPLATE, &options)?.routine;
    let step = routine.steps().find(|step| step.exercise.as_str() == SHARED);
    let step = step.ok_or_else(|| {
        NotSo(say(
            "prompt.demo.no_step",
            &[("template", TEMPLATE.into()), ("exercise", SHARED.into())],
        ))
    })?;
    Ok(step.id.to_string())
}

/// Each device logs a hold of its own, and both log the same one: other seconds, other notes.
fn offline(both: &[&Engine; 2], step: &str, figures: &mut Figures) -> Shown<((), String)> {
    let today = LocalDay(both[0].now().local_day(180).0.yesterday()?);
    let own = [("pec-minor-release", 60), ("glute-max-release", 75)];
    let shared = [(70, PHONE_NOTE), (85, TABLET_NOTE)];
    for ((device, (exercise, secs)), (held, note)) in both.iter().zip(own).zip(shared) {
        let held_for = |secs| Done::Held(Millis::from_secs(secs));
        let side = Some(LogSide::Left);
        device.log(&LogRequest { side, ..LogRequest::new(exercise, held_for(secs)) })?;
        device.log(&LogRequest {
            side,
            routine: Some(ROUTINE.to_owned()),
            date: Some(today),
            slot: Some("bedtime".to_owned()),
            step: Some(step.to_owned()),
            set: Some(1),
            rep: Some(1),
            note: Some(note.to_owned()),
            ..LogRequest::new(SHARED, held_for(held))
        })?;
        let report = device.sync_once(&Budget::default())?;
        figures.syncs += 1;
        must(report.outcome == SyncOutcome::Offline, || plain("prompt.demo.sync_without_relay"))?;
        must(report.queued > 0, || plain("prompt.demo.nothing_waiting"))?;
    }
    Ok(((), plain("prompt.demo.offline")))
}

fn same_record(both: &[&Engine; 2], figures: &mut Figures) -> Shown<((), String)> {
    let [here, there] = both.map(record);
    let (here, there) = (here?, there?);
    must(here == there, || plain("prompt.demo.histories_differ"))?;
    figures.holds = here.len() as u64;
    let n = counted("prompt.demo.holds", here.len() as u64);
    Ok(((), say("prompt.demo.equal", &[("n", n.into())])))
}

/// The whole history as the command line prints it.
fn record(device: &Engine) -> Shown<Vec<serde_json::Value>> {
    let query = HistoryQuery { limit: Some(500), ..HistoryQuery::default() };
    let holds = device.history(&query)?.holds.unwrap_or_default();
    Ok(holds.iter().map(serde_json::to_value).collect::<Result<_, _>>()?)
}

fn shared_hold(both: &[&Engine; 2]) -> Shown<((), String)> {
    for device in both {
        let query = HistoryQuery {
            exercise: Some(SHARED.to_owned()),
            side: Some(Side::Left),
            ..HistoryQuery::default()
        };
        let holds = device.history(&query)?.holds.unwrap_or_default();
        let noted: Vec<&HoldView> = holds.iter().filter(|hold| hold.note.is_some()).collect();
        let [hold] = noted.as_slice() else {
            return Err(NotSo(say("prompt.demo.not_one", &[("n", (noted.len() as u64).into())])));
        };
        must(hold.held_ms == 85_000, || {
            say("prompt.demo.not_longer", &[("held", length(hold.held_ms).into())])
        })?;
        let note = hold.note.clone().unwrap_or_default();
        must(note.contains(PHONE_NOTE) && note.contains(TABLET_NOTE), || {
            say("prompt.demo.notes", &[("notes", note.as_str().into())])
        })?;
        let seen = device.hold_observations(&hold.hold_id)?.len();
        must(seen == 2, || say("prompt.demo.observations", &[("n", (seen as u64).into())]))?;
    }
    Ok(((), plain("prompt.demo.shared")))
}

/// One sync to its end, counted.
pub fn sync(device: &Engine, figures: &mut Figures) -> Shown<holdfast::SyncReport> {
    loop {
        let report = device.sync_once(&Budget::default())?;
        figures.syncs += 1;
        figures.round_trips += report.round_trips;
        figures.pushed += report.pushed;
        figures.pulled += report.pulled;
        figures.bytes_sent += report.bytes_sent;
        figures.bytes_received += report.bytes_received;
        if let Some(problem) = report.problems.first() {
            return Err(NotSo(reader().say(&problem.message)));
        }
        match report.outcome {
            SyncOutcome::Done => return Ok(report),
            SyncOutcome::More => {}
            SyncOutcome::Offline | SyncOutcome::Locked => {
                return Err(NotSo(plain("prompt.sync.cannot")));
            }
        }
    }
}

/// Twice each, so that each hears what the other said, and that it was heard.
fn sync_all(both: &[&Engine; 2], figures: &mut Figures) -> Shown<()> {
    for _ in 0..2 {
        for device in both {
            sync(device, figures)?;
        }
    }
    Ok(())
}
