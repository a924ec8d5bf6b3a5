//! Exercises of one's own, blocks, a routine as a file, tables: at the prompt.

use std::collections::BTreeMap;
use std::fs;

use serde_json::{Value, json};

use crate::home::Home;

const LEAN: &str = "exercise add 'Wall lean' --kind stretch --sides per_side --hold 30-45 \
                    --muscles hip-flexors --note slowly";

fn steps(routine: &Value) -> Vec<&Value> {
    let blocks = routine["routine"]["blocks"].as_array().unwrap();
    blocks.iter().flat_map(|block| block["steps"].as_array().unwrap()).collect()
}

#[test]
fn an_own_exercise_is_added_found_a_step_logged_played_and_kept_in_history() {
    let home = Home::made();
    let made = home.json(LEAN)["exercise"].clone();
    let id = made["id"].as_str().unwrap().to_owned();
    assert!(id.starts_with("own:"), "{made}");
    assert_eq!(made["dose"]["hold_s"], json!({ "min": 30, "max": 45 }));
    assert_eq!((&made["dose"]["mode"], &made["name"]), (&json!("timed"), &json!("Wall lean")));
    assert!(made.get("position").is_none() && made.get("region").is_none(), "only what was said");
    let found = home.json("catalog wall lean");
    let listed: Vec<&Value> = found["exercises"].as_array().unwrap().iter().collect();
    assert_eq!((listed.len(), &listed[0]["id"]), (1, &made["id"]));
    assert_eq!(listed[0]["own"], true);
    assert_eq!(home.json("catalog show 'wall lean'")["exercise"]["id"], made["id"]);

    home.json("routine new Evening");
    let with = home.json("routine step Evening add 'Wall lean'");
    assert_eq!(
        (&steps(&with)[0]["exercise"], &steps(&with)[0]["side"]),
        (&made["id"], &json!("both"))
    );
    assert!(home.run("routine show Evening").stdout.contains("Wall lean"));
    let played = home.json("play Evening --fast 600");
    assert_eq!(played["holds"].as_array().unwrap().len(), 2, "{played}");
    assert_eq!(played["holds"][0]["exercise_name"], "Wall lean");

    let hold = home.json("log 'wall lean' --side left --held 31")["holds"][0].clone();
    assert_eq!((&hold["exercise"], &hold["exercise_name"]), (&made["id"], &json!("Wall lean")));
    home.json("exercise edit 'Wall lean' --name 'Door lean' --hold 60 --note=");
    let after = home.json(&format!("hold show {}", hold["hold_id"].as_str().unwrap()));
    assert_eq!(
        (&after["hold"]["target_ms"], &after["hold"]["held_ms"]),
        (&hold["target_ms"], &hold["held_ms"])
    );
    assert!(home.run("history").stdout.contains("Door lean"));
    assert_eq!(steps(&home.json("routine show Evening"))[0]["dose"]["hold_s"]["min"], 30);

    let refused = home.refused("exercise remove 'Door lean'", 1);
    assert_eq!(refused["code"], "in_use");
    assert!(refused["message"].as_str().unwrap().contains("Evening"), "{refused}");
    home.json("routine remove Evening");
    home.json("exercise remove 'Door lean'");
    assert_eq!(home.json("exercise list")["exercises"], json!([]));
    assert_eq!(home.json("exercise list --removed")["exercises"][0]["id"], made["id"]);
    assert_eq!(
        home.json(&format!("history --exercise {id}"))["holds"].as_array().unwrap().len(),
        3
    );
    assert!(home.run("history").stdout.contains("Door lean"), "the name stays");
    home.json(&format!("exercise restore {id}"));
}

#[test]
fn an_own_exercise_that_makes_no_sense_is_refused_with_the_field() {
    let home = Home::made();
    home.json(LEAN);
    let add = "exercise add";
    for (line, field) in [
        (format!("{add} ' ' --kind stretch --sides bilateral"), "name"),
        (format!("{add} 'WALL lean' --kind stretch --sides bilateral"), "name"),
        (format!("{add} childs-pose --kind stretch --sides bilateral"), "name"),
        (format!("{add} {} --kind stretch --sides bilateral", "x".repeat(200)), "name"),
        (format!("{add} Lean --kind stretch --sides sideways"), "sides"),
        (format!("{add} Lean --kind stretch --sides unstated"), "sides"),
        (format!("{add} Lean --kind nonsense --sides bilateral"), "kind"),
        (format!("{add} Lean --kind self_test --sides bilateral"), "kind"),
        (format!("{add} Lean --kind stretch --sides bilateral --hold 90-30"), "hold"),
        (format!("{add} Lean --kind stretch --sides bilateral --hold 99999"), "hold"),
        (format!("{add} Lean --kind stretch --sides bilateral --mode slot"), "mode"),
        (format!("{add} Lean --kind stretch --sides bilateral --muscles heart"), "muscles"),
        ("exercise edit 'Wall lean' --position sideways".to_owned(), "position"),
        ("exercise edit childs-pose --hold 90".to_owned(), "exercise"),
        ("exercise remove childs-pose".to_owned(), "exercise"),
    ] {
        assert_eq!(home.refused(&line, 2)["field"], field, "{line}");
    }
    home.refused("exercise edit 'Wall lean'", 2);
    home.refused("exercise edit nothing --hold 30", 1);
    assert_eq!(home.json("exercise list")["exercises"].as_array().unwrap().len(), 1);
}

#[test]
fn blocks_are_added_ordered_chosen_moved_noted_and_removed() {
    let home = Home::made();
    home.json("routine new Evening");
    let block = |n: usize| {
        let shown = home.json("routine show Evening");
        shown["routine"]["blocks"][n]["block_id"].as_str().unwrap().to_owned()
    };
    home.json("routine block Evening add childs-pose");
    home.json(
        "routine block Evening add psoas-release-hook iliacus-release-hook --order side_major",
    );
    assert_eq!(steps(&home.json("routine show Evening")).len(), 3);
    let torn = home.refused(&format!("routine block Evening order {} step_major", block(1)), 1);
    assert_eq!(torn["code"], "hard_rule");
    home.json(&format!("routine block Evening move {} --first", block(1)));
    home.json(&format!("routine block Evening note {} 'on the mat'", block(0)));
    let shown = home.json("routine show Evening");
    assert_eq!(shown["routine"]["blocks"][0]["note"], "on the mat");
    assert_eq!(steps(&shown)[2]["exercise"], "childs-pose");
    home.json(&format!("routine block Evening remove {}", block(1)));
    assert_eq!(steps(&home.json("routine show Evening")).len(), 2);
    home.refused("routine block Evening remove zzz", 1);
    home.refused(&format!("routine block Evening choose {}", block(0)), 2);
    let gone = home.json("routine remove Evening")["removed"].as_str().unwrap().to_owned();
    home.json(&format!("routine restore {gone}"));
    assert_eq!(steps(&home.json("routine show Evening")).len(), 2);
}

#[test]
fn a_routine_file_goes_from_home_to_home_with_its_own_exercises_and_no_person() {
    let (home, other) = (Home::made(), Home::made());
    home.json(LEAN);
    home.json("routine new Evening");
    home.json("routine step Evening add 'Wall lean'");
    let over = "--override iliacus-after-psoas --reason 'after my surgery'";
    home.json(&format!("routine step Evening add iliacus-release-hook {over}"));
    let file = home.beside("evening.json");
    home.json(&format!("routine export Evening --out {}", file.display()));
    home.refused(&format!("routine export Evening --out {}", file.display()), 2);
    let text = fs::read_to_string(&file).unwrap();
    assert!(text.contains("Wall lean") && text.contains("holdfast-routine"), "{text}");
    for person in ["Ana", "surgery", "author", "created_at", "Berlin"] {
        assert!(!text.contains(person), "{person}: {text}");
    }
    let line = format!("routine import {}", file.display());
    assert_eq!(other.refused(&line, 1)["code"], "hard_rule");
    assert_eq!(other.refused(&format!("import {}", file.display()), 1)["code"], "hard_rule");
    let over = "--override iliacus-after-psoas --reason 'my own therapist'";
    let looked = other.json(&format!("{line} {over} --dry-run"));
    assert_eq!(
        (&looked["added"], &looked["exercises_added"]),
        (&json!(true), &json!(["Wall lean"]))
    );
    assert_eq!(other.json("routine list")["routines"], json!([]));
    other.json(&format!("{line} {over}"));
    assert_eq!(other.json("exercise list")["exercises"][0]["name"], "Wall lean");
    assert_eq!(other.json(&line)["added"], false, "twice changes nothing");
    let again = other.json(&format!("import {}", file.display()));
    assert_eq!((&again["added"], &again["unchanged"]), (&json!(0), &json!(1)));
}

#[test]
fn a_file_that_is_no_routine_file_is_refused_with_a_sentence_and_nothing_is_written() {
    let home = Home::made();
    home.json("routine new Evening");
    home.json("routine step Evening add childs-pose");
    let whole = home.beside("whole.json");
    home.json(&format!("routine export Evening --out {}", whole.display()));
    let text = fs::read_to_string(&whole).unwrap();
    home.json("routine remove Evening");
    let deep = format!("{{\"kind\":\"holdfast-routine\",\"routine\":{}", "[".repeat(100_000));
    for (name, content, says) in [
        ("empty", String::new(), "too early"),
        ("cut", text[..text.len() / 2].to_owned(), "cut off"),
        ("foreign", "{\"kind\":\"recipe\",\"schema\":1}".to_owned(), "recipe"),
        ("newer", text.replace("\"schema\": 1", "\"schema\": 2"), "update"),
        ("list", "[]".to_owned(), "not an object"),
        ("prose", "take two eggs".to_owned(), "does not read"),
        ("deep", deep, "does not read"),
        ("huge", " ".repeat(5 << 20), "bytes"),
        ("unknown", text.replace("childs-pose", "no-such-exercise"), "no exercise"),
        ("whole record", "{\"kind\":\"holdfast-export\",\"schema\":1}".to_owned(), "whole record"),
    ] {
        let file = home.beside(&format!("{}.json", name.replace(' ', "-")));
        fs::write(&file, content).unwrap();
        let refused = home.refused(&format!("routine import {}", file.display()), 2);
        let message = refused["message"].as_str().unwrap();
        assert!(message.contains(says), "{name}: {message}");
    }
    home.refused(&format!("routine import {}", home.beside("nowhere.json").display()), 2);
    assert_eq!(home.json("routine list")["routines"], json!([]));
    assert_eq!(home.json(&format!("import {}", whole.display()))["added"], 1);
}

/// A table as its rows, each by heading; a `'` that guards a text is taken away.
fn table(folder: &std::path::Path, name: &str) -> Vec<BTreeMap<String, String>> {
    let text = fs::read_to_string(folder.join(name)).unwrap();
    assert!(text.ends_with("\r\n"), "{name} has CRLF");
    let mut reader = csv::ReaderBuilder::new().from_reader(text.as_bytes());
    let plain = |cell: &str| cell.strip_prefix('\'').unwrap_or(cell).to_owned();
    reader
        .deserialize()
        .map(|row: Result<BTreeMap<String, String>, _>| {
            row.unwrap().into_iter().map(|(name, cell)| (name, plain(&cell))).collect()
        })
        .collect()
}

fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[test]
fn the_tables_say_what_history_says_and_no_cell_is_a_formula() {
    let home = Home::made();
    home.json(LEAN);
    home.json("routine add bedtime-10 --name '=Night' --realign-side right");
    let note = "=HYPERLINK(\"http://example.org\";\"x\"), \"quoted\"";
    let mut line: Vec<String> =
        "--json log psoas-release-hook --side left --held 61 --pain-before 6 --pain-after 3 --note"
            .split(' ')
            .map(str::to_owned)
            .collect();
    line.push(note.to_owned());
    assert_eq!(home.run_args(&line).code, 0);
    home.json("log 'Wall lean' --side right --held 20 --note=-1");
    home.json("log cat-cow --reps 12 --load 8kg");
    let out = home.beside("tables");
    let done = home.json(&format!("export --format csv --out {}", out.display()));
    assert_eq!(done["holds"], 3, "{done}");
    let holds = table(&out, "holds.csv");
    let told = home.json("history")["holds"].clone();
    assert_eq!(holds.len(), told.as_array().unwrap().len());
    for (row, hold) in holds.iter().zip(told.as_array().unwrap()) {
        for (heading, written) in row {
            let said = match heading.as_str() {
                "attempts_ms" | "tempo_s" | "findings" => continue,
                "load" => hold["load"]
                    .get("value")
                    .map_or(String::new(), |v| v.as_f64().unwrap().to_string()),
                "load_unit" => cell(hold["load"].get("unit").unwrap_or(&Value::Null)),
                name => cell(hold.get(name).unwrap_or(&Value::Null)),
            };
            assert_eq!(*written, said, "{heading}");
        }
    }
    let sessions = table(&out, "sessions.csv");
    let told = home.json("history --by session")["sessions"].clone();
    assert_eq!(sessions.len(), told.as_array().unwrap().len());
    for (row, session) in sessions.iter().zip(told.as_array().unwrap()) {
        assert_eq!(row["session_id"], cell(&session["id"]));
        assert_eq!(row["held_ms"], cell(&session["held_ms"]));
        assert_eq!(row["started_at"], cell(&session["started_at"]));
    }
    let plan = table(&out, "plan.csv");
    let shown = home.json("routine show Night");
    assert_eq!(plan.len(), steps(&shown).len());
    assert!(
        plan.iter().zip(steps(&shown)).all(|(row, step)| row["step_id"] == cell(&step["step_id"]))
    );
    for name in ["holds", "sessions", "tests", "habits", "events", "plan"] {
        let text = fs::read_to_string(out.join(format!("{name}.csv"))).unwrap();
        let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(text.as_bytes());
        for row in reader.records().map(Result::unwrap) {
            assert!(
                row.iter().all(|cell| !cell.starts_with(['=', '+', '-', '@', '\t'])),
                "{row:?}"
            );
        }
    }
    home.refused(&format!("export --format csv --out {}", out.display()), 2);
    home.json("log childs-pose --held 30");
    let again = home.json(&format!("export --format csv --out {} --overwrite", out.display()));
    assert_eq!((&again["holds"], table(&out, "holds.csv").len()), (&json!(4), 4));
    fs::write(out.join("mine.txt"), "mine").unwrap();
    home.refused(&format!("export --format csv --out {} --overwrite", out.display()), 2);
    assert_eq!(fs::read_to_string(out.join("mine.txt")).unwrap(), "mine");
    home.refused(&format!("export --format json --out {} --overwrite", out.display()), 2);
}

#[test]
fn a_routine_file_that_cannot_be_finished_leaves_nothing_behind() {
    let home = Home::made();
    home.json("routine new Evening");
    let folder = home.beside("letters");
    fs::create_dir(&folder).unwrap();
    let out = folder.join("evening.json");
    // The file is made beside its place: where that place is taken by a folder, nothing can be written.
    fs::create_dir(folder.join("evening.json.part")).unwrap();
    home.refused(&format!("routine export Evening --out {}", out.display()), 1);
    assert!(!out.exists(), "no half a file");
    fs::remove_dir(folder.join("evening.json.part")).unwrap();
    home.json(&format!("routine export Evening --out {}", out.display()));
    let names: Vec<_> =
        fs::read_dir(&folder).unwrap().map(|file| file.unwrap().file_name()).collect();
    assert_eq!(names, ["evening.json"]);
    let again = home.refused(&format!("routine export Evening --out {}", out.display()), 2);
    assert_eq!(again["field"], "out");
}

#[test]
fn an_own_habit_is_listed_ticked_and_planned_under_its_name() {
    let home = Home::made();
    let at = |line: &str| home.json(&format!("--now 2026-03-02T12:00+01:00[Europe/Berlin] {line}"));
    let made = at("exercise add 'Stand at the phone' --kind habit --sides bilateral --mode tick");
    let id = made["exercise"]["id"].as_str().unwrap().to_owned();
    let ticked = at("habit done 'Stand at the phone' --count 2");
    assert_eq!((&ticked["tick"]["habit"], &ticked["habit"]["done"]), (&json!(id), &json!(2)));
    at("habit plan 'stand at' --per-day 3");
    let listed = at("habit list");
    let own = &listed["habits"][0];
    assert_eq!((&own["habit"], &own["name"]), (&json!(id), &json!("Stand at the phone")));
    assert_eq!((&own["left"], &own["frequency_stated"]), (&json!(1), &json!(false)));
    let text = home.run("--now 2026-03-02T12:00+01:00[Europe/Berlin] habit list").stdout;
    assert!(text.contains("Stand at the phone"), "{text}");
    // Out and in again, ticks and plan; and removed it is offered no more, its tick undone still.
    let out = home.beside("out.json");
    home.json(&format!("export --format json --out {}", out.display()));
    let other = Home::made();
    assert_eq!(other.json(&format!("import {}", out.display()))["refused"], json!([]));
    let there = other.json("--now 2026-03-02T12:00+01:00[Europe/Berlin] habit list");
    assert_eq!(there["habits"][0]["done"], 2);
    at("habit unplan 'Stand at the phone'");
    at("exercise remove 'Stand at the phone'");
    assert!(!at("habit list").to_string().contains(&id));
    let undone = at(&format!("habit undo {}", ticked["tick"]["id"].as_str().unwrap()));
    assert_eq!(undone["habit"]["done"], 0);
}

#[test]
fn a_hold_of_an_own_exercise_is_put_right_by_its_own_mode() {
    let home = Home::made();
    home.json("exercise add 'Wall push' --kind strength --sides bilateral --reps 10");
    let made = home.json("log 'Wall push' --reps 8 --load 20kg");
    let id = made["holds"][0]["hold_id"].as_str().unwrap().to_owned();
    let put = home.json(&format!("hold edit {id} --reps 9 --load 45lb"));
    assert_eq!((&put["hold"]["reps"], &put["hold"]["load"]["unit"]), (&json!(9), &json!("lb")));
    let error = home.refused(&format!("hold edit {id} --clear reps"), 2);
    assert_eq!(error["field"], "reps", "{error}");
}
