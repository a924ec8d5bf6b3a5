//! Self-tests: what fits a test's schema, what does not, and what the sources say of a result.

#![allow(clippy::unwrap_used)]

use holdfast_domain::catalogue::SelfTest;
use holdfast_domain::record::{Amount, TestAnswer, TestResult};
use holdfast_domain::self_test::{self, TestRefusal, change, differences, listed_signs, readings};
use holdfast_domain::vocabulary::Side;
use holdfast_domain::words::Words;

fn test(id: &str) -> &'static SelfTest {
    self_test::find(&id.parse().unwrap()).unwrap()
}

fn result(id: &str, side: Option<Side>, typed: &[&str]) -> Result<TestResult, TestRefusal> {
    let test = test(id);
    test.checked(side, test.read(typed, None)?)
}

const LEFT: Option<Side> = Some(Side::Left);

fn meanings(id: &str, side: Option<Side>, typed: &[&str]) -> Vec<String> {
    let result = result(id, side, typed).unwrap();
    let meanings = readings(test(id), &result).map(|threshold| threshold.meaning.to_string());
    meanings.collect()
}

fn code(id: &str, side: Option<Side>, typed: &[&str]) -> &'static str {
    let refusal = result(id, side, typed).unwrap_err();
    let sentence = refusal.to_string();
    assert!(sentence.ends_with('.') && !sentence.contains('{'), "{sentence}");
    refusal.code()
}

#[test]
fn every_test_of_the_catalogue_takes_a_result_that_fits_it() {
    let given: [(&str, Option<Side>, &[&str]); 9] = [
        ("thomas-test", LEFT, &["full_extension=no", "extension_deg=-12.5"]),
        ("hip-flexor-strength-test", LEFT, &["held_s=24", "difference_s=-6"]),
        ("press-tenderness-test", LEFT, &["tenderness_psoas=4", "tenderness_iliacus=0"]),
        ("knot-palpation", LEFT, &["feel=hard", "refers_to=neck"]),
        ("hamstring-reach-check", None, &["mid_shin"]),
        ("squat-depth-check", None, &["depth=parallel", "wobble=no"]),
        (
            "posture-mirror-check",
            None,
            &["shoulders_forward=yes", "upper_back_rounded=no", "head_forward=no"],
        ),
        (
            "tightness-questionnaire",
            None,
            &[
                "how_long=weeks",
                "only_after_certain_runs=no",
                "hamstrings_tight",
                "reaches_mid_shin=no",
                "regular_strength_work=no",
            ],
        ),
        ("signs", None, &["weak-flexors.stride", "tight-flexors.tender=no"]),
    ];
    assert_eq!(given.len(), self_test::all().count());
    for (id, side, typed) in given {
        let result = result(id, side, typed).unwrap_or_else(|refusal| panic!("{id}: {refusal}"));
        assert_eq!(result.answers.len(), typed.len(), "{id}");
        let text = serde_json::to_string(&result).unwrap();
        assert_eq!(serde_json::from_str::<TestResult>(&text).unwrap(), result, "{id}");
    }
}

#[test]
fn what_does_not_fit_is_refused_in_a_sentence() {
    assert_eq!(code("thomas-test", None, &["no"]), "side_missing");
    assert_eq!(code("squat-depth-check", LEFT, &["depth=parallel", "wobble=no"]), "no_sides");
    assert_eq!(code("thomas-test", LEFT, &["maybe"]), "not_yes_or_no");
    assert_eq!(code("hip-flexor-strength-test", LEFT, &["long"]), "not_seconds");
    assert_eq!(code("hip-flexor-strength-test", LEFT, &["-1"]), "out_of_range");
    assert_eq!(code("thomas-test", LEFT, &["no", "extension_deg=720"]), "out_of_range");
    assert_eq!(code("press-tenderness-test", LEFT, &["tenderness_psoas=11"]), "score_out_of_range");
    assert_eq!(
        code("press-tenderness-test", LEFT, &["tenderness_psoas=3.5"]),
        "score_out_of_range"
    );
    assert_eq!(code("press-tenderness-test", LEFT, &["4"]), "muscle_missing");
    assert_eq!(code("hamstring-reach-check", None, &["moon"]), "not_option");
    assert_eq!(code("squat-depth-check", None, &["depth=parallel"]), "missing");
    assert_eq!(code("squat-depth-check", None, &["parallel"]), "which_field");
    assert_eq!(code("squat-depth-check", None, &["height=3"]), "unknown_field");
    assert_eq!(code("thomas-test", LEFT, &["no", "full_extension=yes"]), "twice");
    assert_eq!(code("signs", None, &[]), "nothing");
    assert_eq!(code("press-tenderness-test", LEFT, &[]), "nothing");
    let wrong = TestAnswer::Number(Amount::whole(1));
    let refused = test("thomas-test").checked(LEFT, [("full_extension".into(), wrong)].into());
    assert_eq!(refused.unwrap_err().code(), "not_yes_or_no");
}

#[test]
fn seconds_may_be_given_as_minutes_and_seconds() {
    let raise = test("hip-flexor-strength-test");
    let answers = raise.read(&["1:05"], None).unwrap();
    assert_eq!(answers["held_s"], TestAnswer::Number(Amount::whole(65)));
    assert_eq!(code("hip-flexor-strength-test", LEFT, &["1:65"]), "not_seconds");
    assert_eq!(code("thomas-test", LEFT, &["no", "extension_deg=1:05"]), "not_degrees");
}

#[test]
fn a_muscle_says_whose_tenderness_it_is_and_one_is_enough() {
    let press = test("press-tenderness-test");
    let answers = press.read(&["6"], Some("iliacus")).unwrap();
    let result = press.checked(LEFT, answers).unwrap();
    assert_eq!(result.answers["tenderness_iliacus"], TestAnswer::Number(Amount::whole(6)));
    assert_eq!(press.read(&["6"], Some("calves")).unwrap_err().code(), "unknown_muscle");
    assert_eq!(test("thomas-test").read(&["no"], Some("psoas")).unwrap_err().code(), "no_muscles");
}

#[test]
fn a_result_means_what_the_sources_say_and_no_more() {
    assert_eq!(meanings("thomas-test", LEFT, &["fail"]), ["self_test.thomas-test.meaning.failed"]);
    assert_eq!(meanings("thomas-test", LEFT, &["pass"]), [] as [&str; 0]);
    let strength = |held| meanings("hip-flexor-strength-test", LEFT, &[held]);
    assert_eq!(strength("30"), ["self_test.hip-flexor-strength-test.meaning.enough"]);
    assert_eq!(strength("29.9"), ["self_test.hip-flexor-strength-test.meaning.failed"]);
    let tender = meanings("press-tenderness-test", LEFT, &["tenderness_psoas=1"]);
    assert_eq!(tender, ["self_test.press-tenderness-test.meaning.psoas"]);
    assert_eq!(meanings("hamstring-reach-check", None, &["floor"]), [] as [&str; 0]);
}

#[test]
fn sides_and_times_are_compared_field_by_field() {
    let one = result("hip-flexor-strength-test", LEFT, &["20"]).unwrap();
    let other = result("hip-flexor-strength-test", Some(Side::Right), &["32.5"]).unwrap();
    let sides = differences(&one, &other);
    assert_eq!(sides.len(), 1);
    assert_eq!((sides[0].by.same, sides[0].by.difference), (false, Amount::new(12.5)));
    let moved = change(&one, &one).fields;
    assert!(moved[0].by.same && moved[0].by.difference == Amount::new(0.0));
    let failed = result("thomas-test", LEFT, &["fail"]).unwrap();
    let passed = result("thomas-test", LEFT, &["pass", "extension_deg=5"]).unwrap();
    let moved = change(&failed, &passed).fields;
    assert_eq!(moved.len(), 1, "degrees were only measured once");
    assert!(!moved[0].by.same && moved[0].by.difference.is_none());
}

#[test]
fn signs_are_shown_on_the_lists_that_the_sources_put_them_on() {
    let typed = ["weak-flexors.stride", "flexor-strain.spasm=no", "tight-flexors.tender"];
    let result = result("signs", None, &typed).unwrap();
    let lists = listed_signs(&result);
    let ids: Vec<&str> = lists.iter().map(|signs| signs.list.id.as_str()).collect();
    assert_eq!(ids, ["weak-flexors", "tight-flexors"]);
    assert_eq!((lists[0].present.len(), lists[0].absent.len(), lists[0].unanswered), (1, 0, 5));
    assert!(!lists[0].list.provenance.sources.all().is_empty());
    assert_eq!(readings(test("signs"), &result).count(), 0, "nothing is concluded");
}

#[test]
fn every_question_of_every_test_has_words() {
    let words = Words::english();
    for test in self_test::all() {
        for field in &test.fields {
            assert!(words.knows(field.label.as_str()), "{}", field.label);
        }
    }
}
