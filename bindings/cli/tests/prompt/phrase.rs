//! The twelve words: kept nowhere, checked by typing them back, and enough for a new phone with everything on it.

use serde_json::{Value, json};

use crate::home::{Home, refusal};
use crate::people::{Two, flat, member};
use crate::relay::Relay;

fn typed(home: &Home, line: &str, words: &str) -> Value {
    let ran = home.run_reading(&format!("--json {line}"), &format!("{words}\n"));
    assert_eq!(ran.code, 0, "{line}: {ran:?}");
    serde_json::from_str(&ran.stdout).unwrap()
}

fn made(name: &str, relay: &Relay) -> (Home, String) {
    let home = Home::empty();
    let made = home.json(&format!("init --name '{name}' --device phone --relay {}", relay.url()));
    (home, made["recovery_phrase"].as_str().unwrap().to_owned())
}

#[test]
fn the_words_are_kept_nowhere_and_typed_back_they_are_known() {
    let relay = Relay::up();
    let (home, phrase) = made("Ana", &relay);
    let shown = home.json("recovery show");
    assert_eq!((&shown["kept"], &shown["checked_at"]), (&json!(false), &Value::Null));
    assert_eq!(shown["relay"], relay.url());
    let said = flat(&home.run("recovery show").stdout);
    assert!(said.contains("kept nowhere") && said.contains("recovery check"), "{said}");
    let words: Vec<&str> = phrase.split(' ').collect();
    let files = std::fs::read_dir(home.path()).unwrap().map(|file| file.unwrap().path());
    for bytes in files.filter(|path| path.is_file()).map(|path| std::fs::read(path).unwrap()) {
        let two = format!("{} {}", words[0], words[1]);
        assert!(!bytes.windows(two.len()).any(|window| window == two.as_bytes()));
    }
    // Any case, any spaces.
    let spaced = format!("  {}  ", phrase.to_uppercase().replace(' ', "   "));
    let checked = typed(&home, "recovery check", &spaced);
    assert_eq!((&checked["right"], &checked["kept"]), (&json!(true), &json!(false)));
    assert!(home.json("recovery show")["checked_at"].is_string());
    assert!(flat(&home.run("recovery show").stdout).contains("typed right at"));
}

#[test]
fn words_that_are_not_the_phrase_are_refused_with_what_is_wrong() {
    let relay = Relay::up();
    let (home, phrase) = made("Ana", &relay);
    let (_, other) = made("Eva", &relay);
    let words: Vec<&str> = phrase.split(' ').collect();
    let eleven = words[..11].join(" ");
    let misspelt = format!("{} qqqqq", words[..11].join(" "));
    let cases = [
        (eleven.as_str(), "12"),
        (misspelt.as_str(), "qqqqq"),
        (other.as_str(), "not the one of this account"),
    ];
    for (words, said) in cases {
        let ran = home.run_reading("--json recovery check", &format!("{words}\n"));
        let error = refusal("recovery check", &ran, 2);
        assert_eq!(error["field"], "phrase", "{error}");
        assert!(error["message"].as_str().unwrap().contains(said), "{said}: {error}");
    }
    let nothing = home.run_reading("--json recovery check", "\n");
    refusal("recovery check", &nothing, 2);
    assert_eq!(home.json("recovery show")["checked_at"], Value::Null);
    assert_eq!(Home::empty().refused("recovery show", 1)["code"], "not_a_home");
}

#[test]
fn a_new_phone_from_the_phrase_alone_has_the_own_record_and_every_chart_that_was_joined() {
    let relay = Relay::up();
    let (ana, anas) = made("Ana", &relay);
    let (cruz, phrase) = made("Dr. Cruz", &relay);
    let two = Two { relay, ana, guest: cruz };
    two.ana.json("routine new Evening");
    two.ana.json("log psoas-release-hook --side left --held 60 --note 'after work'");
    let link = two.invite("--role therapist --for Cruz --until 2099-12-31");
    two.guest.json(&format!("accept '{link}'"));
    two.guest.json("log psoas-release-hook --side right --held 20");
    two.guest.json("--chart Ana verify Ana --same");
    two.guest.json("--chart Ana log iliacus-release-hook --side left --held 45");
    two.guest.json("sync");
    two.ana.json("sync");
    two.ana.json("verify 'Dr. Cruz' --same");

    // The phone is gone. The paper and the relay are left.
    let url = two.relay.url();
    let new = Home::empty();
    let made = typed(&new, &format!("init --recover --relay {url} --device 'new phone'"), &phrase);
    assert!(made.get("recovery_phrase").is_none(), "{made}");
    let held = |home: &Home, line: &str| -> Vec<u64> {
        let told = home.json(line);
        let holds = told["holds"].as_array().unwrap().iter();
        let mut held: Vec<u64> = holds.map(|h| h["held_ms"].as_u64().unwrap() / 1000).collect();
        held.sort_unstable();
        held
    };
    assert_eq!(held(&new, "history"), [20]);
    let charts = new.json("chart list");
    let hers = charts["charts"].as_array().unwrap().iter().find(|c| c["name"] == "Ana").unwrap();
    assert_eq!((&hers["role"], &hers["standing"]), (&json!("therapist"), &json!("active")));
    assert_eq!(held(&new, "--chart Ana history"), [45, 60]);
    assert_eq!(new.json("--chart Ana routine list")["routines"][0]["name"], "Evening");
    assert_eq!(member(&new, "--chart Ana members", "Ana")["verified"], true);
    assert_eq!(typed(&new, "recovery check", &phrase)["right"], true, "the paper goes on");
    // It writes there like the one before, and shuts that one out, here and in Ana's chart.
    new.json("--chart Ana log psoas-release-hook --side left --held 33");
    let told = new.json("device revoke phone --yes");
    assert_eq!(told["in_force"], true);
    new.json("sync");
    two.ana.json("sync");
    assert_eq!(held(&two.ana, "history"), [33, 45, 60]);
    two.guest.json("--chart Ana log psoas-release-hook --side left --held 99");
    two.guest.run("sync");
    two.ana.json("log psoas-release-hook --side left --held 11");
    two.ana.json("sync");
    two.guest.run("sync");
    assert_eq!(held(&two.ana, "history"), [11, 33, 45, 60], "the lost phone adds nothing");
    assert!(!held(&two.guest, "--chart Ana history").contains(&11), "and reads nothing new");

    // Ana's phone too: the new one knows the members, the marks and the names, and may still end it.
    let hers = Home::empty();
    typed(&hers, &format!("init --recover --relay {url} --device 'new phone'"), &anas);
    assert_eq!(held(&hers, "history"), [11, 33, 45, 60]);
    assert_eq!(member(&hers, "members", "Dr. Cruz")["verified"], true);
    assert_eq!(hers.json("remove 'Dr. Cruz' --yes")["in_force"], true);
    new.json("sync");
    let charts = new.json("chart list");
    assert_eq!(charts["charts"][1]["standing"], "gone", "{charts}");
}

#[test]
fn a_device_is_asked_about_by_any_spelling_before_it_is_shut_out() {
    let (_relay, phone, tablet) = crate::sync::paired();
    for name in ["tablet", "TABLET", "Tablet"] {
        let error = phone.refused(&format!("device revoke {name}"), 1);
        assert_eq!(error["code"], "needs_confirmation", "{name}");
    }
    assert_eq!(phone.refused("device revoke phone --yes", 1)["code"], "this_device");
    let listed = phone.json("device list");
    let paper = listed["devices"].as_array().unwrap().iter().find(|d| d["paper"] == true).unwrap();
    let id = paper["device"].as_str().unwrap();
    let error = phone.refused(&format!("device revoke {id} --yes"), 1);
    assert_eq!(error["code"], "recovery_phrase");
    assert_eq!(phone.refused("device revoke kettle --yes", 1)["code"], "not_found");
    phone.json("device name tablet 'Kitchen tablet'");
    let told = phone.json("device revoke 'kitchen tablet' --yes");
    assert_eq!(told["in_force"], true, "the relay is told at once");
    assert_eq!(tablet.run("sync").code, 1);
}
