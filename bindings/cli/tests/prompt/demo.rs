//! The demo proves what it says, and leaves nothing behind.

use serde_json::Value;

use crate::home::{Home, program, ran};

#[test]
fn the_demo_holds_in_under_a_minute_and_cleans_up() {
    let home = Home::empty();
    let folder = home.beside("tmp");
    std::fs::create_dir(&folder).unwrap();
    let begun = std::time::Instant::now();
    let ran = ran(program(&home.path()).args(["demo", "--json"]).env("TMPDIR", &folder));
    assert!(begun.elapsed().as_secs() < 60);
    assert_eq!(ran.code, 0, "{ran:?}");
    let told: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(told["ok"], true, "{told}");
    let steps = told["steps"].as_array().unwrap();
    assert!(steps.len() >= 17 && steps.iter().all(|step| step["ok"] == true), "{told}");
    let figures = &told["figures"];
    assert!(figures["relay_bytes"].as_u64().unwrap() > 0, "{figures}");
    assert!(figures["idle_bytes"].as_u64().unwrap() <= 200, "{figures}");
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 0, "nothing is left behind");
    assert!(!home.path().exists(), "one's own home is not touched");
}

#[test]
fn a_demo_that_cannot_be_says_so_and_ends_with_1() {
    let home = Home::empty();
    let ran = ran(program(&home.path()).arg("demo").env("TMPDIR", "/no/such/folder"));
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.stderr.contains("temporary folder"), "{ran:?}");
}
