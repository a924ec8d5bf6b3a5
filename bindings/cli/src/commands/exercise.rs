//! `exercise`: a person's own exercises. The engine judges them; history is never touched.

use holdfast::domain::vocabulary::Position;
use holdfast::domain::words::Words;
use holdfast::{OwnEdit, OwnRequest, OwnView};
use serde_json::json;

use crate::args::exercise::{Add, Edit, Exercise};
use crate::context::Context;
use crate::failure::{Failure, Outcome};
use crate::output::layout::{Align, Table, facts, wrapped};
use crate::output::{Output, words};

/// Answers `exercise`.
pub fn run(args: Exercise, context: &Context, output: &Output) -> Outcome {
    let engine = context.open()?;
    match args {
        Exercise::Add(add) => shown(&engine.add_exercise(&request(*add))?, output),
        Exercise::Edit(edit) => {
            let key = edit.exercise.clone();
            let edit = changes(*edit)?;
            if edit == OwnEdit::default() {
                return Err(Failure::usage(words::plain("prompt.own.nothing_to_change"))
                    .hint(words::plain("prompt.own.edit_help")));
            }
            shown(&engine.edit_exercise(&key, &edit)?, output)
        }
        Exercise::Remove { exercise } => {
            let gone = engine.remove_exercise(&exercise)?.exercise;
            output.confirm(json!({ "removed": gone.id }), |o| {
                let args = [("name", gone.name.as_str().into()), ("id", gone.id.as_str().into())];
                wrapped(&words::say("prompt.own.removed", &args), o.width, 0)
            });
            Ok(())
        }
        Exercise::Restore { id } => shown(&engine.restore_exercise(&id)?, output),
        Exercise::List { removed } => {
            let all = engine.own_exercises(removed)?;
            output.answer(json!({ "exercises": all }), |o| list(&all, o));
            Ok(())
        }
    }
}

fn shown(view: &OwnView, output: &Output) -> Outcome {
    output.confirm(json!({ "exercise": view }), |o| text(view, o));
    Ok(())
}

fn list(all: &[OwnView], output: &Output) -> String {
    if all.is_empty() {
        return wrapped(&words::plain("prompt.own.none"), output.width, 0);
    }
    let mut table = Table::new([
        ("prompt.own.head.id", Align::Left),
        ("prompt.own.head.name", Align::Left),
        ("prompt.own.head.kind", Align::Left),
        ("prompt.own.head.dose", Align::Left),
        ("", Align::Left),
    ]);
    for one in all {
        let own = &one.exercise;
        table.row([
            own.id.to_string(),
            own.name.clone(),
            words::reader().name(&own.kind).to_lowercase(),
            words::dose(&own.dose),
            if own.removed { words::plain("prompt.own.is_removed") } else { String::new() },
        ]);
    }
    table.text(output.width)
}

/// One of them, with what is unsettled about it.
pub fn text(view: &OwnView, output: &Output) -> String {
    let own = &view.exercise;
    let reader: &Words = words::reader();
    let named = |codes: Vec<String>| codes.join(", ");
    let (kind, sides) = (reader.name(&own.kind), reader.name(&own.laterality));
    let pairs = [
        ("prompt.own.label.kind", kind.to_lowercase()),
        ("prompt.own.label.sides", sides),
        ("prompt.own.label.dose", words::dose(&own.dose)),
        (
            "prompt.own.label.position",
            own.position.map(|position| reader.name(&position)).unwrap_or_default(),
        ),
        (
            "prompt.own.label.where",
            own.region.as_ref().map(|region| reader.name(region)).unwrap_or_default(),
        ),
        (
            "prompt.own.label.muscles",
            named(own.muscles.iter().map(|muscle| reader.name(muscle)).collect()),
        ),
        ("prompt.own.label.tools", named(own.tools.iter().map(|tool| reader.name(tool)).collect())),
        ("prompt.own.label.note", own.note.clone().unwrap_or_default()),
        ("prompt.own.label.used_in", view.used_in.join(", ")),
    ];
    let head = format!("{}\n{}", output.bold(&own.name), own.id);
    let mut said = format!("{head}\n{}", facts(&pairs, output.width));
    for conflict in &view.conflicts {
        let args = [("field", conflict.field.as_str().into())];
        said.push_str("\n\n");
        said.push_str(&wrapped(&words::say("prompt.own.conflict", &args), output.width, 0));
    }
    said
}

fn request(add: Add) -> OwnRequest {
    OwnRequest {
        dose: (&add.dose).into(),
        position: add.position,
        region: add.region,
        muscles: add.muscles,
        tools: add.tools,
        note: add.note,
        ..OwnRequest::new(add.name, add.kind, add.sides)
    }
}

fn changes(edit: Edit) -> Outcome<OwnEdit> {
    let emptied = |text: String| (text != "none").then_some(text);
    let list = |items: Vec<String>| if items == ["none"] { Vec::new() } else { items };
    let position = edit.position.map(|text| match emptied(text) {
        None => Ok(None),
        Some(word) => word.parse::<Position>().map(Some),
    });
    Ok(OwnEdit {
        name: edit.name,
        kind: edit.kind,
        sides: edit.sides,
        dose: (&edit.dose).into(),
        position: position.transpose().map_err(|bad| Failure::bad_value("position", bad))?,
        region: edit.region.map(emptied),
        muscles: edit.muscles.map(list),
        tools: edit.tools.map(list),
        note: edit.note.map(|note| Some(note).filter(|text| !text.is_empty())),
    })
}
