//! `prescription`: what was proposed, how it differs, and what becomes of it. The engine decides who may.

use holdfast::Engine;
use holdfast::domain::prescription::{Settled, Standing};
use holdfast::prescription::{
    AcceptOptions, PrescriptionDiff, PrescriptionView, Proposal, ProposedFrom, RoutineEdit,
};
use holdfast::routine::{DoseEdit, RuleOverride, StepEdit, StepPlace, StepRequest};
use serde_json::{Value, json};

use crate::args::prescription::{Prescription, Propose};
use crate::args::routine::Times;
use crate::commands::routine::{files, scheduled, show};
use crate::context::Context;
use crate::failure::{Failure, Outcome};
use crate::output::layout::{Align, Table, hanging, wrapped};
use crate::output::{Output, words};

/// Answers `prescription`.
pub fn run(args: Prescription, context: &Context, output: &Output) -> Outcome {
    let engine = context.open()?;
    match args {
        Prescription::List => list(&engine, output),
        Prescription::Diff { prescription } => {
            let diff = engine.prescription_diff(&prescription)?;
            output.answer(json_of(&diff), |o| text(&diff, o));
            Ok(())
        }
        Prescription::Accept { prescription, name, rules, reason } => {
            let options = AcceptOptions { name, overrides: overrides(&rules, reason.as_deref()) };
            let done = engine.accept_prescription(&prescription, &options)?;
            output.confirm(&done, |o| {
                let name = done.view.routine.name.as_str();
                let args = [("name", name.into()), ("by", by(&done.prescription).into())];
                wrapped(&words::say("prompt.prescription.accepted", &args), o.width, 0)
            });
            Ok(())
        }
        Prescription::Keep { prescription } => {
            let view = engine.keep_own(&prescription)?;
            output.confirm(json!({ "prescription": view }), |o| {
                let args = [("name", view.name.as_str().into()), ("by", by(&view).into())];
                wrapped(&words::say("prompt.prescription.kept", &args), o.width, 0)
            });
            Ok(())
        }
        Prescription::Propose(given) => propose(&engine, &given, output),
    }
}

fn list(engine: &Engine, output: &Output) -> Outcome {
    let all = engine.prescriptions()?;
    output.answer(json!({ "prescriptions": all }), |o| {
        if all.is_empty() {
            return wrapped(&words::plain("prompt.prescription.none"), o.width, 0);
        }
        let mut table = Table::new([
            ("prompt.field.id", Align::Left),
            ("prompt.field.name", Align::Left),
            ("prompt.prescription.field.by", Align::Left),
            ("prompt.prescription.field.proposed", Align::Left),
            ("prompt.prescription.field.standing", Align::Left),
        ]);
        for one in &all {
            table.row([
                show::short(&one.id).to_owned(),
                one.name.clone(),
                by(one),
                one.proposed_at.chars().take(10).collect(),
                standing(one),
            ]);
        }
        table.text(o.width)
    });
    Ok(())
}

/// Who proposed it, as they are called here.
fn by(view: &PrescriptionView) -> String {
    let account = view.by.as_deref().map(|by| show::short(by).to_owned());
    let name = view.by_name.clone().or(account);
    let name = name.unwrap_or_else(|| words::plain("prompt.prescription.nobody"));
    if view.imported {
        return words::say("prompt.prescription.imported", &[("name", name.into())]);
    }
    name
}

fn standing(view: &PrescriptionView) -> String {
    let on = |code: &str, day: &dyn ToString| words::say(code, &[("day", day.to_string().into())]);
    match &view.standing {
        Standing::Open { moved_on: false } => words::plain("prompt.prescription.open"),
        Standing::Open { moved_on: true } => words::plain("prompt.prescription.open_moved_on"),
        Standing::Settled(Settled::Accepted { on: day }) => {
            on("prompt.prescription.was_accepted", day)
        }
        Standing::Settled(Settled::Kept { on: day }) => on("prompt.prescription.was_kept", day),
        Standing::Superseded { by } => {
            words::say("prompt.prescription.superseded", &[("by", show::short(by.as_str()).into())])
        }
    }
}

/// Both versions by their number, where they are not one.
fn versions(view: &PrescriptionView) -> Option<String> {
    if view.standing != (Standing::Open { moved_on: true }) {
        return None;
    }
    let based = view.based_on.map(|version| ("based", version.into()));
    let now = view.current_version.map(|version| ("now", version.into()));
    Some(match (based, now) {
        (Some(based), Some(now)) if view.based_on == view.current_version => {
            words::say("prompt.prescription.same_number", &[based, now])
        }
        (Some(based), Some(now)) => words::say("prompt.prescription.versions", &[based, now]),
        (Some(based), None) => words::say("prompt.prescription.removed_since", &[based]),
        (None, Some(now)) => words::say("prompt.prescription.made_since", &[now]),
        (None, None) => return None,
    })
}

fn text(diff: &PrescriptionDiff, output: &Output) -> String {
    let view = &diff.prescription;
    let day: String = view.proposed_at.chars().take(10).collect();
    let args = [("by", by(view).into()), ("day", day.into()), ("standing", standing(view).into())];
    let head = format!(
        "{}\n{}",
        output.bold(&view.name),
        wrapped(&words::say("prompt.prescription.proposed_by", &args), output.width, 0)
    );
    let mut parts = vec![head];
    parts.extend(view.reason.as_deref().map(|reason| {
        let said = words::say("prompt.prescription.reason", &[("reason", reason.into())]);
        wrapped(&said, output.width, 0)
    }));
    parts.extend(versions(view).map(|said| wrapped(&said, output.width, 0)));
    let lines: Vec<String> = diff
        .differences
        .iter()
        .map(|one| hanging("- ", &one.say(words::reader(), &diff.catalogue), output.width))
        .collect();
    parts.push(match lines.is_empty() {
        true => words::plain("prompt.prescription.no_difference"),
        false => lines.join("\n"),
    });
    if let Some(schedule) = diff.proposed.schedule() {
        let when = words::say("prompt.routine.when", &[("when", show::schedule(schedule).into())]);
        parts.push(hanging("", &when, output.width));
    }
    if !diff.breaks.is_empty() {
        parts.push(wrapped(&words::plain("prompt.prescription.breaks"), output.width, 0));
        parts.push(show::findings_text(&diff.breaks, output));
    }
    if matches!(view.standing, Standing::Open { .. }) {
        let args = [("id", show::short(&view.id).into())];
        parts.push(wrapped(&words::say("prompt.prescription.decide", &args), output.width, 0));
    }
    parts.join("\n\n")
}

fn json_of(diff: &PrescriptionDiff) -> Value {
    let said = diff.differences.iter().map(|one| {
        let mut value = serde_json::to_value(one).unwrap_or_default();
        value["sentence"] = one.say(words::reader(), &diff.catalogue).into();
        value
    });
    let mut value = serde_json::to_value(diff).unwrap_or_default();
    value["differences"] = said.collect::<Vec<_>>().into();
    value["breaks"] = show::findings_json(&diff.breaks);
    value
}

fn overrides(rules: &[String], reason: Option<&str>) -> Vec<RuleOverride> {
    let reason = reason.unwrap_or_default().to_owned();
    let of = |rule: &String| RuleOverride { rule: rule.clone(), reason: reason.clone() };
    rules.iter().map(of).collect()
}

fn propose(engine: &Engine, given: &Propose, output: &Output) -> Outcome {
    let dose = DoseEdit::from(&given.dose);
    if given.step.is_none() && dose != DoseEdit::default() {
        let message = words::plain("prompt.prescription.of_which_step");
        return Err(Failure::usage(message).field("step"));
    }
    let mut edits = Vec::new();
    edits.extend(given.name.clone().map(RoutineEdit::Rename));
    if let Some(step) = &given.step {
        let emptied = |text: &String| (!text.is_empty()).then(|| text.clone());
        let edit = StepEdit {
            dose,
            side: given.side,
            note: given.note.as_ref().map(emptied),
            ..StepEdit::default()
        };
        edits.push(RoutineEdit::SetStep { step: step.clone(), edit: Box::new(edit) });
    }
    edits.extend(given.drop.iter().map(|step| RoutineEdit::RemoveStep { step: step.clone() }));
    edits.extend(given.add.iter().map(|exercise| RoutineEdit::AddStep {
        step: Box::new(StepRequest { exercise: exercise.clone(), ..StepRequest::default() }),
        place: StepPlace::End,
    }));
    edits.extend(schedule(given).map(RoutineEdit::Schedule));
    let from = match (&given.file, &given.own, &given.link, &given.template) {
        (Some(file), ..) => ProposedFrom::File(files::text_of(file)?),
        (_, Some(own), ..) => ProposedFrom::Own(own.clone()),
        (_, _, Some(link), _) => ProposedFrom::Link(link.clone()),
        (.., Some(template)) => ProposedFrom::Template(template.clone(), Box::default()),
        (None, None, None, None) => ProposedFrom::Chart,
    };
    let view = engine.propose(&Proposal {
        routine: given.routine.clone(),
        from,
        edits,
        reason: given.reason.clone(),
        based_on: given.based_on,
        overrides: overrides(&given.rules, given.reason.as_deref()),
    })?;
    let owner = engine.current_chart()?.owner_name;
    output.confirm(json!({ "prescription": view }), |o| {
        let args = [("name", view.name.as_str().into()), ("owner", owner.as_str().into())];
        let mut said = words::say("prompt.prescription.proposed", &args);
        if let Some(versions) = versions(&view) {
            said = format!("{said} {versions}");
        }
        wrapped(&said, o.width, 0)
    });
    Ok(())
}

/// The schedule that was typed, where one was.
fn schedule(given: &Propose) -> Option<Option<holdfast::domain::routine::Schedule>> {
    let times = Times {
        per_day: given.per_day,
        per_week: given.per_week,
        every: given.every,
        days: given.days.clone(),
        dates: Vec::new(),
        slots: given.slots.clone(),
        clear: false,
    };
    let said = times.per_day.is_some()
        || times.per_week.is_some()
        || times.every.is_some()
        || !(times.days.is_empty() && times.slots.is_empty());
    said.then(|| scheduled(&times))
}
