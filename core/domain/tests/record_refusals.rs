//! What can be written down and what cannot.

#![allow(clippy::unwrap_used)]

use holdfast_domain::record::{Attempt, Context, Load, Observation, RecordRefusal};
use holdfast_domain::units::Millis;
use holdfast_domain::vocabulary::{Laterality, Mode, Side};

/// A hold of 90 s, and the part of the JSON to change.
fn hold(changes: serde_json::Value) -> Observation {
    let mut json = serde_json::json!({
        "id": "o1", "key": "own-1/exercise:psoas-release-hook/left/1/1",
        "exercise": "psoas-release-hook", "target_ms": 90_000,
        "attempts": [{"held_ms": 90_000}], "ended_by": "target", "source": "manual",
        "started_at": {"utc_ms": 0, "offset_s": 0, "zone": "UTC"},
    });
    let changes = changes.as_object().unwrap().clone();
    json.as_object_mut().unwrap().extend(changes);
    serde_json::from_value(json).unwrap()
}

fn context(laterality: Laterality, mode: Mode) -> Context<'static> {
    Context { laterality, mode, sides_done: &[], yes: false }
}

const PER_SIDE: fn() -> Context<'static> = || context(Laterality::PerSide, Mode::Timed);

fn code(observation: Observation, context: Context<'_>) -> Option<&'static str> {
    observation.checked(context).err().map(|refusal| refusal.code())
}

fn on(side: &str) -> serde_json::Value {
    serde_json::json!({"key": format!("own-1/exercise:x/{side}/1/1")})
}

#[test]
fn what_can_be_true_is_taken() {
    assert_eq!(code(hold(serde_json::json!({})), PER_SIDE()), None);
    let none = on("none");
    assert_eq!(code(hold(none.clone()), context(Laterality::Bilateral, Mode::Timed)), None);
    assert_eq!(code(hold(none.clone()), context(Laterality::Alternating, Mode::Timed)), None);
    assert_eq!(code(hold(none), context(Laterality::Unstated, Mode::Timed)), None);
}

#[test]
fn a_side_is_needed_where_there_is_one_and_refused_where_there_is_none() {
    let with = |side, laterality| code(hold(on(side)), context(laterality, Mode::Timed));
    assert_eq!(with("left", Laterality::Bilateral), Some("side_on_bilateral"));
    assert_eq!(with("none", Laterality::PerSide), Some("side_missing"));
    assert_eq!(with("none", Laterality::OneSideOnly), Some("side_missing"));
    assert_eq!(with("none", Laterality::AffectedSide), Some("side_missing"));
    let tick = context(Laterality::AffectedSide, Mode::Tick);
    assert_eq!(code(hold(on("none")), tick), None);
}

#[test]
fn realignment_on_both_sides_is_a_mistake_of_data() {
    let done = |sides_done| Context { sides_done, ..context(Laterality::OneSideOnly, Mode::Reps) };
    let right = || hold(on("right"));
    assert_eq!(code(right(), done(&[Side::Left])), Some("both_sides_of_one"));
    assert_eq!(code(right(), done(&[Side::Right])), None);
    let refusal = right().checked(done(&[Side::Left])).unwrap_err();
    assert_eq!(refusal.field(), "side");
    assert!(refusal.to_string().contains("one side only"), "{refusal}");
}

#[test]
fn more_than_three_times_the_target_is_asked() {
    let long = |ms: u64| hold(serde_json::json!({"attempts": [{"held_ms": ms}]}));
    assert_eq!(code(long(270_000), PER_SIDE()), None);
    let refusal = long(271_000).checked(PER_SIDE()).unwrap_err();
    assert!(matches!(refusal, RecordRefusal::NeedsConfirmation { .. }));
    assert_eq!(
        refusal.to_string(),
        "psoas-release-hook held for 271 s is more than 3 times its target of 90 s. \
         Say yes if that is right."
    );
    assert_eq!(code(long(271_000), Context { yes: true, ..PER_SIDE() }), None);
}

#[test]
fn a_timed_hold_needs_a_time_and_a_set_a_count() {
    let empty = serde_json::json!({"attempts": []});
    assert_eq!(code(hold(empty.clone()), PER_SIDE()), Some("held_missing"));
    let skipped = serde_json::json!({"attempts": [], "ended_by": "skipped"});
    assert_eq!(code(hold(skipped), PER_SIDE()), None);
    let mut set = hold(serde_json::json!({"attempts": []}));
    set.key.rep = 0;
    let reps = context(Laterality::PerSide, Mode::Reps);
    assert_eq!(code(set.clone(), reps), Some("reps_missing"));
    set.reps = Some(10);
    assert_eq!(code(set, reps), None);
    let slot = context(Laterality::Unstated, Mode::Slot);
    assert_eq!(code(hold(serde_json::json!({})), slot), Some("slot_not_filled"));
}

#[test]
fn numbers_that_cannot_be_are_refused() {
    let mut many = hold(serde_json::json!({}));
    many.key.set = 1000;
    assert_eq!(code(many, PER_SIDE()), Some("number_out_of_range"));
    for value in [f64::NAN, f64::INFINITY, -1.0] {
        let mut heavy = hold(serde_json::json!({}));
        heavy.load = Some(Load { value, unit: "kg".to_owned() });
        assert_eq!(code(heavy, PER_SIDE()), Some("bad_load"));
    }
    let mut eased = hold(serde_json::json!({}));
    let (held, eased_after) = (Millis::from_secs(20), Some(Millis::from_secs(30)));
    eased.attempts = vec![Attempt { held, eased_after, ..Attempt::default() }];
    assert_eq!(code(eased, PER_SIDE()), Some("eased_after_end"));
}

#[test]
fn pain_of_eleven_and_a_negative_hold_do_not_even_read() {
    for changes in [
        serde_json::json!({"pain_after": {"nrs": 11, "reported_by": "subject"}}),
        serde_json::json!({"attempts": [{"held_ms": -1}]}),
        serde_json::json!({"key": "own-1/exercise:x/left/0/1"}),
    ] {
        let mut json = serde_json::to_value(hold(serde_json::json!({}))).unwrap();
        json.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        assert!(serde_json::from_value::<Observation>(json).is_err(), "{changes}");
    }
}
