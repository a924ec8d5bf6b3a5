//! What the player makes of a person's evening: ease checks, pauses, going back, remotes that are
//! late, phones that die.
#![allow(clippy::unwrap_used)]

mod player_plans;

use holdfast_domain::player::script::{attend, parse, play};
use holdfast_domain::player::{
    Action, BootId, Checkpoint, Cue, EaseAnswer, Effect, HoldToLog, Ignored, Input, LeadKind,
    PacedPhase, PauseReason, Player, Position, Question, Seen, SessionEnd, SessionTime, StageView,
    Work,
};
use holdfast_domain::record::{PainRating, Reporter};
use holdfast_domain::units::{Millis, Nrs};
use holdfast_domain::vocabulary::{EndedBy, Side, Source};
use player_plans::{at, hold, logs, plan, release, started, timed};

/// Plays a script over these holds, attentively, and gives what stands logged at the end.
fn played(holds: Vec<holdfast_domain::player::PlannedHold>, script: &str) -> Vec<HoldToLog> {
    let mut player = Player::new(plan(holds), at(0));
    play(&mut player, at(0), &parse(script).unwrap());
    player.summary().holds
}

fn secs(attempts: &[holdfast_domain::record::Attempt]) -> Vec<u64> {
    attempts.iter().map(|attempt| attempt.held.0 / 1000).collect()
}

fn ignored(effects: &[Effect]) -> Option<Ignored> {
    effects.iter().find_map(|effect| match effect {
        Effect::Ignored { reason, .. } => Some(*reason),
        _ => None,
    })
}

fn cues(effects: &[Effect]) -> Vec<Cue> {
    effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::Cue(cue) => Some(cue.cue),
            _ => None,
        })
        .collect()
}

fn act(player: &mut Player, ms: u64, action: Action) -> Vec<Effect> {
    player.apply(at(ms), &Input::unseeing(action))
}

/// Attends until `ms` and gives the effects of the way there.
fn attended(player: &mut Player, from: u64, ms: u64) -> Vec<Effect> {
    let tick = Input::unseeing(Action::Tick);
    attend(player, at(from), at(ms), &tick).into_iter().map(|(_, effect)| effect).collect()
}

fn put_away(player: &Player) -> Checkpoint {
    serde_json::from_str(&serde_json::to_string(&player.checkpoint()).unwrap()).unwrap()
}

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
        |name: &str, secs| PacedPhase { name: name.to_owned(), length: Millis::from_secs(secs) };
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
fn late_ticks_invent_no_hold() {
    let mut player = started(vec![timed("a", Side::Left, 90), timed("b", Side::Left, 90)]);
    attended(&mut player, 0, 51_000); // half-way at 50 s is confirmed
    let effects = act(&mut player, 600_000, Action::Tick);
    let logged = logs(&effects);
    assert_eq!(logged.len(), 1);
    assert_eq!(
        (logged[0].held(), logged[0].ended_by),
        (Millis::from_secs(45), EndedBy::Interrupted)
    );
    assert!(
        effects.iter().any(|e| matches!(e, Effect::Ask { question: Question::DidYouFinish, .. }))
    );
    let view = player.view(at(900_000));
    assert_eq!((view.stage, view.question), (StageView::BrokenOff, Some(Question::DidYouFinish)));
    assert!(player.timeline(at(900_000)).is_empty());
}

#[test]
fn yes_i_finished_confirms_the_target_of_that_one_hold_by_hand() {
    let mut player = started(vec![timed("a", Side::Left, 90), timed("b", Side::Left, 90)]);
    attended(&mut player, 0, 51_000);
    act(&mut player, 600_000, Action::Tick);
    let logged = logs(&act(&mut player, 601_000, Action::Finished { yes: true }));
    assert_eq!(logged.len(), 1);
    assert_eq!((logged[0].log_no, logged[0].revision), (0, 1));
    assert_eq!((logged[0].held(), logged[0].ended_by), (Millis::from_secs(90), EndedBy::Target));
    assert_eq!(logged[0].source, Source::Manual);
    assert_eq!(player.view(at(601_000)).step.as_str(), "b");
}

#[test]
fn no_i_did_not_finish_leaves_what_was_attended() {
    let mut player = started(vec![timed("a", Side::Left, 90), timed("b", Side::Left, 90)]);
    attended(&mut player, 0, 51_000);
    act(&mut player, 600_000, Action::Tick);
    let effects = act(&mut player, 601_000, Action::Finished { yes: false });
    assert!(logs(&effects).is_empty(), "it is logged as that already");
    assert_eq!(player.summary().holds[0].held(), Millis::from_secs(45));
    assert_eq!(player.view(at(601_000)).step.as_str(), "b");
}

#[test]
fn a_broken_off_hold_can_be_gone_on_with() {
    let mut player = started(vec![timed("a", Side::Left, 90)]);
    attended(&mut player, 0, 51_000);
    act(&mut player, 600_000, Action::Tick);
    act(&mut player, 601_000, Action::Resume);
    attended(&mut player, 601_000, 650_000);
    let hold = &player.summary().holds[0];
    assert_eq!((hold.held(), hold.ended_by), (Millis::from_secs(90), EndedBy::Target));
    assert_eq!(hold.paused, Millis::from_secs(551));
}

#[test]
fn a_confirmation_that_comes_late_undoes_the_breaking_off() {
    let mut player = started(vec![timed("a", Side::Left, 90)]);
    attended(&mut player, 0, 51_000);
    act(&mut player, 94_000, Action::Tick);
    assert_eq!(player.view(at(94_000)).stage, StageView::BrokenOff);
    // The sound was played from the timeline while nothing could tick.
    let delivered = Action::Delivered { due: SessionTime(92_000) };
    act(&mut player, 94_500, delivered);
    assert_eq!(player.view(at(94_500)).stage, StageView::Hold);
    attended(&mut player, 94_500, 96_000);
    assert_eq!(player.summary().holds[0].ended_by, EndedBy::Target);
}

#[test]
fn hearing_the_question_is_no_answer_to_it() {
    let mut player = started(vec![timed("a", Side::Left, 90)]);
    attended(&mut player, 0, 51_000);
    let effects = act(&mut player, 80_500, Action::Tick);
    let asked = effects.iter().find_map(|effect| match effect {
        Effect::Cue(cue) if cue.cue == Cue::DidYouFinish => Some(cue.clone()),
        _ => None,
    });
    let asked = asked.expect("it is asked aloud, however late");
    act(&mut player, 80_600, Action::Delivered { due: asked.due });
    assert_eq!(player.view(at(80_600)).stage, StageView::BrokenOff);
    assert_eq!(player.attended_until(), SessionTime(50_000));
    assert!(cues(&act(&mut player, 81_000, Action::Tick)).is_empty(), "it is asked once");
}

#[test]
fn a_press_that_comes_too_late_counts_as_being_there() {
    let mut player = started(vec![timed("a", Side::Left, 90)]);
    let elsewhere = Position { hold: 4, visit: 9, question: 0 };
    let effects = player.apply(at(20_000), &Input::seeing(elsewhere, Action::Skip));
    assert_eq!(ignored(&effects), Some(Ignored::OtherHold));
    assert_eq!(player.attended_until(), SessionTime(20_000));
}

#[test]
fn a_gap_of_30_s_is_trusted_and_a_longer_one_is_not() {
    for (tick, stage) in [(80_000, StageView::Hold), (80_001, StageView::BrokenOff)] {
        let mut player = started(vec![timed("a", Side::Left, 90)]);
        attended(&mut player, 0, 50_000);
        act(&mut player, tick, Action::Tick);
        assert_eq!(player.view(at(tick)).stage, stage);
    }
}

#[test]
fn an_unattended_rest_waits_for_the_person() {
    let mut player = started(vec![timed("a", Side::Left, 10), timed("b", Side::Right, 10)]);
    attended(&mut player, 0, 16_000); // in the switch, which began at 15 s
    act(&mut player, 300_000, Action::Tick);
    let view = player.view(at(300_000));
    assert_eq!((view.stage, view.paused), (StageView::Switch, Some(PauseReason::Unattended)));
    assert_eq!(player.summary().holds.len(), 1);
    act(&mut player, 301_000, Action::Resume);
    attended(&mut player, 301_000, 320_000);
    assert_eq!(player.summary().holds[1].ended_by, EndedBy::Target);
}

#[test]
fn cues_that_are_long_due_are_not_spoken() {
    let mut player = started(vec![timed("a", Side::Left, 60)]);
    let effects = act(&mut player, 25_000, Action::Tick); // go at 5 s, mark at 20 s
    assert!(cues(&effects).is_empty(), "{effects:?}");
    let missed = effects.iter().find_map(|effect| match effect {
        Effect::Missed { count, latest } => Some((*count, latest.cue)),
        _ => None,
    });
    assert_eq!(missed, Some((2, Cue::Mark)));
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
fn a_killed_app_goes_on_within_30_s_as_if_nothing_had_been() {
    let mut player = started(vec![timed("a", Side::Left, 60)]);
    attended(&mut player, 0, 38_000);
    let (mut player, _) = Player::resume(put_away(&player), at(50_000)).unwrap();
    attended(&mut player, 50_000, 66_000);
    let hold = &player.summary().holds[0];
    assert_eq!(
        (hold.held(), hold.paused, hold.ended_by),
        (Millis::from_secs(60), Millis::ZERO, EndedBy::Target)
    );
}

#[test]
fn an_app_killed_for_longer_keeps_the_half_done_hold_as_what_it_was() {
    let mut player = started(vec![timed("a", Side::Left, 60)]);
    attended(&mut player, 0, 38_000);
    let (player, effects) = Player::resume(put_away(&player), at(3_600_000)).unwrap();
    let logged = logs(&effects);
    assert_eq!(
        (logged[0].held(), logged[0].ended_by),
        (Millis::from_secs(30), EndedBy::Interrupted)
    );
    assert_eq!(player.view(at(3_600_000)).question, Some(Question::DidYouFinish));
}

#[test]
fn a_discarded_session_logs_the_half_done_hold_once() {
    let mut player = started(vec![timed("a", Side::Left, 20), timed("b", Side::Left, 60)]);
    attended(&mut player, 0, 45_000);
    let checkpoint = put_away(&player);
    let (player, effects) = Player::discard(checkpoint, at(3_600_000)).unwrap();
    let logged = logs(&effects);
    assert_eq!(logged.len(), 1, "the first was logged before");
    assert_eq!((logged[0].log_no, logged[0].ended_by), (1, EndedBy::Interrupted));
    assert_eq!(logged[0].held(), Millis::from_secs(15));
    let (_, again) = Player::discard(put_away(&player), at(3_700_000)).unwrap();
    assert!(logs(&again).is_empty());
}

#[test]
fn a_reboot_is_measured_by_the_wall_clock() {
    let rebooted = |wall: i64| holdfast_domain::player::At {
        boot: BootId(2),
        since_boot_ms: 1_000,
        wall_ms: 1_700_000_000_000 + wall,
    };
    let mut player = started(vec![timed("a", Side::Left, 60)]);
    attended(&mut player, 0, 38_000);
    let checkpoint = put_away(&player);
    let (quick, _) = Player::resume(checkpoint.clone(), rebooted(45_000)).unwrap();
    assert_eq!(quick.view(rebooted(45_000)).elapsed, Millis::from_secs(40));
    let (slow, _) = Player::resume(checkpoint.clone(), rebooted(120_000)).unwrap();
    assert_eq!(slow.view(rebooted(120_000)).stage, StageView::BrokenOff);
    // A wall clock that was set back makes no time, and takes none.
    let (back, _) = Player::resume(checkpoint, rebooted(-86_400_000)).unwrap();
    assert_eq!(back.view(rebooted(-86_400_000)).elapsed, Millis::from_secs(33));
}

#[test]
fn a_wall_clock_that_jumps_changes_no_hold() {
    let mut player = started(vec![timed("a", Side::Left, 20)]);
    attended(&mut player, 0, 15_000);
    let mut jumped = at(24_000);
    jumped.wall_ms += 7_200_000;
    player.apply(jumped, &Input::unseeing(Action::Tick));
    attended(&mut player, 24_000, 26_000);
    let hold = &player.summary().holds[0];
    assert_eq!(hold.held(), Millis::from_secs(20));
    assert_eq!(hold.started_at, at(5_000));
}

#[test]
fn a_checkpoint_of_a_newer_version_or_a_damaged_one_is_refused() {
    let player = started(vec![timed("a", Side::Left, 20)]);
    let mut json: serde_json::Value = serde_json::to_value(player.checkpoint()).unwrap();
    json["format"] = 9.into();
    let newer: Checkpoint = serde_json::from_value(json.clone()).unwrap();
    assert_eq!(
        Player::resume(newer, at(0)).unwrap_err(),
        holdfast_domain::player::BadCheckpoint::Newer(9)
    );
    json["format"] = 1.into();
    json["settled"]["hold"] = 7.into();
    let damaged: Checkpoint = serde_json::from_value(json).unwrap();
    assert_eq!(
        Player::resume(damaged, at(0)).unwrap_err(),
        holdfast_domain::player::BadCheckpoint::Damaged
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

#[test]
fn the_leads_of_a_plan_are_rest_then_switch_or_preparation() {
    let plan = player_plans::hook_pair_and_realignment();
    let kinds = |index| plan.leads(index).into_iter().map(|lead| lead.kind).collect::<Vec<_>>();
    assert_eq!(kinds(0), [LeadKind::Prepare]);
    assert_eq!(kinds(2), [LeadKind::Switch]);
    assert_eq!(kinds(5), [LeadKind::Rest]);
    assert_eq!(plan.length(), Some(Millis::from_secs(495)));
}
