//! What becomes of a session when nobody attends: late ticks, killed apps, dead phones, clocks
//! that jump.
#![allow(clippy::unwrap_used)]

mod player_plans;

use holdfast_domain::player::{
    Action, BootId, Checkpoint, Cue, Effect, Ignored, Input, PauseReason, Player, Position,
    Question, SessionTime, StageView,
};
use holdfast_domain::units::Millis;
use holdfast_domain::vocabulary::{EndedBy, Side, Source};
use player_plans::{act, at, attended, cues, ignored, logs, put_away, started, timed};

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
