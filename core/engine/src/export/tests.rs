//! What goes out comes in again, whole, once, and never in part.

use std::fs;
use std::path::Path;

use holdfast_domain::record::{Amount, DayFact, Event, HabitTick, TestAnswer, TestResult};
use holdfast_domain::units::Nrs;
use holdfast_domain::vocabulary::{DayKind, Side};

use crate::commands::tests::{Home, held, home};
use crate::projection::days::MAX_RECORDS;
use crate::views::HoldView;
use crate::{DayQuery, Engine, ExportFormat, HistoryQuery, HoldEdit, LogRequest, LogSide};

fn left(secs: u64) -> LogRequest {
    LogRequest { side: Some(LogSide::Left), ..held("psoas-release-hook", secs) }
}

fn recorded() -> Home {
    let home = home();
    let one = home.engine.log(&left(90)).unwrap();
    home.engine.log(&LogRequest { note: Some("two\nlines".into()), ..left(45) }).unwrap();
    home.engine.log(&LogRequest { side: Some(LogSide::Both), ..left(30) }).unwrap();
    let edit = HoldEdit { note: Some("put right".into()), ..HoldEdit::default() };
    home.engine.edit_hold(&one[0].hold_id, &edit).unwrap();
    days(&home);
    home
}

/// One record of each kind, and one that was taken back.
fn days(home: &Home) {
    let inner = &home.engine.inner;
    let nrs = |score| Nrs::try_from(score).unwrap();
    let answers = [
        ("full_extension".to_owned(), TestAnswer::Bool(false)),
        ("extension_deg".to_owned(), TestAnswer::Number(Amount::new(-12.5).unwrap())),
    ];
    let facts = [
        DayFact::Test(TestResult {
            test: "thomas-test".parse().unwrap(),
            side: Side::Left,
            answers: answers.into(),
        }),
        DayFact::Tick(HabitTick {
            habit: "sleep-hours".parse().unwrap(),
            count: 1,
            value: Amount::new(7.3),
            nightly: true,
        }),
        DayFact::Event(Event::Run { minutes: 105 }),
        DayFact::Event(Event::Pain {
            site: "front-hip".parse().unwrap(),
            side: Side::Right,
            score: nrs(4),
        }),
        DayFact::Event(Event::Walk { minutes: 10 }),
    ];
    for fact in facts {
        let note = Some("as it\nwas");
        inner
            .command("test", |tx, journal| inner.record_day(tx, journal, None, fact, note))
            .unwrap();
    }
    let walks = DayQuery { about: Some("walk".into()), ..DayQuery::default() };
    let walk = home.engine.days(&walks).unwrap().remove(0);
    home.engine.remove_day_record(Some(DayKind::Event), &walk.id).unwrap();
}

fn export(engine: &Engine, format: ExportFormat, path: &Path) {
    engine.export(format, path).unwrap();
}

fn holds(engine: &Engine) -> Vec<HoldView> {
    engine.history(&HistoryQuery::default()).unwrap().holds.unwrap_or_default()
}

fn tree(path: &Path) -> Vec<(String, Vec<u8>)> {
    let mut files: Vec<_> = fs::read_dir(path)
        .unwrap()
        .map(|file| {
            let file = file.unwrap();
            (file.file_name().into_string().unwrap(), fs::read(file.path()).unwrap())
        })
        .collect();
    files.sort();
    files
}

#[test]
fn an_export_imported_into_a_fresh_home_exports_to_the_same_bytes() {
    let dir = tempfile::tempdir().unwrap();
    let (first, second) = (recorded(), home());
    let (one, two) = (dir.path().join("one.json"), dir.path().join("two.json"));
    export(&first.engine, ExportFormat::Json, &one);
    let report = second.engine.import(&one, false).unwrap();
    assert!(report.refused.is_empty(), "{:?}", report.refused);
    // Four observations, one session, five records of the day, two corrections.
    assert_eq!((report.added, report.unchanged), (12, 0));
    export(&second.engine, ExportFormat::Json, &two);
    assert_eq!(fs::read_to_string(one).unwrap(), fs::read_to_string(two).unwrap());
    let shown = |engine: &Engine| {
        holds(engine)
            .into_iter()
            .map(|hold| (hold.hold_id, hold.held_ms, hold.note, hold.corrected))
            .collect::<Vec<_>>()
    };
    assert_eq!(shown(&first.engine), shown(&second.engine));
    let days = |engine: &Engine| {
        let days = engine.days(&DayQuery::default()).unwrap();
        days.into_iter().map(|d| (d.id, d.at, d.local_day, d.what, d.note)).collect::<Vec<_>>()
    };
    assert_eq!(days(&first.engine).len(), 4);
    assert_eq!(days(&first.engine), days(&second.engine));
}

#[test]
fn importing_twice_adds_nothing_and_a_dry_run_writes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let (first, second) = (recorded(), home());
    let file = dir.path().join("one.json");
    export(&first.engine, ExportFormat::Json, &file);
    assert_eq!(second.engine.import(&file, true).unwrap().added, 12);
    assert!(holds(&second.engine).is_empty());
    assert_eq!(second.engine.import(&file, false).unwrap().added, 12);
    let again = second.engine.import(&file, false).unwrap();
    assert_eq!((again.added, again.unchanged, again.refused.len()), (0, 12, 0));
    assert_eq!(first.engine.import(&file, false).unwrap().added, 0);
}

#[test]
fn automerge_documents_come_in_again_and_carry_the_same_records() {
    let dir = tempfile::tempdir().unwrap();
    let (first, second) = (recorded(), home());
    let folder = dir.path().join("documents");
    export(&first.engine, ExportFormat::Automerge, &folder);
    assert!(tree(&folder).iter().any(|(name, _)| name.ends_with(".automerge")));
    assert_eq!(second.engine.import(&folder, false).unwrap().added, 12);
    let (one, two) = (dir.path().join("one.json"), dir.path().join("two.json"));
    export(&first.engine, ExportFormat::Json, &one);
    export(&second.engine, ExportFormat::Json, &two);
    assert_eq!(fs::read(one).unwrap(), fs::read(two).unwrap());
}

#[test]
fn what_is_cut_off_or_foreign_is_refused_in_words_and_nothing_is_taken() {
    let dir = tempfile::tempdir().unwrap();
    let (first, second) = (recorded(), home());
    let file = dir.path().join("one.json");
    export(&first.engine, ExportFormat::Json, &file);
    let whole = fs::read_to_string(&file).unwrap();
    let refused = |text: &str, word: &str| {
        fs::write(&file, text).unwrap();
        let error = second.engine.import(&file, false).unwrap_err().to_string();
        assert!(error.contains(word) && error.contains("Nothing was imported"), "{error}");
        assert!(holds(&second.engine).is_empty());
    };
    for part in [1, whole.len() / 3, whole.len() - 3] {
        refused(&whole[..part], "cut off");
    }
    refused("{\"a\": 1}", "does not read");
    refused(&whole.replacen("holdfast-export", "something", 1), "it says it is");
    refused(&whole.replacen("\"schema\": 1", "\"schema\": 9", 1), "format 9");
    let error = second.engine.import(&dir.path().join("nowhere"), false).unwrap_err().to_string();
    assert!(error.contains("nowhere"), "{error}");
}

#[test]
fn a_record_of_a_day_that_cannot_be_is_refused_alone() {
    let dir = tempfile::tempdir().unwrap();
    let (first, second) = (recorded(), home());
    let file = dir.path().join("one.json");
    export(&first.engine, ExportFormat::Json, &file);
    let text = fs::read_to_string(&file).unwrap();
    let broken = text.replacen("\"full_extension\":false", "\"full_extension\":7", 1);
    fs::write(&file, broken.replacen("\"minutes\":105", "\"minutes\":0", 1)).unwrap();
    let report = second.engine.import(&file, false).unwrap();
    let whys: Vec<_> = report.refused.iter().map(|refused| refused.what).collect();
    assert_eq!((report.added, whys), (10, vec!["test", "event"]), "{:?}", report.refused);
    assert!(report.refused[0].why.to_string().contains("yes or no"), "{:?}", report.refused);
}

#[test]
fn an_export_never_writes_over_something() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("precious.txt");
    fs::write(&file, "precious").unwrap();
    let error = recorded().engine.export(ExportFormat::Json, &file).unwrap_err().to_string();
    assert!(error.contains("exists already"), "{error}");
    assert_eq!(fs::read_to_string(&file).unwrap(), "precious");
}

#[test]
fn a_day_of_more_records_than_a_list_holds_is_a_table_all_the_same() {
    let dir = tempfile::tempdir().unwrap();
    let (home, folder) = (home(), dir.path().join("tables"));
    let inner = &home.engine.inner;
    let many = MAX_RECORDS as usize + 3;
    inner
        .command("test", |tx, journal| {
            for _ in 0..many {
                let walk = DayFact::Event(Event::Walk { minutes: 10 });
                inner.record_day(tx, journal, None, walk, None)?;
            }
            Ok(())
        })
        .unwrap();
    let report = home.engine.export_tables(&folder, false).unwrap();
    assert_eq!(report.events, many);
    let mut rows = ::csv::Reader::from_path(folder.join("events.csv")).unwrap();
    let ids: std::collections::BTreeSet<String> =
        rows.records().map(|row| row.unwrap()[0].to_owned()).collect();
    assert_eq!(ids.len(), many, "each of them once");
}
