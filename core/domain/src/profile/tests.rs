use proptest::prelude::*;

use super::{
    Answers, Change, LATEST_DUE_DAYS, ProfileRefusal, Question, Said, Value, pregnancy_day,
    trimester_on,
};
use crate::rules::Profile;
use crate::units::LocalDay;

const HOUR_MS: i64 = 3_600_000;

fn day(text: &str) -> LocalDay {
    text.parse().unwrap()
}

fn on(text: &str) -> Said {
    let day = day(text);
    let days = super::pregnancy::days_between(self::day("1970-01-01"), day);
    Said { day, at_ms: (days * 24 + 20) * HOUR_MS }
}

fn set(pairs: &[(&str, &str)], said: Said) -> Result<Answers, ProfileRefusal> {
    and_set(&Answers::default(), pairs, said)
}

fn and_set(
    answers: &Answers,
    pairs: &[(&str, &str)],
    said: Said,
) -> Result<Answers, ProfileRefusal> {
    let changes: Result<Vec<_>, _> =
        pairs.iter().map(|(key, value)| Change::parse(key, value)).collect();
    answers.changed(&changes?, said)
}

fn profile(answers: &Answers, said: Said) -> Profile {
    answers.at(said, None)
}

#[test]
fn nothing_said_is_nothing_known() {
    assert_eq!(profile(&Answers::default(), on("2026-03-01")), Profile::default());
}

#[test]
fn the_thirtieth_week_is_the_third_trimester() {
    // 30th week: 29 weeks are full, and 77 days are left of 280.
    let (today, due) = (day("2026-03-01"), day("2026-05-17"));
    assert_eq!(pregnancy_day(due, today), 29 * 7);
    let answers = set(&[("due_date", "2026-05-17")], on("2026-03-01")).unwrap();
    let found = profile(&answers, on("2026-03-01"));
    assert_eq!((found.pregnant, found.trimester), (Some(true), Some(3)));
}

#[test]
fn trimesters_change_with_the_fourteenth_and_the_twenty_eighth_full_week() {
    let due = day("2026-12-31");
    let back = |left: i64| LocalDay(due.0.checked_sub(jiff::Span::new().days(left)).unwrap());
    for (full_days, trimester) in [(0, 1), (97, 1), (98, 2), (195, 2), (196, 3), (280, 3), (290, 3)]
    {
        assert_eq!(trimester_on(due, back(280 - full_days)), trimester, "{full_days}");
    }
}

#[test]
fn a_due_date_that_is_over_or_too_far_ahead_is_refused_with_a_sentence() {
    let past = set(&[("due_date", "2026-02-28")], on("2026-03-01")).unwrap_err();
    assert_eq!(past.code(), "due_date_in_the_past");
    assert!(past.to_string().contains("2026-02-28") && past.to_string().contains("2026-03-01"));
    assert!(set(&[("due_date", "2026-03-01")], on("2026-03-01")).is_ok());
    assert!(set(&[("due_date", "2026-12-20")], on("2026-03-01")).is_ok(), "294 days ahead");
    let far = set(&[("due_date", "2026-12-21")], on("2026-03-01")).unwrap_err();
    assert_eq!((far.code(), LATEST_DUE_DAYS), ("due_date_too_far", 294));
    assert!(far.to_string().contains("2026-12-20"), "{far}");
}

#[test]
fn a_trimester_that_contradicts_the_due_date_is_refused_either_way_round() {
    let said = on("2026-03-01");
    let due = set(&[("due_date", "2026-05-17")], said).unwrap();
    let refused = and_set(&due, &[("trimester", "2")], said).unwrap_err();
    assert_eq!(refused.code(), "trimester_contradicts_due_date");
    assert_eq!(refused.question(), Some(Question::Trimester));
    assert!(refused.to_string().contains("trimester 3"), "{refused}");
    assert!(and_set(&due, &[("trimester", "3")], said).is_ok());
    let second = set(&[("trimester", "2")], said).unwrap();
    assert!(and_set(&second, &[("due_date", "2026-05-17")], said).is_err());
    assert!(set(&[("trimester", "1"), ("due_date", "2026-05-17")], said).is_err());
    // One that was right when it was said is no contradiction later.
    let early = set(&[("trimester", "2")], on("2026-01-10")).unwrap();
    let both = and_set(&early, &[("due_date", "2026-05-17")], said).unwrap();
    assert_eq!(profile(&both, said).trimester, Some(3));
}

#[test]
fn no_pregnancy_takes_back_its_due_date_and_none_goes_with_it() {
    let said = on("2026-03-01");
    let due = set(&[("due_date", "2026-05-17"), ("trimester", "3")], said).unwrap();
    let none = and_set(&due, &[("pregnant", "no")], said).unwrap();
    assert_eq!((none.due_date(), none.given(Question::Trimester)), (None, None));
    assert_eq!(profile(&none, said).pregnant, Some(false));
    let refused = and_set(&none, &[("due_date", "2026-05-17")], said).unwrap_err();
    assert_eq!(refused.code(), "not_pregnant");
    assert!(and_set(&none, &[("pregnant", "yes"), ("due_date", "2026-05-17")], said).is_ok());
}

#[test]
fn what_a_pregnancy_changes_is_asked_again_in_it() {
    let before = set(&[("prone_ok", "yes"), ("doctor_ok_front", "yes")], on("2025-01-01")).unwrap();
    let pregnant = and_set(&before, &[("due_date", "2026-05-17")], on("2026-01-10")).unwrap();
    let found = profile(&pregnant, on("2026-01-10"));
    assert_eq!((found.can_lie_prone, found.doctor_ok_front_pressure), (None, None));
    let said = [("prone_ok", "yes"), ("doctor_ok_front", "yes")];
    let second = and_set(&pregnant, &said, on("2026-01-10")).unwrap();
    let found = profile(&second, on("2026-01-20"));
    assert_eq!((found.can_lie_prone, found.doctor_ok_front_pressure), (Some(true), Some(true)));
    let found = profile(&second, on("2026-03-01"));
    assert_eq!(found.can_lie_prone, None, "another trimester");
    assert_eq!(found.doctor_ok_front_pressure, Some(true));
    let cannot = and_set(&pregnant, &[("prone_ok", "no")], on("2026-01-10")).unwrap();
    assert_eq!(profile(&cannot, on("2026-03-01")).can_lie_prone, Some(false), "a no stays a no");
}

#[test]
fn a_pregnancy_that_must_be_over_is_unknown_again() {
    let due = set(&[("due_date", "2026-05-17")], on("2026-03-01")).unwrap();
    assert_eq!(profile(&due, on("2026-05-31")).pregnant, Some(true));
    assert_eq!(profile(&due, on("2026-06-01")).pregnant, None);
    let plain = set(&[("pregnant", "yes"), ("trimester", "1")], on("2026-03-01")).unwrap();
    assert_eq!(profile(&plain, on("2026-06-06")).trimester, Some(1));
    assert_eq!(profile(&plain, on("2026-06-07")).trimester, None, "it has moved on");
    assert_eq!(profile(&plain, on("2026-12-01")).pregnant, Some(true));
    assert_eq!(profile(&plain, on("2027-01-01")).pregnant, None);
}

#[test]
fn how_somebody_is_right_now_is_not_kept_for_good() {
    let said = on("2026-03-01");
    let answers = set(&[("back_pain_now", "yes"), ("warm", "yes")], said).unwrap();
    let found = profile(&answers, said);
    assert_eq!((found.back_pain_now, found.warm), (Some(true), Some(true)));
    let later = Said { at_ms: said.at_ms + 61 * 60_000, ..said };
    let found = profile(&answers, later);
    assert_eq!((found.back_pain_now, found.warm), (Some(true), None));
    assert_eq!(profile(&answers, on("2026-03-02")).back_pain_now, None);
}

#[test]
fn one_yes_on_the_card_decides_and_a_no_needs_all_of_it() {
    let said = on("2026-03-01");
    let any = |pairs: &[(&str, &str)]| profile(&set(pairs, said).unwrap(), said).ask_first_any;
    assert_eq!(any(&[("hernia", "yes"), ("ask_first", "no")]), Some(true));
    assert_eq!(any(&[("hernia", "no")]), None);
    assert_eq!(any(&[("ask_first", "no")]), Some(false));
    let items: Vec<(&str, &str)> =
        super::question::CARD.iter().map(|item| (item.as_str(), "no")).collect();
    assert_eq!(any(&items), Some(false));
}

#[test]
fn what_two_devices_answered_differently_is_unknown_until_it_is_said_again() {
    let said = on("2026-03-01");
    let mut answers = set(&[("hernia", "no"), ("knots", "yes")], said).unwrap();
    let both = [true, false].map(|yes| super::Answer { value: Value::YesNo(yes), said });
    answers.dispute(Question::Knots, both.to_vec());
    assert_eq!(profile(&answers, said).knots, None);
    assert_eq!(answers.disputed(Question::Knots).len(), 2);
    let settled = and_set(&answers, &[("knots", "no")], said).unwrap();
    assert!(settled.disputes().is_empty());
    assert_eq!(profile(&settled, said).knots, Some(false));
}

#[test]
fn every_wrong_answer_is_refused_by_its_key() {
    for (key, value) in [
        ("pregnant", "maybe"),
        ("due_date", "soon"),
        ("due_date", "2026-13-01"),
        ("trimester", "4"),
        ("affected_side", "both"),
        ("time_zone", "Mars/Olympus"),
        ("day_start", "24:00"),
        ("day_start", "3:00"),
    ] {
        let refused = Change::parse(key, value).unwrap_err();
        assert!(refused.to_string().contains(key), "{refused}");
        assert_eq!(refused.question().map(Question::as_str), Some(key));
    }
    assert_eq!(Change::parse("mood", "good").unwrap_err().code(), "unknown_question");
    assert!(Change::parse("prone-ok", "yes").is_ok(), "a dash is as good as a line");
}

#[test]
fn every_answer_reads_back_from_its_json_and_its_text() {
    for question in Question::ALL {
        for text in ["yes", "no", "2026-05-17", "2", "left", "Europe/Berlin", "04:30"] {
            let Some(value) = Value::parse(*question, text) else { continue };
            assert_eq!(Value::from_json(*question, &value.to_json()), Some(value.clone()));
            assert_eq!(Value::parse(*question, &value.to_string()), Some(value));
        }
    }
}

proptest! {
    #[test]
    fn a_trimester_never_goes_back_as_days_pass(left in 0_i64..294, later in 0_i64..294) {
        let due = day("2027-01-01");
        let back = |left: i64| LocalDay(due.0.checked_sub(jiff::Span::new().days(left)).unwrap());
        let (early, late) = (back(left.max(later)), back(left.min(later)));
        prop_assert!(trimester_on(due, early) <= trimester_on(due, late));
    }

    #[test]
    fn only_a_trimester_that_the_due_date_makes_is_taken_with_it(left in 0_i64..=294, said in 1_u8..=3) {
        let now = on("2026-03-01");
        let due = LocalDay(now.day.0.checked_add(jiff::Span::new().days(left)).unwrap());
        let taken = set(&[("due_date", &due.to_string()), ("trimester", &said.to_string())], now);
        prop_assert_eq!(taken.is_ok(), trimester_on(due, now.day) == said);
    }
}
