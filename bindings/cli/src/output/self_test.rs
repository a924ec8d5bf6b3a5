//! Self-tests as a person reads them, and their JSON with the sentences beside the codes. It knows
//! the engine's views and concludes nothing.

use holdfast::domain::catalogue::{Fact, FieldType, SelfTest, TestField};
use holdfast::domain::ids::TestId;
use holdfast::domain::record::{Amount, TestAnswer};
use holdfast::domain::vocabulary::Side;
use holdfast::domain::words::Arg;
use holdfast::{Imbalance, TestChange, TestHistory, TestResultView, TestView};
use serde_json::{Value, json};

use super::layout::{Align, Table, facts, hanging, wrapped};
use super::record::{exercise, status};
use super::{Output, words};
use crate::failure::sentence;

/// The questionnaire is no exercise of the catalogue.
const SIGNS: &str = holdfast::domain::self_test::SIGNS;

/// How a test is called.
pub fn name(id: &str) -> String {
    if id == SIGNS { words::plain("prompt.test.name_signs") } else { exercise(id) }
}

/// The beginning of a result's id that tells it from others: the first nine letters are its time.
fn short(id: &str) -> &str {
    id.get(..13).unwrap_or(id)
}

/// A field's name, without what ends a sentence: it stands before a colon or in a column.
fn label(field: &TestField) -> String {
    words::plain(field.label.as_str()).trim_end_matches(['.', '?']).to_owned()
}

fn say(code: &str, args: &[(&str, Arg)]) -> String {
    words::say(code, args)
}

fn number(kind: Option<FieldType>, amount: Amount) -> String {
    let value = amount.to_string();
    match kind {
        Some(FieldType::Seconds) => say("prompt.test.seconds", &[("value", value.into())]),
        Some(FieldType::Degrees) => say("prompt.test.degrees", &[("value", value.into())]),
        _ => value,
    }
}

/// An answer as it is said.
/// What a series of figures is of: the test, and what of it.
pub fn series_name(test: &TestId, part: Option<&str>) -> String {
    let asked = holdfast::domain::self_test::find(test);
    let field = part.map(|part| match asked.and_then(|test| test.field(part)) {
        Some(field) => label(field),
        None => part.replace('_', " "),
    });
    let named = asked.map_or_else(|| test.to_string(), |test| name(test.id.as_str()));
    field.map_or(named.clone(), |field| format!("{named}: {field}"))
}

/// A figure of a series, as its field is answered.
pub fn series_figure(test: &TestId, part: Option<&str>, value: f64) -> String {
    let asked = holdfast::domain::self_test::find(test);
    let kind = part.and_then(|part| asked?.field(part)).map(|field| field.kind);
    match (kind, Amount::new(value)) {
        (Some(FieldType::Bool), _) if value > 0.5 => words::plain("prompt.test.yes"),
        (Some(FieldType::Bool), _) => words::plain("prompt.test.no"),
        (kind, Some(amount)) => number(kind, amount),
        (_, None) => value.to_string(),
    }
}

fn answer(field: Option<&TestField>, answer: &TestAnswer) -> String {
    match answer {
        TestAnswer::Bool(true) => words::plain("prompt.test.yes"),
        TestAnswer::Bool(false) => words::plain("prompt.test.no"),
        TestAnswer::Number(amount) => number(field.map(|field| field.kind), *amount),
        TestAnswer::Option(id) => {
            let option = field.and_then(|field| field.options.iter().find(|o| o.id == *id));
            option.map_or_else(|| id.clone(), |option| words::plain(option.label.as_str()))
        }
    }
}

/// Names and answers, in the order of the test; what a newer version asks comes last under its id.
fn answers(test: &SelfTest, result: &TestResultView) -> Vec<(String, String)> {
    let known = test.fields.iter().filter_map(|field| {
        let given = result.answers.get(&field.id)?;
        Some((label(field), answer(Some(field), given)))
    });
    let newer = result.answers.iter().filter(|(id, _)| test.field(id).is_none());
    known.chain(newer.map(|(id, given)| (id.clone(), answer(None, given)))).collect()
}

/// All of a result in one cell.
fn cell(test: &SelfTest, result: &TestResultView) -> String {
    let all = answers(test, result);
    if test.id.as_str() == SIGNS {
        let yes = words::plain("prompt.test.yes");
        let signs: Vec<String> =
            all.into_iter().filter(|(_, said)| *said == yes).map(|(label, _)| label).collect();
        if signs.is_empty() {
            return words::plain("prompt.test.signs_none");
        }
        return signs.join("; ");
    }
    let all: Vec<String> =
        all.into_iter().map(|(label, said)| format!("{label}: {said}")).collect();
    all.join("; ")
}

fn side(side: Option<Side>) -> String {
    side.map(words::side).unwrap_or_default()
}

/// A question as it is asked, with what can be answered.
pub fn question(field: &TestField) -> String {
    let options = match field.kind {
        FieldType::Bool => {
            format!("{}, {}", words::plain("prompt.test.yes"), words::plain("prompt.test.no"))
        }
        FieldType::Seconds => words::plain("prompt.test.in_seconds"),
        FieldType::Degrees => words::plain("prompt.test.in_degrees"),
        FieldType::Score => match (field.min, field.max) {
            (Some(min), Some(max)) => {
                say("prompt.test.from_to", &[("min", min.into()), ("max", max.into())])
            }
            _ => String::new(),
        },
        FieldType::Enum | FieldType::Answers => {
            let ids: Vec<&str> = field.options.iter().map(|option| option.id.as_str()).collect();
            ids.join(", ")
        }
    };
    format!("{} ({options})", words::plain(field.label.as_str()))
}

fn section(title: &str, items: Vec<String>, output: &Output) -> Option<String> {
    if items.is_empty() {
        return None;
    }
    let lines: Vec<String> = items.iter().map(|item| hanging("- ", item, output.width)).collect();
    Some(format!("{}\n{}", output.bold(title), lines.join("\n")))
}

fn said(fact: &Fact) -> String {
    format!("{}{}", words::plain(fact.code.as_str()), words::cited(&fact.sources, fact.ours))
}

fn caveats(test: &SelfTest, output: &Output) -> Option<String> {
    let title = words::plain("prompt.test.mind");
    section(&title, test.caveats.iter().map(said).collect(), output)
}

fn information(output: &Output) -> String {
    wrapped(&words::plain("prompt.test.information"), output.width, 0)
}

/// What the sources say of a result.
fn meaning(test: &SelfTest, result: &TestResultView, output: &Output) -> Vec<String> {
    let title = words::plain("prompt.test.meaning");
    if test.id.as_str() == SIGNS {
        let mut parts: Vec<String> = Vec::new();
        for signs in &result.signs {
            let mut items: Vec<String> =
                signs.present.iter().map(|sign| words::plain(sign.as_str())).collect();
            items.push(words::plain(signs.note.as_str()));
            if signs.unanswered > 0 {
                let n = u64::try_from(signs.unanswered).unwrap_or(u64::MAX);
                items.push(say("prompt.test.unanswered", &[("n", n.into())]));
            }
            let title = format!(
                "{}{}",
                words::plain(signs.title.as_str()),
                words::cited(&signs.sources, false)
            );
            parts.extend(section(&title, items, output));
        }
        if parts.is_empty() {
            parts.push(words::plain("prompt.test.signs_none"));
        }
        return parts;
    }
    let items: Vec<String> = result
        .readings
        .iter()
        .map(|reading| {
            let cited = words::cited(&reading.sources, false);
            format!("{}{cited}", words::plain(reading.meaning.as_str()))
        })
        .collect();
    let nothing = || words::plain("prompt.test.not_said");
    vec![section(&title, items, output).unwrap_or_else(nothing)]
}

fn imbalance(test: &SelfTest, sides: &Imbalance, output: &Output) -> Option<String> {
    let items = sides.fields.iter().map(|pair| {
        let field = test.field(&pair.by.field);
        let label = field.map_or_else(|| pair.by.field.clone(), label);
        let (left, right) = (answer(field, &pair.left), answer(field, &pair.right));
        let mut args: Vec<(&str, Arg)> = vec![("field", label.into())];
        match pair.by.difference {
            _ if pair.by.same => {
                args.push(("value", left.into()));
                say("prompt.test.same", &args)
            }
            Some(by) => {
                let apart = Amount::from_thousandths(by.thousandths().abs());
                let apart = number(field.map(|field| field.kind), apart);
                args.extend([("left", left.into()), ("right", right.into())]);
                args.push(("difference", apart.into()));
                say("prompt.test.differ_by", &args)
            }
            None => {
                args.extend([("left", left.into()), ("right", right.into())]);
                say("prompt.test.differ", &args)
            }
        }
    });
    section(&words::plain("prompt.test.left_right"), items.collect(), output)
}

fn changes(test: &SelfTest, all: &[TestChange], output: &Output) -> Option<String> {
    let items = all.iter().flat_map(|change| {
        change.fields.iter().map(move |moved| {
            let field = test.field(&moved.by.field);
            let label = field.map_or_else(|| moved.by.field.clone(), label);
            let on = match change.side {
                Some(side) => say("prompt.test.side_of", &[("side", words::side(side).into())]),
                None => String::new(),
            };
            let label = if on.is_empty() { label } else { format!("{on} {label}") };
            let mut args: Vec<(&str, Arg)> = vec![
                ("field", label.into()),
                ("from", change.from.to_string().into()),
                ("to", change.to.to_string().into()),
                ("last", answer(field, &moved.last).into()),
            ];
            if moved.by.same {
                return say("prompt.test.stayed", &args);
            }
            args.push(("first", answer(field, &moved.first).into()));
            say("prompt.test.moved", &args)
        })
    });
    section(&words::plain("prompt.test.over_time"), items.collect(), output)
}

fn heading(test: &SelfTest, result: &TestResultView, output: &Output) -> String {
    let name = name(test.id.as_str());
    let day = result.local_day;
    output.bold(&match result.side {
        Some(side) => format!("{name}, {}, {day}", words::side(side)),
        None => format!("{name}, {day}"),
    })
}

/// A result that was just recorded.
pub fn recorded(
    test: &SelfTest,
    result: &TestResultView,
    sides: Option<&Imbalance>,
    output: &Output,
) -> String {
    let mut parts: Vec<String> = Vec::new();
    if test.id.as_str() == SIGNS {
        parts.push(heading(test, result, output));
    } else {
        let all = answers(test, result);
        let rows: Vec<(&str, String)> =
            all.iter().map(|(label, said)| (label.as_str(), said.clone())).collect();
        parts.push(format!("{}\n{}", heading(test, result, output), facts(&rows, output.width)));
    }
    if let Some(note) = &result.note {
        let note = say("prompt.test.note", &[("note", note.as_str().into())]);
        parts.push(wrapped(&note, output.width, 0));
    }
    parts.extend(meaning(test, result, output));
    parts.extend(sides.and_then(|sides| imbalance(test, sides, output)));
    parts.extend(caveats(test, output));
    let args = [
        ("id", short(&result.id).into()),
        ("status", sentence(&status(result.status, &result.seen_by)).into()),
    ];
    parts.push(wrapped(&say("prompt.test.entry", &args), output.width, 0));
    parts.push(information(output));
    parts.join("\n\n")
}

/// What was recorded of a test.
pub fn history(test: &SelfTest, history: &TestHistory, output: &Output) -> String {
    let name = name(test.id.as_str());
    if history.results.is_empty() {
        return say("prompt.test.none", &[("test", name.into())]);
    }
    let titles = [
        words::plain("prompt.test.id"),
        words::plain("prompt.test.day"),
        words::plain("prompt.test.side"),
        words::plain("prompt.test.result"),
    ];
    let [id, day, on, found] = &titles;
    let mut table = Table::new([
        (id.as_str(), Align::Left),
        (day.as_str(), Align::Left),
        (on.as_str(), Align::Left),
        (found.as_str(), Align::Left),
    ]);
    // A column with nothing in it is left out, its name too.
    for result in &history.results {
        table.row([
            short(&result.id).to_owned(),
            result.local_day.to_string(),
            side(result.side),
            cell(test, result),
        ]);
    }
    let mut parts = vec![format!("{}\n{}", output.bold(&name), table.text(output.width))];
    parts.extend(changes(test, &history.changes, output));
    parts.extend(history.imbalance.as_ref().and_then(|sides| imbalance(test, sides, output)));
    parts.extend(caveats(test, output));
    parts.push(information(output));
    parts.join("\n\n")
}

/// The tests there are, a line each.
pub fn tests(all: &[TestView], output: &Output) -> String {
    let titles = [
        words::plain("prompt.test.id"),
        words::plain("prompt.test.name"),
        words::plain("prompt.test.sides"),
        words::plain("prompt.test.last"),
    ];
    let [id, called, on, last] = &titles;
    let mut table = Table::new([
        (id.as_str(), Align::Left),
        (called.as_str(), Align::Left),
        (on.as_str(), Align::Left),
        (last.as_str(), Align::Left),
    ]);
    for view in all {
        let sides =
            if view.test.per_side { "prompt.test.both_sides" } else { "prompt.test.no_sides" };
        let last = view.last.iter().map(|result| result.local_day).max();
        table.row([
            view.test.id.to_string(),
            name(view.test.id.as_str()),
            words::plain(sides),
            last.map(|day| day.to_string()).unwrap_or_default(),
        ]);
    }
    let how = wrapped(&words::plain("prompt.test.how_to_record"), output.width, 0);
    format!("{}\n\n{how}\n\n{}", table.text(output.width), information(output))
}

/// One test in full: what it asks, what a result may mean, what to keep in mind, the last results.
pub fn test(view: &TestView, output: &Output) -> String {
    let test = view.test;
    let mut parts = vec![format!("{}\n{}", output.bold(&name(test.id.as_str())), test.id)];
    let asks = test.fields.iter().map(|field| {
        let optional = if field.optional && test.id.as_str() != SIGNS {
            format!(" ({})", words::plain("prompt.test.optional"))
        } else {
            String::new()
        };
        format!("{}{optional}: {}{}", field.id, question(field), words::cited(&[], field.ours))
    });
    parts.extend(section(&words::plain("prompt.test.asks"), asks.collect(), output));
    let means = test.thresholds.iter().map(|threshold| {
        let op = match threshold.op {
            holdfast::domain::catalogue::Comparison::Equal => "=",
            holdfast::domain::catalogue::Comparison::Less => "<",
            holdfast::domain::catalogue::Comparison::AtMost => "≤",
            holdfast::domain::catalogue::Comparison::More => ">",
            holdfast::domain::catalogue::Comparison::AtLeast => "≥",
        };
        let value = match &threshold.value {
            holdfast::domain::catalogue::TestValue::Bool(true) => words::plain("prompt.test.yes"),
            holdfast::domain::catalogue::TestValue::Bool(false) => words::plain("prompt.test.no"),
            holdfast::domain::catalogue::TestValue::Number(number) => number.to_string(),
            holdfast::domain::catalogue::TestValue::Option(option) => option.clone(),
        };
        format!(
            "{} {op} {value}: {}{}",
            threshold.field,
            words::plain(threshold.meaning.as_str()),
            words::cited(&threshold.sources, false)
        )
    });
    parts.extend(section(&words::plain("prompt.test.meaning"), means.collect(), output));
    parts.extend(caveats(test, output));
    let last = view.last.iter().map(|result| {
        let on = match result.side {
            Some(side) => format!("{}, {}", result.local_day, words::side(side)),
            None => result.local_day.to_string(),
        };
        format!("{on}: {}", cell(test, result))
    });
    parts.extend(section(&words::plain("prompt.test.last_results"), last.collect(), output));
    parts.push(information(output));
    parts.join("\n\n")
}

fn result_json(result: &TestResultView) -> Value {
    let mut body = json!(result);
    let readings = result.readings.iter().map(|reading| {
        json!({ "field": reading.field, "code": reading.meaning,
                "sentence": words::plain(reading.meaning.as_str()), "sources": reading.sources })
    });
    body["readings"] = readings.collect();
    if !result.signs.is_empty() {
        let said = |codes: &[holdfast::domain::words::Code]| -> Vec<String> {
            codes.iter().map(|code| words::plain(code.as_str())).collect()
        };
        let signs = result.signs.iter().map(|signs| {
            json!({ "list": signs.list, "title": words::plain(signs.title.as_str()),
                    "note": words::plain(signs.note.as_str()), "present": said(&signs.present),
                    "absent": said(&signs.absent), "unanswered": signs.unanswered,
                    "sources": signs.sources })
        });
        body["signs"] = signs.collect();
    }
    body
}

fn caveats_json(test: &SelfTest) -> Value {
    let caveat = |fact: &Fact| {
        json!({ "text": words::plain(fact.code.as_str()), "sources": fact.sources,
                "ours": fact.ours })
    };
    test.caveats.iter().map(caveat).collect()
}

/// A result that was just recorded, for scripts.
pub fn recorded_json(test: &SelfTest, result: &TestResultView, sides: Option<&Imbalance>) -> Value {
    json!({ "results": [result_json(result)], "imbalance": sides, "caveats": caveats_json(test) })
}

/// What was recorded of a test, for scripts.
pub fn history_json(test: &SelfTest, history: &TestHistory) -> Value {
    let results: Vec<Value> = history.results.iter().map(result_json).collect();
    json!({ "test": history.test, "results": results, "changes": history.changes,
            "imbalance": history.imbalance, "caveats": caveats_json(test) })
}

/// A test, for scripts.
pub fn test_json(view: &TestView) -> Value {
    let test = view.test;
    let field = |field: &TestField| {
        let options: Vec<Value> = field
            .options
            .iter()
            .map(|o| json!({ "id": o.id, "label": words::plain(o.label.as_str()) }))
            .collect();
        json!({ "id": field.id, "label": words::plain(field.label.as_str()), "type": field.kind,
                "optional": field.optional, "ours": field.ours, "muscle": field.muscle,
                "options": options, "min": field.min, "max": field.max })
    };
    let last: Vec<Value> = view.last.iter().map(result_json).collect();
    json!({ "id": test.id, "name": name(test.id.as_str()), "per_side": test.per_side,
            "fields": test.fields.iter().map(field).collect::<Vec<_>>(),
            "caveats": caveats_json(test), "sources": test.provenance.sources.all(),
            "last": last })
}
