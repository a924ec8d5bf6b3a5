//! Self-tests and the questionnaire of signs at the prompt.

use serde_json::{Value, json};

use crate::home::{Home, Ran};

fn at(week: u32) -> String {
    // A Sunday evening each week from 2026-03-01 on; the clocks go forward on 29 March.
    let days = 1 + 7 * week;
    let (month, day) = if days > 31 { (4, days - 31) } else { (3, days) };
    let offset = if (month, day) >= (3, 29) { "+02:00" } else { "+01:00" };
    format!("--now 2026-{month:02}-{day:02}T21:00:00{offset}[Europe/Berlin]")
}

fn results(document: &Value) -> &Vec<Value> {
    document["results"].as_array().unwrap()
}

fn wide(ran: &Ran) -> usize {
    ran.stdout.lines().map(|line| line.chars().count()).max().unwrap_or(0)
}

#[test]
fn the_thomas_test_over_six_weeks() {
    let home = Home::made();
    // Each Sunday both sides: the right passes from the third week on, the left from the sixth.
    for week in 0..=6 {
        let now = at(week);
        for (side, passes_from) in [("left", 6), ("right", 3)] {
            let result = if week >= passes_from { "pass" } else { "fail" };
            let made = home.json(&format!(
                "{now} test record thomas-test --side {side} --result {result} --note 'week {week}'"
            ));
            let made = &results(&made)[0];
            assert_eq!(made["answers"]["full_extension"], json!(week >= passes_from));
            let readings = made["readings"].as_array().unwrap();
            assert_eq!(readings.is_empty(), week >= passes_from, "{made}");
        }
        let sides = home.json(&format!("{now} test history thomas"));
        let sides = &sides["imbalance"]["fields"][0];
        assert_eq!(sides["same"], json!(!(3..6).contains(&week)), "week {week}: {sides}");
    }
    let now = at(6);
    let history = home.json(&format!("{now} test history thomas-test"));
    let all = results(&history);
    assert_eq!(all.len(), 14);
    assert_eq!(
        (&all[0]["local_day"], &all[13]["local_day"]),
        (&json!("2026-04-12"), &json!("2026-03-01"))
    );
    assert_eq!(all[13]["readings"][0]["sources"], json!(["001"]));
    let changes = history["changes"].as_array().unwrap();
    assert_eq!(changes.len(), 2);
    for change in changes {
        assert_eq!((&change["n"], &change["from"]), (&json!(7), &json!("2026-03-01")));
        let field = &change["fields"][0];
        assert_eq!((&field["first"], &field["last"]), (&json!(false), &json!(true)));
    }
    let since = home.json(&format!("{now} test history thomas-test --since 2026-04-01"));
    assert_eq!(results(&since).len(), 4);

    let text = home.run(&format!("{now} test history thomas-test"));
    assert!(wide(&text) <= 80, "{}", text.stdout);
    for words in [
        "Thomas test",
        "left: The hip extends fully: no on 2026-03-01, yes on 2026-04-12.",
        "The hip extends fully: the same on both sides, yes.",
        "Tight flexors are still possible when you pass. [001]",
        "Information, not diagnosis.",
    ] {
        let flowing = text.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(flowing.contains(words), "{words}: {}", text.stdout);
    }
    let list = home.json(&format!("{now} test list"));
    let tests = list["tests"].as_array().unwrap();
    assert_eq!(tests.len(), 9);
    assert_eq!(tests[0]["last"].as_array().unwrap().len(), 2);
}

#[test]
fn a_result_says_what_the_sources_say_and_how_the_sides_differ() {
    let home = Home::made();
    home.json("test record hip-flexor-strength-test --side left --value 22.5");
    let made = home.run("test record hip-flexor-strength-test --side right --value 31");
    assert_eq!(made.code, 0, "{made:?}");
    assert!(wide(&made) <= 80, "{}", made.stdout);
    for words in ["Strong enough. [001]", "left 22.5 s, right 31 s, 8.5 s apart", "second copy"] {
        assert!(made.stdout.contains(words), "{words}: {}", made.stdout);
    }
    let press = home.json("test record press-tenderness-test --side left --muscle psoas --value 4");
    assert_eq!(results(&press)[0]["answers"], json!({ "tenderness_psoas": 4 }));
    let squat = home.json("test record squat-depth-check --result depth=parallel --result wobble");
    assert_eq!(results(&squat)[0]["answers"], json!({ "depth": "parallel", "wobble": true }));
    let sentence = results(&squat)[0]["readings"][0]["sentence"].as_str().unwrap();
    assert_eq!(sentence, "Your iliopsoas may be weakened.");
}

#[test]
fn the_questionnaires_ask_and_keep_and_conclude_nothing() {
    let home = Home::made();
    let asked = home.run_reading(
        "--json test record tightness-questionnaire --ask",
        "months\nno\nyes\nno\nno\n",
    );
    assert_eq!(asked.code, 0, "{asked:?}");
    let made: Value = serde_json::from_str(&asked.stdout).unwrap();
    assert_eq!(results(&made)[0]["answers"]["how_long"], "months");
    assert_eq!(results(&made)[0]["readings"], json!([]));
    let wrong = home.run_reading("test record tightness-questionnaire --ask", "aeons\n");
    assert_eq!(wrong.code, 2, "{wrong:?}");
    // Thirty questions, two answered: the others stay unknown.
    let signs =
        home.run_reading("test record signs --ask", &format!("yes\n{}yes\n", "\n".repeat(14)));
    assert_eq!(signs.code, 0, "{signs:?}");
    assert!(signs.stderr.contains("(yes, no)"), "{}", signs.stderr);
    assert!(wide(&signs) <= 80, "{}", signs.stdout);
    for words in [
        "What may point to weak hip flexors [001]",
        "What may point to tight hip flexors [003]",
        "Of this list 5 not answered.",
        "none of them decides",
    ] {
        let flowing = signs.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(flowing.contains(words), "{words}: {}", signs.stdout);
    }
    let history = home.json("test history signs");
    assert_eq!(results(&history)[0]["signs"].as_array().unwrap().len(), 2);
    assert_eq!(results(&history)[0]["answers"].as_object().unwrap().len(), 2);
}

#[test]
fn what_cannot_be_is_refused_in_a_sentence_and_nothing_is_written() {
    let home = Home::made();
    let strength = "hip-flexor-strength-test --side left";
    let cases = [
        ("tomas-test --side left --result pass", "test", "unknown_test"),
        ("thomas-test --result pass", "side", "side_missing"),
        ("thomas-test --side middle --result pass", "side", "bad_value"),
        (
            "squat-depth-check --side left --result depth=parallel --result wobble=no",
            "side",
            "no_sides",
        ),
        ("thomas-test --side left --result perhaps", "result", "not_yes_or_no"),
        ("thomas-test --side left", "result", "missing"),
        (&format!("{strength} --value long"), "result", "not_seconds"),
        (&format!("{strength} --value -3"), "result", "out_of_range"),
        (
            "press-tenderness-test --side left --muscle psoas --value 11",
            "result",
            "score_out_of_range",
        ),
        ("press-tenderness-test --side left --value 4", "muscle", "muscle_missing"),
        ("press-tenderness-test --side left --muscle calves --value 4", "muscle", "unknown_muscle"),
        ("hamstring-reach-check --result ceiling", "result", "not_option"),
        ("squat-depth-check --result height=3", "result", "unknown_field"),
        ("thomas-test --side left --result pass --at 2026-03-02T09:00", "at", "in_future"),
    ];
    let now = at(0);
    for (line, field, code) in cases {
        let error = home.refused(&format!("{now} test record {line}"), 2);
        assert_eq!((&error["field"], &error["code"]), (&json!(field), &json!(code)), "{error}");
    }
    let unknown = home.refused("test history tomas-test", 2);
    assert!(unknown["hint"].as_str().unwrap().contains("thomas-test"), "{unknown}");
    for test in home.json("test list")["tests"].as_array().unwrap() {
        assert_eq!(test["last"], json!([]), "{test}");
    }
}

#[test]
fn a_result_can_be_taken_back_and_every_result_comes_out_and_in_unchanged() {
    let home = Home::made();
    let kept =
        home.json("test record thomas-test --side left --result extension_deg=-7.5 --result fail");
    let kept = results(&kept)[0]["id"].as_str().unwrap().to_owned();
    let gone = home.json("test record thomas-test --side right --result pass");
    let gone = results(&gone)[0]["id"].as_str().unwrap().to_owned();
    home.json(&format!("test remove {gone}"));
    assert_eq!(home.refused(&format!("test remove {gone}"), 1)["code"], "not_found");
    let history = home.json("test history thomas-test");
    assert_eq!(results(&history).len(), 1);
    assert_eq!(results(&history)[0]["id"], json!(kept));
    let (one, two) = (home.beside("one.json"), home.beside("two.json"));
    home.json(&format!("export --format json --out {}", one.display()));
    let other = Home::made();
    let report = other.json(&format!("import {}", one.display()));
    assert_eq!((&report["added"], &report["refused"]), (&json!(3), &json!([])));
    assert_eq!(other.json(&format!("import {}", one.display()))["added"], 0);
    other.json(&format!("export --format json --out {}", two.display()));
    assert_eq!(std::fs::read(one).unwrap(), std::fs::read(two).unwrap());
    let there = other.json("test history thomas-test");
    for name in ["id", "answers", "side", "at", "local_day", "note", "readings"] {
        assert_eq!(results(&there)[0][name], results(&history)[0][name], "{name}");
    }
}

#[test]
fn what_a_test_asks_is_shown_in_full() {
    let home = Home::made();
    let shown = home.run("test list thomas-test");
    assert!(wide(&shown) <= 80, "{}", shown.stdout);
    for words in
        ["full_extension: The hip extends fully (yes, no)", "full_extension = no:", "[001]"]
    {
        assert!(shown.stdout.contains(words), "{words}: {}", shown.stdout);
    }
    let all = home.run("test list");
    assert!(wide(&all) <= 80 && all.stdout.contains("Questionnaire of signs"), "{}", all.stdout);
}
