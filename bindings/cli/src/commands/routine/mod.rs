//! `routine`: lists, shows, makes, changes, schedules and checks. The rules judge every change before
//! it is written.

mod blocks;
mod conflicts;
pub mod files;
pub mod show;

use holdfast::Engine;
use holdfast::domain::catalogue::{Catalogue, TemplateKind};
use holdfast::domain::routine::{Rhythm, Schedule, Span};
use holdfast::routine::{
    ImportOptions, RoutineView, RuleOverride, StepEdit, StepPlace, StepRequest, TemplateOptions,
};
use holdfast::sharing::Class;
use serde_json::json;

use crate::args::routine::{Add, Overriding, Routine, Schedule as Times, Step, Times as Parts};
use crate::args::values::SlotAt;
use crate::commands::catalog;
use crate::commands::schedule::DAYS_AHEAD;
use crate::context::Context;
use crate::failure::{Failure, Outcome};
use crate::output::layout::{Align, Table, wrapped};
use crate::output::{Output, words};

/// Answers `routine`.
pub fn run(args: Routine, context: &Context, output: &Output) -> Outcome {
    if matches!(args, Routine::List { templates: true }) {
        return list_templates(output);
    }
    let engine = context.open_for(Class::Plan)?;
    match args {
        Routine::List { .. } => list(&engine, output),
        Routine::Show { routine } => {
            let view = engine.routine(&routine)?;
            let author = author(&engine, &view);
            output.answer(&view, |o| text(&view, author.as_deref(), o));
            Ok(())
        }
        Routine::Add(add) => {
            let all = Catalogue::built_in().templates();
            let listed = words::plain("prompt.routine.lists_templates");
            let template = catalog::one_of("template", &add.template, all, |t| t.id.as_str())
                .map_err(|failure| failure.and_hint(&listed))?;
            // A routine that nobody named is called what its template is called in the reader's language.
            let named = template_options(&add);
            let name = named.name.clone().or_else(|| Some(template.name(words::reader())));
            let options = TemplateOptions { name, ..named };
            changed(&engine, &engine.add_template(template.id.as_str(), &options)?, output)
        }
        Routine::New { name } => changed(&engine, &engine.new_routine(&name)?, output),
        Routine::Rename { routine, name } => {
            changed(&engine, &engine.rename_routine(&routine, &name)?, output)
        }
        Routine::Remove { routine } => {
            let gone = engine.remove_routine(&routine)?.routine;
            output.confirm(json!({ "removed": gone.id }), |_| {
                let gone_for_now = [("routine", gone.name.as_str().into())];
                let said = words::say("prompt.routine.removed", &gone_for_now);
                let back = [("id", gone.id.as_str().into())];
                format!("{said} {}", words::say("prompt.own.routine.back", &back))
            });
            Ok(())
        }
        Routine::Schedule(given) => schedule(&engine, &given, output),
        Routine::Step { routine, change } => step(&engine, &routine, change, output),
        Routine::Block { routine, change } => blocks::run(&engine, &routine, change, output),
        Routine::Restore { id } => changed(&engine, &engine.restore_routine(&id)?, output),
        Routine::Export { routine, out } => files::export(&engine, &routine, &out, output),
        Routine::Import { file, dry_run, name, copy, overriding } => {
            let overrides = overrides(&overriding);
            let options = ImportOptions { name, as_copy: copy, overrides, dry_run };
            files::import(&engine, &file, &options, output)
        }
        Routine::Override { routine, rule, reason } => changed(
            &engine,
            &engine.override_rule(&routine, &RuleOverride { rule, reason })?,
            output,
        ),
        Routine::Enforce { routine, rule } => {
            let view = engine.drop_override(&routine, &rule)?;
            output.confirm(&view, |o| {
                let name = view.routine.name.as_str();
                let args = [("rule", rule.as_str().into()), ("name", name.into())];
                wrapped(&words::say("prompt.own.routine.dropped", &args), o.width, 0)
            });
            Ok(())
        }
        Routine::Settle { routine, conflict, value, overriding } => {
            let Some(value) = value.checked_sub(1) else {
                let text = words::plain("prompt.own.routine.counted_from_one");
                return Err(Failure::bad_value("value", text));
            };
            let overrides = overrides(&overriding);
            changed(
                &engine,
                &engine.settle_routine(&routine, &conflict, value, &overrides)?,
                output,
            )
        }
        Routine::Check { routine } => {
            let findings = engine.check_routine(&routine)?;
            output.answer(json!({ "findings": show::findings_json(&findings) }), |o| {
                if findings.is_empty() {
                    return words::plain("prompt.routine.nothing_found");
                }
                show::findings_text(&findings, o)
            });
            Ok(())
        }
    }
}

fn changed(engine: &Engine, view: &RoutineView, output: &Output) -> Outcome {
    let author = author(engine, view);
    output.confirm(view, |o| text(view, author.as_deref(), o));
    Ok(())
}

fn text(view: &RoutineView, author: Option<&str>, output: &Output) -> String {
    let mut text = show::text(&view.routine, &view.own_exercises, author, output);
    for conflict in &view.conflicts {
        let said = conflicts::text(conflict, &view.routine.name, output);
        text.push_str(&format!("\n\n{said}"));
    }
    text
}

/// What a routine's author is called, where that is known here.
fn author(engine: &Engine, view: &RoutineView) -> Option<String> {
    let me = engine.identity().ok()?;
    let mine = view.routine.author.as_deref() == Some(me.account.as_str());
    mine.then_some(me.name).or_else(|| view.author_name.clone())
}

fn list(engine: &Engine, output: &Output) -> Outcome {
    let routines = engine.routines()?;
    output.answer(json!({ "routines": routines }), |o| {
        if routines.is_empty() {
            return wrapped(&words::plain("prompt.routine.none"), o.width, 0);
        }
        let any = routines.iter().any(|routine| routine.author_name.is_some());
        let mut table = Table::new([
            ("prompt.field.id", Align::Left),
            ("prompt.field.name", Align::Left),
            ("prompt.field.steps", Align::Right),
            ("prompt.field.schedule", Align::Left),
            (if any { "prompt.prescription.field.by" } else { "" }, Align::Left),
        ]);
        for routine in &routines {
            table.row([
                show::short(&routine.id).to_owned(),
                routine.name.clone(),
                routine.steps.to_string(),
                routine.schedule.as_ref().map(show::schedule).unwrap_or_default(),
                routine.author_name.clone().unwrap_or_default(),
            ]);
        }
        table.text(o.width)
    });
    Ok(())
}

/// What the sources compose, as far as a routine can be made of it.
fn list_templates(output: &Output) -> Outcome {
    let all = Catalogue::built_in().templates().iter();
    let templates: Vec<_> = all.filter(|t| t.kind != TemplateKind::Principle).collect();
    let body: Vec<_> = templates
        .iter()
        .map(|t| {
            let exercises: Vec<_> = t.steps().map(|step| &step.exercise).collect();
            json!({ "id": t.id, "name": t.name(words::reader()), "exercises": exercises,
                    "sources": t.provenance.sources.all() })
        })
        .collect();
    output.answer(json!({ "templates": body }), |o| {
        let mut table = Table::new([
            ("prompt.field.id", Align::Left),
            ("prompt.field.name", Align::Left),
            ("prompt.field.steps", Align::Right),
        ]);
        for template in &templates {
            let steps = template.steps().count().to_string();
            table.row([template.id.to_string(), template.name(words::reader()), steps]);
        }
        format!("{}\n\n{}", table.text(o.width), words::plain("prompt.routine.add_one"))
    });
    Ok(())
}

fn template_options(add: &Add) -> TemplateOptions {
    TemplateOptions {
        name: add.name.clone(),
        realign_side: add.realign_side,
        choose: add.choose.clone(),
        include: add.include.clone(),
        overrides: overrides(&add.overriding),
    }
}

fn overrides(given: &Overriding) -> Vec<RuleOverride> {
    let reason = given.reason.clone().unwrap_or_default();
    let of = |rule: &String| RuleOverride { rule: rule.clone(), reason: reason.clone() };
    given.rules.iter().map(of).collect()
}

/// The schedule that was typed; nothing for none.
pub fn scheduled(times: &Parts) -> Option<Schedule> {
    let rhythm = match (times.per_day, times.per_week, times.every) {
        (Some(count), ..) => Some(Rhythm::Times { count, per: Span::Day }),
        (_, Some(count), _) => Some(Rhythm::Times { count, per: Span::Week }),
        (.., Some(days)) => Some(Rhythm::Every { days }),
        (None, None, None) => None,
    };
    let of_slot = |given: &SlotAt| given.at.map(|at| (given.slot.clone(), at));
    (!times.clear).then(|| Schedule {
        rhythm,
        weekdays: times.days.clone(),
        dates: times.dates.clone(),
        slots: times.slots.iter().map(|given| given.slot.clone()).collect(),
        times: times.slots.iter().filter_map(of_slot).collect(),
    })
}

fn schedule(engine: &Engine, given: &Times, output: &Output) -> Outcome {
    let view = engine.schedule_routine(&given.routine, scheduled(&given.times))?;
    let stands = view.routine.schedule();
    let mut due = engine.due(DAYS_AHEAD)?;
    due.retain(|due| due.routine == view.routine.id.as_str());
    output.confirm(json!({ "routine": view.routine, "due": due }), |_| match stands {
        Some(schedule) => words::say(
            "prompt.routine.to_be_done",
            &[
                ("routine", view.routine.name.as_str().into()),
                ("when", show::schedule(schedule).into()),
            ],
        ),
        None => words::say(
            "prompt.routine.unscheduled",
            &[("routine", view.routine.name.as_str().into())],
        ),
    });
    Ok(())
}

fn step(engine: &Engine, routine: &str, change: Step, output: &Output) -> Outcome {
    let view = match change {
        Step::Add { exercise, asked, after, first, overriding } => {
            let request = StepRequest {
                exercise,
                dose: (&asked.dose).into(),
                side: asked.side,
                tool: asked.tool.clone(),
                note: asked.note.clone(),
                optional: asked.optional.unwrap_or(false),
            };
            let place = place(after, first);
            engine.add_step(routine, &request, &place, &overrides(&overriding))?.0
        }
        Step::Set { step, exercise, asked, play, overriding } => {
            let emptied = |text: &String, word: &str| (text != word).then(|| text.clone());
            let edit = StepEdit {
                exercise,
                dose: (&asked.dose).into(),
                side: asked.side,
                tool: asked.tool.as_ref().map(|tool| emptied(tool, "none")),
                note: asked.note.as_ref().map(|note| emptied(note, "")),
                optional: asked.optional,
                included: play,
            };
            if edit == StepEdit::default() && overriding.rules.is_empty() {
                return Err(Failure::usage(words::plain("prompt.routine.nothing_to_change"))
                    .hint(words::plain("prompt.routine.fields_help")));
            }
            engine.set_step(routine, &step, &edit, &overrides(&overriding))?
        }
        Step::Move { step, to, overriding } => {
            let place = place(to.after, to.first);
            engine.move_step(routine, &step, &place, &overrides(&overriding))?
        }
        Step::Remove { step, overriding } => {
            engine.remove_step(routine, &step, &overrides(&overriding))?
        }
    };
    changed(engine, &view, output)
}

fn place(after: Option<String>, first: bool) -> StepPlace {
    match after {
        Some(step) => StepPlace::After(step),
        None if first => StepPlace::Start,
        None => StepPlace::End,
    }
}
