//! The record as a whole: out, in, away, and looked over.

use std::fs;

use serde_json::{Value, json};

use crate::home::Home;

fn recorded() -> Home {
    let home = Home::made();
    home.json("routine add bedtime-10 --name Night --realign-side right");
    home.json("log psoas-release-hook --side both --held 90 --pain-before 6 --note 'slow breath'");
    let logged = home.json("log pec-minor-release --side left --held 60 --at 2026-03-01T21:30");
    let id = logged["holds"][0]["hold_id"].as_str().unwrap().to_owned();
    home.json(&format!("hold edit {id} --held 45"));
    home
}

fn text(path: &std::path::Path) -> &str {
    path.to_str().unwrap()
}

/// What a person recorded, without which device holds it and how far it has come.
fn recorded_holds(home: &Home) -> Vec<Value> {
    let mut holds = home.json("history")["holds"].as_array().unwrap().clone();
    for hold in &mut holds {
        let hold = hold.as_object_mut().unwrap();
        for name in ["device", "status", "seen_by", "notes", "logged_by"] {
            hold.remove(name);
        }
    }
    holds
}

#[test]
fn a_record_exported_and_imported_is_the_same_and_importing_twice_adds_nothing() {
    for (format, name) in [("json", "export.json"), ("automerge", "record")] {
        let home = recorded();
        let out = home.beside(name);
        home.json(&format!("export --format {format} --out {}", text(&out)));
        let other = Home::made();
        let dry = other.json(&format!("import {} --dry-run", text(&out)));
        assert_eq!(other.json("history")["holds"], json!([]), "a dry run writes nothing");
        let added = other.json(&format!("import {}", text(&out)));
        assert_eq!(added, dry, "{format}");
        assert!(added["added"].as_u64().is_some_and(|n| n > 3), "{format}: {added}");
        assert_eq!(added["refused"], json!([]), "{format}");
        assert_eq!(recorded_holds(&other), recorded_holds(&home), "{format}");
        let again = other.json(&format!("import {}", text(&out)));
        assert_eq!(again["added"], 0, "{format}: {again}");
        if format == "json" {
            let back = other.beside("back.json");
            other.json(&format!("export --format json --out {}", text(&back)));
            let read = |path| serde_json::from_slice::<Value>(&fs::read(path).unwrap()).unwrap();
            assert_eq!(read(&back), read(&out), "export, import, export is the export");
        }
        assert_eq!(other.json("doctor")["ok"], true, "{format}");
    }
}

#[test]
fn an_export_overwrites_nothing() {
    let home = recorded();
    let out = home.beside("letter");
    fs::write(&out, "dear").unwrap();
    let error = home.refused(&format!("export --format json --out {}", text(&out)), 2);
    assert_eq!(error["field"], "out");
    assert_eq!(fs::read_to_string(&out).unwrap(), "dear");
    home.refused(
        &format!("export --format json --out {}/no/such/folder", text(&home.beside("x"))),
        1,
    );
    assert_eq!(home.refused("export --format xml --out x", 2)["field"], "format");
}

#[test]
fn an_import_that_is_cut_off_or_foreign_is_refused_whole() {
    let home = recorded();
    let out = home.beside("export.json");
    home.json(&format!("export --format json --out {}", text(&out)));
    let whole = fs::read(&out).unwrap();
    let other = Home::made();
    let bad = other.beside("bad.json");
    for bytes in
        [&whole[..whole.len() / 2], b"", b"{}", b"[1,2]", b"\x85\x6f\x4a\x83rubbish", b"null"]
    {
        fs::write(&bad, bytes).unwrap();
        let error = other.run(&format!("--json import {}", text(&bad)));
        assert_ne!(error.code, 0, "{bytes:?}: {error:?}");
        let told: Value = serde_json::from_str(&error.stderr).unwrap();
        assert!(told["error"]["message"].as_str().unwrap().len() > 12, "{told}");
    }
    assert_ne!(other.run("--json import /no/such/file").code, 0);
    assert_eq!(other.json("history")["holds"], json!([]), "nothing was half-taken");
}

#[test]
fn erasing_asks_first_and_leaves_nothing_of_ours() {
    let home = recorded();
    let asked = home.refused("erase", 1);
    assert_eq!(asked["code"], "needs_confirmation");
    assert!(asked["message"].as_str().unwrap().contains("no second copy"), "{asked}");
    home.json("history");
    home.json("erase --yes");
    let left = fs::read_dir(home.path()).map(|entries| entries.count()).unwrap_or(0);
    assert_eq!(left, 0);
    assert_eq!(home.refused("history", 1)["code"], "not_a_home");
    home.json("init --name Ana");
}

#[test]
fn the_doctor_finds_a_sound_home_sound() {
    let home = recorded();
    let report = home.json("doctor");
    assert_eq!(report["ok"], true, "{report}");
    assert!(report["findings"].is_array());
    assert!(home.run("doctor").stdout.contains("All is in order."));
}

#[test]
fn many_commands_at_once_wait_for_each_other_and_lose_nothing() {
    let home = Home::made();
    std::thread::scope(|scope| {
        for n in 1..=8 {
            let home = &home;
            scope.spawn(move || {
                home.json(&format!("log psoas-release-hook --side left --set {n} --held 60"))
            });
        }
    });
    assert_eq!(home.json("history")["holds"].as_array().unwrap().len(), 8);
    assert_eq!(home.json("doctor")["ok"], true);
}

#[test]
fn a_home_that_another_program_keeps_is_named_with_its_keeper() {
    let home = Home::made();
    // What another Holdfast does while it writes: it holds the lock and says who it is.
    let lock = fs::File::options().write(true).open(home.path().join("lock")).unwrap();
    lock.lock().unwrap();
    let begun = std::time::Instant::now();
    let error = home.refused("log psoas-release-hook --side left --held 60", 1);
    assert_eq!(error["code"], "home_in_use");
    assert!(error["pid"].is_number() && error["command"].is_string(), "{error}");
    assert!(begun.elapsed().as_secs() >= 4, "it waited first");
}
