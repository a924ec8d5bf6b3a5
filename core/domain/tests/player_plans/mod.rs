//! Plans, devices and attentive front ends that the player's tests share.
#![allow(dead_code, clippy::unwrap_used)] // Each test file uses a part of these.

use holdfast_domain::ids::{ExerciseId, StepId};
use holdfast_domain::player::script::{attend, parse, play};
use holdfast_domain::player::{
    Action, At, BootId, Checkpoint, Cue, Effect, HoldToLog, Ignored, Input, Plan, PlannedHold,
    Player, Timing, Work,
};
use holdfast_domain::units::Millis;
use holdfast_domain::vocabulary::Side;
use holdfast_domain::words::Arg;

/// The instant everything begins at, `ms` later.
pub fn at(ms: u64) -> At {
    At { boot: BootId(1), since_boot_ms: 5_000_000 + ms, wall_ms: 1_700_000_000_000 + ms as i64 }
}

pub fn hold(step: &str, side: Side, work: Work) -> PlannedHold {
    let rep = u16::from(!work.is_whole_set());
    PlannedHold {
        step: StepId::new(step).unwrap(),
        exercise: ExerciseId::new(step).unwrap(),
        name: Arg::code(format!("exercise.{step}.name")),
        side,
        set: 1,
        rep,
        work,
        ease_check: false,
        rest_before: Millis::ZERO,
        tool: None,
    }
}

pub fn timed(step: &str, side: Side, secs: u64) -> PlannedHold {
    hold(step, side, Work::Timed { target: Millis::from_secs(secs) })
}

/// A still-pressure release, which asks whether it eases.
pub fn release(step: &str, side: Side, secs: u64) -> PlannedHold {
    PlannedHold { ease_check: true, ..timed(step, side, secs) }
}

/// The realignment on one side: ten pushes of 2 s with 10 s of rest.
pub fn realignment(side: Side) -> Vec<PlannedHold> {
    (1..=10)
        .map(|rep| PlannedHold {
            rep,
            rest_before: Millis::from_secs(if rep == 1 { 0 } else { 10 }),
            ..timed("pelvic-realign-supine", side, 2)
        })
        .collect()
}

/// The hook pair, side by side, then the realignment of the right side.
pub fn hook_pair_and_realignment() -> Plan {
    let mut holds = vec![
        release("psoas-release-hook", Side::Left, 90),
        release("iliacus-release-hook", Side::Left, 90),
        release("psoas-release-hook", Side::Right, 90),
        release("iliacus-release-hook", Side::Right, 90),
    ];
    holds.extend(realignment(Side::Right));
    plan(holds)
}

pub fn plan(holds: Vec<PlannedHold>) -> Plan {
    Plan::new(Timing::default(), holds).unwrap()
}

/// One hold whose beginning is at 5 s, after the preparation.
pub fn started(holds: Vec<PlannedHold>) -> Player {
    let mut player = Player::new(plan(holds), at(0));
    player.apply(at(0), &Input::unseeing(Action::Start));
    player
}

pub fn logs(effects: &[Effect]) -> Vec<HoldToLog> {
    effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::Log(hold) => Some((**hold).clone()),
            _ => None,
        })
        .collect()
}

/// Plays a script over these holds, attentively, and gives what stands logged at the end.
pub fn played(holds: Vec<PlannedHold>, script: &str) -> Vec<HoldToLog> {
    let mut player = Player::new(plan(holds), at(0));
    play(&mut player, at(0), &parse(script).unwrap());
    player.summary().holds
}

pub fn secs(attempts: &[holdfast_domain::record::Attempt]) -> Vec<u64> {
    attempts.iter().map(|attempt| attempt.held.0 / 1000).collect()
}

pub fn ignored(effects: &[Effect]) -> Option<Ignored> {
    effects.iter().find_map(|effect| match effect {
        Effect::Ignored { reason, .. } => Some(*reason),
        _ => None,
    })
}

pub fn cues(effects: &[Effect]) -> Vec<Cue> {
    effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::Cue(cue) => Some(cue.cue),
            _ => None,
        })
        .collect()
}

pub fn act(player: &mut Player, ms: u64, action: Action) -> Vec<Effect> {
    player.apply(at(ms), &Input::unseeing(action))
}

/// Attends until `ms` and gives the effects of the way there.
pub fn attended(player: &mut Player, from: u64, ms: u64) -> Vec<Effect> {
    let tick = Input::unseeing(Action::Tick);
    attend(player, at(from), at(ms), &tick).into_iter().map(|(_, effect)| effect).collect()
}

pub fn put_away(player: &Player) -> Checkpoint {
    serde_json::from_str(&serde_json::to_string(&player.checkpoint()).unwrap()).unwrap()
}
