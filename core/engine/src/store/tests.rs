//! The store on real files: homes that are none, damage, locks, faults, and turns.

use std::sync::Arc;

use holdfast_protocol::ids::SpaceId;

use super::meta::Me;
use crate::clock::FakeClock;
use crate::config::Config;
use crate::error::HoldfastError;
use crate::home::NewHome;
use crate::store::Priority;
use crate::{Engine, Faults};

/// A config of a test's own: a fake clock, a key file, and faults where wanted.
pub(crate) fn config(home: &std::path::Path, faults: Faults) -> Config {
    Config {
        clock: Arc::new(FakeClock::new(1_772_312_400_000, "Europe/Berlin")),
        faults,
        ..Config::command_line(home)
    }
}

/// An identity that no relay knows.
pub(crate) fn me(home: &NewHome) -> Me {
    let hex = |n: u8| SpaceId([n; 32]).to_hex();
    Me {
        account: hex(1),
        name: "Ana".to_owned(),
        device: hex(2),
        device_name: "phone".to_owned(),
        chart: hex(3),
        incarnation: home.incarnation,
    }
}

/// Makes a home with an identity and closes it again.
pub(crate) fn found(home: &std::path::Path) {
    let new = NewHome::prepare(&mut config(home, Faults::none())).unwrap();
    new.store.write(Priority::User, "init", |tx| new.found(tx, &me(&new))).unwrap();
}

fn open(home: &std::path::Path) -> Result<Engine, HoldfastError> {
    Engine::open(config(home, Faults::none()))
}

fn refused(home: &std::path::Path) -> HoldfastError {
    open(home).map(drop).unwrap_err()
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
