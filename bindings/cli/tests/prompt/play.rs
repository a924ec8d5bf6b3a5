//! Playing: from a script, killed and taken up again, and refused.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::home::{Home, program};

/// A home with one routine: psoas and iliacus with the hook, 40 s each, on the left.
fn evening() -> Home {
    let home = Home::made();
    home.json("profile set pregnant=no prone_ok=yes ask_first=no");
    home.json("routine new Evening");
    for exercise in ["psoas-release-hook", "iliacus-release-hook"] {
        home.json(&format!("routine step Evening add {exercise} --hold 40 --side left"));
    }
    home
}

fn script(home: &Home, lines: &str) -> String {
    let path = home.beside("inputs.txt");
    std::fs::write(&path, lines).unwrap();
    path.to_str().unwrap().to_owned()
}

fn holds(document: &Value) -> &Vec<Value> {
    document["holds"].as_array().unwrap()
}

#[test]
fn a_script_is_played_on_a_fast_clock_and_the_summary_is_the_answer() {
    let home = evening();
    let inputs = script(&home, "0 start\n100 pain before 6\n40000 eased\n120000 pain after 3\n");
    let begun = Instant::now();
    let played = home.json(&format!("play Evening --inputs {inputs} --fast 200"));
    assert!(begun.elapsed() < Duration::from_secs(20));
    assert_eq!(holds(&played).len(), 2, "{played}");
    for hold in holds(&played) {
        assert_eq!((&hold["held_ms"], &hold["ended_by"]), (&json!(40_000), &json!("target")));
        assert_eq!(hold["side"], "left");
    }
    assert_eq!(holds(&played)[0]["eased_ms"].as_u64().map(|ms| ms >= 30_000), Some(true));
    assert_eq!(holds(&played)[0]["pain_before"], 6);
    assert_eq!(holds(&played)[1]["pain_after"], 3);
    let id = played["session"]["id"].as_str().unwrap();
    assert_eq!(holds(&home.json(&format!("session show {id}"))).len(), 2);
    assert_eq!(holds(&home.json("history")).len(), 2);
}

#[test]
fn the_same_script_gives_the_same_holds_at_any_speed() {
    let lines = "0 start\n20000 pause\n50000 resume\n60000 extend 15000\n90000 skip\n";
    let held = |fast: u32| {
        let home = evening();
        let inputs = script(&home, lines);
        let played = home.json(&format!("play Evening --inputs {inputs} --fast {fast}"));
        holds(&played).iter().map(|h| (h["held_ms"].clone(), h["paused_ms"].clone())).collect()
    };
    let (slow, fast): (Vec<_>, Vec<_>) = (held(60), held(5_000));
    assert_eq!(slow, fast);
    assert_eq!(slow[0].1, 30_000);
}

#[test]
fn a_killed_player_is_taken_up_again_and_loses_no_held_second() {
    let home = evening();
    let inputs = script(&home, "0 start\n");
    let args = ["play", "Evening", "--json", "--fast", "5", "--inputs", &inputs];
    let mut child =
        program(&home.path()).args(args).stdout(std::process::Stdio::null()).spawn().unwrap();
    // At five times the clock the first hold runs from 1 s to 9 s.
    std::thread::sleep(Duration::from_millis(3_500));
    child.kill().unwrap();
    child.wait().unwrap();
    let refused = home.refused("play Evening", 1);
    assert!(refused["hint"].as_str().unwrap().contains("--resume"), "{refused}");
    let nothing = script(&home, "");
    let played = home.json(&format!("play Evening --resume --fast 200 --inputs {nothing}"));
    assert_eq!(holds(&played).len(), 2, "{played}");
    for hold in holds(&played) {
        assert_eq!(hold["held_ms"], 40_000, "{hold}");
    }
    assert_eq!(holds(&home.json("history")).len(), 2, "and nothing is counted twice");
}

#[test]
fn a_broken_off_session_can_be_closed_keeping_what_was_held() {
    let home = evening();
    let inputs = script(&home, "0 start\n");
    let args = ["play", "Evening", "--json", "--fast", "5", "--inputs", &inputs];
    let mut child =
        program(&home.path()).args(args).stdout(std::process::Stdio::null()).spawn().unwrap();
    std::thread::sleep(Duration::from_millis(5_500));
    child.kill().unwrap();
    child.wait().unwrap();
    let inputs = script(&home, "0 start\n1000 stop\n");
    home.json(&format!("play Evening --discard --fast 200 --inputs {inputs}"));
    let history = home.json("history");
    let kept: Vec<&Value> =
        holds(&history).iter().filter(|hold| hold["ended_by"] == "interrupted").collect();
    assert_eq!(kept.len(), 1, "{history}");
    assert!(kept[0]["held_ms"].as_u64().unwrap() > 5_000, "{}", kept[0]);
}

#[test]
fn logging_goes_on_while_a_session_plays_and_a_second_play_is_refused() {
    let home = evening();
    let inputs = script(&home, "0 start\n");
    let args = ["play", "Evening", "--json", "--fast", "10", "--inputs", &inputs];
    let mut child =
        program(&home.path()).args(args).stdout(std::process::Stdio::null()).spawn().unwrap();
    std::thread::sleep(Duration::from_millis(1_500));
    let begun = Instant::now();
    home.json("log pec-minor-release --side left --held 60");
    assert!(begun.elapsed() < Duration::from_secs(4), "play does not hold the lock");
    home.refused("play Evening", 1);
    assert!(child.wait().unwrap().success());
    assert_eq!(holds(&home.json("history")).len(), 3);
}

#[test]
fn a_script_with_a_fault_names_its_line_and_nothing_is_played() {
    let home = evening();
    let inputs = script(&home, "0 start\n5000 jump\n");
    let error = home.refused(&format!("play Evening --inputs {inputs}"), 2);
    assert_eq!(error["field"], "inputs");
    assert!(error["message"].as_str().unwrap().contains("ine 2"), "{error}");
    home.refused("play Evening --inputs /no/such/file", 2);
    assert_eq!(holds(&home.json("history")).len(), 0);
}

#[test]
fn what_asks_for_a_side_or_breaks_a_rule_is_not_played() {
    let home = Home::made();
    assert_eq!(home.refused("play Nothing", 1)["code"], "not_found");
    home.json("routine add bedtime-10 --name Night --realign-side ask");
    let asked = home.refused("play Night --fast 1000", 1);
    assert!(asked["hint"].as_str().unwrap().contains("--side"), "{asked}");
}

#[test]
fn the_closing_line_says_what_was_held_and_where_it_is() {
    let home = evening();
    let inputs = script(&home, "0 start\n100 pain before 6\n120000 pain after 3\n");
    let said = home.run(&format!("play Evening --inputs {inputs} --fast 200")).stdout;
    let last = said.lines().last().unwrap();
    assert!(last.starts_with("Left ") && last.contains("6 → 3. 1 min 20 s held."), "{said}");
    assert!(last.ends_with("Saved here; no second copy yet."), "{said}");
}
