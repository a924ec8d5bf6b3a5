//! Holds and sessions as a person reads them. It knows the engine's views and asks for nothing.

use holdfast::domain::catalogue::Catalogue;
use holdfast::domain::ids::{ExerciseId, Site};
use holdfast::domain::record::{Attempt, Load};
use holdfast::domain::units::Nrs;
use holdfast::domain::vocabulary::{EndedBy, Side};
use std::collections::BTreeSet;

use holdfast::views::{HoldView, ObservationView, SeenBy, SessionView, StatusKind};

use super::layout::{Align, Table, facts};
use super::{Output, words};

/// The beginning of an id: enough to name it with.
pub fn short(id: &str) -> &str {
    id.get(..8).unwrap_or(id)
}

/// How an exercise is called.
pub fn exercise(id: &str) -> String {
    let known = ExerciseId::new(id).ok().and_then(|id| Catalogue::built_in().exercise(&id));
    known.map_or_else(|| id.to_owned(), |exercise| exercise.name(words::reader()))
}

/// How the exercise of a hold is called: as its person wrote it, else by the words.
pub fn called(hold: &HoldView) -> String {
    hold.exercise_name.clone().unwrap_or_else(|| exercise(&hold.exercise))
}

/// What was done: `1 min 30 s`, `10 times`, `10 × 3 s`, `done`.
fn done(hold: &HoldView) -> String {
    match (hold.reps, hold.held_ms) {
        (Some(reps), 0) => words::counted("prompt.record.times", reps.into()),
        (Some(reps), held) => format!("{reps} × {}", words::length(held)),
        (None, 0) if hold.attempts.is_empty() => match hold.ended_by {
            EndedBy::Skipped => words::plain("ended_by.skipped"),
            _ => words::plain("prompt.record.done"),
        },
        (None, held) => words::length(held),
    }
}

/// `6 → 3`, `6 before`, `3 after`, nothing.
fn pain(before: Option<Nrs>, after: Option<Nrs>) -> String {
    match (before.map(u8::from), after.map(u8::from)) {
        (Some(before), Some(after)) => format!("{before} → {after}"),
        (Some(before), None) => words::say("prompt.record.before", &[("n", before.into())]),
        (None, Some(after)) => words::say("prompt.record.after", &[("n", after.into())]),
        (None, None) => String::new(),
    }
}

fn ended(how: EndedBy) -> String {
    match how {
        EndedBy::Target | EndedBy::Skipped => String::new(),
        how => words::plain(&format!("ended_by.{how}")),
    }
}

/// The time of day of an RFC 3339 text.
fn clock(rfc3339: &str) -> String {
    rfc3339.get(11..16).unwrap_or(rfc3339).to_owned()
}

/// Day, time and offset of an RFC 3339 text, in whole seconds.
fn when(rfc3339: &str) -> String {
    let (whole, rest) = rfc3339.split_at_checked(19).unwrap_or((rfc3339, ""));
    let offset = rest.trim_start_matches(|c: char| c == '.' || c.is_ascii_digit());
    format!("{} {offset}", whole.replace('T', " ")).trim_end().to_owned()
}

/// What a status means for the person: who has it too is named, as far as it is known.
pub fn status(status: StatusKind, seen_by: &BTreeSet<SeenBy>) -> String {
    words::plain(match status {
        StatusKind::Saved => "prompt.status.saved",
        StatusKind::Queued => "prompt.status.queued",
        StatusKind::Relayed => "prompt.status.relayed",
        StatusKind::Seen if seen_by.is_empty() => "prompt.status.seen_elsewhere",
        StatusKind::Seen => {
            let mine = seen_by.iter().any(|one| one.mine);
            let mine = mine.then(|| words::plain("prompt.status.own_device"));
            let names: BTreeSet<&str> =
                seen_by.iter().filter(|one| !one.mine).map(|one| one.name.as_str()).collect();
            let names = names.into_iter().map(str::to_owned);
            let whom: Vec<String> = mine.into_iter().chain(names).collect();
            return words::say("prompt.status.seen", &[("whom", whom.join(", ").into())]);
        }
        StatusKind::Refused => "prompt.status.refused",
    })
}

/// Holds under their days, as they come.
pub fn holds(holds: &[HoldView], output: &Output) -> String {
    let mut parts: Vec<String> = Vec::new();
    for day in holds.chunk_by(|a, b| a.local_day == b.local_day) {
        let mut table = Table::new([
            ("", Align::Left),
            ("", Align::Left),
            ("", Align::Left),
            ("", Align::Left),
            ("", Align::Right),
            ("", Align::Left),
            ("", Align::Left),
        ]);
        for alike in day.chunk_by(is_one_more) {
            let Some(hold) = alike.first() else { continue };
            table.row([
                clock(&hold.started_at),
                short(&hold.hold_id).to_owned(),
                called(hold),
                hold.side.map(words::side).unwrap_or_default(),
                match alike.len() {
                    1 => done(hold),
                    n => format!("{n} × {}", done(hold)),
                },
                pain(hold.pain_before, hold.pain_after),
                remarks(hold),
            ]);
        }
        // The columns say what they are by themselves; a line of names would only be noise.
        let table = table.text(output.width);
        let body = table.split_once('\n').map_or("", |(_, rows)| rows);
        parts.push(format!("{}\n{body}", output.bold(&day[0].local_day)));
    }
    parts.join("\n\n")
}

/// Whether a hold is one more repetition like the one before, with nothing of its own to say.
fn is_one_more(before: &HoldView, hold: &HoldView) -> bool {
    let alike = |h: &HoldView| {
        let key = (h.session_id.clone(), h.step.clone(), h.exercise.clone(), h.side, h.set);
        (key, h.reps, h.held_ms, h.ended_by, h.corrected, h.doing.of)
    };
    let silent = |h: &HoldView| h.pain_before.is_none() && h.pain_after.is_none();
    hold.rep > 0 && alike(before) == alike(hold) && silent(before) && silent(hold)
}

fn remarks(hold: &HoldView) -> String {
    let mut remarks = Vec::new();
    let ended = ended(hold.ended_by);
    if !ended.is_empty() {
        remarks.push(ended);
    }
    if hold.doing.of > 1 {
        remarks.push(words::say(
            "prompt.record.doings",
            &[("n", hold.doing.n.into()), ("of", hold.doing.of.into())],
        ));
    }
    if hold.corrected {
        remarks.push(words::plain("prompt.record.corrected"));
    }
    remarks.join(", ")
}

/// One hold in full.
pub fn hold(hold: &HoldView, output: &Output) -> String {
    let side = hold.side.map(words::side).unwrap_or_default();
    let head = format!("{} {side}", called(hold));
    let set = match (hold.set, hold.rep) {
        (set, 0) => words::say("prompt.record.set", &[("set", set.into())]),
        (set, rep) => {
            words::say("prompt.record.set_rep", &[("set", set.into()), ("rep", rep.into())])
        }
    };
    let optional = |ms: Option<u64>| ms.map(words::length).unwrap_or_default();
    let positive = |ms: u64| if ms > 0 { words::length(ms) } else { String::new() };
    let findings: Vec<String> = hold.findings.iter().map(|f| f.rule.to_string()).collect();
    let under =
        if hold.attempts.len() > 1 { words::length(hold.under_pressure_ms) } else { String::new() };
    let facts = facts(
        &[
            ("prompt.field.id", hold.hold_id.clone()),
            ("prompt.field.session", hold.session_id.clone()),
            ("prompt.field.when", when(&hold.started_at)),
            ("prompt.field.which", set),
            ("prompt.field.done", done(hold)),
            ("prompt.field.target", optional(hold.target_ms)),
            ("prompt.field.attempts", attempts(&hold.attempts)),
            ("prompt.field.under_pressure", under),
            ("prompt.field.eased_after", optional(hold.eased_ms)),
            ("prompt.field.paused", positive(hold.paused_ms)),
            ("prompt.field.pain", pain(hold.pain_before, hold.pain_after)),
            (
                "prompt.field.where_it_hurts",
                hold.pain_site.as_deref().map(site).unwrap_or_default(),
            ),
            ("prompt.field.load", hold.load.as_ref().map(load).unwrap_or_default()),
            ("prompt.field.tempo", tempo(&hold.tempo)),
            (
                "prompt.field.tool",
                hold.tool.as_ref().map(|t| words::plain(&format!("tool.{t}"))).unwrap_or_default(),
            ),
            ("prompt.field.ended", words::plain(&format!("ended_by.{}", hold.ended_by))),
            ("prompt.field.helped_by", hold.assisted_by.clone().unwrap_or_default()),
            ("prompt.field.logged_by", hold.logged_by.clone().unwrap_or_default()),
            ("prompt.field.note", hold.note.clone().unwrap_or_default()),
            ("prompt.field.findings", findings.join(", ")),
            (
                "prompt.field.corrected",
                if hold.corrected { words::plain("prompt.record.yes") } else { String::new() },
            ),
            (
                "prompt.field.made_of",
                words::counted("prompt.record.observations", hold.observations.len() as u64),
            ),
            ("prompt.field.where_it_is", status(hold.status, &hold.seen_by)),
        ],
        output.width,
    );
    format!("{}\n{facts}", output.bold(head.trim_end()))
}

fn attempts(attempts: &[Attempt]) -> String {
    if attempts.len() < 2 {
        return String::new();
    }
    let said: Vec<String> = attempts.iter().map(|a| words::length(a.held.0)).collect();
    said.join(&words::plain("prompt.record.then.separator"))
}

/// The name of a place on the body.
fn site(id: &str) -> String {
    Site::new(id).map_or_else(|_| id.to_owned(), |site| words::reader().name(&site))
}

fn load(load: &Load) -> String {
    format!("{} {}", load.value, load.unit)
}

fn tempo(seconds: &[u32]) -> String {
    seconds.iter().map(ToString::to_string).collect::<Vec<_>>().join(":")
}

/// What each device recorded of a hold.
pub fn observations(observations: &[ObservationView], output: &Output) -> String {
    let parts: Vec<String> = observations
        .iter()
        .map(|seen| {
            let what = match (seen.stands, seen.removed) {
                (_, true) => "prompt.record.taken_out",
                (true, false) => "prompt.record.stands",
                (false, false) => "prompt.record.kept",
            };
            let before = seen.pain_before.as_ref().map(|rating| rating.nrs);
            let after = seen.pain_after.as_ref().map(|rating| rating.nrs);
            facts(
                &[
                    (
                        "prompt.field.device",
                        format!("{} ({})", short(&seen.device), words::plain(what)),
                    ),
                    (
                        "prompt.field.when",
                        match seen.clock_set {
                            true => words::say(
                                "prompt.record.clock_set",
                                &[("prompt.field.when", when(&seen.started_at).into())],
                            ),
                            false => when(&seen.started_at),
                        },
                    ),
                    ("prompt.field.held", words::length(seen.held_ms)),
                    ("prompt.field.attempts", attempts(&seen.attempts)),
                    (
                        "prompt.field.repetitions",
                        seen.reps.map(|n| n.to_string()).unwrap_or_default(),
                    ),
                    ("prompt.field.pain", pain(before, after)),
                    ("prompt.field.ended", words::plain(&format!("ended_by.{}", seen.ended_by))),
                    ("prompt.field.note", seen.note.clone().unwrap_or_default()),
                ],
                output.width,
            )
        })
        .collect();
    format!(
        "{}\n{}",
        output.bold(&words::plain("prompt.record.observations_title")),
        parts.join("\n\n")
    )
}

/// Sessions, one a line.
pub fn sessions(
    sessions: &[SessionView],
    names: &dyn Fn(&str) -> String,
    output: &Output,
) -> String {
    let mut table = Table::new([
        ("prompt.field.day", Align::Left),
        ("prompt.field.slot", Align::Left),
        ("prompt.field.routine", Align::Left),
        ("prompt.field.holds", Align::Right),
        ("prompt.field.held", Align::Right),
        ("prompt.field.pain", Align::Left),
        ("", Align::Left),
    ]);
    for session in sessions {
        table.row([
            session.local_day.clone(),
            session.slot.clone().unwrap_or_default(),
            session.routine.as_deref().map(names).unwrap_or_default(),
            session.holds.to_string(),
            words::length(session.held_ms),
            pain(session.pain_before, session.pain_after),
            match (&session.routine, session.finished) {
                (Some(_), false) => words::plain("prompt.record.not_finished"),
                _ => String::new(),
            },
        ]);
    }
    table.text(output.width)
}

/// One session in full, without its holds.
pub fn session(session: &SessionView, name: &str, output: &Output) -> String {
    let head =
        if name.is_empty() { words::plain("prompt.record.session") } else { name.to_owned() };
    let facts = facts(
        &[
            ("prompt.field.id", session.id.clone()),
            ("prompt.field.day", session.local_day.clone()),
            ("prompt.field.slot", session.slot.clone().unwrap_or_default()),
            ("prompt.field.began", when(&session.started_at)),
            ("prompt.field.ended", session.ended_at.as_deref().map(when).unwrap_or_default()),
            ("prompt.field.held", words::length(session.held_ms)),
            ("prompt.field.pain", pain(session.pain_before, session.pain_after)),
            ("prompt.field.helped_by", session.assisted_by.join(", ")),
            ("prompt.field.where_it_is", status(session.status, &session.seen_by)),
        ],
        output.width,
    );
    format!("{}\n{facts}", output.bold(&head))
}

/// The side that all holds share, where they share one.
pub fn common_side(holds: &[HoldView]) -> Option<Side> {
    let first = holds.first()?.side?;
    holds.iter().all(|hold| hold.side == Some(first)).then_some(first)
}
