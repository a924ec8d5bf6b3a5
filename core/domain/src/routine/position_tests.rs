use super::{Position, between, evenly};
use proptest::prelude::*;

fn any_position() -> impl Strategy<Value = Position> {
    "[0-9A-Za-z]{0,6}[1-9A-Za-z]".prop_map(|text| Position::new(text).unwrap())
}

proptest! {
    #[test]
    fn between_any_two_different_positions_there_is_a_third(a in any_position(), b in any_position()) {
        prop_assume!(a != b);
        let (low, high) = if a < b { (a, b) } else { (b, a) };
        let middle = between(Some(&low), Some(&high));
        prop_assert!(low < middle && middle < high, "{low:?} {middle:?} {high:?}");
        prop_assert!(Position::new(middle.as_str()).is_ok());
        prop_assert_eq!(middle, between(Some(&low), Some(&high)));
    }

    #[test]
    fn there_is_room_at_both_ends(a in any_position()) {
        let (below, above) = (between(None, Some(&a)), between(Some(&a), None));
        prop_assert!(below < a && a < above, "{below:?} {a:?} {above:?}");
        prop_assert!(Position::new(below.as_str()).is_ok() && Position::new(above.as_str()).is_ok());
    }

    #[test]
    fn any_run_of_insertions_keeps_the_order_and_stays_short(
        places in prop::collection::vec(any::<prop::sample::Index>(), 1..200)
    ) {
        let mut list: Vec<Position> = vec![];
        for place in places {
            let i = place.index(list.len() + 1);
            let low = i.checked_sub(1).and_then(|i| list.get(i));
            let new = between(low, list.get(i));
            list.insert(i, new);
        }
        prop_assert!(list.windows(2).all(|w| w[0] < w[1]), "{list:?}");
        prop_assert!(list.iter().all(|p| p.as_str().len() <= 12), "{list:?}");
    }

    #[test]
    fn an_even_spread_is_in_order_with_room_between(count in 0usize..3000) {
        let list = evenly(count);
        prop_assert_eq!(list.len(), count);
        prop_assert!(list.windows(2).all(|w| w[0] < w[1]));
        prop_assert!(list.iter().all(|p| Position::new(p.as_str()).is_ok() && p.as_str().len() <= 3));
    }
}

#[test]
fn a_thousand_insertions_at_one_place_grow_sanely() {
    let longest = |next: &dyn Fn(&Position) -> Position| {
        let mut position = between(None, None);
        for _ in 0..1000 {
            position = next(&position);
        }
        position.as_str().len()
    };
    assert!(longest(&|p| between(Some(p), None)) <= 20);
    assert!(longest(&|p| between(None, Some(p))) <= 20);
    let (low, high) = (Position::new("V").unwrap(), Position::new("W").unwrap());
    assert!(
        longest(&|p| if *p <= low {
            between(Some(&low), Some(&high))
        } else {
            between(Some(&low), Some(p))
        }) <= 250
    );
}

#[test]
fn what_is_no_position_is_refused() {
    for text in ["10", "a-b", "é", &"z".repeat(257)] {
        assert!(Position::new(text).is_err(), "{text}");
    }
    assert!(!Position::new("").unwrap().is_placed());
}
