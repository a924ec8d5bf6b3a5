//! The player as somebody in front of it meets it: as lines that are spoken, and as a screen that
//! gives the terminal back.

use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::Value;

use crate::home::{Home, program};

fn evening() -> Home {
    let home = Home::made();
    home.json("profile set pregnant=no prone_ok=yes ask_first=no");
    home.json("routine new Evening");
    home.json("routine step Evening add psoas-release-hook --hold 40 --side left");
    home
}

fn wait(milliseconds: u64) {
    std::thread::sleep(Duration::from_millis(milliseconds));
}

#[test]
fn as_lines_every_cue_is_written_and_spoken_by_the_voice_there_is() {
    let home = evening();
    let voices = home.beside("voices");
    std::fs::create_dir(&voices).unwrap();
    let voice = voices.join("espeak-ng");
    let said = home.beside("said");
    std::fs::write(&voice, format!("#!/bin/sh\n/bin/cat >> {}\n", said.display())).unwrap();
    std::fs::set_permissions(&voice, std::fs::Permissions::from_mode(0o755)).unwrap();
    let mut command = program(&home.path());
    let command = command.args(["play", "Evening", "--plain", "--fast", "20"]).env("PATH", &voices);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut keys = child.stdin.take().unwrap();
    keys.write_all(b"start\n").unwrap();
    wait(600);
    keys.write_all(b"pause\n").unwrap();
    wait(600);
    keys.write_all(b"resume\n").unwrap();
    wait(3_000);
    keys.write_all(b"11\n4\n").unwrap();
    let output = child.wait_with_output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    for line in
        ["Stop when", "Begin. 40 seconds.", "Is it easing?", "Pain now?", "from 0 to 10, not 11"]
    {
        assert!(text.contains(line), "{line}: {text}");
    }
    assert!(text.trim_end().ends_with("no second copy yet."), "{text}");
    let spoken = std::fs::read_to_string(said).unwrap();
    assert!(spoken.contains("Get ready") && spoken.contains("Is it easing?"), "{spoken}");
    let holds = home.json("history")["holds"].clone();
    assert_eq!(
        (&holds[0]["held_ms"], &holds[0]["pain_after"]),
        (&Value::from(40_000), &Value::from(4))
    );
    assert!(holds[0]["paused_ms"].as_u64().unwrap() > 5_000, "half a second at twenty times");
}

/// The program on a terminal of 80 × 24, its keys on standard input.
fn on_a_terminal(home: &Home, line: &str) -> Child {
    let holdfast = env!("CARGO_BIN_EXE_holdfast");
    let line = format!("stty rows 24 cols 80; exec {holdfast} {line}");
    let mut command = Command::new("script");
    command.args(["-qec", &line, "/dev/null"]);
    command
        .env("HOLDFAST_HOME", home.path())
        .env("TERM", "xterm")
        .env("LANG", "C.UTF-8")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command.spawn().unwrap()
}

const ALTERNATE_SCREEN: &str = "\x1b[?1049h";
const SCREEN_GIVEN_BACK: &str = "\x1b[?1049l";

#[test]
fn the_screen_is_driven_by_keys_and_gives_the_terminal_back_at_the_end() {
    let home = evening();
    let mut child = on_a_terminal(&home, "play Evening --mute --fast 10");
    let mut keys = child.stdin.take().unwrap();
    for (key, pause) in [("\r", 800), ("\r", 400), ("6", 300), ("\r", 2_500), ("h", 300)] {
        wait(pause);
        keys.write_all(key.as_bytes()).unwrap();
    }
    for key in ["7", "\r", "5", "\r"] {
        wait(500);
        keys.write_all(key.as_bytes()).unwrap();
    }
    let output = child.wait_with_output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let (_, after) = text.rsplit_once(SCREEN_GIVEN_BACK).expect("the terminal is given back");
    assert!(text.contains(ALTERNATE_SCREEN) && text.contains('█'), "{text}");
    assert!(after.contains("See somebody when"), "it hurt: {after}");
    assert!(after.contains("6 → 5"), "{after}");
    let hold = home.json("history")["holds"][0].clone();
    assert_eq!((&hold["ended_by"], &hold["pain_before"]), (&Value::from("pain"), &Value::from(6)));
    assert!(hold["held_ms"].as_u64().unwrap() > 5_000, "{hold}");
}

#[test]
fn asked_to_end_the_screen_gives_the_terminal_back_and_the_session_can_go_on() {
    let home = evening();
    let mut child = on_a_terminal(&home, "play Evening --mute --fast 10");
    let mut keys = child.stdin.take().unwrap();
    for (key, pause) in [("\r", 800), ("\r", 400), ("\r", 1_500), ("\x03", 500)] {
        wait(pause);
        keys.write_all(key.as_bytes()).unwrap();
    }
    let output = child.wait_with_output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let (_, after) = text.rsplit_once(SCREEN_GIVEN_BACK).expect("the terminal is given back");
    assert!(after.contains("--resume"), "{after}");
    let inputs = home.beside("inputs");
    std::fs::write(&inputs, "").unwrap();
    let inputs = inputs.to_str().unwrap();
    let played = home.json(&format!("play Evening --resume --fast 500 --inputs {inputs}"));
    assert_eq!(played["holds"][0]["held_ms"], 40_000, "{played}");
}

#[test]
fn a_phrase_typed_at_a_terminal_is_not_shown() {
    let home = Home::empty();
    let mut child = on_a_terminal(&home, "init --recover --relay http://127.0.0.1:1");
    let mut keys = child.stdin.take().unwrap();
    wait(800);
    keys.write_all(b"canyon blouse\r").unwrap();
    let output = child.wait_with_output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(text.contains("Recovery phrase:") && text.contains("12 words"), "{text}");
    assert!(!text.contains("canyon"), "{text}");
}
