//! What can be asked without a record.

use crate::home::{Home, program, ran};

#[test]
fn the_catalogue_is_searched_by_words_kind_and_muscle() {
    let home = Home::empty();
    let found = home.json("catalog psoas --kind release");
    let ids: Vec<&str> =
        found["exercises"].as_array().unwrap().iter().map(|e| e["id"].as_str().unwrap()).collect();
    assert!(ids.contains(&"psoas-release-hook"), "{ids:?}");
    assert!(found["exercises"].as_array().unwrap().iter().all(|e| e["kind"] == "release"));
    let by_muscle = home.json("catalog --muscle psoas");
    assert!(by_muscle["exercises"].as_array().unwrap().len() > 1);
    assert_eq!(home.json("catalog nothing-is-called-so")["exercises"], serde_json::json!([]));
    assert!(!home.path().exists(), "looking needs no home and makes none");
}

#[test]
fn an_exercise_is_shown_with_its_sources_and_what_is_unstated_stays_so() {
    let home = Home::empty();
    let shown = home.json("catalog show psoas-release-hook");
    let exercise = &shown["exercise"];
    assert_eq!(exercise["id"], "psoas-release-hook");
    assert_eq!(exercise["laterality"], "per_side");
    assert!(exercise["sources"].as_object().is_some_and(|sources| !sources.is_empty()));
    assert_eq!(exercise["dose"]["sets"], serde_json::json!({}), "no source states its sets");
    let text = home.run("catalog show psoas-release-hook");
    assert!(text.stdout.contains("sets           not stated"), "{}", text.stdout);
}

#[test]
fn text_fits_eighty_columns_and_carries_no_escapes_into_a_file() {
    let home = Home::empty();
    for line in ["catalog", "catalog show psoas-release-hook", "safety", "safety redflags"] {
        let text = home.run(line).stdout;
        assert!(!text.contains('\x1b'), "{line}");
        let widest = text.lines().max_by_key(|line| line.chars().count()).unwrap();
        assert!(widest.chars().count() <= 80, "{line}: {widest}");
    }
}

#[test]
fn safety_knows_its_topics_and_says_it_is_no_diagnosis() {
    let home = Home::empty();
    assert!(home.run("safety").stdout.contains("Information, not diagnosis"));
    let only = home.json("safety redflags");
    assert!(!only["red_flags"].as_array().unwrap().is_empty());
    assert_eq!(only["stop_rules"], serde_json::json!([]));
    let hook = home.json("safety psoas-release-hook");
    assert_eq!(hook["exercise"], "psoas-release-hook");
    assert!(hook["ask_first"].is_object(), "the card stands before front pressure");
}

#[test]
fn every_command_has_help_with_an_example() {
    let home = Home::empty();
    let mut to_see = vec![String::new()];
    let mut seen = 0;
    while let Some(path) = to_see.pop() {
        let help = home.run(&format!("{path} --help"));
        assert_eq!(help.code, 0, "{path}: {help:?}");
        let mut lines = help.stdout.lines().skip_while(|line| *line != "Commands:").skip(1);
        let groups: Vec<&str> = lines
            .by_ref()
            .take_while(|line| line.starts_with("  "))
            .filter(|line| !line.starts_with("   "))
            .filter_map(|line| line.split_whitespace().next())
            .collect();
        if groups.is_empty() || path.is_empty() {
            assert!(help.stdout.contains("Example:"), "{path}: {}", help.stdout);
        }
        to_see.extend(groups.iter().map(|group| format!("{path} {group}").trim().to_owned()));
        seen += 1;
    }
    assert!(seen > 3, "{seen}");
}

#[test]
fn completions_and_a_manual_page_are_printed() {
    let home = Home::empty();
    for (shell, word) in [("bash", "complete"), ("zsh", "#compdef"), ("fish", "complete -c")] {
        let script = home.run(&format!("completions {shell}")).stdout;
        assert!(script.contains(word) && script.contains("catalog"), "{shell}");
    }
    assert!(home.run("man").stdout.contains(".TH holdfast 1"));
}

#[test]
fn a_reader_that_goes_away_is_no_fault() {
    use std::io::Read as _;
    use std::process::Stdio;
    let home = Home::empty();
    let mut command = program(&home.path());
    let mut child =
        command.arg("safety").stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let mut told = String::new();
    child.stderr.take().unwrap().read_to_string(&mut told).unwrap();
    assert_eq!((child.wait().unwrap().code(), told.as_str()), (Some(0), ""));
    assert_eq!(ran(program(&home.path()).arg("--version")).stderr, "");
}
