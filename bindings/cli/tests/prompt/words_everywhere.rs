//! The marked English over everything else that is said: the commands of the day, the plan, own
//! exercises, mistakes in typing, help.

use std::collections::BTreeSet;

use crate::home::{Home, Ran, split};
use crate::words::{ids, run_in, unmarked};

/// What is typed in these tests, and the words of the data that scripts read.
const TYPED: &[&str] = &[
    // Slots, sites, kinds, formats and options, as they are typed at the prompt.
    "morning",
    "midday",
    "evening",
    "bedtime",
    "sleep-hours",
    "ankle",
    "back-thigh",
    "buttock",
    "chest",
    "core",
    "front-hip",
    "front-thigh",
    "hip",
    "inner-thigh",
    "lower-body",
    "neck",
    "outer-hip",
    "pelvis",
    "shoulder",
    "spine",
    "whole-body",
    "massage",
    "stretch",
    "realignment",
    "activation",
    "strength",
    "mobility",
    "self_test",
    "habit",
    "json",
    "automerge",
    "csv",
    "held",
    "reps",
    "minutes",
    "done",
    "http",
    "example",
    "thomas",
    "hip-flexor-strength",
    "press-tenderness",
    "extension_deg",
    "tenderness_",
    "maybe",
    "Ana",
    "phone",
    "tablet",
    "Evening",
    "Wall",
    "lean",
    "Twin",
    "Europe",
    "Berlin",
    "UTC",
    "lunch",
    "holdfast",
    "init",
    "sync",
    "device",
    "pair",
    "v1",
    "yes",
    "no",
    "own",
    "loose",
];

/// Says lines in marked English, and gives what is not marked.
fn found(home: &Home, lines: &[&str], also: &[&str]) -> Vec<String> {
    let said: Vec<(&str, Ran)> =
        lines.iter().map(|line| (*line, run_in(home, "qps", line))).collect();
    let mut known: BTreeSet<String> = TYPED.iter().map(|typed| (*typed).to_owned()).collect();
    for line in [
        "history",
        "device list",
        "routine list",
        "event list",
        "exercise list --removed",
        "test history signs",
        "test history thomas-test",
    ] {
        let told = home.run(&format!("--json {line}"));
        if let Ok(told) = serde_json::from_str(&told.stdout) {
            ids(&told, &mut known);
        }
    }
    let folder = home.path().to_str().unwrap().to_owned();
    let beside = home.beside("").to_str().unwrap().to_owned();
    let mut odd = Vec::new();
    for (line, ran) in &said {
        let text = format!("{}\n{}", ran.stdout, ran.stderr);
        assert!(text.contains('⟦'), "{line} says nothing that is marked: {ran:?}");
        // What was typed may be said again.
        let typed = split(line);
        let mut away: Vec<&str> = vec![&folder, &beside];
        away.extend(also);
        away.extend(typed.iter().map(String::as_str).filter(|word| word.len() > 2));
        let mut left = unmarked(&text, &away);
        left.retain(|token| !known.contains(token));
        if !left.is_empty() {
            odd.push(format!("{line}: {left:?}\n{text}"));
        }
    }
    odd
}

fn hold(odd: &[String]) {
    assert!(odd.is_empty(), "written in code:\n{}", odd.join("\n"));
}

#[test]
fn the_day_and_the_plan_are_said_from_the_words() {
    let home = Home::made();
    let ticked = home.json("habit done sit-break --count 2");
    let ticked = ticked["tick"]["id"].as_str().unwrap_or("nothing").to_owned();
    let event = home.json("event add walk --minutes 10");
    let event = event["event"]["id"].as_str().unwrap_or("nothing").to_owned();
    home.json("routine new Evening");
    hold(&found(
        &home,
        &[
            "habit list",
            "habit show sleep-side",
            "habit done sit-break",
            "habit done sleep-hours --value 7.5",
            "habit done sleep-hours --value 99",
            "habit done no-such",
            &format!("habit undo {ticked}"),
            "habit plan sit-break --every 50 --between 09:00-17:00",
            "habit list --date today",
            "habit unplan sit-break",
            "event add run --minutes 105",
            "event list",
            &format!("event remove {event}"),
            "pain low-back 4",
            "pain nowhere 4",
            "event list --only pain",
            "schedule",
            "routine schedule Evening --per-day 1 --slots bedtime",
            "routine schedule Evening --days mon --per-week 3",
            "schedule --days 3",
            "schedule --days 0",
            "plan show",
            "plan slot lunch 12:15",
            "plan pause --from today",
            "plan show",
            "schedule",
            "plan resume",
            "plan resume",
            "progress",
            "progress --days 0",
        ],
        &[],
    ));
}

#[test]
fn tests_the_profile_and_own_exercises_are_said_from_the_words() {
    let home = Home::made();
    home.json("routine new Evening");
    home.json("routine step Evening add psoas-release-hook --hold 40 --side left");
    let made = home.json("exercise add 'Wall lean' --kind stretch --sides per_side --hold 30-45");
    let id = made["exercise"]["id"].as_str().unwrap_or("nothing").to_owned();
    let file = home.beside("evening.json").to_str().unwrap().to_owned();
    let tables = home.beside("tables").to_str().unwrap().to_owned();
    hold(&found(
        &home,
        &[
            "test list",
            "test list thomas-test",
            "test record thomas-test --side left --result fail",
            "test record thomas-test --side left",
            "test record press-tenderness-test --side left --muscle psoas --value 14",
            "test record signs --result weak-flexors.stride",
            "test history thomas-test",
            "test history signs",
            "profile show",
            "profile set pregnant=maybe",
            "profile set due_date=1999-01-01",
            "profile set pregnant=no",
            "profile unset pregnant",
            "exercise list",
            "exercise add 'Wall lean' --kind stretch --sides per_side --hold 30",
            "exercise edit 'Wall lean' --hold 60",
            &format!("catalog show {id}"),
            "exercise remove 'Wall lean'",
            &format!("routine export Evening --out {file}"),
            &format!("routine export Evening --out {file}"),
            &format!("routine import {file}"),
            &format!("routine import {file} --copy --name Twin"),
            "routine remove Twin",
            &format!("export --format csv --out {tables}"),
        ],
        &["evening", "tables", "per_side"],
    ));
}

#[test]
fn mistakes_in_typing_are_said_from_the_words() {
    let home = Home::made();
    hold(&found(
        &home,
        &[
            "history --limit 0",
            "history --limit many",
            "history --since tomorrowish",
            "history --nonsense",
            "nonsense",
            "routine",
            "log",
            "catalog --kind nonsense",
            "export --format nonsense --out here",
            "log psoas-release-hook --held 1 --minutes 2",
            "habit done sit-break --count 1 --value 2",
            "init --name Ana",
            "device revoke nobody",
            "device pair --minutes 0",
            "hold show nothing",
            "routine show nothing",
            "routine schedule bedtime --days nonsense",
            "routine schedule bedtime --dates nonsense",
            "routine schedule bedtime --slots =",
            "routine add bedtime-10 --realign-side nonsense",
            "routine add bedtime-10 --realign-side both",
            "routine step bedtime set x --optional nonsense",
            "relay set nowhere",
            "relay set http://relay.example",
            "export --format json --out /",
        ],
        &["PATH", "FORMAT", "release"],
    ));
}

/// The names of the commands, and the options, that a page of help shows unmarked.
fn names(help: &str) -> (Vec<String>, BTreeSet<String>) {
    let mut lines = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    let groups: Vec<String> = lines
        .by_ref()
        .take_while(|line| line.starts_with("  "))
        .filter(|line| !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next().map(str::to_owned))
        .collect();
    let options = help
        .split(|c: char| c.is_whitespace() || matches!(c, '[' | ']' | ',' | '<' | '='))
        .filter(|word| word.starts_with('-'))
        .map(|word| word.trim_matches('-').to_owned())
        .collect();
    (groups, options)
}

#[test]
fn the_help_of_every_command_is_said_from_the_words() {
    let home = Home::empty();
    let mut to_see = vec![String::new()];
    let (mut odd, mut seen) = (Vec::new(), 0);
    while let Some(path) = to_see.pop() {
        let (groups, options) = names(&home.run(&format!("{path} --help")).stdout);
        let said = run_in(&home, "qps", &format!("{path} --help")).stdout;
        assert!(said.contains('⟦'), "{path}: {said}");
        // What may be typed stands between brackets that are clap's: `[possible values: run, walk]`.
        let typed: BTreeSet<&str> = said
            .split('⟧')
            .filter_map(|after| after.split_once(']'))
            .flat_map(|(listed, _)| listed.split([',', ' ', '"']))
            .collect();
        let path_names: Vec<&str> = path.split(' ').collect();
        let mut left = unmarked(&said, &["HOLDFAST_HOME"]);
        left.retain(|token| {
            let token = token.as_str();
            let command = token == "holdfast" || path_names.contains(&token);
            let listed = groups.iter().any(|group| group == token) || options.contains(token);
            !command && !listed && !typed.contains(token) && !token.starts_with("--")
        });
        if !left.is_empty() {
            odd.push(format!("{path}: {left:?}\n{said}"));
        }
        to_see.extend(groups.iter().map(|group| format!("{path} {group}").trim().to_owned()));
        seen += 1;
    }
    assert!(seen > 60, "only {seen} commands seen");
    hold(&odd);
}

#[test]
fn help_and_mistakes_are_said_in_german() {
    let home = Home::made();
    let help = run_in(&home, "de", "log --help").stdout;
    for text in ["Aufruf:", "Ein Halten aufschreiben", "Optionen:", "[OPTIONEN]", "<ÜBUNG>"] {
        assert!(help.contains(text), "{text}: {help}");
    }
    let wrong = run_in(&home, "de", "history --nonsense").stderr;
    assert!(wrong.contains("gibt es hier nicht"), "{wrong}");
    let wrong = run_in(&home, "de", "relay set nowhere").stderr;
    assert!(wrong.contains("ist kein Relay"), "{wrong}");
    let manual = run_in(&home, "de", "man").stdout;
    assert!(manual.contains(".SH BEFEHLE") && manual.contains("Beispiel:"), "{manual}");
}
