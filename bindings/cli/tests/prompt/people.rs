//! Ana and the people she lets into her chart: real homes, a real relay, the program as it is typed.

use serde_json::{Value, json};

use crate::home::Home;
use crate::relay::Relay;

/// Two people at one relay, each with a home.
pub struct Two {
    pub relay: Relay,
    pub ana: Home,
    pub guest: Home,
}

/// A home of somebody at a relay.
pub fn person(name: &str, relay: &Relay) -> Home {
    let home = Home::empty();
    home.json(&format!("init --name '{name}' --device phone --relay {}", relay.url()));
    home
}

impl Two {
    pub fn met(guest: &str) -> Self {
        let relay = Relay::up();
        let (ana, guest) = (person("Ana", &relay), person(guest, &relay));
        Self { relay, ana, guest }
    }

    /// Ana invites, the guest accepts, both sync.
    pub fn sharing(guest: &str, how: &str) -> Self {
        let two = Self::met(guest);
        let link = two.invite(how);
        two.guest.json(&format!("accept '{link}'"));
        two.ana.json("sync");
        two.guest.json("sync");
        two
    }

    /// A link of Ana's.
    pub fn invite(&self, how: &str) -> String {
        let made = self.ana.json(&format!("share chart {how}"));
        made["link"].as_str().unwrap().to_owned()
    }
}

/// A member by name.
pub fn member(home: &Home, line: &str, name: &str) -> Value {
    let members = home.json(line);
    let members = members["members"].as_array().unwrap();
    let found = members.iter().find(|one| one["name"] == name);
    found.unwrap_or_else(|| panic!("{name} in {members:?}")).clone()
}

/// A text in one line.
pub fn flat(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn held(home: &Home, line: &str) -> Vec<u64> {
    let told = home.json(line);
    let holds = told["holds"].as_array().unwrap().iter();
    let mut held: Vec<u64> = holds.map(|hold| hold["held_ms"].as_u64().unwrap() / 1000).collect();
    held.sort_unstable();
    held
}

#[test]
fn a_therapist_comes_in_while_ana_is_offline_reads_the_log_and_goes_when_ana_says_so() {
    let two = Two::met("Dr. Cruz");
    let (ana, cruz) = (&two.ana, &two.guest);
    ana.json("routine new Evening");
    ana.json("log psoas-release-hook --side left --held 60 --pain-before 6 --pain-after 3");
    let made = ana.json("share chart --role therapist --for Therapist --until 2099-12-31");
    assert_eq!(made["role"], "therapist");
    assert!(made["expires_at"].is_string(), "{made}");
    let link = made["link"].as_str().unwrap().to_owned();
    // From here to the first sync below Ana's phone does nothing.
    let inside = cruz.json(&format!("inspect '{link}'"));
    assert_eq!((&inside["what"], &inside["from"]), (&json!("invite"), &json!("Ana")));
    assert_eq!(inside["until"], made["until"]);
    let chart = cruz.json(&format!("accept '{link}'"));
    assert_eq!(
        (&chart["chart"]["owner_name"], &chart["chart"]["role"]),
        (&json!("Ana"), &json!("therapist"))
    );
    assert_eq!(held(cruz, "--chart Ana history"), [60]);
    assert_eq!(held(cruz, "history"), Vec::<u64>::new(), "the own chart is another");
    let routines = cruz.json("--chart Ana routine list");
    assert_eq!(routines["routines"][0]["name"], "Evening");
    // Notes and what Ana says of herself were not given.
    let may = &chart["chart"]["grants"];
    assert_eq!((may.get("notes"), may.get("profile")), (None, None), "{may}");
    let error = cruz.refused("--chart Ana profile show", 1);
    assert_eq!(error["code"], "not_given");
    assert!(error["message"].as_str().unwrap().contains("the profile"), "{error}");
    assert_eq!(cruz.refused("--chart Ana routine new Mine", 1)["code"], "only_the_owner");

    ana.json("sync");
    let seen = member(ana, "members", "Dr. Cruz");
    assert_eq!((&seen["role"], &seen["verified"]), (&json!("therapist"), &json!(false)));
    let hers = ana.json("verify 'Dr. Cruz'")["words"].clone();
    assert_eq!(hers.as_array().unwrap().len(), 7);
    assert_eq!(cruz.json("--chart Ana verify Ana")["words"], hers, "both see the same words");
    let same = ana.json("verify 'Dr. Cruz' --same");
    assert_eq!((&same["verified"], &same["in_force"]), (&json!(true), &json!(true)));
    assert_eq!(cruz.json("--chart Ana verify Ana --same")["verified"], true);
    assert_eq!(member(ana, "members", "Dr. Cruz")["verified"], true);
    assert_eq!(member(cruz, "--chart Ana members", "Ana")["verified"], true);

    cruz.json("--chart Ana log iliacus-release-hook --side right --held 45");
    cruz.json("sync");
    ana.json("sync");
    assert_eq!(held(ana, "history"), [45, 60]);

    // Ana narrows: the log to read only, and the end comes sooner.
    let narrowed = ana.json("grant 'Dr. Cruz' --class log=read --until 2099-06-30");
    assert_eq!(narrowed["in_force"], true);
    assert_eq!(narrowed["member"]["grants"]["log"], "read");
    cruz.json("sync");
    let refused = cruz.refused("--chart Ana log psoas-release-hook --side left --held 30", 1);
    assert_eq!(refused["code"], "only_read");

    // Ana ends it. What cannot be called back is said before and after.
    let asked = ana.refused("remove 'Dr. Cruz'", 1);
    assert_eq!((&asked["code"], &asked["field"]), (&json!("needs_confirmation"), &json!("yes")));
    assert!(asked["message"].as_str().unwrap().contains("cannot be called back"), "{asked}");
    let gone = ana.run("remove 'Dr. Cruz' --yes");
    assert!(flat(&gone.stdout).contains("cannot be called back"), "{gone:?}");
    assert_eq!(ana.json("members")["members"].as_array().unwrap().len(), 1);
    ana.json("log psoas-release-hook --side left --held 77");
    ana.json("sync");
    cruz.json("sync");
    assert_eq!(held(cruz, "--chart Ana history"), [45, 60], "nothing new, and what was read stays");
    let out = cruz.beside("hers.json");
    cruz.json(&format!("--chart Ana export --format json --out {}", out.display()));
    assert!(std::fs::read_to_string(&out).unwrap().contains("iliacus-release-hook"));
    let charts = cruz.json("chart list");
    let hers = charts["charts"].as_array().unwrap().iter().find(|c| c["name"] == "Ana").unwrap();
    assert_eq!(hers["standing"], "gone");
    assert_eq!(
        cruz.refused("--chart Ana log psoas-release-hook --side left --held 1", 1)["code"],
        "not_a_member"
    );
}

#[test]
fn whoever_is_to_be_compared_first_reads_nothing_until_both_have_the_same_words() {
    let two = Two::met("Ben");
    two.ana.json("log psoas-release-hook --side left --held 60");
    let link = two.invite("--role partner --for Ben --after-compare");
    let said = two.guest.run(&format!("accept '{link}'"));
    assert!(flat(&said.stdout).contains("until Ana has compared"), "{said:?}");
    for line in ["history", "routine list", "progress"] {
        let error = two.guest.refused(&format!("--chart Ana {line}"), 1);
        assert_eq!(error["code"], "not_confirmed_yet", "{line}");
    }
    two.ana.json("sync");
    assert_eq!(member(&two.ana, "members", "Ben")["waiting"], true);
    let words = two.ana.json("verify Ben")["words"].clone();
    assert_eq!(two.guest.json("--chart Ana verify Ana")["words"], words);
    assert_eq!(two.ana.json("verify Ben --same")["in_force"], true);
    two.guest.json("sync");
    assert_eq!(held(&two.guest, "--chart Ana history"), [60]);
}

#[test]
fn words_that_differ_remove_whoever_came_in_and_say_what_that_means() {
    let two = Two::sharing("Ben", "--role partner --for Ben");
    let said = two.ana.run("verify Ben --differ");
    assert_eq!(said.code, 0, "{said:?}");
    for part in ["is removed", "new keys", "cannot be called back", "new invite"] {
        assert!(flat(&said.stdout).contains(part), "{part}: {said:?}");
    }
    assert_eq!(two.ana.json("members")["members"].as_array().unwrap().len(), 1);
    two.guest.json("sync");
    let charts = two.guest.json("chart list");
    assert_eq!(charts["charts"][1]["standing"], "gone", "{charts}");
}

#[test]
fn a_guest_whose_words_differ_leaves_the_chart() {
    let two = Two::sharing("Ben", "--role partner --for Ben");
    let told = two.guest.json("--chart Ana verify Ana --differ");
    assert_eq!((&told["result"], &told["in_force"]), (&json!("leaving"), &json!(true)));
    two.ana.json("sync");
    assert_eq!(two.ana.json("members")["members"].as_array().unwrap().len(), 1);
}

#[test]
fn what_is_wanted_offline_is_shown_as_not_yet_in_force_and_comes_with_the_next_sync() {
    let mut two = Two::sharing("Ben", "--role partner --for Ben");
    two.relay.down();
    let told = two.ana.json("grant Ben --role viewer");
    assert_eq!((&told["in_force"], &told["member"]["pending"]), (&json!(false), &json!("grant")));
    let said = two.ana.run("remove Ben --yes");
    assert!(flat(&said.stdout).contains("not in force yet"), "{said:?}");
    assert_eq!(member(&two.ana, "members", "Ben")["pending"], "removal");
    two.relay.back();
    two.ana.json("sync");
    two.ana.json("sync");
    assert_eq!(two.ana.json("members")["members"].as_array().unwrap().len(), 1);
}

#[test]
fn the_chart_in_use_is_the_one_that_every_command_works_on_until_another_is_named() {
    let two = Two::sharing("Ben", "--role partner --for Ben");
    let ben = &two.guest;
    let used = ben.json("chart use ana");
    assert_eq!(used["chart"]["name"], "Ana");
    ben.json("log psoas-release-hook --side left --held 50");
    assert_eq!(held(ben, "history"), [50]);
    assert_eq!(held(ben, "--chart own history"), Vec::<u64>::new());
    let said = ben.run("history");
    assert!(said.stderr.contains("In the chart Ana"), "{said:?}");
    assert!(ben.json("progress").is_object());
    ben.json("sync");
    two.ana.json("sync");
    assert_eq!(held(&two.ana, "history"), [50]);
    let listed = ben.json("chart list");
    let in_use: Vec<&Value> =
        listed["charts"].as_array().unwrap().iter().map(|chart| &chart["in_use"]).collect();
    assert_eq!(in_use, [false, true], "{listed}");
    ben.json("chart use own");
    assert_eq!(held(ben, "history"), Vec::<u64>::new());
    assert_eq!(ben.refused("chart use Eva", 1)["field"], "chart");
    assert_eq!(ben.refused("--chart Eva history", 1)["field"], "chart");
}

#[test]
fn who_may_not_change_the_members_and_what_no_chart_can_do_is_said_in_sentences() {
    let two = Two::sharing("Ben", "--role partner --for Ben");
    let (ana, ben) = (&two.ana, &two.guest);
    for line in [
        "--chart Ana remove Ana --yes",
        "--chart Ana grant Ana --role viewer",
        "--chart Ana share chart --role viewer",
    ] {
        assert_eq!(ben.refused(line, 1)["code"], "owners_only", "{line}");
    }
    // The last owner stays.
    assert_eq!(ana.refused("grant Ana --role viewer", 1)["code"], "last_owner");
    assert_eq!(ana.refused("remove Ana --yes", 1)["code"], "remove_oneself");
    for line in ["verify Eva", "remove Eva --yes", "grant Eva --role viewer"] {
        let error = ana.refused(line, 1);
        assert_eq!(error["code"], "not_found", "{line}");
        assert!(error["message"].as_str().unwrap().contains("Eva"), "{line}: {error}");
    }
    assert_eq!(ana.refused("verify Ana", 1)["code"], "nobody_to_compare_with");
    let values = [
        ("grant Ben --role doctor", "role", "there is no role"),
        ("grant Ben --class diary", "class", "there is no class"),
        ("grant Ben --without diary", "without", "there is no class"),
        ("grant Ben --class log=all", "class", "read or write"),
        ("grant Ben --until 2020-01-01", "until", "past"),
        ("grant Ben --until soon", "until", "soon"),
        ("grant Ben --class plan=write", "without", "read only"),
        ("grant Ben --without plan --without log", "without", "leave something to read"),
        ("grant Ana --until 2099-01-01", "role", "without an end"),
    ];
    for (line, field, said) in values {
        let error = ana.refused(line, 2);
        assert_eq!(error["field"], field, "{line}: {error}");
        let message = error["message"].as_str().unwrap().to_lowercase();
        assert!(message.contains(said), "{line}: {error}");
    }
    assert_eq!(ana.refused("grant Ben", 2)["code"], "usage");
    assert_eq!(member(ana, "members", "Ben")["pending"], Value::Null, "nothing is wanted by now");
}

#[test]
fn what_was_not_given_says_so_instead_of_looking_empty() {
    let two = Two::sharing("Ben", "--role therapist --without plan");
    two.ana.json("routine add bedtime-10 --realign-side right");
    two.ana.json("sync");
    two.guest.json("sync");
    for (command, part) in [
        ("routine list", "the plan"),
        ("schedule", "the plan"),
        ("plan show", "the plan"),
        ("profile show", "the profile"),
    ] {
        let error = two.guest.refused(&format!("--chart Ana {command}"), 1);
        assert_eq!(error["code"], "not_given", "{command}: {error}");
        assert!(error["message"].as_str().unwrap().contains(part), "{command}: {error}");
    }
    two.guest.json("--chart Ana history");
    two.guest.json("--chart Ana progress");
}

#[test]
fn whoever_presses_is_a_member_by_name_and_everybody_sees_the_name_they_know() {
    let two = Two::sharing("Benjamin", "--role partner --for Ben");
    let hold = "log psoas-release-hook --side left --held 60 --by";
    let logged = two.ana.json(&format!("{hold} benjamin"));
    assert_eq!(logged["holds"][0]["assisted_by"], "Benjamin");
    let id = logged["holds"][0]["hold_id"].as_str().unwrap();
    assert_eq!(two.ana.json(&format!("{hold} 'a friend'"))["holds"][0]["assisted_by"], "a friend");
    two.ana.json("sync");
    two.guest.json("sync");
    let shown = two.guest.json(&format!("--chart Ana hold show {id} --observations"));
    assert_eq!(shown["hold"]["assisted_by"], "Benjamin");
    assert_eq!(shown["observations"][0]["assisted_by"], "Benjamin");
    // A second of the same name: which is meant is asked, and the id tells.
    let other = person("Benjamin", &two.relay);
    let link = two.invite("--role viewer");
    other.json(&format!("accept '{link}'"));
    two.ana.json("sync");
    let error = two.ana.refused(&format!("{hold} Benjamin"), 1);
    assert_eq!(error["code"], "ambiguous", "{error}");
    let members = two.ana.json("members");
    let partner = members["members"].as_array().unwrap().iter().find(|m| m["role"] == "partner");
    let account = partner.unwrap()["account"].as_str().unwrap()[..10].to_owned();
    assert_eq!(two.ana.json(&format!("{hold} {account}"))["holds"][0]["assisted_by"], "Benjamin");
    // Once the words were compared, the name under which they were stays.
    two.ana.json(&format!("verify {account} --same"));
    let history = two.ana.json("history");
    assert_eq!(history["holds"].as_array().unwrap().len(), 3);
    // The tables say the name too, and an export goes back as it is.
    let out = two.ana.beside("tables");
    two.ana.json(&format!("export --format csv --out {}", out.display()));
    let holds = std::fs::read_to_string(out.join("holds.csv")).unwrap();
    assert!(holds.contains("Benjamin") && !holds.contains("account:"), "{holds}");
}

#[test]
fn the_words_are_compared_once_in_each_chart_and_one_does_not_undo_another() {
    let two = Two::sharing("Ben", "--role partner --for Ben");
    two.ana.json("verify Ben --same");
    // Ben shares his chart with Ana too: another chart, another invite, other words.
    let back = two.guest.json("share chart --role partner --for Ana");
    two.ana.json(&format!("accept '{}'", back["link"].as_str().unwrap()));
    let hers = two.ana.json("verify Ben")["words"].clone();
    let his = two.ana.json("--chart Ben verify Ben")["words"].clone();
    assert_ne!(hers, his);
    assert_eq!(member(&two.ana, "--chart Ben members", "Ben")["verified"], false);
    two.ana.json("--chart Ben verify Ben --same");
    for chart in ["own", "Ben"] {
        let ben = member(&two.ana, &format!("--chart {chart} members"), "Ben");
        assert_eq!(ben["verified"], true, "{chart}");
    }
    // Removed and invited again is another invite, and to be compared again.
    two.ana.json("remove Ben --yes");
    two.guest.json("sync");
    let link = two.invite("--role partner --for Ben");
    two.guest.json(&format!("accept '{link}'"));
    two.ana.json("sync");
    assert_eq!(member(&two.ana, "members", "Ben")["verified"], false);
    assert_eq!(member(&two.ana, "--chart Ben members", "Ben")["verified"], true);
}

#[test]
fn what_is_given_for_a_time_ends_by_itself_and_what_was_read_stays() {
    let two = Two::sharing("Ben", "--role partner --for Ben");
    two.ana.json("log psoas-release-hook --side left --held 60");
    two.ana.json("sync");
    two.guest.json("sync");
    let soon = jiff::Timestamp::now().as_second() + 2;
    let soon = jiff::Timestamp::from_second(soon).unwrap();
    let told = two.ana.json(&format!("grant Ben --until {soon}"));
    assert_eq!(told["in_force"], true);
    two.guest.json("sync");
    let hers = two.guest.json("chart list")["charts"][1].clone();
    assert!(hers["until"].is_string(), "{hers}");
    std::thread::sleep(std::time::Duration::from_millis(2_600));
    let error = two.guest.refused("--chart Ana log psoas-release-hook --side left --held 9", 1);
    assert_eq!(error["code"], "grant_ended");
    assert_eq!(held(&two.guest, "--chart Ana history"), [60]);
    assert_eq!(two.guest.json("chart list")["charts"][1]["standing"], "ended");
    // More time is given, and it goes on.
    two.ana.json("grant Ben --no-end");
    two.guest.json("sync");
    two.guest.json("--chart Ana log psoas-release-hook --side left --held 9");
}
