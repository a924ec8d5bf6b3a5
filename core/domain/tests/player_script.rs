//! Sessions written down.
#![allow(clippy::unwrap_used)]

mod player_plans;

use holdfast_domain::player::script::parse;
use holdfast_domain::player::{Input, Position, Seen};

#[test]
fn an_input_survives_json() {
    let script = parse(
        "0 start\n1 pause call\n2 resume\n3 skip @1.2.3\n4 back\n5 extend 15000\n6 stop pain 3\n\
         7 eased\n8 move\n9 lighten firm\n10 finished yes\n11 pain before 4 low-back\n12 count 3\n\
         13 done\n14 delivered 77\n15 tick\n16 stop pain front-hip\n17 stop",
    )
    .unwrap();
    assert_eq!(script.len(), 18);
    assert_eq!(script[3].1.seen, Seen::Position(Position { hold: 1, visit: 2, question: 3 }));
    for (_, input) in script {
        let json = serde_json::to_string(&input).unwrap();
        assert_eq!(serde_json::from_str::<Input>(&json).unwrap(), input, "{json}");
    }
}

#[test]
fn a_script_with_a_mistake_names_its_line() {
    for (script, line, part) in [
        ("0 start\nx skip", 2, "time in ms"),
        ("# hello\n\n0 jump", 3, "\"jump\""),
        ("5 start\n4 skip", 2, "before the line above"),
        ("0 pain before 11", 1, "0 to 10"),
        ("0 skip @1.2", 1, "@hold.visit.question"),
        ("0", 1, "missing"),
        ("0 extend -5", 1, "whole number"),
        ("0 pause lunch", 1, "lunch"),
    ] {
        let error = parse(script).unwrap_err();
        assert_eq!(error.line, line, "{error}");
        assert!(error.to_string().contains(part), "{error}");
    }
}
