//! The words: German where it is complete, and nothing that was written in code. The second is shown
//! in a marked English: a letter without a mark is text that did not come from the words.

use std::collections::BTreeSet;

use holdfast::domain::catalogue::Catalogue;
use holdfast::domain::profile::Question;
use serde_json::Value;

use crate::home::{Home, Ran, program, ran, split};

/// Runs the program in a language.
pub fn run_in(home: &Home, language: &str, line: &str) -> Ran {
    ran(program(&home.path()).env("HOLDFAST_LANG", language).args(split(line)))
}

/// What may stand unmarked: what Ana typed, ids, and what is typed at the prompt.
fn is_known(token: &str) -> bool {
    const TYPED: &[&str] = &["Ana", "phone", "Evening", "Europe/Berlin", "up", "soon"];
    let catalogue = Catalogue::built_in();
    let id = |known: &str| token == known;
    // A device's or a routine's id has a digit, and no word of English has.
    let hex = |b: u8| b.is_ascii_hexdigit();
    TYPED.contains(&token)
        || token.len() >= 12
            && token.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
            && token.bytes().any(|b| b.is_ascii_digit())
        || token.len() >= 8 && token.bytes().all(hex) && token.bytes().any(|b| b.is_ascii_digit())
        || catalogue.exercises().iter().any(|exercise| id(exercise.id.as_str()))
        || catalogue.templates().iter().any(|template| id(template.id.as_str()))
        || catalogue.rules().iter().any(|rule| id(rule.id.as_str()))
        || catalogue.gates().iter().any(|gate| id(gate.id.as_str()))
        || catalogue.conditions().iter().any(|condition| id(condition.id.as_str()))
        || Question::ALL.iter().any(|question| id(question.as_str()))
}

/// The words of a text that have a letter without a mark, what is known left out.
pub fn unmarked(text: &str, also: &[&str]) -> Vec<String> {
    let mut text = text.to_owned();
    for known in also {
        text = text.replace(known, " ");
    }
    text.split(|c: char| !(c.is_alphanumeric() || matches!(c, '-' | '_' | '/')))
        .map(|token| token.trim_matches(['-', '/']))
        .filter(|token| token.bytes().any(|b| b.is_ascii_alphabetic()) && !is_known(token))
        .map(str::to_owned)
        .collect()
}

/// Every text of a document, and the beginning by which the program shows an id.
pub fn ids(document: &Value, into: &mut BTreeSet<String>) {
    match document {
        Value::String(text) => {
            into.insert(text.clone());
            into.extend(text.get(..8).map(str::to_owned));
            into.extend(text.strip_prefix("own:").map(str::to_owned));
        }
        Value::Array(items) => items.iter().for_each(|item| ids(item, into)),
        Value::Object(fields) => fields.iter().for_each(|(name, value)| {
            ids(&Value::String(name.clone()), into);
            ids(value, into);
        }),
        _ => {}
    }
}

fn script(home: &Home, lines: &str) -> String {
    let path = home.beside("inputs.txt");
    std::fs::write(&path, lines).unwrap();
    path.to_str().unwrap().to_owned()
}

fn evening() -> Home {
    let home = Home::made();
    home.json("profile set pregnant=no prone_ok=yes ask_first=no");
    home.json("routine new Evening");
    for exercise in ["psoas-release-hook", "iliacus-release-hook"] {
        home.json(&format!("routine step Evening add {exercise} --hold 40 --side left"));
    }
    home
}

#[test]
fn nothing_that_a_person_reads_was_written_in_code() {
    let home = evening();
    let inputs = script(&home, "0 start\n100 pain before 6\n36000 eased\n60000 stop pain 7\n");
    let made = home.json("log psoas-release-hook --side left --held 60 --pain-before 4");
    let hold = made["holds"][0]["hold_id"].as_str().unwrap().to_owned();
    let out = home.beside("out.json").to_str().unwrap().to_owned();
    let folder = home.path().to_str().unwrap().to_owned();
    let lines = [
        "catalog psoas".to_owned(),
        "catalog show psoas-release-hook".to_owned(),
        "catalog nothing-like-it".to_owned(),
        "safety".to_owned(),
        "safety redflags".to_owned(),
        "safety ask-first".to_owned(),
        "safety psoas-release-hook".to_owned(),
        "routine list --templates".to_owned(),
        "routine add bedtime-10 --realign-side right".to_owned(),
        "routine list".to_owned(),
        "routine show Evening".to_owned(),
        "routine check Evening".to_owned(),
        format!("play Evening --inputs {inputs} --fast 2000"),
        "history".to_owned(),
        "history --by session".to_owned(),
        "history --since 2001-01-01 --until 2001-01-02".to_owned(),
        format!("hold show {hold} --observations"),
        format!("hold edit {hold} --held 70"),
        "log iliacus-release-hook --side both --held 45 --ended stopped".to_owned(),
        "log psoas-release-hook --side up --held 45".to_owned(),
        "log psoas-release-hook --held 45".to_owned(),
        "log psoas-release-hook --side left --held soon".to_owned(),
        "log psoas-release-hook --side left --held 45 --pain-after 11".to_owned(),
        "log calf-raise --reps 10".to_owned(),
        format!("hold remove {hold}"),
        "device list".to_owned(),
        "relay show".to_owned(),
        "sync".to_owned(),
        "doctor".to_owned(),
        format!("export --format json --out {out}"),
        format!("import {out}"),
        "erase".to_owned(),
    ];
    let said: Vec<(&String, Ran)> =
        lines.iter().map(|line| (line, run_in(&home, "qps", line))).collect();
    // Ids are random: they are looked up in what the program says of the home as JSON.
    let mut known = BTreeSet::from(["loose".to_owned()]);
    ids(&made, &mut known);
    ids(&serde_json::from_str(&std::fs::read_to_string(&out).unwrap()).unwrap(), &mut known);
    for line in ["history", "device list", "routine list"] {
        ids(&home.json(line), &mut known);
    }
    for routine in home.json("routine list")["routines"].as_array().unwrap() {
        let shown = home.json(&format!("routine show {}", routine["id"].as_str().unwrap()));
        ids(&shown["routine"], &mut known);
    }
    let mut found = Vec::new();
    for (line, ran) in &said {
        let text = format!("{}\n{}", ran.stdout, ran.stderr);
        assert!(text.contains('⟦'), "{line} says nothing that is marked: {ran:?}");
        let mut odd = unmarked(&text, &[&out, &folder]);
        odd.retain(|token| !known.contains(token));
        if !odd.is_empty() {
            found.push(format!("{line}: {odd:?}\n{text}"));
        }
    }
    assert!(found.is_empty(), "written in code:\n{}", found.join("\n"));
}

#[test]
fn a_session_typed_line_by_line_is_said_from_the_words_too() {
    let home = evening();
    let mut command = program(&home.path());
    command.env("HOLDFAST_LANG", "qps");
    let input = "?\nnonsense\nstart\npause\npause\nresume\nstop pain 11\nquit\n";
    let ran = home.run_command_reading(command, "play Evening --plain --mute --fast 1", input);
    let odd = unmarked(&format!("{}\n{}", ran.stdout, ran.stderr), &["nonsense"]);
    assert!(ran.stdout.contains('⟦') && odd.is_empty(), "{odd:?}\n{ran:?}");
}

#[test]
fn what_is_written_in_code_is_found() {
    assert_eq!(unmarked("⟦Ńóťħíńǵ⟧ psoas-release-hook 3 Saved", &[]), ["Saved"]);
}

#[test]
fn a_session_is_conducted_in_german() {
    let home = evening();
    let inputs = script(&home, "0 start\n100 pain before 6\n40000 eased\n120000 pain after 3\n");
    let played = run_in(&home, "de", &format!("play Evening --inputs {inputs} --fast 2000"));
    for text in ["Psoas, Haken", "links", "6 → 3.", "gehalten.", "noch keine zweite"] {
        assert!(played.stdout.contains(text), "{text}: {played:?}");
    }
    let german = ran(program(&home.path()).env("LC_ALL", "de_AT.UTF-8").args(["safety", "stop"]));
    assert!(german.stdout.contains("30 s vorbei sind und es nicht nachlässt"), "{german:?}");
    let side = run_in(&home, "de", "log psoas-release-hook --held 45");
    assert!(side.stderr.contains("auf einer Seite nach der anderen"), "{side:?}");
}
