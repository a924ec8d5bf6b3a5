//! The order of a session from the sources, cue by cue: the hook pair side by side, then the
//! realignment on one side.
#![allow(clippy::unwrap_used)]

mod player_plans;

use holdfast_domain::player::script::{parse, play};
use holdfast_domain::player::{Cue, Effect, Player};
use holdfast_domain::units::Millis;
use holdfast_domain::vocabulary::{EndedBy, Side};
use player_plans::{at, hook_pair_and_realignment, logs};

/// (seconds from start, what begins), marks and milestones left out.
fn turns(effects: &[(holdfast_domain::player::At, Effect)]) -> Vec<(u64, Cue, u32)> {
    effects
        .iter()
        .filter_map(|(_, effect)| match effect {
            Effect::Cue(cue) => Some(cue),
            _ => None,
        })
        .filter(|cue| {
            !matches!(cue.cue, Cue::Mark | Cue::HalfWay | Cue::LastThree | Cue::EaseCheck)
        })
        .map(|cue| (cue.due.0 / 1000, cue.cue, cue.position.hold))
        .collect()
}

#[test]
fn the_hook_pair_is_played_side_by_side_and_the_realignment_on_one_side() {
    let mut player = Player::new(hook_pair_and_realignment(), at(0));
    let happened = play(&mut player, at(0), &parse("0 start").unwrap());

    let mut expected = vec![
        (0, Cue::Prepare, 0),
        (5, Cue::Go, 0), // left psoas
        (95, Cue::Prepare, 1),
        (100, Cue::Go, 1), // left iliacus
        (190, Cue::SwitchSides, 2),
        (195, Cue::Go, 2), // right psoas
        (285, Cue::Prepare, 3),
        (290, Cue::Go, 3), // right iliacus
        (380, Cue::Prepare, 4),
    ];
    for push in 0..10 {
        let begins = 385 + u64::from(push) * 12;
        expected.push((begins, Cue::Go, 4 + push));
        if push < 9 {
            expected.push((begins + 2, Cue::Rest, 5 + push));
        }
    }
    expected.push((495, Cue::Done, 13));
    assert_eq!(turns(&happened), expected);

    let effects: Vec<Effect> = happened.into_iter().map(|(_, effect)| effect).collect();
    let logged: Vec<_> = logs(&effects)
        .into_iter()
        .map(|hold| (hold.step.to_string(), hold.side, hold.rep, hold.held(), hold.ended_by))
        .collect();
    let hook = |step: &str, side| {
        (format!("{step}-release-hook"), side, 1, Millis::from_secs(90), EndedBy::Target)
    };
    let mut expected = vec![
        hook("psoas", Side::Left),
        hook("iliacus", Side::Left),
        hook("psoas", Side::Right),
        hook("iliacus", Side::Right),
    ];
    expected.extend((1..=10).map(|rep| {
        let step = "pelvic-realign-supine".to_owned();
        (step, Side::Right, rep, Millis::from_secs(2), EndedBy::Target)
    }));
    assert_eq!(logged, expected);
}

#[test]
fn the_timeline_of_the_whole_session_is_known_before_it_is_played() {
    let mut player = Player::new(hook_pair_and_realignment(), at(0));
    let mut happened = holdfast_domain::player::script::attend(
        &mut player,
        at(0),
        at(0),
        &holdfast_domain::player::Input::unseeing(holdfast_domain::player::Action::Start),
    );
    let timeline = player.timeline(at(0));
    happened.clear();
    happened.extend(play(&mut player, at(0), &parse("0 tick").unwrap()));
    let given: Vec<_> = happened
        .into_iter()
        .filter_map(|(_, effect)| match effect {
            Effect::Cue(cue) => Some(cue),
            _ => None,
        })
        .collect();
    assert_eq!(timeline, given);
    assert!(timeline.len() > 40, "{}", timeline.len());
}

#[test]
fn every_cue_has_words_in_english() {
    let player = Player::new(hook_pair_and_realignment(), at(0));
    let mut player = player;
    let happened = play(&mut player, at(0), &parse("0 start\n6000 pause\n7000 resume").unwrap());
    let words = holdfast_domain::words::Words::english();
    for (_, effect) in happened {
        if let Effect::Cue(cue) = effect {
            let said = words.say(&cue.text);
            assert_ne!(said, cue.text.code.as_str());
            assert!(!said.contains('{'), "{said}");
        }
    }
}
