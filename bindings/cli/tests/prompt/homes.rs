//! Homes that cannot be used: each its own sentence, nothing changed.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use crate::home::{Home, program, ran, refusal};

#[test]
fn a_folder_without_a_record_says_how_to_make_one() {
    let home = Home::empty();
    for line in ["history", "log psoas-release-hook --side left --held 60", "doctor", "sync"] {
        let error = home.refused(line, 1);
        assert_eq!(error["code"], "not_a_home", "{line}");
        assert!(error["hint"].as_str().unwrap().contains("holdfast init"), "{line}: {error}");
    }
    assert!(!home.path().exists(), "asking makes no home");
}

#[test]
fn a_home_that_is_a_file_is_left_as_it_is() {
    let home = Home::empty();
    fs::write(home.path(), "a letter").unwrap();
    for line in ["init --name Ana", "history"] {
        let error = home.refused(line, 1);
        assert!(error["message"].as_str().unwrap().contains("file"), "{line}: {error}");
    }
    assert_eq!(fs::read_to_string(home.path()).unwrap(), "a letter");
}

#[test]
fn a_damaged_database_is_named_and_kept() {
    let home = Home::made();
    home.json("log psoas-release-hook --side left --held 60");
    let database = database(&home);
    let mut bytes = fs::read(&database).unwrap();
    for suffix in ["-wal", "-shm"] {
        let _ = fs::remove_file(database.with_file_name(format!(
            "{}{suffix}",
            database.file_name().unwrap().to_str().unwrap()
        )));
    }
    bytes.iter_mut().take(4096).for_each(|byte| *byte ^= 0x5a);
    fs::write(&database, &bytes).unwrap();
    let error = home.refused("history", 1);
    assert_eq!(error["code"], "damaged");
    assert!(error["hint"].is_string(), "{error}");
    assert_eq!(fs::read(&database).unwrap(), bytes);
}

#[test]
fn data_of_a_newer_version_is_not_touched() {
    let home = Home::made();
    let database = database(&home);
    let mut bytes = fs::read(&database).unwrap();
    // The format number of SQLite's `user_version`, big-endian at offset 60 of the header.
    bytes[60..64].copy_from_slice(&9_999_u32.to_be_bytes());
    fs::write(&database, &bytes).unwrap();
    assert_eq!(home.refused("history", 1)["code"], "newer_data");
    assert_eq!(fs::read(&database).unwrap(), bytes);
}

#[test]
fn a_lost_key_asks_for_recovery_and_touches_nothing() {
    let home = Home::made();
    fs::remove_file(home.path().join("key")).unwrap();
    let error = home.refused("history", 1);
    assert_eq!(error["code"], "recovery_needed");
    assert!(!home.path().join("key").exists(), "no new key is made where data is");
}

#[test]
fn a_key_that_others_can_read_is_refused() {
    let home = Home::made();
    fs::set_permissions(home.path().join("key"), fs::Permissions::from_mode(0o644)).unwrap();
    let error = home.refused("history", 1);
    assert!(error["message"].as_str().unwrap().contains("chmod 600"), "{error}");
}

#[test]
fn a_home_that_cannot_be_written_says_so() {
    // Root writes everywhere, so the folder is put where nobody can: below /proc.
    let line = "init --name Ana --json";
    let mut command = program(std::path::Path::new("/proc/holdfast"));
    let error = refusal(line, &ran(command.args(line.split(' '))), 1);
    assert!(error["message"].as_str().unwrap().contains("/proc/holdfast"), "{error}");
}

#[test]
fn another_chart_than_ones_own_does_not_exist() {
    let home = Home::made();
    assert_eq!(home.refused("--chart Bens history", 1)["field"], "chart");
}

fn database(home: &Home) -> std::path::PathBuf {
    // Everything is in the file itself once nobody has it open.
    let files = fs::read_dir(home.path()).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> = files
        .filter(|path| fs::read(path).is_ok_and(|b| b.starts_with(b"SQLite format 3\0")))
        .collect();
    assert_eq!(files.len(), 1, "{files:?}");
    files.remove(0)
}
