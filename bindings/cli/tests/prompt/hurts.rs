//! What is shown where it hurts: the red flags of the place, chosen in one way, and the side without
//! pain.

use serde_json::{Value, json};

use crate::home::Home;

/// The red flags that `safety` shows with an exercise of a place.
fn of_exercise(home: &Home, exercise: &str) -> Vec<Value> {
    let shown = home.json(&format!("safety {exercise}"));
    shown["red_flags"].as_array().unwrap().iter().map(|flag| flag["id"].clone()).collect()
}

fn flags(answer: &Value) -> Vec<Value> {
    answer["red_flags"].as_array().unwrap().clone()
}

#[test]
fn pain_written_down_shows_the_red_flags_of_its_site() {
    let home = Home::made();
    let neck = home.json("pain neck 4");
    let hip = home.json("pain front-hip 4 --side left");
    assert_ne!(flags(&neck), flags(&hip), "those of the site");
    assert!(flags(&neck).contains(&json!("arm-numbness")), "{neck}");
    assert!(!flags(&hip).contains(&json!("arm-numbness")), "{hip}");
    let said = home.run("pain neck 4").stdout;
    assert!(said.contains("See somebody when") && said.contains("not diagnosis"), "{said}");
    assert!(flags(&home.json("pain neck 0")).is_empty(), "nothing hurts");
}

#[test]
fn a_hold_that_ended_with_pain_shows_those_of_where_it_was() {
    let home = Home::made();
    let log = "log psoas-release-hook --side left --held 20 --ended pain";
    let logged = home.json(log);
    assert_eq!(flags(&logged), of_exercise(&home, "psoas-release-hook"));
    // Where it hurt says more than where the exercise works.
    let there = home.json(&format!("{log} --pain-after 6 --pain-site neck"));
    assert!(flags(&there).contains(&json!("arm-numbness")), "{there}");
    let said = home.run(log).stdout;
    assert!(said.contains("See somebody when") && said.contains("[0"), "{said}");
    let well = home.json("log psoas-release-hook --side left --held 20");
    assert!(well.get("red_flags").is_none(), "{well}");
}

#[test]
fn a_hold_put_right_to_have_ended_with_pain_shows_them_too() {
    let home = Home::made();
    let logged = home.json("log psoas-release-hook --side left --held 20");
    let id = logged["holds"][0]["hold_id"].as_str().unwrap();
    let edited = home.json(&format!("hold edit {id} --ended pain --pain-after 5"));
    assert_eq!(flags(&edited), of_exercise(&home, "psoas-release-hook"));
    let said = home.run(&format!("hold edit {id} --pain-site neck")).stdout;
    assert!(said.contains("See somebody when"), "{said}");
    let well = home.json(&format!("hold edit {id} --ended target"));
    assert!(well.get("red_flags").is_none(), "{well}");
}

#[test]
fn sleeping_on_a_side_names_the_one_without_pain_where_it_is_known() {
    let home = Home::made();
    assert_eq!(home.json("habit show sleep-side")["side_without_pain"], Value::Null);
    home.json("profile set affected_side=left");
    assert_eq!(home.json("habit show sleep-side")["side_without_pain"], "right");
    let said = home.run("habit show sleep-side").stdout;
    assert!(said.contains("does not hurt is this one: right"), "{said}");
    assert_eq!(home.json("habit show sleep-back")["side_without_pain"], Value::Null);
}
