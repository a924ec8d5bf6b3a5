//! What the player makes of a person's evening: ease checks, pauses, going back, remotes that are
//! late.
#![allow(clippy::unwrap_used)]

mod player_plans;

use holdfast_domain::player::script::{parse, play};
use holdfast_domain::player::{
    Action, Cue, EaseAnswer, Effect, Ignored, Input, LeadKind, PacedPhase, PauseReason, Player,
    Question, SessionEnd, StageView, Work,
};
use holdfast_domain::record::{PainRating, Reporter};
use holdfast_domain::units::{Millis, Nrs};
use holdfast_domain::vocabulary::{EndedBy, Side};
use player_plans::{
    act, at, attended, cues, hold, ignored, logs, plan, played, release, secs, started, timed,
};

#[test]
fn a_release_asks_at_30_s_and_goes_on_when_nobody_answers() {
    let mut player = started(vec![release("psoas", Side::Left, 90)]);
    let effects = attended(&mut player, 0, 35_000);
    assert_eq!(cues(&effects).last(), Some(&Cue::EaseCheck));
    let ask = effects.iter().any(
        |effect| matches!(effect, Effect::Ask { question: Question::EaseCheck, position } if position.question == 1),
    );
    assert!(ask, "{effects:?}");
    assert_eq!(player.view(at(40_000)).question, Some(Question::EaseCheck));
    let logged = logs(&attended(&mut player, 35_000, 96_000));
    assert_eq!(logged.len(), 1);
    assert_eq!(secs(&logged[0].attempts), [90]);
    assert_eq!(logged[0].attempts[0].eased_after, None);
    assert_eq!(logged[0].ended_by, EndedBy::Target);
}

#[test]
fn a_stretch_does_not_ask() {
    let mut player = started(vec![timed("stretch", Side::Left, 90)]);
    assert!(!cues(&attended(&mut player, 0, 96_000)).contains(&Cue::EaseCheck));
}

#[test]
fn easing_is_noted_with_its_second_and_the_hold_goes_on() {
    let logged = played(vec![release("psoas", Side::Left, 90)], "0 start\n37000 eased");
    assert_eq!(logged[0].attempts[0].eased_after, Some(Millis::from_secs(32)));
    assert_eq!(logged[0].held(), Millis::from_secs(90));
    assert_eq!(logged[0].ended_by, EndedBy::Target);
}

#[test]
fn easing_can_be_said_before_it_is_asked() {
    let mut player = Player::new(plan(vec![release("psoas", Side::Left, 90)]), at(0));
    let happened = play(&mut player, at(0), &parse("0 start\n20000 eased").unwrap());
    let asked = happened.iter().any(|(_, effect)| matches!(effect, Effect::Ask { .. }));
    assert!(!asked);
    assert_eq!(player.summary().holds[0].attempts[0].eased_after, Some(Millis::from_secs(15)));
}

#[test]
fn moving_the_spot_begins_a_new_attempt_with_its_full_target() {
    let script = "0 start\n37000 move\n80000 eased";
    let logged = played(vec![release("psoas", Side::Left, 90)], script);
    assert_eq!(secs(&logged[0].attempts), [32, 90]);
    assert_eq!(logged[0].held(), Millis::from_secs(90));
    assert_eq!(logged[0].under_pressure(), Millis::from_secs(122));
    let moved: Vec<bool> = logged[0].attempts.iter().map(|attempt| attempt.moved_spot).collect();
    assert_eq!(moved, [false, true]);
    // 37 s + 5 s to move, then 38 s until it eased.
    assert_eq!(logged[0].attempts[1].eased_after, Some(Millis::from_secs(38)));
}

#[test]
fn lightening_goes_on_with_the_attempt_and_asks_again_after_30_s() {
    let mut player = Player::new(plan(vec![release("psoas", Side::Left, 90)]), at(0));
    let script = parse("0 start\n40000 lighten light").unwrap();
    let happened = play(&mut player, at(0), &script);
    let asked: Vec<u64> = happened
        .iter()
        .filter_map(|(at, effect)| match effect {
            Effect::Ask { .. } => Some(at.since_boot_ms - 5_000_000),
            _ => None,
        })
        .collect();
    assert_eq!(asked, [35_000, 70_000]);
    let hold = &player.summary().holds[0];
    assert_eq!(secs(&hold.attempts), [90]);
    assert_eq!(hold.attempts[0].pressure, Some(holdfast_domain::vocabulary::Pressure::Light));
}

#[test]
fn the_third_not_easing_ends_the_hold_and_says_what_to_do() {
    let mut player = Player::new(
        plan(vec![release("psoas", Side::Left, 90), timed("next", Side::Left, 10)]),
        at(0),
    );
    let script = parse("0 start\n36000 move\n72000 lighten\n103000 move").unwrap();
    let happened = play(&mut player, at(0), &script);
    let said = happened.iter().any(
        |(_, effect)| matches!(effect, Effect::Cue(cue) if cue.text.code.as_str() == "cue.not_eased"),
    );
    assert!(said);
    let holds = player.summary().holds;
    assert_eq!(holds[0].ended_by, EndedBy::NotEased);
    assert_eq!(secs(&holds[0].attempts), [31, 62]);
    assert_eq!(holds[1].ended_by, EndedBy::Target);
}

#[test]
fn a_short_release_asks_at_its_end_and_can_still_be_moved_during_the_preparation() {
    let holds = vec![release("psoas", Side::Left, 20), timed("next", Side::Left, 10)];
    let mut player = started(holds.clone());
    let effects = attended(&mut player, 0, 25_000);
    assert!(cues(&effects).ends_with(&[Cue::EaseCheck, Cue::Prepare]), "{effects:?}");
    assert_eq!(secs(&logs(&effects)[0].attempts), [20]);

    let logged = played(holds.clone(), "0 start\n27000 move");
    assert_eq!(secs(&logged[0].attempts), [20, 20]);
    assert_eq!((logged[0].log_no, logged[0].revision), (0, 1));
    assert_eq!(logged[1].held(), Millis::from_secs(10));

    let logged = played(holds, "0 start\n27000 eased");
    assert_eq!(logged[0].attempts[0].eased_after, Some(Millis::from_secs(20)));
}

#[test]
fn the_ease_check_of_the_last_hold_can_be_answered_after_the_end() {
    let logged =
        played(vec![release("psoas", Side::Left, 30)], "0 start\n40000 eased\n41000 pain after 3");
    assert_eq!(logged[0].attempts[0].eased_after, Some(Millis::from_secs(30)));
    assert_eq!(logged[0].pain_after.as_ref().map(|pain| u8::from(pain.nrs)), Some(3));
}

#[test]
fn an_until_eased_hold_ends_when_it_eases_and_at_most_at_its_target() {
    let work = Work::UntilEased { at_most: Some(Millis::from_secs(60)) };
    let eased = played(vec![hold("psoas", Side::Left, work.clone())], "0 start\n45000 eased");
    assert_eq!((eased[0].held(), eased[0].ended_by), (Millis::from_secs(40), EndedBy::Eased));
    let at_most = played(vec![hold("psoas", Side::Left, work)], "0 start");
    assert_eq!((at_most[0].held(), at_most[0].ended_by), (Millis::from_secs(60), EndedBy::Target));
}

#[test]
fn an_open_hold_counts_up_until_the_person_ends_it() {
    let logged = played(vec![hold("pose", Side::None, Work::Open)], "0 start\n100000 done");
    assert_eq!((logged[0].held(), logged[0].ended_by), (Millis::from_secs(95), EndedBy::Target));
    assert_eq!(logged[0].target, None);
}

#[test]
fn repetitions_are_counted_or_said_at_the_end() {
    let reps = |target| hold("squat", Side::None, Work::Reps { target });
    let counted = played(vec![reps(Some(3))], "0 start\n6000 count\n8000 count\n9000 count");
    assert_eq!((counted[0].reps, counted[0].ended_by), (Some(3), EndedBy::Target));
    assert_eq!(counted[0].took, Millis::from_secs(4));
    let fewer = played(vec![reps(Some(10))], "0 start\n9000 done 7");
    assert_eq!((fewer[0].reps, fewer[0].ended_by), (Some(7), EndedBy::Stopped));
    let all = played(vec![reps(Some(10))], "0 start\n9000 done");
    assert_eq!((all[0].reps, all[0].ended_by), (Some(10), EndedBy::Target));
    let unsaid = played(vec![reps(None)], "0 start\n9000 done");
    assert_eq!((unsaid[0].reps, unsaid[0].ended_by), (None, EndedBy::Target));
    assert!(unsaid[0].attempts.is_empty());
}

#[test]
fn a_tempo_is_paced_phase_by_phase() {
    let phase =
        |name: &str, secs| PacedPhase { name: name.into(), length: Millis::from_secs(secs) };
    let phases = vec![phase("lower", 3), phase("pause", 2), phase("rise", 1)];
    let squat = hold("pause-squat", Side::None, Work::Tempo { phases, reps: Some(2) });
    let mut player = Player::new(plan(vec![squat]), at(0));
    let happened = play(&mut player, at(0), &parse("0 start").unwrap());
    let said: Vec<(u64, Cue)> = happened
        .iter()
        .filter_map(|(_, effect)| match effect {
            Effect::Cue(cue) if cue.cue != Cue::LastThree => Some((cue.due.0 / 1000, cue.cue)),
            _ => None,
        })
        .collect();
    let phase = |at| (at, Cue::Phase);
    let mut expected = vec![(0, Cue::Prepare), (5, Cue::Go)];
    expected.extend([phase(5), phase(8), phase(10), phase(11), phase(14), phase(16)]);
    expected.push((17, Cue::Done));
    assert_eq!(said, expected);
    let logged = &player.summary().holds[0];
    assert_eq!((logged.reps, logged.took), (Some(2), Millis::from_secs(12)));
    assert_eq!(logged.tempo, [3, 2, 1]);
}

#[test]
fn a_tick_step_waits_and_is_done_when_the_person_says_so() {
    let logged = played(vec![hold("walk", Side::None, Work::Tick)], "0 start\n300000 done");
    assert_eq!(logged[0].ended_by, EndedBy::Target);
    assert!(logged[0].attempts.is_empty());
}

#[test]
fn a_pause_stands_between_the_parts_of_a_hold_and_not_in_it() {
    let logged = played(vec![timed("a", Side::Left, 60)], "0 start\n20000 pause\n140000 resume\n");
    assert_eq!(
        (logged[0].held(), logged[0].paused),
        (Millis::from_secs(60), Millis::from_secs(120))
    );
}

#[test]
fn pausing_twice_is_a_pause() {
    let mut player = started(vec![timed("a", Side::Left, 60)]);
    let pause = || Action::Pause { reason: PauseReason::Person };
    act(&mut player, 10_000, pause());
    assert_eq!(ignored(&act(&mut player, 11_000, pause())), Some(Ignored::Already));
    assert_eq!(player.view(at(200_000)).paused, Some(PauseReason::Person));
    act(&mut player, 200_000, Action::Resume);
    assert_eq!(ignored(&act(&mut player, 201_000, Action::Resume)), Some(Ignored::Already));
    assert_eq!(player.view(at(201_000)).elapsed, Millis::from_secs(6));
}

#[test]
fn a_skip_meant_for_a_hold_that_is_over_is_ignored() {
    let mut player = started(vec![timed("a", Side::Left, 20), timed("b", Side::Left, 20)]);
    attended(&mut player, 0, 20_000);
    let seen = player.view(at(20_000)).position;
    attended(&mut player, 20_000, 27_000);
    for action in [Action::Skip, Action::Back, Action::Extend { ms: 15_000 }] {
        let effects = player.apply(at(27_000), &Input::seeing(seen, action));
        assert_eq!(ignored(&effects), Some(Ignored::OtherHold));
    }
    assert_eq!(player.view(at(27_000)).step.as_str(), "b");
    let now = player.view(at(27_000)).position;
    assert_eq!(ignored(&player.apply(at(27_000), &Input::seeing(now, Action::Skip))), None);
}

#[test]
fn two_remotes_that_skip_at_once_skip_once() {
    let mut player = started(vec![timed("a", Side::Left, 20), timed("b", Side::Left, 20)]);
    let seen = player.view(at(6_000)).position;
    player.apply(at(6_000), &Input::seeing(seen, Action::Skip));
    let second = player.apply(at(6_010), &Input::seeing(seen, Action::Skip));
    assert_eq!(ignored(&second), Some(Ignored::OtherHold));
    assert_eq!(player.view(at(6_010)).step.as_str(), "b");
}

#[test]
fn an_answer_to_an_earlier_question_is_ignored() {
    let mut player = started(vec![release("psoas", Side::Left, 90)]);
    attended(&mut player, 0, 36_000);
    let first = player.view(at(36_000)).position;
    act(&mut player, 36_000, Action::Ease { answer: EaseAnswer::Lighten { to: None } });
    attended(&mut player, 36_000, 67_000);
    let eased = Action::Ease { answer: EaseAnswer::Eased };
    let effects = player.apply(at(67_000), &Input::seeing(first, eased.clone()));
    assert_eq!(ignored(&effects), Some(Ignored::OtherQuestion));
    let now = player.view(at(67_000)).position;
    assert_eq!(ignored(&player.apply(at(67_000), &Input::seeing(now, eased))), None);
}

#[test]
fn back_begins_the_hold_again_and_early_goes_to_the_one_before() {
    let holds = || vec![timed("a", Side::Left, 20), timed("b", Side::Left, 20)];
    let mut player = started(holds());
    attended(&mut player, 0, 40_000); // 10 s into b
    act(&mut player, 40_000, Action::Back);
    let view = player.view(at(40_000));
    assert_eq!((view.step.as_str(), view.stage), ("b", StageView::Prepare));
    act(&mut player, 41_000, Action::Back);
    assert_eq!(player.view(at(41_000)).step.as_str(), "a");

    let mut player = started(holds());
    attended(&mut player, 0, 32_000); // 2 s into b
    act(&mut player, 32_000, Action::Back);
    assert_eq!(player.view(at(32_000)).step.as_str(), "a");
}

#[test]
fn a_hold_done_again_replaces_its_record_and_loses_no_second() {
    let script = "0 start\n15000 back\n";
    let logged = played(vec![timed("a", Side::Left, 20)], script);
    assert_eq!(logged.len(), 1);
    assert_eq!(secs(&logged[0].attempts), [10, 20]);
    assert_eq!((logged[0].revision, logged[0].ended_by), (1, EndedBy::Target));
}

#[test]
fn doing_less_the_second_time_takes_nothing_away() {
    let holds = vec![timed("a", Side::Left, 20), timed("b", Side::Left, 20)];
    let logged = played(holds, "0 start\n26000 back\n35000 skip\n37000 stop");
    assert_eq!(secs(&logged[0].attempts), [4, 20], "the full doing stands, and stands last");
    assert_eq!((logged[0].held(), logged[0].ended_by), (Millis::from_secs(20), EndedBy::Target));
    assert_eq!(logged[0].under_pressure(), Millis::from_secs(24));
}

#[test]
fn what_is_skipped_is_logged_as_skipped() {
    let holds = vec![timed("a", Side::Left, 20), timed("b", Side::Left, 20)];
    let logged = played(holds, "0 start\n2000 skip\n10000 skip");
    assert_eq!((logged[0].ended_by, logged[0].attempts.len()), (EndedBy::Skipped, 0));
    assert_eq!((logged[1].ended_by, secs(&logged[1].attempts)), (EndedBy::Skipped, vec![3]));
}

#[test]
fn stopping_because_it_hurts_ends_the_hold_with_pain_and_its_number() {
    let mut player = started(vec![timed("a", Side::Left, 60), timed("b", Side::Left, 60)]);
    attended(&mut player, 0, 25_000);
    let script = parse("25000 stop pain 7 front-hip").unwrap();
    let effects = player.apply(at(25_000), &script[0].1);
    let logged = logs(&effects);
    assert_eq!((logged[0].ended_by, logged[0].held()), (EndedBy::Pain, Millis::from_secs(20)));
    assert_eq!(logged[0].pain_after.as_ref().map(|pain| u8::from(pain.nrs)), Some(7));
    assert!(cues(&effects).contains(&Cue::StoppedByPain));
    assert!(matches!(effects.last(), Some(Effect::Checkpoint)));
    let over = effects
        .iter()
        .any(|effect| matches!(effect, Effect::Over { end: SessionEnd::Stopped { .. } }));
    assert!(over);
    assert_eq!(ignored(&act(&mut player, 26_000, Action::Skip)), Some(Ignored::Over));
}

#[test]
fn an_extension_lengthens_the_hold_and_not_its_target() {
    let logged = played(vec![timed("a", Side::Left, 60)], "0 start\n63500 extend 15000");
    assert_eq!(logged[0].target, Some(Millis::from_secs(60)));
    assert_eq!(
        (logged[0].held(), logged[0].extended),
        (Millis::from_secs(75), Millis::from_secs(15))
    );
}

#[test]
fn pain_before_and_after_goes_to_the_first_and_the_last_hold() {
    let holds = vec![timed("a", Side::Left, 10), timed("b", Side::Left, 10)];
    let mut player = Player::new(plan(holds), at(0));
    let script = parse("0 pain before 6\n0 start\n60000 pain after 3 front-hip").unwrap();
    play(&mut player, at(0), &script);
    let summary = player.summary();
    let rating = |nrs, site: Option<&str>| PainRating {
        nrs: Nrs::try_from(nrs).unwrap(),
        site: site.map(|site| site.parse().unwrap()),
        reported_by: Reporter::Subject,
    };
    assert_eq!(summary.holds[0].pain_before, Some(rating(6, None)));
    assert_eq!(summary.holds[1].pain_after, Some(rating(3, Some("front-hip"))));
    assert_eq!(
        (summary.pain_before, summary.pain_after),
        (Some(rating(6, None)), Some(rating(3, Some("front-hip"))))
    );
}

#[test]
fn the_view_says_what_a_screen_shows() {
    let mut player = Player::new(player_plans::hook_pair_and_realignment(), at(0));
    assert_eq!(player.view(at(0)).stage, StageView::Ready);
    act(&mut player, 0, Action::Start);
    attended(&mut player, 0, 122_500);
    let view = player.view(at(122_500));
    assert_eq!((view.step_no, view.step_count), (2, 5));
    assert_eq!((view.step.as_str(), view.side), ("iliacus-release-hook", Side::Left));
    assert_eq!((view.elapsed, view.remaining), (Millis(22_500), Some(Millis(67_500))));
    assert_eq!(view.progress, Some(0.25));
    let next = view.next.unwrap();
    assert_eq!((next.exercise.as_str(), next.side), ("psoas-release-hook", Side::Right));
}

#[test]
fn a_pause_freezes_the_view() {
    let mut player = started(vec![timed("a", Side::Left, 60)]);
    act(&mut player, 15_000, Action::Pause { reason: PauseReason::Call });
    assert_eq!(player.view(at(15_000)).elapsed, player.view(at(95_000)).elapsed);
}

#[test]
fn the_leads_of_a_plan_are_rest_then_switch_or_preparation() {
    let plan = player_plans::hook_pair_and_realignment();
    let kinds = |index| plan.leads(index).into_iter().map(|lead| lead.kind).collect::<Vec<_>>();
    assert_eq!(kinds(0), [LeadKind::Prepare]);
    assert_eq!(kinds(2), [LeadKind::Switch]);
    assert_eq!(kinds(5), [LeadKind::Rest]);
    assert_eq!(plan.length(), Some(Millis::from_secs(495)));
}
