//! Holds and sessions as a person reads them. It knows the engine's views and asks for nothing.

use holdfast::domain::catalogue::Catalogue;
use holdfast::domain::ids::ExerciseId;
use holdfast::domain::record::{Attempt, Load};
use holdfast::domain::units::Nrs;
use holdfast::domain::vocabulary::{EndedBy, Side};
use holdfast::views::{HoldView, ObservationView, SessionView, StatusKind};

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

/// What was done: `1 min 30 s`, `10 times`, `10 × 3 s`, `done`.
fn done(hold: &HoldView) -> String {
    match (hold.reps, hold.held_ms) {
        (Some(reps), 0) => format!("{reps} times"),
        (Some(reps), held) => format!("{reps} × {}", words::length(held)),
        (None, 0) if hold.attempts.is_empty() => match hold.ended_by {
            EndedBy::Skipped => "skipped".to_owned(),
            _ => "done".to_owned(),
        },
        (None, held) => words::length(held),
    }
}

/// `6 → 3`, `6 before`, `3 after`, nothing.
fn pain(before: Option<Nrs>, after: Option<Nrs>) -> String {
    match (before.map(u8::from), after.map(u8::from)) {
        (Some(before), Some(after)) => format!("{before} → {after}"),
        (Some(before), None) => format!("{before} before"),
        (None, Some(after)) => format!("{after} after"),
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

/// What a status means for the person.
pub const fn status(status: StatusKind) -> &'static str {
    match status {
        StatusKind::Saved => "saved here; no second copy yet",
        StatusKind::Queued => "saved here; waits for the relay",
        StatusKind::Relayed => "saved here and on the relay",
        StatusKind::Seen => "saved here and on another device of yours",
    }
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
                exercise(&hold.exercise),
                hold.side.map(words::side).unwrap_or_default().to_owned(),
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
        remarks.push(format!("{} of {} doings", hold.doing.n, hold.doing.of));
    }
    if hold.corrected {
        remarks.push("corrected".to_owned());
    }
    remarks.join(", ")
}

/// One hold in full.
pub fn hold(hold: &HoldView, output: &Output) -> String {
    let side = hold.side.map(words::side).unwrap_or_default();
    let head = format!("{} {side}", exercise(&hold.exercise));
    let set = match (hold.set, hold.rep) {
        (set, 0) => format!("set {set}"),
        (set, rep) => format!("set {set}, repetition {rep}"),
    };
    let optional = |ms: Option<u64>| ms.map(words::length).unwrap_or_default();
    let positive = |ms: u64| if ms > 0 { words::length(ms) } else { String::new() };
    let findings: Vec<String> = hold.findings.iter().map(|f| f.rule.to_string()).collect();
    let under =
        if hold.attempts.len() > 1 { words::length(hold.under_pressure_ms) } else { String::new() };
    let facts = facts(
        &[
            ("id", hold.hold_id.clone()),
            ("session", hold.session_id.clone()),
            ("when", when(&hold.started_at)),
            ("which", set),
            ("done", done(hold)),
            ("target", optional(hold.target_ms)),
            ("attempts", attempts(&hold.attempts)),
            ("under pressure", under),
            ("eased after", optional(hold.eased_ms)),
            ("paused", positive(hold.paused_ms)),
            ("pain", pain(hold.pain_before, hold.pain_after)),
            ("where it hurts", hold.pain_site.clone().unwrap_or_default()),
            ("load", hold.load.as_ref().map(load).unwrap_or_default()),
            ("tempo", tempo(&hold.tempo)),
            (
                "tool",
                hold.tool.as_ref().map(|t| words::plain(&format!("tool.{t}"))).unwrap_or_default(),
            ),
            ("ended", words::plain(&format!("ended_by.{}", hold.ended_by))),
            ("helped by", hold.assisted_by.clone().unwrap_or_default()),
            ("logged by", hold.logged_by.clone().unwrap_or_default()),
            ("note", hold.note.clone().unwrap_or_default()),
            ("findings", findings.join(", ")),
            ("corrected", if hold.corrected { "yes".to_owned() } else { String::new() }),
            (
                "made of",
                words::number_of(hold.observations.len() as u64, "observation", "observations"),
            ),
            ("where it is", status(hold.status).to_owned()),
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
    said.join(", then ")
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
                (_, true) => "taken out",
                (true, false) => "stands",
                (false, false) => "kept",
            };
            let before = seen.pain_before.as_ref().map(|rating| rating.nrs);
            let after = seen.pain_after.as_ref().map(|rating| rating.nrs);
            facts(
                &[
                    ("device", format!("{} ({what})", short(&seen.device))),
                    (
                        "when",
                        match seen.clock_set {
                            true => format!("{} (clock set by hand)", when(&seen.started_at)),
                            false => when(&seen.started_at),
                        },
                    ),
                    ("held", words::length(seen.held_ms)),
                    ("attempts", attempts(&seen.attempts)),
                    ("repetitions", seen.reps.map(|n| n.to_string()).unwrap_or_default()),
                    ("pain", pain(before, after)),
                    ("ended", words::plain(&format!("ended_by.{}", seen.ended_by))),
                    ("note", seen.note.clone().unwrap_or_default()),
                ],
                output.width,
            )
        })
        .collect();
    format!("{}\n{}", output.bold("Observations"), parts.join("\n\n"))
}

/// Sessions, one a line.
pub fn sessions(
    sessions: &[SessionView],
    names: &dyn Fn(&str) -> String,
    output: &Output,
) -> String {
    let mut table = Table::new([
        ("day", Align::Left),
        ("slot", Align::Left),
        ("routine", Align::Left),
        ("holds", Align::Right),
        ("held", Align::Right),
        ("pain", Align::Left),
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
                (Some(_), false) => "not finished".to_owned(),
                _ => String::new(),
            },
        ]);
    }
    table.text(output.width)
}

/// One session in full, without its holds.
pub fn session(session: &SessionView, name: &str, output: &Output) -> String {
    let head = if name.is_empty() { "Session" } else { name };
    let facts = facts(
        &[
            ("id", session.id.clone()),
            ("day", session.local_day.clone()),
            ("slot", session.slot.clone().unwrap_or_default()),
            ("began", when(&session.started_at)),
            ("ended", session.ended_at.as_deref().map(when).unwrap_or_default()),
            ("held", words::length(session.held_ms)),
            ("pain", pain(session.pain_before, session.pain_after)),
            ("helped by", session.assisted_by.join(", ")),
            ("where it is", status(session.status).to_owned()),
        ],
        output.width,
    );
    format!("{}\n{facts}", output.bold(head))
}

/// The side that all holds share, where they share one.
pub fn common_side(holds: &[HoldView]) -> Option<Side> {
    let first = holds.first()?.side?;
    holds.iter().all(|hold| hold.side == Some(first)).then_some(first)
}
