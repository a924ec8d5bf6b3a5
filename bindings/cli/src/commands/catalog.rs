//! `catalog`: looks through the exercises. It needs no record; where there is one, the person's own
//! exercises are in it too.

use holdfast::domain::catalogue::{Catalogue, Exercise, Fact, Frequency};
use holdfast::domain::dose::{Dose, Range};
use holdfast::domain::ids::MuscleId;
use holdfast::domain::vocabulary::Mode;
use holdfast::{Engine, OwnView};
use serde::Serialize;
use serde_json::{Value, json};

use crate::args::content::{Catalog, CatalogShow};
use crate::commands::exercise;
use crate::context::Context;
use crate::failure::{Failure, Outcome};
use crate::output::layout::{Align, Table, facts, hanging};
use crate::output::{Output, words};

/// Answers `catalog`.
pub fn run(args: &Catalog, context: Option<&Context>, output: &Output) -> Outcome {
    // Whatever is the matter with the record, the catalogue can be read.
    let engine = context.and_then(|context| context.open().ok());
    match &args.show {
        Some(CatalogShow::Show { id }) => {
            if let Some(own) = engine.and_then(|engine| own(&engine, id)) {
                output.answer(json!({ "exercise": own }), |o| exercise::text(&own, o));
                return Ok(());
            }
            let exercise = find(id)?;
            output.answer(json!({ "exercise": Full::of(exercise) }), |o| full_text(exercise, o));
            Ok(())
        }
        None => {
            let all = engine.and_then(|engine| engine.catalogue().ok());
            list(args, all.as_deref().unwrap_or(Catalogue::built_in()), output)
        }
    }
}

/// An own exercise, where the key means one.
fn own(engine: &Engine, key: &str) -> Option<OwnView> {
    let exercise = engine.exercise(key).ok().filter(Exercise::is_own)?;
    engine.own_exercise(exercise.id.as_str()).ok()
}

/// The exercise of an id, or of the beginning of one; of the person's own also by its name.
pub fn find_any(text: &str, context: &Context) -> Outcome<Exercise> {
    let engine = context.open().ok();
    match engine.map(|engine| engine.exercise(text)) {
        Some(Ok(found)) => Ok(found),
        _ => find(text).cloned(),
    }
}

/// The exercise of the catalogue of an id, or of the beginning of one.
pub fn find(text: &str) -> Outcome<&'static Exercise> {
    let all = Catalogue::built_in().exercises();
    let listed = words::plain("prompt.catalog.lists_all");
    one_of("exercise", text, all, |exercise| exercise.id.as_str())
        .map_err(|failure| failure.coded_if_unknown("unknown_exercise").and_hint(&listed))
}

/// The one thing whose id a text is, or begins.
pub fn one_of<'a, T>(
    what: &str,
    text: &str,
    all: &'a [T],
    id: impl Fn(&T) -> &str,
) -> Outcome<&'a T> {
    if let Some(exact) = all.iter().find(|one| id(one) == text) {
        return Ok(exact);
    }
    let begins = |one: &&T| !text.is_empty() && id(one).starts_with(text);
    let candidates: Vec<&T> = all.iter().filter(begins).collect();
    match candidates.as_slice() {
        [only] => Ok(only),
        [] => {
            let failure = Failure::bad_value(what, unknown(what, text)).coded("unknown");
            Err(match nearest(text, all.iter().map(id)) {
                Some(near) => {
                    failure.hint(words::say("prompt.catalog.nearest", &[("name", near.into())]))
                }
                None => failure,
            })
        }
        several => {
            let ids: Vec<&str> = several.iter().map(|one| id(one)).collect();
            let among = [("text", text.into()), ("ids", ids.join(", ").into())];
            let message = words::say("prompt.catalog.ambiguous", &among);
            Err(Failure::bad_value(what, message).coded("ambiguous"))
        }
    }
}

/// What to say of a name that nothing answers to.
pub fn unknown(what: &str, text: &str) -> String {
    let code = match what {
        "exercise" => "prompt.catalog.no_exercise",
        "muscle" => "prompt.catalog.no_muscle",
        "template" => "prompt.catalog.no_template",
        _ => "prompt.catalog.no_such",
    };
    words::say(code, &[("what", what.into()), ("text", text.into())])
}

/// The name most like a text, where one is like it at all.
pub fn nearest<'a>(text: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let scored = names.map(|name| (strsim::jaro_winkler(text, name), name));
    let best = scored.max_by(|a, b| a.0.total_cmp(&b.0));
    best.filter(|(score, _)| *score > 0.8).map(|(_, name)| name)
}

fn list(args: &Catalog, catalogue: &Catalogue, output: &Output) -> Outcome {
    let muscle = args.muscle.as_deref().map(find_muscle).transpose()?;
    let found = catalogue.search(&args.words.join(" "), args.kind, muscle.as_ref());
    let body: Vec<Brief> = found.iter().map(|exercise| Brief::of(exercise)).collect();
    output.answer(json!({ "exercises": body }), |o| {
        if found.is_empty() {
            return words::plain("prompt.catalog.no_match");
        }
        let mut table = Table::new([
            ("prompt.field.id", Align::Left),
            ("prompt.field.name", Align::Left),
            ("prompt.field.kind", Align::Left),
            ("prompt.field.dose", Align::Left),
        ]);
        for exercise in &found {
            let name = exercise.name(words::reader());
            let kind = words::plain(&format!("kind.{}", exercise.kind)).to_lowercase();
            let kind = match exercise.is_own() {
                true => format!("{kind}, {}", words::plain("prompt.own.yours")),
                false => kind,
            };
            table.row([exercise.id.to_string(), name, kind, words::dose(&exercise.dose)]);
        }
        format!("{}\n\n{}", table.text(o.width), counted(found.len()))
    });
    Ok(())
}

fn counted(n: usize) -> String {
    let n = words::counted("prompt.catalog.exercises", n as u64);
    words::say("prompt.catalog.found", &[("exercises", n.into())])
}

fn find_muscle(text: &str) -> Outcome<MuscleId> {
    let known = &Catalogue::built_in().vocabulary().muscles;
    known.iter().find(|muscle| muscle.as_str() == text).cloned().ok_or_else(|| {
        let failure = Failure::bad_value("muscle", unknown("muscle", text));
        match nearest(text, known.iter().map(MuscleId::as_str)) {
            Some(near) => {
                failure.hint(words::say("prompt.catalog.nearest", &[("name", near.into())]))
            }
            None => {
                let all: Vec<&str> = known.iter().map(MuscleId::as_str).collect();
                failure
                    .hint(words::say("prompt.catalog.there_are", &[("ids", all.join(", ").into())]))
            }
        }
    })
}

/// An exercise in a list.
#[derive(Serialize)]
struct Brief {
    id: String,
    name: String,
    kind: &'static str,
    muscles: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    region: Option<String>,
    laterality: &'static str,
    dose: Dose,
    /// Whether it is the person's own.
    own: bool,
}

impl Brief {
    fn of(exercise: &Exercise) -> Self {
        Self {
            id: exercise.id.to_string(),
            name: exercise.name(words::reader()),
            kind: exercise.kind.as_str(),
            muscles: exercise.muscles.iter().map(ToString::to_string).collect(),
            region: exercise.region.as_ref().map(ToString::to_string),
            laterality: exercise.laterality.as_str(),
            dose: exercise.dose.clone(),
            own: exercise.is_own(),
        }
    }
}

/// An exercise with all that is said of it. What no source states is absent.
#[derive(Serialize)]
struct Full {
    #[serde(flatten)]
    brief: Brief,
    #[serde(skip_serializing_if = "Option::is_none")]
    position: Option<&'static str>,
    tools: Vec<String>,
    tools_optional: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    frequency: Option<String>,
    ease_check: bool,
    cues: Vec<Value>,
    cautions: Vec<Value>,
    gates: Vec<String>,
    assisted: Vec<&'static str>,
    tags: Vec<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
    uncertain: Vec<String>,
    sources: Value,
}

impl Full {
    fn of(exercise: &Exercise) -> Self {
        let fact = |fact: &Fact| json!({ "text": words::plain(fact.code.as_str()), "sources": fact.sources, "ours": fact.ours });
        let by_field: serde_json::Map<String, Value> = exercise
            .provenance
            .sources
            .entries()
            .map(|(field, sources)| (field.to_owned(), json!(sources)))
            .collect();
        Self {
            brief: Brief::of(exercise),
            position: exercise.position.map(|position| position.as_str()),
            tools: exercise.tools.iter().map(ToString::to_string).collect(),
            tools_optional: exercise.tools_optional.iter().map(ToString::to_string).collect(),
            frequency: exercise.frequency.as_ref().map(frequency),
            ease_check: exercise.ease_check,
            cues: exercise.cues.iter().map(fact).collect(),
            cautions: exercise.cautions.iter().map(fact).collect(),
            gates: exercise.gates.iter().map(ToString::to_string).collect(),
            assisted: exercise.assisted.iter().map(|a| a.as_str()).collect(),
            tags: exercise.tags.iter().map(|t| t.as_str()).collect(),
            note: exercise.note.as_ref().map(|code| words::plain(code.as_str())),
            uncertain: exercise.uncertain.iter().map(|code| words::plain(code.as_str())).collect(),
            sources: by_field.into(),
        }
    }
}

fn frequency(frequency: &Frequency) -> String {
    let mut said = Vec::new();
    let per = frequency.per.map(|per| words::plain(&format!("per.{per}"))).unwrap_or_default();
    let times = match (frequency.times, frequency.min, frequency.max) {
        (Some(n), ..) => Some(n.to_string()),
        (None, Some(min), Some(max)) if min == max => Some(min.to_string()),
        (None, Some(min), Some(max)) => {
            Some(words::say("prompt.range.between", &[("low", min.into()), ("high", max.into())]))
        }
        (None, Some(min), None) => {
            Some(words::say("prompt.range.or_more", &[("amount", min.into())]))
        }
        (None, None, Some(max)) => {
            Some(words::say("prompt.range.up_to", &[("amount", max.into())]))
        }
        (None, None, None) => None,
    };
    if let Some(times) = times {
        let often = match times.as_str() {
            "1" => words::plain("frequency.times.one"),
            _ => words::say("frequency.times.other", &[("n", times.into())]),
        };
        said.push(format!("{often} {per}").trim_end().to_owned());
    }
    said.extend(frequency.when.iter().map(|when| words::plain(&format!("when.{when}"))));
    said.extend(frequency.note.as_ref().map(|note| words::plain(note.as_str())));
    said.join("; ")
}

fn full_text(exercise: &Exercise, output: &Output) -> String {
    let stated = |field: &str, value: Option<String>| match value {
        Some(value) if !value.is_empty() => {
            let cited = words::cited(exercise.sources_of(field), exercise.is_ours(field));
            format!("{value}{cited}")
        }
        _ => words::plain("dose.unstated"),
    };
    let listed = |kind: &str, ids: Vec<&str>| {
        let names: Vec<String> =
            ids.iter().map(|id| words::plain(&format!("{kind}.{id}"))).collect();
        (!names.is_empty()).then(|| names.join(", "))
    };
    let dose = &exercise.dose;
    let timed = !matches!(dose.mode, Mode::Tick | Mode::Slot | Mode::Test);
    let second = format!(" {}", words::plain("unit.s"));
    let figure = |field: &str, range: Range, unit: &str| {
        if timed { stated(field, words::range(range, unit)) } else { String::new() }
    };
    let muscles = exercise.muscles.iter().map(|m| m.as_str()).collect();
    let tools = exercise.tools.iter().map(|t| t.as_str()).collect();
    let extras = exercise.tools_optional.iter().map(|t| t.as_str()).collect();
    let position = exercise.position.map(|p| words::plain(&format!("position.{p}")));
    let region = exercise.region.as_ref().map(|r| words::plain(&format!("region.{r}")));
    let mut parts = vec![
        format!("{}\n{}", output.bold(&exercise.name(words::reader())), exercise.id),
        facts(
            &[
                (
                    "prompt.field.kind",
                    words::plain(&format!("kind.{}", exercise.kind)).to_lowercase(),
                ),
                ("prompt.field.muscles", stated("muscles", listed("muscle", muscles))),
                ("prompt.field.place", region.unwrap_or_default()),
                (
                    "prompt.field.sides",
                    words::plain(&format!("laterality.{}", exercise.laterality)),
                ),
                ("prompt.field.position", stated("position", position)),
                ("prompt.field.tools_any_of", stated("tools", listed("tool", tools))),
                ("prompt.field.extras", listed("tool", extras).unwrap_or_default()),
                ("prompt.field.done", words::plain(&format!("mode.{}", dose.mode))),
                ("prompt.field.hold", figure("hold_s", dose.hold_s, &second)),
                ("prompt.field.repetitions", figure("reps", dose.reps, "")),
                ("prompt.field.sets", figure("sets", dose.sets, "")),
                ("prompt.field.rest", figure("rest_s", dose.rest_s, &second)),
                ("prompt.field.tempo", words::tempo(dose)),
                (
                    "prompt.field.how_often",
                    stated("frequency", exercise.frequency.as_ref().map(frequency)),
                ),
            ],
            output.width,
        ),
    ];
    let list = |title: &str, items: &[Fact]| {
        let lines: Vec<String> = items
            .iter()
            .map(|fact| {
                let cited = words::cited(&fact.sources, fact.ours);
                let text = format!("{}{cited}", words::plain(fact.code.as_str()));
                hanging("- ", &text, output.width)
            })
            .collect();
        format!("{}\n{}", output.bold(&words::plain(title)), lines.join("\n"))
    };
    if !exercise.cues.is_empty() {
        parts.push(list("prompt.catalog.how", &exercise.cues));
    }
    if !exercise.cautions.is_empty() {
        parts.push(list("prompt.safety.mind", &exercise.cautions));
    }
    let remarks: Vec<String> = exercise
        .note
        .iter()
        .chain(&exercise.uncertain)
        .map(|code| hanging("- ", &words::plain(code.as_str()), output.width))
        .collect();
    if !remarks.is_empty() {
        parts.push(format!(
            "{}\n{}",
            output.bold(&words::plain("prompt.catalog.remarks")),
            remarks.join("\n")
        ));
    }
    parts.push(words::plain("prompt.catalog.brackets"));
    parts.join("\n\n")
}
