//! Brings records of the project's notes and of the catalogue into one form, texts by presence, so
//! that they can be compared.

use serde_json::{Map, Value, json};

/// A record of the notes with each text replaced by its presence, each list of texts by its
/// length, and sources and ours in one form.
pub fn facts(record: &Value) -> Value {
    let Value::Object(fields) = record else { return record.clone() };
    let mut out = Map::new();
    for (key, value) in fields {
        let fact = match (key.as_str(), value) {
            (
                "name" | "text" | "note" | "notes" | "rest_note" | "meaning" | "says" | "topic"
                | "handling" | "title" | "suspect" | "label" | "stated_for" | "nature",
                _,
            ) => {
                json!(value.as_str().is_some_and(|text| !text.is_empty()))
            }
            // A gate's action is one of a list of words; a red flag's is a sentence.
            ("action", Value::String(text)) if text.contains(' ') => json!(true),
            ("unit", Value::String(unit)) if unit.is_empty() => Value::Null,
            ("gaps" | "uncertain" | "ladder", Value::Array(texts)) => json!(texts.len()),
            ("items", Value::Array(texts)) if texts.iter().all(Value::is_string) => {
                json!(texts.len())
            }
            // The name of a tempo's phase is a word of the data, not a sentence.
            ("phases", _) => value.clone(),
            ("sources", sources) => super::typed::whole_or_by_field(sources),
            ("ours", Value::Array(fields)) if fields.is_empty() => json!(false),
            // A range of which nothing is stated is no range.
            ("hold_s" | "reps" | "sets" | "stated_time_s", range) if states_nothing(range) => {
                Value::Null
            }
            (_, Value::Object(_)) => facts(value),
            (_, Value::Array(items)) => items.iter().map(facts).collect(),
            _ => value.clone(),
        };
        out.insert(key.clone(), fact);
    }
    Value::Object(out)
}

fn states_nothing(range: &Value) -> bool {
    range.as_object().is_some_and(|parts| {
        parts.values().all(|part| part.is_null() || *part == Value::Bool(false))
    })
}

/// Drops what says nothing, so that an absent field equals an empty one. A stated `false` or 0
/// under `value`, `profile`, `min` or `max` says something and stays.
pub fn lean(value: Value) -> Value {
    fn says_nothing(key: &str, value: &Value) -> bool {
        match value {
            Value::Null => true,
            Value::Bool(false) => {
                !matches!(key, "value" | "warm" | "can_lie_prone")
                    && key != "doctor_ok_front_pressure"
            }
            Value::Array(items) => items.is_empty(),
            Value::Object(fields) => fields.is_empty(),
            _ => false,
        }
    }
    match value {
        Value::Object(fields) => Value::Object(
            fields
                .into_iter()
                .map(|(key, value)| (key, lean(value)))
                .filter(|(key, value)| !says_nothing(key, value))
                .collect(),
        ),
        Value::Array(items) => items.into_iter().map(lean).collect(),
        other => other,
    }
}
