//! Charts that end, and who did and read what: audit, chart leave, chart close, chart erase, export --unsent, and what
//! erase says of the charts that others have.

use crate::home::Home;
use crate::people::{Two, flat};

/// What a command prints for people.
fn text(home: &Home, line: impl AsRef<str>) -> String {
    let ran = home.run(line.as_ref());
    assert_eq!(ran.code, 0, "{ran:?}");
    ran.stdout
}

#[test]
fn a_hold_says_by_name_who_has_it_too() {
    let two = Two::sharing("Ben", "--role partner --for Ben");
    two.ana.json("log childs-pose --held 60");
    for home in [&two.ana, &two.guest, &two.ana] {
        home.json("sync");
    }
    let held = two.ana.json("history --limit 1");
    let hold = &held["holds"][0];
    assert_eq!(hold["status"], "seen");
    assert_eq!(hold["seen_by"][0]["name"], "Ben", "{hold}");
    assert_eq!(hold["seen_by"][0]["mine"], false);
    let id = hold["hold_id"].as_str().unwrap();
    let shown = flat(&text(&two.ana, format!("hold show {id}")));
    assert!(shown.contains("saved here, and with Ben"), "{shown}");
}

#[test]
fn the_audit_lists_who_came_in_what_was_exported_and_what_was_read() {
    let two = Two::sharing("Ben", "--role partner --for Ben");
    two.ana.json("log childs-pose --held 60");
    two.ana
        .json(&format!("export --format json --out {}", two.ana.beside("export.json").display()));
    for home in [&two.ana, &two.guest, &two.ana] {
        home.json("sync");
    }
    let told = two.ana.json("audit");
    let events = told["events"].as_array().unwrap();
    let find = |what: &str| {
        let found = events.iter().find(|event| event["event"] == what);
        found.unwrap_or_else(|| panic!("{what} in {told}"))
    };
    let invited = find("invited");
    assert_eq!((&invited["role"], &invited["clock"]), (&"partner".into(), &"relay".into()));
    assert!(invited["at"].is_string() && invited["seq"].is_u64(), "{invited}");
    assert_eq!(find("came_in")["by_name"], "Ben");
    assert_eq!(
        (&find("exported")["format"], &find("exported")["clock"]),
        (&"json".into(), &"device".into())
    );
    let read = events.iter().find(|one| one["event"] == "read" && one["classes"][0] == "log");
    assert_eq!(read.unwrap()["by_name"], "Ben");
    let text = flat(&text(&two.ana, "audit"));
    assert!(text.contains("Ben came in with an invite: partner"), "{text}");
    assert!(text.contains("it proves reading, never not-reading"), "{text}");
    let later = two.ana.json("audit --since 2099-01-01");
    assert!(later["events"].as_array().unwrap().iter().all(|event| event["at"].is_null()));
    two.ana.refused("audit --since soon", 2);
}

#[test]
fn leaving_asks_offers_an_export_and_keeps_or_erases_as_it_is_said() {
    let two = Two::sharing("Ben", "--role partner --for Ben");
    two.ana.json("log childs-pose --held 60");
    two.ana.json("sync");
    two.guest.json("sync");
    let asked = two.guest.refused("chart leave Ana", 1);
    assert_eq!(asked["code"], "needs_confirmation");
    assert!(asked["hint"].as_str().unwrap().contains("--chart 'Ana' export"), "{asked}");
    let left = two.guest.json("chart leave Ana --erase --yes");
    assert_eq!(
        (&left["left"], &left["in_force"], &left["erased"]),
        (&"Ana".into(), &true.into(), &true.into())
    );
    let charts = two.guest.json("chart list");
    assert_eq!(charts["charts"].as_array().unwrap().len(), 1, "{charts}");
    two.guest.refused("--chart Ana history", 1);
    let last = two.ana.refused("chart leave own --yes", 1);
    assert!(last["message"].as_str().unwrap().contains("keeps an owner"), "{last}");
}

#[test]
fn closing_says_with_whom_and_until_when_and_then_it_can_be_erased() {
    let two = Two::sharing("Ben", "--role partner --for Ben");
    two.ana.json("log childs-pose --held 60");
    two.ana.json("sync");
    two.guest.json("sync");
    let asked = two.ana.refused("chart close own", 1);
    assert!(asked["message"].as_str().unwrap().contains("for you and for Ben"), "{asked}");
    let refused = two.guest.refused("chart close Ana --yes", 1);
    assert!(refused["message"].as_str().unwrap().contains("owner"), "{refused}");
    let closed = two.ana.json("chart close own --yes");
    assert_eq!(
        (&closed["in_force"], &closed["chart"]["standing"]),
        (&true.into(), &"closed".into())
    );
    assert!(closed["erases_at"].is_string(), "{closed}");

    two.guest.json("sync");
    let listed = text(&two.guest, "chart list");
    assert!(flat(&listed).contains("closed, erased on"), "{listed}");
    let kept = two.guest.json("--chart Ana history");
    assert_eq!(kept["holds"].as_array().unwrap().len(), 1);
    two.guest.json(&format!(
        "--chart Ana export --format json --out {}",
        two.guest.beside("ana.json").display()
    ));
    two.guest.refused("chart erase Ana", 1);
    two.guest.json("chart erase Ana --yes");
    two.guest.refused("--chart Ana history", 1);
    let mine = two.guest.refused("chart erase own --yes", 1);
    assert!(mine["message"].as_str().unwrap().contains("belongs to the chart"), "{mine}");
}

#[test]
fn what_a_removed_member_never_sent_is_offered_and_exported_alone() {
    let two = Two::sharing("Ben", "--role partner --for Ben");
    two.guest.refused("--chart Ana export --format json --unsent --out none.json", 2);
    two.guest.json("--chart Ana log childs-pose --held 45");
    two.ana.json("remove Ben --yes");
    let _ = two.guest.run("sync");
    let told = flat(&text(&two.guest, "doctor"));
    assert!(told.contains("export --unsent"), "{told}");
    let done = two.guest.json(&format!(
        "--chart Ana export --format json --unsent --out {}",
        two.guest.beside("unsent.json").display()
    ));
    assert_eq!(done["observations"], 1);
    two.guest.refused("--chart Ana export --format csv --unsent --out tables", 2);
    let added = two.guest.json(&format!("import {}", two.guest.beside("unsent.json").display()));
    assert_eq!(added["refused"].as_array().unwrap().len(), 0, "{added}");
}

#[test]
fn erasing_a_home_says_which_charts_others_have() {
    let two = Two::sharing("Ben", "--role partner --for Ben");
    let asked = two.ana.refused("erase", 1);
    let said = asked["message"].as_str().unwrap();
    assert!(said.contains("Your chart stays with Ben"), "{said}");
    let asked = two.guest.refused("erase", 1);
    let said = asked["message"].as_str().unwrap();
    assert!(said.contains("You stay a member of the chart Ana"), "{said}");
}
