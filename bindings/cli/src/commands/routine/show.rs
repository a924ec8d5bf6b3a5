//! A routine, its schedule and its findings as text and as JSON. It changes nothing.

use holdfast::domain::catalogue::{Catalogue, OwnExercise};
use holdfast::domain::dose::Range;
use holdfast::domain::ids::Slot;
use holdfast::domain::profile::Question;
use holdfast::domain::routine::{Block, Rhythm, Routine, Schedule, Span, Step};
use holdfast::domain::rules::{Concern, Dispute, Finding, Position};
use holdfast::domain::vocabulary::{Per, Severity};
use serde_json::{Value, json};

use crate::output::layout::{Align, Table, hanging};
use crate::output::{Output, words};

/// The beginning of an id: enough to name it with.
pub fn short(id: &str) -> &str {
    id.get(..8).unwrap_or(id)
}

/// A routine with its blocks and steps. `own` are the person's own exercises among them; `author` is what its
/// author is called, where that is known.
pub fn text(
    routine: &Routine,
    own: &[OwnExercise],
    author: Option<&str>,
    output: &Output,
) -> String {
    let one = |code: &str, what: &str| words::say(code, &[("what", what.into())]);
    let mut about = vec![one("prompt.routine.id", short(routine.id.as_str()))];
    about.push(one("prompt.routine.version", &routine.version.to_string()));
    let from = routine.from_template.as_ref().map(|t| one("prompt.routine.from", t.as_str()));
    about.extend(from);
    let by = routine.author.as_deref().map(|id| author.unwrap_or_else(|| short(id)));
    about.extend(by.map(|by| one("prompt.routine.by", by)));
    let mut parts = vec![format!("{}\n{}", output.bold(&routine.name), about.join(", "))];
    let when = routine
        .schedule()
        .map(|s| words::say("prompt.routine.when", &[("when", schedule(s).into())]));
    parts.extend(when.map(|when| hanging("", &when, output.width)));
    for (n, block) in routine.blocks.iter().enumerate() {
        parts.push(block_text(n + 1, block, routine.is_chosen(block), own, output));
    }
    if routine.blocks.is_empty() {
        parts.push(one("prompt.routine.no_steps_yet", &routine.name));
    }
    for decided in &routine.overrides {
        let text = words::say(
            "prompt.routine.overridden",
            &[("rule", decided.rule.as_str().into()), ("reason", decided.reason.as_str().into())],
        );
        parts.push(hanging("", &text, output.width));
    }
    parts.join("\n\n")
}

fn block_text(
    n: usize,
    block: &Block,
    chosen: bool,
    own: &[OwnExercise],
    output: &Output,
) -> String {
    let mut head = Vec::new();
    if block.steps.len() > 1 {
        head.push(words::plain(&format!("block_order.{}", block.order)));
    }
    head.extend(block.alt.as_ref().map(|_| {
        words::plain(if chosen { "prompt.routine.chosen" } else { "prompt.routine.not_chosen" })
    }));
    head.extend(block.condition.as_ref().map(|c| words::plain(&format!("condition.{c}"))));
    let label = format!("{n}. ");
    let head = hanging(&label, &head.join("; "), output.width);
    let mut table = Table::new([
        ("prompt.field.step", Align::Left),
        ("prompt.field.exercise", Align::Left),
        ("prompt.field.sides", Align::Left),
        ("prompt.field.dose", Align::Left),
        ("", Align::Left),
    ]);
    for step in &block.steps {
        table.row([
            short(step.id.as_str()).to_owned(),
            exercise_name(step, own),
            words::side_rule(step.side),
            words::dose(&step.dose),
            mark(step),
        ]);
    }
    let indent = " ".repeat(label.len());
    let room = output.width.saturating_sub(label.len());
    let remarks = block.steps.iter().filter_map(|step| remark(step, room));
    let body: Vec<String> = std::iter::once(table.text(room)).chain(remarks).collect();
    let lines: Vec<String> =
        body.iter().flat_map(|part| part.lines()).map(|line| format!("{indent}{line}")).collect();
    let body = lines.join("\n");
    if head.trim() == label.trim() {
        // Nothing to say of the block itself: its number stands before the table.
        format!("{label}{}", body.trim_start())
    } else {
        format!("{head}\n{body}")
    }
}

/// How a step's exercise is called.
pub fn exercise_name(step: &Step, own: &[OwnExercise]) -> String {
    if let Some(own) = own.iter().find(|own| own.id == step.exercise) {
        return own.name.clone();
    }
    let known = Catalogue::built_in().exercise(&step.exercise);
    known.map_or_else(|| step.exercise.to_string(), |e| e.name(words::reader()))
}

/// Whether it is played.
fn mark(step: &Step) -> String {
    match (step.is_on(), step.optional) {
        (false, _) => words::plain("prompt.routine.left_out"),
        (true, true) => words::plain("prompt.routine.optional"),
        (true, false) => String::new(),
    }
}

/// What else is to be known of a step, under the table.
fn remark(step: &Step, width: usize) -> Option<String> {
    let tool = step.tool.as_ref().map(|tool| words::plain(&format!("tool.{tool}")));
    let condition = step.condition.as_ref().map(|c| words::plain(&format!("condition.{c}")));
    let said: Vec<String> = [tool, condition, step.note.clone()].into_iter().flatten().collect();
    let label = format!("{}  ", short(step.id.as_str()));
    (!said.is_empty()).then(|| hanging(&label, &said.join(" "), width))
}

/// A schedule in words.
pub fn schedule(schedule: &Schedule) -> String {
    let times = |count: Range, per: Per| {
        let often = words::range(count, "")?;
        let often = match often.as_str() {
            "1" => words::plain("frequency.times.one"),
            _ => words::say("frequency.times.other", &[("n", often.into())]),
        };
        Some(format!("{often} {}", words::reader().name(&per)))
    };
    let mut said = Vec::new();
    said.extend(match schedule.rhythm {
        Some(Rhythm::Times { count, per: Span::Day }) => times(count, Per::Day),
        Some(Rhythm::Times { count, per: Span::Week }) => times(count, Per::Week),
        Some(Rhythm::Every { days }) => words::range(days, "").map(|days| match days.as_str() {
            "1" => words::plain("prompt.schedule.every_day"),
            _ => words::say("prompt.schedule.every", &[("days", days.into())]),
        }),
        None => None,
    });
    let list = |items: Vec<String>| ("what", items.join(", ").into());
    if !schedule.weekdays.is_empty() {
        let days = schedule.weekdays.iter().map(|day| words::reader().name(day)).collect();
        said.push(words::say("prompt.schedule.on", &[list(days)]));
    }
    if !schedule.dates.is_empty() {
        let dates = schedule.dates.iter().map(ToString::to_string).collect();
        said.push(words::say("prompt.schedule.on", &[list(dates)]));
    }
    if !schedule.slots.is_empty() {
        let slots = schedule.slots.iter().map(|slot| slot_at(slot, schedule)).collect();
        said.push(words::say("prompt.schedule.slots", &[list(slots)]));
    }
    said.join(", ")
}

fn slot_at(slot: &Slot, schedule: &Schedule) -> String {
    match schedule.times.get(slot) {
        Some(at) => format!("{slot} ({at})"),
        None => slot.to_string(),
    }
}

/// Findings as JSON names them.
pub fn findings_json(findings: &[Finding]) -> Value {
    let one = |finding: &Finding| {
        json!({
            "severity": finding.severity,
            "rule": finding.rule,
            "step": finding.step,
            "side": finding.side,
            "sentence": finding.text(words::reader()),
            "source": finding.sources,
            "ours": finding.ours,
            "overridable": finding.overridable,
            "overridden": finding.overridden,
            "gate": finding.gate,
            "asks": finding.asks.and_then(Question::for_field),
            "instead": finding.instead,
            "dispute": finding.dispute.as_ref().map(dispute_json),
        })
    };
    findings.iter().map(one).collect::<Vec<_>>().into()
}

/// What the sources disagree about, in words.
fn dispute_json(dispute: &Dispute) -> Value {
    let position = |position: &Position| json!({ "says": words::plain(position.says.as_str()), "source": position.sources });
    let positions: Vec<Value> = dispute.positions.iter().map(position).collect();
    json!({
        "id": dispute.id,
        "topic": words::plain(dispute.topic.as_str()),
        "positions": positions,
    })
}

/// Findings as text, the serious ones first.
pub fn findings_text(findings: &[Finding], output: &Output) -> String {
    let lines: Vec<String> = findings
        .iter()
        .map(|finding| {
            let cited = words::cited(&finding.sources, finding.ours);
            let what = match (finding.severity, &finding.overridden) {
                (_, Some(decided)) => words::say(
                    "prompt.routine.because",
                    &[("reason", decided.reason.as_str().into())],
                ),
                (_, None) if finding.asks.is_some() => words::plain("prompt.profile.asked"),
                (Severity::Hard, None) if finding.concern == Concern::Person => {
                    words::plain("prompt.profile.stops_play")
                }
                (severity, None) => words::reader().name(&severity),
            };
            let said = finding.text_citing(words::reader(), &cited);
            let text = format!("{said}\n({}; {what})", finding.rule);
            hanging("- ", &text, output.width)
        })
        .collect();
    lines.join("\n")
}
