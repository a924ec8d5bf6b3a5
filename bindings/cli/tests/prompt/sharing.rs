//! What is handed on as a link: routines, invites, and every way in which a link can be wrong.

use std::collections::BTreeSet;

use serde_json::json;

use crate::home::{Home, program, ran};
use crate::people::{Two, flat, member, person};
use crate::relay::Relay;
use crate::words::{ids, run_in, unmarked};

fn evening() -> Home {
    let home = Home::made();
    home.json("routine new Evening");
    home.json("routine step Evening add psoas-release-hook --hold 60 --note 'slowly'");
    home
}

fn shared(home: &Home, line: &str) -> String {
    home.json(line)["link"].as_str().unwrap().to_owned()
}

#[test]
fn a_routine_goes_from_hand_to_hand_as_a_link_or_a_file_and_says_nothing_of_the_person() {
    let ana = evening();
    let made = ana.json("share routine Evening");
    let link = made["link"].as_str().unwrap();
    assert_eq!((&made["expires_at"], &made["role"]), (&json!(null), &json!(null)));
    assert!(made["bytes"].as_u64().unwrap() <= 1_000, "{made}");
    // Looking inside needs no home.
    let nobody = Home::empty();
    let inside = nobody.json(&format!("inspect '{link}'"));
    assert_eq!(
        (&inside["what"], &inside["routine"]["name"]),
        (&json!("routine"), &json!("Evening"))
    );
    assert!(!nobody.path().exists());
    assert!(nobody.run(&format!("inspect '{link}'")).stdout.contains("60 s"));
    let who = ana.json("device list").to_string();
    let device = &who[who.find("\"device\":\"").unwrap() + 10..][..16];
    for personal in ["Ana", device] {
        assert!(!inside.to_string().contains(personal), "{personal}: {inside}");
    }
    let ben = Home::empty();
    ben.json("init --name Ben --device phone");
    let taken = ben.json(&format!("accept '{link}'"));
    assert_eq!((&taken["routine"]["name"], &taken["added"]), (&json!("Evening"), &json!(true)));
    assert_eq!(ben.json(&format!("accept '{link}'"))["added"], false, "the same link twice");
    // The same as a file, under another name.
    let file = ana.beside("evening.json");
    let path = file.to_str().unwrap();
    let written = ana.json(&format!("share routine Evening --out {path}"));
    assert_eq!(written["path"], path);
    assert!(!std::fs::read_to_string(&file).unwrap().contains("Ana"));
    assert_eq!(ana.refused(&format!("share routine Evening --out {path}"), 2)["field"], "out");
    let eva = Home::empty();
    eva.json("init --name Eva --device phone");
    assert_eq!(eva.json(&format!("accept {path} --name Mine"))["routine"]["name"], "Mine");
    // And a link that somebody saved in a file.
    let saved = eva.beside("link.txt");
    std::fs::write(&saved, format!("{link}\n")).unwrap();
    let again = eva.json(&format!("inspect {}", saved.display()));
    assert_eq!(again["what"], "routine");
}

#[test]
fn a_routine_link_is_shown_as_a_code_that_fits_the_terminal() {
    let said = evening().run("share routine Evening").stdout;
    assert!(said.contains('█') && said.contains("holdfast:routine#"), "{said}");
    assert!(said.lines().filter(|l| !l.contains('#')).all(|l| l.chars().count() <= 80), "{said}");
}

#[test]
fn a_link_that_is_mangled_cut_off_or_none_is_refused_in_a_sentence() {
    let two = Two::met("Ben");
    let routine = {
        two.ana.json("routine new Evening");
        shared(&two.ana, "share routine Evening")
    };
    let invite = two.invite("--role partner --for Ben");
    let pairing = shared(&two.ana, "device pair");
    let nobody = Home::empty();
    for link in [&routine, &invite, &pairing] {
        let cut = &link[..link.len() - 7];
        let (at, last) = (link.len() - 12, link.as_bytes()[link.len() - 12]);
        let other = if last == b'A' { 'B' } else { 'A' };
        let mangled = format!("{}{other}{}", &link[..at], &link[at + 1..]);
        let head = link.split('#').next().unwrap().to_owned() + "#";
        for bad in [cut, &mangled, &head] {
            for command in ["inspect", "accept"] {
                let home = if command == "inspect" { &nobody } else { &two.guest };
                let error = home.refused(&format!("{command} '{bad}'"), 2);
                assert_eq!(
                    (&error["code"], &error["field"]),
                    (&json!("bad_link"), &json!("link")),
                    "{bad}"
                );
            }
        }
    }
    for none in ["hello", "https://example.org/x", "holdfast:", "/no/such/file"] {
        for command in ["inspect", "accept"] {
            let error = two.guest.refused(&format!("{command} '{none}'"), 2);
            assert_eq!(error["code"], "no_link", "{none}");
        }
    }
    assert_eq!(two.guest.json("chart list")["charts"].as_array().unwrap().len(), 1);
}

#[test]
fn a_link_of_another_kind_says_where_it_belongs() {
    let two = Two::met("Ben");
    let pairing = shared(&two.ana, "device pair");
    let invite = two.invite("--role partner");
    two.ana.json("routine new Evening");
    let routine = shared(&two.ana, "share routine Evening");
    let error = two.guest.refused(&format!("accept '{pairing}'"), 2);
    assert_eq!(error["code"], "pairing_link");
    assert!(error["hint"].as_str().unwrap().contains("init --pair"), "{error}");
    let new = Home::empty();
    for (link, code) in [(&invite, "chart_link"), (&routine, "routine_link")] {
        let error = new.refused(&format!("init --pair '{link}'"), 2);
        assert_eq!((&error["code"], &error["field"]), (&json!(code), &json!("pair")));
        assert!(error["hint"].as_str().unwrap().contains("accept"), "{error}");
    }
    assert!(!new.path().exists(), "nothing was made");
    // Nothing of it used the links up.
    two.guest.json(&format!("accept '{invite}'"));
}

#[test]
fn an_invite_lets_one_person_in_once() {
    let two = Two::met("Ben");
    let eva = person("Eva", &two.relay);
    let link = two.invite("--role partner --for Ben");
    assert_eq!(two.ana.refused(&format!("accept '{link}'"), 2)["code"], "own_invite");
    let came = two.guest.json(&format!("accept '{link}'"));
    assert_eq!(came["already_in"], false);
    let again = two.guest.json(&format!("accept '{link}'"));
    assert_eq!((&again["already_in"], &again["chart"]), (&json!(true), &came["chart"]));
    let said = two.guest.run(&format!("accept '{link}'"));
    assert!(said.code == 0 && said.stdout.contains("already"), "{said:?}");
    let error = eva.refused(&format!("accept '{link}'"), 2);
    assert_eq!((&error["code"], &error["field"]), (&json!("link_used"), &json!("link")));
    assert_eq!(eva.json("chart list")["charts"].as_array().unwrap().len(), 1);
    assert_eq!(two.ana.json("members")["members"].as_array().unwrap().len(), 1, "not synced yet");
    two.ana.json("sync");
    assert_eq!(two.ana.json("members")["members"].as_array().unwrap().len(), 2);
}

#[test]
fn an_invite_that_is_over_or_taken_back_opens_nothing() {
    let two = Two::met("Ben");
    let short = two.invite("--role partner --valid 1s");
    let back = two.invite("--role viewer --for 'Old Ben'");
    let listed = two.ana.json("invite list");
    assert_eq!(listed["invites"].as_array().unwrap().len(), 2, "{listed}");
    let told = two.ana.json("invite revoke 'Old Ben'");
    assert_eq!(told["in_force"], true);
    assert_eq!(two.guest.refused(&format!("accept '{back}'"), 2)["code"], "link_gone");
    std::thread::sleep(std::time::Duration::from_millis(1_100));
    let inside = two.guest.json(&format!("inspect '{short}'"));
    assert_eq!(inside["ended"], true);
    assert_eq!(two.guest.refused(&format!("accept '{short}'"), 2)["code"], "link_ended");
    assert_eq!(two.ana.refused("invite revoke 'Old Ben'", 1)["code"], "not_found");
    for wrong in ["0d", "31d", "soon"] {
        let error = two.ana.refused(&format!("share chart --role viewer --valid {wrong}"), 2);
        assert_eq!(error["field"], "valid", "{wrong}");
    }
}

#[test]
fn a_relay_that_was_not_used_before_is_named_before_it_is_contacted() {
    let two = Two::met("Ben");
    let link = two.invite("--role partner --for Ben");
    let eva = Home::empty();
    eva.json("init --name Eva --device phone");
    let error = eva.refused(&format!("accept '{link}'"), 1);
    assert_eq!((&error["code"], &error["field"]), (&json!("needs_confirmation"), &json!("yes")));
    assert_eq!(error["relay"], two.relay.url());
    let host = two.relay.url().replace("http://", "");
    assert!(error["message"].as_str().unwrap().contains(&host), "{error}");
    assert_eq!(eva.json("relay show")["url"], json!(null), "nothing was set");
    eva.json(&format!("accept '{link}' --yes"));
    // A link that adds a device names it as well.
    let pairing = shared(&two.ana, "device pair");
    let said = Home::empty().run(&format!("init --pair '{pairing}' --device tablet"));
    assert!(said.code == 0 && said.stderr.contains(&host), "{said:?}");
    assert_eq!(eva.json("relay show")["url"], two.relay.url());
}

#[test]
fn an_invite_at_another_relay_than_ones_own_is_refused_with_both() {
    let two = Two::met("Ben");
    let other = Relay::up();
    let eva = person("Eva", &other);
    let link = two.invite("--role partner");
    let error = eva.refused(&format!("accept '{link}' --yes"), 2);
    assert_eq!(error["code"], "other_relay");
    for url in [two.relay.url(), other.url()] {
        assert!(error["message"].as_str().unwrap().contains(&url), "{error}");
    }
}

#[test]
fn what_no_chart_gives_is_refused_before_the_relay_is_asked() {
    let home = Home::made();
    let error = home.refused("share chart --role viewer", 1);
    assert_eq!(error["code"], "no_relay");
    let two = Two::met("Ben");
    let cases = [
        ("--role doctor", "role", "no role"),
        ("--role viewer --without diary", "without", "no class"),
        ("--role viewer --class diary", "class", "no class"),
        ("--role viewer --until 2020-01-01", "until", "past"),
        ("--role viewer --without plan --without log", "without", "leave something"),
        ("--role owner --until 2099-01-01", "role", "without an end"),
        ("--role partner --class plan=write", "without", "read only"),
    ];
    for (line, field, said) in cases {
        let error = two.ana.refused(&format!("share chart {line}"), 2);
        assert_eq!(error["field"], field, "{line}: {error}");
        assert!(error["message"].as_str().unwrap().contains(said), "{line}: {error}");
    }
    assert_eq!(two.ana.refused("share routine Nothing", 1)["code"], "not_found");
    assert_eq!(two.ana.json("invite list")["invites"], json!([]));
}

#[test]
fn a_guest_says_how_it_wants_to_be_called_and_the_owner_sees_whom_it_was_invited_as() {
    let mut two = Two::met("Benjamin");
    let eva = person("Eva", &two.relay);
    let link = two.invite("--role partner --for Ben");
    let second = two.invite("--role viewer --for Eva");
    two.guest.json(&format!("accept '{link}' --name 'Ben at home'"));
    eva.json(&format!("accept '{second}'"));
    two.ana.json("sync");
    let ben = member(&two.ana, "members", "Ben at home");
    assert_eq!((&ben["invited_as"], &ben["verified"]), (&json!("Ben"), &json!(false)));
    assert!(two.ana.run("members").stdout.contains("invited as Ben"));
    assert_eq!(member(&two.ana, "members", "Eva")["invited_as"], json!(null));
    // Whoever takes part already reads it too.
    two.guest.json("sync");
    assert_eq!(member(&two.guest, "--chart Ana members", "Eva")["role"], "viewer");
    // Nobody else: neither what was said nor what Ana called them is at the relay in the clear.
    two.relay.down();
    for name in ["Ben at home", "Benjamin", "Eva", "Ana"] {
        assert!(!two.relay.stores(name), "{name}");
    }
    let account = ben["account"].as_str().unwrap();
    let bytes: Vec<u8> = (0..account.len())
        .step_by(2)
        .map(|n| u8::from_str_radix(&account[n..n + 2], 16).unwrap())
        .collect();
    assert!(
        two.relay.stores_bytes(&bytes),
        "accounts it does know: it was the right place to look"
    );
    two.relay.back();
    // On Ana's next device, from the log alone.
    let pairing = shared(&two.ana, "device pair");
    let tablet = Home::empty();
    tablet.json(&format!("init --pair '{pairing}' --device tablet"));
    assert_eq!(member(&tablet, "members", "Ben at home")["role"], "partner");
    let error = two.guest.refused(&format!("accept '{link}' --name ''"), 2);
    assert_eq!(error["field"], "name");
}

#[test]
fn links_are_said_in_german_too() {
    let two = Two::met("Ben");
    let link = two.invite("--role therapist --for Ben");
    let german = |line: &str| {
        let mut command = program(&two.guest.path());
        ran(command.env("HOLDFAST_LANG", "de").args(crate::home::split(line)))
    };
    let inside = german(&format!("inspect '{link}'"));
    assert!(
        flat(&inside.stdout).contains("Eine Einladung in die Aufzeichnungen von Ana"),
        "{inside:?}"
    );
    let accepted = german(&format!("accept '{link}'"));
    assert!(accepted.stdout.contains("Therapeut"), "{accepted:?}");
    let again = german(&format!("accept '{link}'"));
    assert!(flat(&again.stdout).contains("schon teil"), "{again:?}");
    let members = german("--chart Ana members");
    assert!(members.stdout.contains("Wörter nicht verglichen"), "{members:?}");
}

#[test]
fn all_that_is_said_of_people_and_links_comes_from_the_words() {
    let two = Two::met("Ben");
    two.ana.json("routine new Evening");
    two.ana.json("routine step Evening add psoas-release-hook --hold 60");
    let routine = shared(&two.ana, "share routine Evening");
    let link = two.invite("--role partner --for Benny --until 2099-12-31");
    let open = two.invite("--role viewer --for Eva --after-compare");
    let pairing = shared(&two.ana, "device pair");
    let file = two.ana.beside("evening.json").to_str().unwrap().to_owned();
    two.guest.json(&format!("accept '{link}'"));
    two.ana.json("sync");
    let new = Home::empty();
    new.json("init --name Eva --device phone");
    let mut known = BTreeSet::new();
    for (home, line) in [
        (&two.ana, "members"),
        (&two.ana, "invite list"),
        (&two.ana, "verify Ben"),
        (&two.ana, "chart list"),
        (&two.guest, "chart list"),
        (&two.ana, "device list"),
        (&two.ana, "recovery show"),
    ] {
        ids(&home.json(line), &mut known);
    }
    let mut odd = Vec::new();
    let mut said = |home: &Home, line: &str| {
        let ran = run_in(home, "qps", line);
        let text = format!("{}\n{}", ran.stdout, ran.stderr);
        assert!(text.contains('⟦'), "{line} says nothing that is marked: {ran:?}");
        let host = two.relay.url().replace("http://", "");
        let links: Vec<&str> =
            text.split_whitespace().filter(|word| word.starts_with("holdfast:")).collect();
        let mut away =
            vec![file.as_str(), "http", host.as_str(), "Benny", "Evening", "doctor", "diary"];
        away.extend(links);
        let mut left = unmarked(&text, &away);
        // Times end in an offset; names were typed.
        left.retain(|token| {
            let time = token.len() > 10 && token.as_bytes()[10] == b'T';
            !known.contains(token) && !time && !["Ben", "Eva", "ben"].contains(&token.as_str())
        });
        if !left.is_empty() {
            odd.push(format!("{line}: {left:?}\n{text}"));
        }
    };
    for line in [
        "share routine Evening",
        &format!("share routine Evening --out {file}"),
        &format!("share routine Evening --out {file}"),
        "share chart --role therapist --for Eva --until 2098-01-01",
        "share chart --role doctor",
        "share chart --role viewer --class diary",
        "share chart --role viewer --valid soon",
        "invite list",
        "invite revoke Eva",
        "members",
        "verify Ben",
        "verify Ben --same",
        "verify Ben",
        "grant Ben",
        "grant Ben --role viewer",
        "members",
        "remove Ben",
        "remove Ben --yes",
        "chart list",
        "chart use own",
        "recovery show",
        &format!("inspect '{routine}'"),
        &format!("inspect '{link}'"),
        &format!("inspect '{open}'"),
        &format!("inspect '{pairing}'"),
        &format!("inspect {file}"),
        "inspect nothing",
    ] {
        said(&two.ana, line);
    }
    for line in [
        &format!("accept '{open}'") as &str,
        &format!("accept '{pairing}'"),
        &format!("accept '{routine}'"),
        &format!("accept '{routine}'"),
    ] {
        said(&new, line);
    }
    for line in ["sync", "chart list", "chart use Ana", "history", "chart use own"] {
        said(&two.guest, line);
    }
    assert!(odd.is_empty(), "written in code:\n{}", odd.join("\n"));
}
