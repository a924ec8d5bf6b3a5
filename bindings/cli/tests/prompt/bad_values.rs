//! What was typed wrong: exit 2, a sentence, the argument at fault.

use crate::home::Home;

#[test]
fn an_unknown_exercise_names_the_nearest() {
    let home = Home::empty();
    let error = home.refused("catalog show psoas-relase-hook", 2);
    assert_eq!(error["code"], "unknown_exercise");
    assert_eq!(error["field"], "exercise");
    assert!(error["hint"].as_str().unwrap().contains("psoas-release-hook"), "{error}");
}

#[test]
fn the_beginning_of_an_id_that_fits_several_lists_them() {
    let home = Home::empty();
    let error = home.refused("catalog show psoas", 2);
    assert_eq!(error["code"], "ambiguous");
    let message = error["message"].as_str().unwrap();
    assert!(message.contains("psoas-release-hook, psoas-release-ball"), "{message}");
}

#[test]
fn a_word_off_its_list_says_which_there_are() {
    let home = Home::empty();
    let error = home.refused("catalog --kind stretching", 2);
    assert_eq!(error["field"], "kind");
    assert!(error["message"].as_str().unwrap().contains("stretch, "), "{error}");
}

#[test]
fn usage_errors_are_json_with_json_and_text_without() {
    let home = Home::empty();
    let error = home.refused("no-such-command", 2);
    assert_eq!(error["code"], "usage");
    let text = home.run("no-such-command");
    assert_eq!(text.code, 2);
    assert!(text.stderr.contains("no-such-command") && !text.stderr.contains('{'), "{text:?}");
    assert_eq!(home.run("").code, 2);
    assert_eq!(home.refused("catalog --now yesterday", 2)["field"], "now");
}
