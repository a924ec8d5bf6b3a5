//! Every record of the catalogue and every other kind of record: in at the prompt, out again by every way
//! there is, and nothing lost or changed on any of them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::home::Home;

/// Everything happens on these days, so that what is due and how it goes can be compared.
const THE_DAY: &str = "2026-03-03";
const AFTER: &str = "--now 2026-03-04T20:00:00+01:00";

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("a text: {value}"))
}

fn list<'a>(value: &'a Value, name: &str) -> &'a Vec<Value> {
    value[name].as_array().unwrap_or_else(|| panic!("a list of {name}: {value}"))
}

/// A home in which each record of the catalogue was recorded by its mode. The n-th is of the n-th minute of
/// the day, and its note says which it is.
struct Recorded {
    home: Home,
    minute: u32,
    holds: BTreeSet<String>,
    tests: BTreeSet<String>,
    habits: BTreeSet<String>,
    slots: BTreeSet<String>,
}

impl Recorded {
    fn at(&mut self) -> String {
        self.minute += 3;
        format!("--at {THE_DAY}T{:02}:{:02} --yes", 8 + self.minute / 60, self.minute % 60)
    }

    /// Runs a command as at the end of the days.
    fn done(&self, line: &str) -> Value {
        self.home.json(&format!("{AFTER} {line}"))
    }

    fn record(&mut self, exercise: &Value) {
        let id = text(&exercise["id"]).to_owned();
        let at = self.at();
        let note = format!("--note 'as it was: {id}'");
        let mode = text(&exercise["dose"]["mode"]);
        match (text(&exercise["kind"]), mode) {
            ("habit", _) => {
                let at = at.replace(" --yes", "");
                self.done(&format!("habit done {id} {at} {note}"));
                self.habits.insert(id);
            }
            ("self_test", "test") => {
                self.self_test(&id);
                self.tests.insert(id);
            }
            (_, "slot") => {
                self.slot(&id);
                self.slots.insert(id);
            }
            (_, mode) => {
                let what = match mode {
                    "timed" | "until_eased" => {
                        "--held 31 --target 30 --eased 22 --paused 2 --pain-before 6 --pain-after 3 \
                         --pain-site front-hip --by Ben"
                    }
                    "open" => "--minutes 3 --ended stopped --tool ball",
                    "reps" => "--reps 9 --hold-each 2 --load 12.5kg --pain-after 1",
                    "tempo" => "--reps 8 --tempo 3:2:1",
                    mode => panic!("{id} has a mode that nothing here records: {mode}"),
                };
                let sides: &[&str] = match text(&exercise["laterality"]) {
                    "per_side" => &["--side both"],
                    "alternating" | "affected_side" => &["--side left", "--side right"],
                    "one_side_only" => &["--side right"],
                    _ => &[""],
                };
                for side in sides {
                    self.done(&format!("log {id} {what} {side} {at} {note}"));
                }
                self.holds.insert(id);
            }
        }
    }

    /// Every field of a self-test is answered.
    fn self_test(&mut self, id: &str) {
        let test = list(&self.done(&format!("test list {id}")), "tests")[0].clone();
        let mut results = String::new();
        for (n, field) in list(&test, "fields").iter().enumerate() {
            let value = match text(&field["type"]) {
                "bool" => if n % 2 == 0 { "yes" } else { "no" }.to_owned(),
                "enum" => {
                    let options = list(field, "options");
                    text(&options[n % options.len()]["id"]).to_owned()
                }
                "degrees" => "-12.5".to_owned(),
                "score" => "7".to_owned(),
                "seconds" => "24.5".to_owned(),
                kind => panic!("{id} asks for a kind that nothing here answers: {kind}"),
            };
            results.push_str(&format!(" --result {}={value}", text(&field["id"])));
        }
        let sides: &[&str] =
            if test["per_side"] == true { &["--side left", "--side right"] } else { &[""] };
        for side in sides {
            let at = self.at().replace(" --yes", "");
            let note = format!("--note 'as it was: {id}'");
            self.done(&format!("test record {id}{results} {side} {at} {note}"));
        }
    }

    /// What names no exercise is refused until somebody says what was done in its place.
    fn slot(&mut self, id: &str) {
        let refused = self.home.refused(&format!("{AFTER} log {id} --done"), 2);
        assert_eq!(refused["field"], "exercise", "{refused}");
        let name = format!("'With {id}'");
        self.done(&format!("routine new {name}"));
        let step = self.done(&format!("routine step {name} add {id}"));
        let step =
            text(&list(&list(&step["routine"], "blocks")[0], "steps")[0]["step_id"]).to_owned();
        let at = self.at();
        let line = format!("log childs-pose --routine {name} --step {step} --held 40 {at}");
        let not_yet = self.home.run(&format!("--json {AFTER} play {name} --fast 600"));
        assert_ne!(not_yet.code, 0, "{id} cannot be played before it is filled: {not_yet:?}");
        self.done(&format!("routine step {name} set {step} --exercise childs-pose"));
        self.done(&format!("{line} --date {THE_DAY} --note 'as it was: {id}'"));
    }

    /// Everything that is no record of the catalogue.
    fn rest(&mut self) {
        let own = "exercise add 'Wall lean' --kind stretch --sides per_side --hold 30-45 \
                   --muscles hip-flexors --note slowly";
        self.done(own);
        let gone = "exercise add 'Old one' --kind strength --sides bilateral --reps 8-12 --sets 2";
        self.done(gone);
        let at = self.at();
        self.done(&format!("log 'Wall lean' --side left --held 35 {at} --note 'an own one'"));
        let at = self.at();
        self.done(&format!("log 'Old one' --reps 11 {at} --note 'later removed'"));
        self.done("exercise remove 'Old one'");
        self.done("routine new Evening");
        self.done("routine step Evening add 'Wall lean'");
        self.done("routine schedule Evening --per-day 1 --slots bedtime=22:15");
        self.done("routine add bedtime-10 --name Night --realign-side right");
        self.done("routine schedule Night --every 2");
        self.done("plan slot lunch 12:15");
        self.done("plan pause --from 2026-04-01 --until 2026-04-08");
        self.done("habit plan sit-break --every 50 --between 09:00-17:00");
        self.done("habit plan stress-relief --per-day 2");
        self.done("habit plan sleep-side --per-day 1");
        self.done("habit unplan sleep-side");
        self.done("habit done sleep-hours --value 7.5");
        self.done("habit done sit-break --count 3 --note 'three at once'");
        let undone = self.done("habit done desk-posture --note 'never was'");
        self.done(&format!("habit undo {}", text(&undone["tick"]["id"])));
        self.done(&format!("event add run --minutes 105 --at {THE_DAY}T07:45 --note 'long one'"));
        self.done(&format!("event add walk --minutes 10 --at {THE_DAY}T07:58"));
        self.done(&format!("pain low-back 4 --at {THE_DAY}T08:00 --note 'after the run'"));
        self.done(&format!("pain front-hip 6 --side right --at {THE_DAY}T08:01"));
        let gone = self.done("event add walk --minutes 99 --note 'never was'");
        self.done(&format!("event remove {}", text(&gone["event"]["id"])));
        let gone =
            self.done("test record thomas-test --side left --result fail --note 'never was'");
        self.done(&format!("test remove {}", text(&list(&gone, "results")[0]["id"])));
        let all = "test record signs --result weak-flexors.stride --result weak-flexors.tight=no";
        self.done(all);
        let logged =
            self.done(&format!("log childs-pose --held 50 {} --note 'put right'", self.minute()));
        let id = text(&list(&logged, "holds")[0]["hold_id"]).to_owned();
        self.done(&format!("hold edit {id} --held 45 --pain-after 2"));
        let logged =
            self.done(&format!("log childs-pose --held 77 {} --note 'never was'", self.minute()));
        let id = text(&list(&logged, "holds")[0]["hold_id"]).to_owned();
        self.done(&format!("hold remove {id}"));
        self.done(
            "profile set knots=yes prone_ok=no forward_side=left day_start=02:30 ask_first=no",
        );
        self.done("profile set hypermobile=yes");
        self.done("profile unset hypermobile");
        let played = self.done("play Evening --fast 600");
        assert_eq!(list(&played, "holds").len(), 2, "{played}");
    }

    fn minute(&self) -> String {
        format!("--at {THE_DAY}T06:{:02}", self.minute % 60)
    }
}

/// Who recorded it, on what, how far it has come, and notes under the name of who wrote them: that is the
/// importing device's to say.
const OF_THE_DEVICE: [&str; 8] =
    ["device", "status", "seen_by", "logged_by", "recorded_by", "author", "by", "notes"];

fn without_device(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|name, _| !OF_THE_DEVICE.contains(&name.as_str()));
            fields.values_mut().for_each(without_device);
        }
        Value::Array(items) => items.iter_mut().for_each(without_device),
        _ => {}
    }
}

/// Everything that the prompt says of a home, by the command that says it.
fn said(home: &Home) -> BTreeMap<String, Value> {
    let mut said = BTreeMap::new();
    let mut ask = |line: String| {
        let mut answer = home.json(&format!("{AFTER} {line}"));
        without_device(&mut answer);
        said.insert(line, answer.clone());
        answer
    };
    ask("history --limit 500".to_owned());
    ask("history --by session --limit 500".to_owned());
    for test in list(&ask("test list".to_owned()), "tests") {
        ask(format!("test history {}", text(&test["id"])));
    }
    ask(format!("habit list --date {THE_DAY}"));
    ask("habit list".to_owned());
    ask("event list".to_owned());
    ask("profile show".to_owned());
    ask("exercise list".to_owned());
    for routine in list(&ask("routine list".to_owned()), "routines") {
        ask(format!("routine show {}", text(&routine["id"])));
    }
    ask("plan show".to_owned());
    ask("schedule --days 14".to_owned());
    ask("progress --days 30".to_owned());
    said
}

fn recorded() -> Recorded {
    let home = Home::made();
    let catalogue = home.json("catalog");
    let none = BTreeSet::new;
    let (holds, tests, habits, slots) = (none(), none(), none(), none());
    let mut all = Recorded { home, minute: 0, holds, tests, habits, slots };
    let records = list(&catalogue, "exercises");
    assert_eq!(records.len(), 84, "the catalogue's records");
    for exercise in records {
        all.record(exercise);
    }
    all.rest();
    let kinds = [&all.holds, &all.tests, &all.habits, &all.slots];
    assert_eq!(kinds.iter().map(|kind| kind.len()).sum::<usize>(), 84, "each of them once");
    all
}

fn path(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn export(home: &Home, format: &str, name: &str) -> std::path::PathBuf {
    let out = home.beside(name);
    home.json(&format!("export --format {format} --out {}", path(&out)));
    out
}

fn read(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

/// What was logged is what is listed: each record of the catalogue where it belongs, with what was said of it.
fn nothing_lost(all: &Recorded, said: &BTreeMap<String, Value>) {
    let holds = list(&said["history --limit 500"], "holds");
    let noted = |id: &str| -> Vec<&Value> {
        holds.iter().filter(|hold| hold["note"] == format!("as it was: {id}")).collect()
    };
    for id in &all.holds {
        let found = noted(id);
        assert!((1..=2).contains(&found.len()), "{id}: {found:?}");
        for hold in found {
            assert_eq!(hold["exercise"], **id);
            let (held, reps) = (&hold["held_ms"], &hold["reps"]);
            let as_logged = match (held.as_u64(), reps.as_u64()) {
                (Some(31_000), None) => {
                    hold["target_ms"] == 30_000
                        && hold["eased_ms"] == 22_000
                        && hold["paused_ms"] == 2_000
                        && (&hold["pain_before"], &hold["pain_after"]) == (&json!(6), &json!(3))
                        && hold["pain_site"] == "front-hip"
                        && hold["assisted_by"] == "Ben"
                }
                (Some(180_000), None) => hold["ended_by"] == "stopped" && hold["tool"] == "ball",
                (_, Some(9)) => {
                    hold["load"] == json!({ "value": 12.5, "unit": "kg" })
                        && hold["pain_after"] == 1
                }
                (_, Some(8)) => hold["tempo"] == json!([3, 2, 1]),
                _ => false,
            };
            assert!(as_logged, "{id}: {hold}");
        }
    }
    for id in &all.slots {
        let found = noted(id);
        assert_eq!(found.len(), 1, "{id}");
        assert_eq!(
            (&found[0]["exercise"], &found[0]["held_ms"]),
            (&json!("childs-pose"), &json!(40_000))
        );
    }
    for id in &all.tests {
        let results = list(&said[&format!("test history {id}")], "results");
        assert!((1..=2).contains(&results.len()), "{id}: {results:?}");
        assert_eq!(results[0]["note"], format!("as it was: {id}"));
    }
    let habits = list(&said[&format!("habit list --date {THE_DAY}")], "habits");
    for id in &all.habits {
        let habit = habits.iter().find(|habit| habit["habit"] == **id).unwrap();
        assert_eq!((&habit["done"], list(habit, "ticks").len()), (&json!(1), 1), "{habit}");
        assert_eq!(habit["ticks"][0]["note"], format!("as it was: {id}"));
    }
    assert_eq!(list(&said["event list"], "events").len(), 4);
    let everything = serde_json::to_string(said).unwrap();
    assert!(!everything.contains("never was"), "what was taken back is said nowhere");
    let right = holds.iter().find(|hold| hold["note"] == "put right").unwrap();
    assert_eq!((&right["held_ms"], &right["corrected"]), (&json!(45_000), &json!(true)));
}

#[test]
fn all_84_records_and_every_other_kind_come_out_of_every_export_as_they_went_in() {
    let all = recorded();
    let here = said(&all.home);
    nothing_lost(&all, &here);
    let out = export(&all.home, "json", "export.json");
    for (format, name) in [("json", "export.json"), ("automerge", "record")] {
        let from = if format == "json" { out.clone() } else { export(&all.home, format, name) };
        let other = Home::made();
        let added = other.json(&format!("{AFTER} import {}", path(&from)));
        assert_eq!(added["refused"], json!([]), "{format}");
        let there = said(&other);
        for (line, answer) in &here {
            let found = differences(line, &there[line], answer);
            assert!(found.is_empty(), "{format}: {found:#?}");
        }
        let again = other.json(&format!("{AFTER} import {}", path(&from)));
        assert_eq!((&again["added"], &again["refused"]), (&json!(0), &json!([])), "{format}");
        let back = export(&other, "json", "back.json");
        assert_eq!(read(&back), read(&out), "{format}: exported, imported and exported again");
        assert_eq!(other.json("doctor")["ok"], true, "{format}");
    }
    let back = all.home.json(&format!("{AFTER} import {}", path(&out)));
    assert_eq!((&back["added"], &back["refused"]), (&json!(0), &json!([])), "its own export");
    tables(&all.home, &here);
}

/// Where two answers differ, with what each says.
fn differences(at: &str, one: &Value, other: &Value) -> Vec<String> {
    match (one, other) {
        (Value::Object(a), Value::Object(b)) => {
            let names: BTreeSet<&String> = a.keys().chain(b.keys()).collect();
            let each =
                |name: &&String| differences(&format!("{at}.{name}"), &one[*name], &other[*name]);
            names.iter().flat_map(each).collect()
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            let each = |n: usize| differences(&format!("{at}[{n}]"), &a[n], &b[n]);
            (0..a.len()).flat_map(each).collect()
        }
        _ if one == other => Vec::new(),
        _ => vec![format!("{at}: {one} there, {other} here")],
    }
}

type Row = BTreeMap<String, String>;

fn table(folder: &Path, name: &str) -> Vec<Row> {
    csv::Reader::from_path(folder.join(name)).unwrap().deserialize().map(Result::unwrap).collect()
}

fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// The tables say what the lists say, row by row.
fn tables(home: &Home, said: &BTreeMap<String, Value>) {
    let folder = export(home, "csv", "tables");
    let same = |rows: &[Row], listed: &[&Value], ids: (&str, &str), columns: &[(&str, &str)]| {
        assert_eq!(rows.len(), listed.len(), "{ids:?}");
        for item in listed {
            let row = rows.iter().find(|row| row[ids.0] == cell(&item[ids.1]));
            let row = row.unwrap_or_else(|| panic!("a row for {item}"));
            for (column, field) in columns {
                assert_eq!(row[*column], cell(&item[*field]), "{column} of {item}");
            }
        }
    };
    let alike = |names: &[&'static str]| -> Vec<(&'static str, &'static str)> {
        names.iter().map(|name| (*name, *name)).collect()
    };
    let holds: Vec<&Value> = list(&said["history --limit 500"], "holds").iter().collect();
    let columns = alike(&[
        "session_id",
        "routine",
        "step",
        "exercise",
        "side",
        "set",
        "rep",
        "target_ms",
        "held_ms",
        "under_pressure_ms",
        "paused_ms",
        "eased_ms",
        "pain_before",
        "pain_after",
        "pain_site",
        "reps",
        "tool",
        "ended_by",
        "started_at",
        "local_day",
        "assisted_by",
        "note",
        "corrected",
        "source",
        "counts",
    ]);
    same(&table(&folder, "holds.csv"), &holds, ("hold_id", "hold_id"), &columns);
    let mut results = Vec::new();
    let mut ticks = Vec::new();
    for (line, answer) in said {
        if line.starts_with("test history") {
            results.extend(list(answer, "results"));
        }
        if line.starts_with("habit list") {
            ticks.extend(list(answer, "habits").iter().flat_map(|habit| list(habit, "ticks")));
        }
    }
    let rows = table(&folder, "tests.csv");
    same(
        &rows,
        &results,
        ("record_id", "id"),
        &alike(&["test", "side", "at", "local_day", "note"]),
    );
    for result in &results {
        let row = rows.iter().find(|row| row["record_id"] == cell(&result["id"])).unwrap();
        let answers: Value = serde_json::from_str(&row["answers"]).unwrap();
        assert_eq!(answers, result["answers"], "{result}");
    }
    let rows = table(&folder, "habits.csv");
    let columns = alike(&["habit", "count", "value", "at", "local_day", "note"]);
    same(&rows, &ticks, ("record_id", "id"), &columns);
    let events: Vec<&Value> = list(&said["event list"], "events").iter().collect();
    let mut columns = alike(&["minutes", "side", "at", "local_day", "note"]);
    columns.extend([("event", "kind"), ("pain_site", "site"), ("pain", "score")]);
    same(&table(&folder, "events.csv"), &events, ("record_id", "id"), &columns);
    let sessions = list(&said["history --by session --limit 500"], "sessions").len();
    assert_eq!(table(&folder, "sessions.csv").len(), sessions);
}
