//! A routine, its schedule and its findings as text and as JSON. It changes nothing.

use holdfast::domain::catalogue::Catalogue;
use holdfast::domain::dose::Range;
use holdfast::domain::routine::{Block, Rhythm, Routine, Schedule, Span, Step};
use holdfast::domain::rules::Finding;
use holdfast::domain::vocabulary::Severity;
use serde_json::{Value, json};

use crate::output::layout::{Align, Table, hanging};
use crate::output::{Output, words};

/// The beginning of an id: enough to name it with.
pub fn short(id: &str) -> &str {
    id.get(..8).unwrap_or(id)
}

/// A routine with its blocks and steps.
pub fn text(routine: &Routine, output: &Output) -> String {
    let mut about = vec![format!("id {}", short(routine.id.as_str()))];
    about.push(format!("version {}", routine.version));
    about.extend(routine.from_template.as_ref().map(|template| format!("from {template}")));
    about.extend(routine.author.as_ref().map(|author| format!("by {}", short(author))));
    let mut parts = vec![format!("{}\n{}", output.bold(&routine.name), about.join(", "))];
    let when = routine.schedule().map(|s| format!("To be done {}.", schedule(s)));
    parts.extend(when.map(|when| hanging("", &when, output.width)));
    for (n, block) in routine.blocks.iter().enumerate() {
        parts.push(block_text(n + 1, block, routine.is_chosen(block), output));
    }
    if routine.blocks.is_empty() {
        let add = format!("holdfast routine step '{}' add EXERCISE", routine.name);
        parts.push(format!("No steps yet. `{add}` adds one."));
    }
    for decided in &routine.overrides {
        let text = format!("Overridden: {}, because: {}", decided.rule, decided.reason);
        parts.push(hanging("", &text, output.width));
    }
    parts.join("\n\n")
}

fn block_text(n: usize, block: &Block, chosen: bool, output: &Output) -> String {
    let mut head = Vec::new();
    if block.steps.len() > 1 {
        head.push(words::plain(&format!("block_order.{}", block.order)));
    }
    head.extend(block.alt.as_ref().map(|_| {
        if chosen { "an alternative, chosen" } else { "an alternative, not chosen" }.to_owned()
    }));
    head.extend(block.condition.as_ref().map(|c| words::plain(&format!("condition.{c}"))));
    let label = format!("{n}. ");
    let head = hanging(&label, &head.join("; "), output.width);
    let mut table = Table::new([
        ("step", Align::Left),
        ("exercise", Align::Left),
        ("sides", Align::Left),
        ("dose", Align::Left),
        ("", Align::Left),
    ]);
    for step in &block.steps {
        table.row([
            short(step.id.as_str()).to_owned(),
            exercise_name(step),
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
pub fn exercise_name(step: &Step) -> String {
    let known = Catalogue::built_in().exercise(&step.exercise);
    known.map_or_else(|| step.exercise.to_string(), |e| e.name(words::reader()))
}

/// Whether it is played.
fn mark(step: &Step) -> String {
    match (step.is_on(), step.optional) {
        (false, _) => "left out",
        (true, true) => "optional",
        (true, false) => "",
    }
    .to_owned()
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
    let times = |count: Range, per: &str| match words::range(count, "") {
        Some(count) if count == "1" => format!("once {per}"),
        Some(count) => format!("{count} times {per}"),
        None => String::new(),
    };
    let mut said = Vec::new();
    match schedule.rhythm {
        Some(Rhythm::Times { count, per: Span::Day }) => said.push(times(count, "a day")),
        Some(Rhythm::Times { count, per: Span::Week }) => said.push(times(count, "a week")),
        Some(Rhythm::Every { days }) => match words::range(days, "") {
            Some(days) if days == "1" => said.push("every day".to_owned()),
            Some(days) => said.push(format!("every {days} days")),
            None => {}
        },
        None => {}
    }
    let list = |items: Vec<String>| items.join(", ");
    if !schedule.weekdays.is_empty() {
        said.push(format!(
            "on {}",
            list(schedule.weekdays.iter().map(ToString::to_string).collect())
        ));
    }
    if !schedule.dates.is_empty() {
        said.push(format!("on {}", list(schedule.dates.iter().map(ToString::to_string).collect())));
    }
    if !schedule.slots.is_empty() {
        said.push(format!(
            "slots: {}",
            list(schedule.slots.iter().map(ToString::to_string).collect())
        ));
    }
    said.join(", ")
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
        })
    };
    findings.iter().map(one).collect::<Vec<_>>().into()
}

/// Findings as text, the serious ones first.
pub fn findings_text(findings: &[Finding], output: &Output) -> String {
    let lines: Vec<String> = findings
        .iter()
        .map(|finding| {
            let cited = words::cited(&finding.sources, finding.ours);
            let what = match (finding.severity, &finding.overridden) {
                (_, Some(decided)) => format!("overridden because: {}", decided.reason),
                (Severity::Hard, None) => "must be changed".to_owned(),
                (Severity::Soft, None) => "warning".to_owned(),
                (Severity::Info, None) => "good to know".to_owned(),
            };
            let text =
                format!("{}{cited}\n({}; {what})", finding.text(words::reader()), finding.rule);
            hanging("- ", &text, output.width)
        })
        .collect();
    lines.join("\n")
}
