//! A session that Ana plays and Ben follows: two real programs, two homes, a real relay.

use std::path::Path;
use std::process::{Child, Stdio};
use std::time::Duration;

use serde_json::{Value, json};

use crate::home::{Home, program, split};
use crate::people::Two;

/// Ana with two holds of 40 s tonight, and Ben who may write her log.
fn evening() -> Two {
    let two = Two::sharing("Ben", "--role partner --for Ben");
    let ana = &two.ana;
    ana.json("profile set pregnant=no prone_ok=yes ask_first=no");
    ana.json("routine new Evening");
    for exercise in ["psoas-release-hook", "iliacus-release-hook"] {
        ana.json(&format!("routine step Evening add {exercise} --hold 40 --side left"));
    }
    ana.json("sync");
    two.guest.json("sync");
    two
}

/// A file of inputs beside a home.
fn script(home: &Home, lines: &str) -> String {
    let path = home.beside("inputs.txt");
    std::fs::write(&path, lines).unwrap();
    path.display().to_string()
}

fn begin(home: &Path, line: &str) -> Child {
    let mut command = program(home);
    let command = command.args(split(line)).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().unwrap()
}

fn end(child: Child) -> Value {
    let output = child.wait_with_output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{told}");
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"))
}

fn holds(document: &Value) -> &Vec<Value> {
    document["holds"].as_array().unwrap()
}

#[test]
fn a_partner_follows_in_a_program_of_his_own_and_pauses() {
    let two = evening();
    let inputs = script(&two.ana, "12000 start\n");
    let ana = begin(
        &two.ana.path(),
        &format!("play Evening --slot bedtime --with-partner --json --fast 6 --inputs {inputs}"),
    );
    let inputs = script(&two.guest, "30000 pause\n60000 resume\n");
    let ben = begin(&two.guest.path(), &format!("follow Ana --json --fast 6 --inputs {inputs}"));
    let (followed, played) = (end(ben), end(ana));
    assert_eq!(holds(&played).len(), 2, "{played}");
    assert!(holds(&played).iter().all(|hold| hold["held_ms"] == 40_000), "{played}");
    let paused: u64 = holds(&played).iter().map(|hold| hold["paused_ms"].as_u64().unwrap()).sum();
    assert!(paused > 10_000, "Ben paused it: {played}");
    assert_eq!(followed["session"]["led_by"], "Ana", "{followed}");
    assert_eq!(followed["session"]["finished"], true, "{followed}");
    assert_eq!(followed["session"]["id"], played["session"]["id"]);
    assert_eq!(followed["summary"]["holds"].as_array().unwrap().len(), 2, "{followed}");
    // It comes into Ben's view of her history with a sync, and only Ana logged it.
    two.ana.json("sync");
    two.guest.json("sync");
    let history = two.guest.json("history --chart Ana");
    assert_eq!(holds(&history).len(), 2, "{history}");
    assert_eq!(holds(&two.guest.json("history"))[..], json!([]).as_array().unwrap()[..]);
}

#[test]
fn when_ana_s_program_is_killed_ben_s_leads_on_and_every_hold_is_there_once() {
    let two = evening();
    let inputs = script(&two.ana, "6000 start\n");
    let line =
        format!("play Evening --slot bedtime --with-partner --json --fast 6 --inputs {inputs}");
    let mut ana = begin(&two.ana.path(), &line);
    let ben = begin(&two.guest.path(), "follow Ana --json --fast 6 --take-over");
    // At six times the clock the first hold is over after some eight seconds.
    std::thread::sleep(Duration::from_secs(11));
    ana.kill().unwrap();
    ana.wait().unwrap();
    let led = end(ben);
    assert_eq!(led["session"]["finished"], true, "{led}");
    for home in [&two.ana, &two.guest, &two.ana, &two.guest] {
        home.json("sync");
    }
    for history in [two.ana.json("history"), two.guest.json("history --chart Ana")] {
        assert_eq!(holds(&history).len(), 2, "{history}");
        let sessions = holds(&history).iter().map(|hold| hold["session_id"].to_string());
        assert_eq!(sessions.collect::<std::collections::BTreeSet<_>>().len(), 1, "{history}");
        assert!(holds(&history).iter().all(|hold| hold["held_ms"] == 40_000), "{history}");
    }
}

#[test]
fn what_cannot_be_done_together_says_so() {
    let home = Home::made();
    home.json("routine add bedtime-10 --name Night --realign-side right");
    assert_eq!(home.refused("follow", 1)["code"], "no_relay");
    assert_eq!(home.refused("follow Nobody", 1)["field"], "chart");
    let two = Two::sharing("Ben", "--role partner --for Ben");
    let nobody = two.guest.refused("follow Ana --wait 1", 1);
    assert_eq!(nobody["code"], "nobody_leads");
    assert!(nobody["hint"].as_str().unwrap().contains("--with-partner"), "{nobody}");
}
