//! Two homes and a real relay.

use serde_json::json;

use crate::home::Home;
use crate::relay::Relay;

/// A phone and a tablet of Ana's, paired through a relay.
pub fn paired() -> (Relay, Home, Home) {
    let relay = Relay::up();
    let (phone, tablet) = (Home::empty(), Home::empty());
    phone.json(&format!("init --name Ana --device phone --relay {}", relay.url()));
    let pairing = phone.json("device pair");
    assert!(pairing["expires_at"].is_string(), "{pairing}");
    let link = pairing["link"].as_str().unwrap();
    let joined = tablet.json(&format!("init --pair '{link}' --device tablet"));
    assert!(joined["account"].is_string() && joined.get("recovery_phrase").is_none(), "{joined}");
    phone.json("sync");
    tablet.json("sync");
    (relay, phone, tablet)
}

pub fn sync_twice(homes: [&Home; 2]) {
    for _ in 0..2 {
        for home in homes {
            let report = home.json("sync");
            assert_eq!(report["problems"], json!([]), "{report}");
        }
    }
}

#[test]
fn the_same_hold_logged_offline_on_two_devices_counts_once() {
    let (mut relay, phone, tablet) = paired();
    phone.json("routine add bedtime-10 --name Night --realign-side right");
    sync_twice([&phone, &tablet]);
    let shown = tablet.json("routine show Night");
    let step = shown["routine"]["blocks"][0]["steps"][0]["step_id"].as_str().unwrap().to_owned();
    relay.down();
    let hold = |held: u32, note: &str, minute: u32| {
        format!(
            "log psoas-release-hook --routine Night --date 2026-03-01 --slot bedtime --step {step} \
             --side left --set 1 --rep 1 --held {held} --note '{note}' --at 2026-03-01T21:{minute}"
        )
    };
    phone.json(&hold(60, "from the phone", 30));
    tablet.json(&hold(75, "from the tablet", 31));
    relay.back();
    sync_twice([&phone, &tablet]);

    let history = phone.json("history");
    assert_eq!(history, tablet.json("history"), "the record is the same on both");
    let holds = history["holds"].as_array().unwrap();
    assert_eq!(holds.len(), 1, "{history}");
    assert_eq!(holds[0]["held_ms"], 75_000, "the longer stands");
    let notes = holds[0]["note"].to_string();
    assert!(notes.contains("from the phone") && notes.contains("from the tablet"), "{notes}");
    let id = holds[0]["hold_id"].as_str().unwrap();
    for home in [&phone, &tablet] {
        let shown = home.json(&format!("hold show {id} --observations"));
        let mut held: Vec<u64> = shown["observations"]
            .as_array()
            .unwrap()
            .iter()
            .map(|o| o["held_ms"].as_u64().unwrap())
            .collect();
        held.sort_unstable();
        assert_eq!(held, [60_000, 75_000]);
        let doctor = home.json("doctor");
        assert_eq!(doctor["ok"], true, "{doctor}");
    }
}

#[test]
fn a_sync_with_nothing_to_say_is_one_round_trip() {
    let (_relay, phone, tablet) = paired();
    sync_twice([&phone, &tablet]);
    let report = phone.json("sync");
    for name in
        ["pushed", "pulled", "round_trips", "bytes_sent", "bytes_received", "queued", "problems"]
    {
        assert!(report.get(name).is_some(), "{name}: {report}");
    }
    assert_eq!((&report["round_trips"], &report["pushed"]), (&json!(1), &json!(0)));
}

#[test]
fn what_is_written_has_a_status_on_its_way() {
    let (mut relay, phone, tablet) = paired();
    relay.down();
    let logged = phone.json("log psoas-release-hook --side left --held 60");
    assert_eq!(logged["holds"][0]["status"], "queued");
    assert_eq!(phone.run("sync").code, 1, "the relay is down");
    relay.back();
    phone.json("sync");
    assert_eq!(phone.json("history")["holds"][0]["status"], "relayed");
    tablet.json("sync");
    tablet.json("sync");
    phone.json("sync");
    let seen = phone.json("history")["holds"][0]["status"].clone();
    assert!(seen.to_string().contains("seen"), "{seen}");
}

#[test]
fn a_device_is_listed_named_and_revoked() {
    let (_relay, phone, tablet) = paired();
    let listed = phone.json("device list");
    let names: Vec<&str> =
        listed["devices"].as_array().unwrap().iter().filter_map(|d| d["name"].as_str()).collect();
    assert!(names.contains(&"phone") && names.contains(&"tablet"), "{listed}");
    phone.json("device name tablet kitchen");
    assert!(phone.json("device list").to_string().contains("kitchen"));
    phone.json("device revoke kitchen --yes");
    phone.json("sync");
    let ran = tablet.run("--json sync");
    assert!(ran.code == 1 || ran.stdout.contains("problems\":[{"), "{ran:?}");
}

#[test]
fn pairing_prints_a_code_to_scan_beside_the_link() {
    let (_relay, phone, _tablet) = paired();
    let said = phone.run("device pair");
    assert!(said.stdout.contains('█') && said.stdout.contains("holdfast:"), "{}", said.stdout);
}

#[test]
fn a_pairing_link_mangled_or_used_twice_is_refused() {
    let (_relay, phone, _tablet) = paired();
    let link = phone.json("device pair")["link"].as_str().unwrap().to_owned();
    let fresh = Home::empty();
    let mangled = fresh.refused(&format!("init --pair '{}'", &link[..link.len() - 6]), 2);
    assert_eq!(mangled["field"], "pair", "{mangled}");
    fresh.refused("init --pair 'https://example.org'", 2);
    assert!(fresh.run("history").code == 1, "nothing was made");
    fresh.json(&format!("init --pair '{link}' --device third"));
    let late = Home::empty();
    let used = late.refused(&format!("init --pair '{link}' --device fourth"), 2);
    assert_eq!(used["code"], "link_used", "{used}");
}

#[test]
fn a_record_comes_back_by_its_phrase_and_a_typo_names_the_word() {
    let relay = Relay::up();
    let phone = Home::empty();
    let made = phone.json(&format!("init --name Ana --relay {}", relay.url()));
    phone.json("log psoas-release-hook --side left --held 60");
    phone.json("sync");
    let phrase = made["recovery_phrase"].as_str().unwrap().to_owned();
    let line = format!("--json init --recover --relay {}", relay.url());

    let mut words: Vec<&str> = phrase.split(' ').collect();
    words[6] = "xylophoon";
    let fresh = Home::empty();
    let typo = fresh.run_reading(&line, &format!("{}\n", words.join(" ")));
    assert_eq!(typo.code, 2, "{typo:?}");
    assert!(typo.stderr.contains("7"), "which word: {typo:?}");

    let back = fresh.run_reading(&line, &format!("{phrase}\n"));
    assert_eq!(back.code, 0, "{back:?}");
    fresh.json("sync");
    assert_eq!(fresh.json("history")["holds"].as_array().unwrap().len(), 1);
}

#[test]
fn a_watch_brings_over_what_another_command_writes_and_never_blocks_it() {
    use std::process::Stdio;
    use std::time::{Duration, Instant};
    let (_relay, phone, tablet) = paired();
    sync_twice([&phone, &tablet]);
    let watch = |home: &Home| {
        let mut command = crate::home::program(&home.path());
        command.args(["sync", "--watch", "--json"]).stdout(Stdio::piped()).spawn().unwrap()
    };
    let mut watches = [watch(&phone), watch(&tablet)];
    std::thread::sleep(Duration::from_millis(1_500));
    let begun = Instant::now();
    phone.json("log psoas-release-hook --side left --held 60");
    assert!(begun.elapsed() < Duration::from_secs(3), "the watch keeps no lock");
    let arrived = loop {
        let there = tablet.json("history")["holds"].as_array().unwrap().len();
        if there == 1 || begun.elapsed() > Duration::from_secs(20) {
            break there;
        }
        std::thread::sleep(Duration::from_millis(200));
    };
    for watch in &mut watches {
        let id = watch.id().to_string();
        assert!(std::process::Command::new("kill").arg(id).status().unwrap().success());
    }
    let asked = Instant::now();
    for watch in watches {
        let output = watch.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(0), "asked to end, it ends in order");
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(text.lines().all(|line| line.contains("\"schema\":1")), "{text}");
        assert!(text.contains("\"event\":\"synced\""), "{text}");
    }
    assert!(asked.elapsed() < Duration::from_secs(3));
    assert_eq!(arrived, 1);
}
