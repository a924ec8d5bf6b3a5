//! The store on real files: homes that are none, damage, locks, faults, copies, a full disk.

use std::path::Path;
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use holdfast_domain::units::Millis;
use holdfast_protocol::entropy::Entropy;
use holdfast_protocol::secret::Secret32;

use super::DATABASE;
use crate::clock::FakeClock;
use crate::config::{Config, Sharing};
use crate::error::{Error, HoldfastError};
use crate::home::NewHome;
use crate::key_provider::{FileKeyProvider, KeyError, KeyProvider};
use crate::store::{Priority, meta};
use crate::{Done, Engine, Faults, HistoryQuery, Key, LogRequest, LogSide, NewAccount};

/// Bytes that look random and are the same every time.
pub(crate) struct Seeded(pub(crate) u64);

impl Entropy for Seeded {
    fn fill(&mut self, out: &mut [u8]) {
        self.0 += 1;
        let mut hasher = blake3::Hasher::new();
        hasher.update(&self.0.to_le_bytes());
        hasher.finalize_xof().fill(out);
    }
}

/// A config of a test's own: a fake clock, a key file, and faults where wanted.
pub(crate) fn config(home: &Path, faults: Faults) -> Config {
    Config {
        clock: Arc::new(FakeClock::new(1_772_312_400_000, "Europe/Berlin")),
        faults,
        ..Config::command_line(home)
    }
}

pub(crate) fn account() -> NewAccount {
    NewAccount { name: "Ana".into(), device_name: "phone".into(), relay: None }
}

/// Makes a home with an account and closes it again.
pub(crate) fn found(home: &Path) {
    Engine::create(config(home, Faults::none()), account()).unwrap();
}

pub(crate) fn open(home: &Path) -> Result<Engine, HoldfastError> {
    Engine::open(config(home, Faults::none()))
}

fn refused(home: &Path) -> HoldfastError {
    open(home).map(drop).unwrap_err()
}

pub(crate) fn hold(secs: u64) -> LogRequest {
    LogRequest {
        side: Some(LogSide::Left),
        ..LogRequest::new("psoas-release-hook", Done::Held(Millis::from_secs(secs)))
    }
}

fn holds(engine: &Engine) -> usize {
    let query = HistoryQuery { limit: Some(500), ..HistoryQuery::default() };
    engine.history(&query).unwrap().holds.unwrap().len()
}

#[test]
fn a_home_opens_again_as_what_it_was() {
    let dir = tempfile::tempdir().unwrap();
    let home = dir.path().join("deep/home");
    found(&home);
    let identity = open(&home).unwrap().identity().unwrap();
    assert_eq!((identity.name.as_str(), identity.device_name.as_str()), ("Ana", "phone"));
    assert_eq!(identity.relay, None);
}

#[test]
fn what_is_no_home_says_so() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("file");
    std::fs::write(&file, "x").unwrap();
    for (path, says) in [
        (dir.path().join("absent"), "does not exist"),
        (file.clone(), "is a file"),
        (file.join("below"), "under a file"),
        (dir.path().to_owned(), "no database"),
    ] {
        let error = refused(&path);
        assert!(error.to_string().contains(says), "{error}");
        assert_eq!(error.code(), "not_a_home");
    }
    assert!(!dir.path().join("absent").exists());
    let error = Engine::create(config(&file, Faults::none()), account()).map(drop).unwrap_err();
    assert_eq!(error.code(), "not_a_home");
}

#[test]
fn a_second_identity_is_not_made_over_the_first() {
    let dir = tempfile::tempdir().unwrap();
    found(dir.path());
    let again = NewHome::prepare(&mut config(dir.path(), Faults::none())).map(drop);
    let error = HoldfastError::from(again.unwrap_err());
    assert_eq!(error.code(), "already_a_home");
    assert!(error.to_string().contains("Ana"));
}

#[test]
fn a_read_only_home_is_told_apart() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    let home = dir.path().join("home");
    found(&home);
    let mode = |mode| std::fs::set_permissions(&home, std::fs::Permissions::from_mode(mode));
    mode(0o500).unwrap();
    let error = refused(&home);
    mode(0o700).unwrap();
    assert_eq!(error.code(), "read_only", "{error}");
    open(&home).unwrap();
}

fn files(home: &Path) -> Vec<(String, Vec<u8>)> {
    let mut all: Vec<(String, Vec<u8>)> = std::fs::read_dir(home)
        .unwrap()
        .map(|entry| entry.unwrap())
        .filter(|entry| entry.file_name() != "lock")
        .map(|e| (e.file_name().into_string().unwrap(), std::fs::read(e.path()).unwrap()))
        .collect();
    all.sort();
    all
}

#[test]
fn a_damaged_database_is_named_and_left_as_it_is() {
    let dir = tempfile::tempdir().unwrap();
    found(dir.path());
    for secs in 1..40 {
        open(dir.path()).unwrap().log(&hold(secs)).unwrap();
    }
    let database = dir.path().join(DATABASE);
    let whole = std::fs::read(&database).unwrap();
    let mut garbage = vec![0; whole.len()];
    Seeded(5).fill(&mut garbage);
    for damaged in [&garbage[..], &garbage[..700], &whole[..whole.len() / 2], &whole[..5000]] {
        std::fs::write(&database, damaged).unwrap();
        let before = files(dir.path());
        let error = refused(dir.path());
        assert_eq!(error.code(), "damaged", "{error}");
        let after = files(dir.path());
        let named = |files: &[(String, Vec<u8>)], name: &str| {
            files.iter().find(|(found, _)| found == name).map(|(_, bytes)| bytes.clone())
        };
        assert_eq!(named(&after, DATABASE), named(&before, DATABASE));
    }
    // Damage in the middle does not show on opening; the doctor finds it, and nothing panics.
    let mut torn = whole.clone();
    let middle = torn.len() / 2 / 4096 * 4096;
    Seeded(6).fill(&mut torn[middle..middle + 3 * 4096]);
    std::fs::write(&database, &torn).unwrap();
    if let Ok(engine) = open(dir.path()) {
        match engine.doctor(false) {
            Ok(report) => assert!(!report.ok, "{report:?}"),
            Err(error) => assert_eq!(error.code(), "damaged", "{error}"),
        }
    }
    std::fs::write(&database, &whole).unwrap();
    assert_eq!(holds(&open(dir.path()).unwrap()), 39);
}

#[test]
fn newer_data_and_another_programs_database_are_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    found(dir.path());
    let database = dir.path().join(DATABASE);
    let conn = rusqlite::Connection::open(&database).unwrap();
    conn.pragma_update(None, "user_version", 99).unwrap();
    drop(conn);
    let error = refused(dir.path());
    assert_eq!(error.code(), "newer_data", "{error}");
    let conn = rusqlite::Connection::open(&database).unwrap();
    let version = conn.pragma_query_value(None, "user_version", |row| row.get::<_, i64>(0));
    assert_eq!(version.unwrap(), 99);
    conn.pragma_update(None, "application_id", 7).unwrap();
    drop(conn);
    assert_eq!(refused(dir.path()).code(), "damaged");
}

#[test]
fn a_lost_or_other_key_needs_recovery_and_touches_nothing() {
    let dir = tempfile::tempdir().unwrap();
    found(dir.path());
    let key = dir.path().join("key");
    let whole = std::fs::read(&key).unwrap();
    let check = || {
        let before = std::fs::read(dir.path().join(DATABASE)).unwrap();
        let error = refused(dir.path());
        assert_eq!(error.code(), "recovery_needed", "{error}");
        assert_eq!(std::fs::read(dir.path().join(DATABASE)).unwrap(), before);
    };
    std::fs::remove_file(&key).unwrap();
    check();
    assert!(!key.exists());
    std::fs::write(&key, &whole[..20]).unwrap();
    std::fs::set_permissions(&key, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    check();
    let keys = FileKeyProvider::in_directory(dir.path());
    keys.create(&Secret32::from_bytes([9; 32])).unwrap();
    keys.set_marker("other").unwrap();
    check();
}

#[test]
fn a_copied_home_writes_on_as_another_incarnation() {
    let dir = tempfile::tempdir().unwrap();
    let (here, copy) = (dir.path().join("here"), dir.path().join("copy"));
    found(&here);
    open(&here).unwrap().log(&hold(60)).unwrap();
    std::fs::create_dir(&copy).unwrap();
    for (name, bytes) in files(&here) {
        std::fs::write(copy.join(&name), bytes).unwrap();
    }
    let key = copy.join("key");
    std::fs::set_permissions(&key, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    let first = open(&here).unwrap().inner.who;
    let engine = open(&copy).unwrap();
    let second = engine.inner.who;
    assert_eq!(first.device, second.device);
    assert_ne!(first.incarnation, second.incarnation);
    assert_ne!(first.actor, second.actor);
    engine.log(&hold(30)).unwrap();
    assert_eq!(holds(&engine), 2);
    drop(engine);
    assert_eq!(open(&copy).unwrap().inner.who, second, "opened again it is the same");
}

#[test]
fn a_full_disk_is_told_apart_and_nothing_is_half_written() {
    let dir = tempfile::tempdir().unwrap();
    found(dir.path());
    let engine = open(dir.path()).unwrap();
    engine.log(&hold(60)).unwrap();
    let limit = |pages: i64| {
        let set = |conn: &rusqlite::Connection| {
            let sql = format!("PRAGMA max_page_count = {pages}");
            Ok(conn.query_row(&sql, [], |row| row.get::<_, i64>(0))?)
        };
        engine.inner.store.maintain("test", set).unwrap()
    };
    limit(1);
    let (mut logged, full) = loop {
        match engine.log(&hold(60)) {
            Ok(_) => {}
            Err(error) => break (holds(&engine), error),
        }
    };
    assert_eq!(full.code(), "disk_full", "{full}");
    assert!(full.hint().unwrap().to_string().contains("space"));
    assert!(engine.doctor(false).unwrap().ok);
    limit(1 << 30);
    engine.log(&hold(60)).unwrap();
    logged += 1;
    assert_eq!(holds(&engine), logged);
}

#[test]
#[ignore = "run as a child process by the test below"]
fn a_child_that_holds_the_lock() {
    let home = std::env::var("HOLDFAST_TEST_HOME").unwrap();
    let _held = super::lock::ProcessLock::new(Path::new(&home), Duration::ZERO)
        .take("sync --watch")
        .unwrap();
    println!("held");
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).unwrap();
}

#[test]
fn a_home_in_use_by_another_process_is_waited_for_and_then_named() {
    use std::io::{BufRead, Write};
    use std::process::{Command, Stdio};
    let dir = tempfile::tempdir().unwrap();
    found(dir.path());
    let engine = open(dir.path()).unwrap();
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "store::tests::a_child_that_holds_the_lock", "--ignored", "--nocapture"])
        .env("HOLDFAST_TEST_HOME", dir.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = std::io::BufReader::new(child.stdout.take().unwrap()).lines();
    while !said.next().unwrap().unwrap().contains("held") {}
    let started = Instant::now();
    let error = engine.log(&hold(60)).unwrap_err();
    let waited = started.elapsed();
    assert!((4900..8000).contains(&waited.as_millis()), "{waited:?}");
    let HoldfastError::HomeInUse { pid, command, .. } = &error else { panic!("{error:?}") };
    assert_eq!((*pid, command.as_str()), (child.id(), "sync --watch"));
    // Reading needs no lock.
    assert_eq!(holds(&engine), 0);
    child.stdin.take().unwrap().write_all(b"done\n").unwrap();
    engine.log(&hold(60)).unwrap();
    assert!(child.wait().unwrap().success());
    assert_eq!(holds(&engine), 1);
}

#[test]
fn two_engines_that_share_a_home_see_and_continue_each_others_work() {
    let dir = tempfile::tempdir().unwrap();
    found(dir.path());
    let (one, two) = (open(dir.path()).unwrap(), open(dir.path()).unwrap());
    for secs in 1..=10 {
        one.log(&hold(secs)).unwrap();
        two.log(&hold(secs + 20)).unwrap();
    }
    assert_eq!((holds(&one), holds(&two)), (20, 20));
    assert!(one.inner.store.others() > 0);
    assert!(two.doctor(false).unwrap().ok);
}

#[test]
fn a_second_open_in_the_process_that_owns_a_home_gives_the_same_engine() {
    let dir = tempfile::tempdir().unwrap();
    found(dir.path());
    let app = || Config { sharing: Sharing::OneProcess, ..config(dir.path(), Faults::none()) };
    let first = Engine::open(app()).unwrap();
    let second = Engine::open(app()).unwrap();
    assert!(Arc::ptr_eq(first.inner.shared(), second.inner.shared()));
    let (send, heard) = mpsc::channel();
    let home = dir.path().to_owned();
    std::thread::spawn(move || send.send(open(&home).map(drop)).unwrap());
    let outside = heard.recv_timeout(Duration::from_secs(20)).unwrap().unwrap_err();
    assert_eq!(outside.code(), "home_in_use");
    drop((first, second));
    open(dir.path()).unwrap();
}

#[test]
fn suspended_it_holds_no_lock_and_a_command_is_done_all_the_same() {
    let dir = tempfile::tempdir().unwrap();
    found(dir.path());
    let app = Config { sharing: Sharing::OneProcess, ..config(dir.path(), Faults::none()) };
    let engine = Engine::open(app).unwrap();
    engine.log(&hold(60)).unwrap();
    let started = Instant::now();
    engine.suspend().unwrap();
    assert!(started.elapsed() < Duration::from_millis(500));
    let wal = std::fs::metadata(dir.path().join("holdfast.db-wal")).map_or(0, |wal| wal.len());
    assert_eq!(wal, 0);
    open(dir.path()).unwrap().log(&hold(30)).unwrap();
    engine.log(&hold(20)).unwrap();
    open(dir.path()).unwrap().log(&hold(10)).unwrap();
    let sync = engine.inner.store.write(Priority::Sync, "sync", |_| Ok(()));
    assert!(matches!(sync, Err(Error::Suspended)));
    engine.resume().unwrap();
    engine.resume().unwrap();
    assert_eq!(holds(&engine), 4);
    engine.inner.store.write(Priority::Sync, "sync", |_| Ok(())).unwrap();
}

#[test]
fn a_long_write_ahead_log_is_copied_back_by_sync_and_not_by_whoever_logs_a_hold() {
    let dir = tempfile::tempdir().unwrap();
    found(dir.path());
    let engine = open(dir.path()).unwrap();
    let size = || std::fs::metadata(dir.path().join(DATABASE)).unwrap().len();
    let store = &engine.inner.store;
    let much = vec![7; 5 << 20];
    store.write(Priority::User, "test", |tx| meta::put(tx, "much", &much)).unwrap();
    engine.log(&hold(60)).unwrap();
    assert!(size() < 5 << 20, "{}", size());
    store.write(Priority::Sync, "sync", |_| Ok(())).unwrap();
    assert!(size() > 5 << 20, "{}", size());
    assert_eq!(holds(&engine), 1);
}

#[test]
fn a_panic_is_caught_rolled_back_and_asks_for_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    found(dir.path());
    let engine = open(dir.path()).unwrap();
    engine.log(&hold(60)).unwrap();
    let panicked: Result<(), HoldfastError> = engine.guarded(|inner| {
        inner.store.write(Priority::User, "test", |tx| {
            tx.execute("DELETE FROM hold", [])?;
            panic!("half-way");
        })
    });
    assert_eq!(panicked.unwrap_err().code(), "restart_needed");
    assert_eq!(engine.log(&hold(60)).unwrap_err().code(), "restart_needed");
    assert_eq!(engine.history(&HistoryQuery::default()).unwrap_err().code(), "restart_needed");
    drop(engine);
    let engine = open(dir.path()).unwrap();
    assert_eq!(holds(&engine), 1);
    let outside: Result<(), HoldfastError> = engine.guarded(|_| panic!("elsewhere"));
    assert_eq!(outside.unwrap_err().code(), "restart_needed");
    assert!(!engine.inner.store.is_usable());
}

#[test]
fn many_at_once_lose_nothing() {
    let dir = tempfile::tempdir().unwrap();
    found(dir.path());
    let (one, two) = (open(dir.path()).unwrap(), open(dir.path()).unwrap());
    std::thread::scope(|scope| {
        for engine in [&one, &one, &two, &two] {
            scope.spawn(move || {
                for secs in 1..=10 {
                    engine.log(&hold(secs)).unwrap();
                    assert!(holds(engine) > 0);
                }
            });
        }
    });
    assert_eq!((holds(&one), holds(&two)), (40, 40));
    assert!(one.doctor(false).unwrap().ok);
}

#[test]
fn a_listener_hears_of_a_hold_once_it_is_saved() {
    let dir = tempfile::tempdir().unwrap();
    found(dir.path());
    let engine = open(dir.path()).unwrap();
    let (send, heard) = mpsc::channel();
    let inside = engine.clone();
    let listening = engine.observe(move |keys| send.send((keys, holds(&inside))).unwrap_or(()));
    let soon = Duration::from_secs(10);
    assert_eq!(heard.recv_timeout(soon).unwrap().1, 0);
    engine.log(&hold(60)).unwrap();
    let (keys, count) = heard.recv_timeout(soon).unwrap();
    assert!(keys.has(Key::History) && keys.has(Key::Sync) && !keys.has(Key::Routines));
    assert_eq!(count, 1);
    assert!(engine.log(&LogRequest { pain_after: Some(11), ..hold(1) }).is_err());
    assert!(heard.recv_timeout(Duration::from_millis(50)).is_err());
    drop(listening);
    engine.log(&hold(60)).unwrap();
    assert!(heard.recv_timeout(Duration::from_millis(50)).is_err());
}

struct Failing(KeyError);

impl KeyProvider for Failing {
    fn load(&self) -> Result<Option<Secret32>, KeyError> {
        Err(self.0.clone())
    }
    fn create(&self, _: &Secret32) -> Result<(), KeyError> {
        Err(self.0.clone())
    }
    fn marker(&self) -> Result<Option<String>, KeyError> {
        Err(self.0.clone())
    }
    fn set_marker(&self, _: &str) -> Result<(), KeyError> {
        Err(self.0.clone())
    }
    fn forget(&self) -> Result<(), KeyError> {
        Err(self.0.clone())
    }
}

#[test]
fn a_key_store_that_refuses_is_told_apart_from_a_lost_key() {
    let dir = tempfile::tempdir().unwrap();
    found(dir.path());
    for (error, code) in [
        (KeyError::LockedRetryLater, "locked"),
        (KeyError::UserCancelled, "locked"),
        (KeyError::Lost, "recovery_needed"),
        (KeyError::Other("no bus".into()), "failed"),
    ] {
        let keys = Arc::new(Failing(error));
        let opened = Engine::open(Config { keys, ..config(dir.path(), Faults::none()) });
        assert_eq!(opened.map(drop).unwrap_err().code(), code);
    }
    open(dir.path()).unwrap();
}
