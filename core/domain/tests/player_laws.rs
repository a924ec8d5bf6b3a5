//! The player's laws, over random plans, evenings, ticks, deaths and clocks.
#![allow(clippy::unwrap_used)]

mod player_plans;

use std::collections::BTreeMap;

use holdfast_domain::player::script::{attend, play};
use holdfast_domain::player::{
    Action, At, BootId, EaseAnswer, Effect, HoldToLog, Input, PacedPhase, PainWhen, PauseReason,
    Plan, PlannedHold, Player, Position, Seen, SessionTime, StageView, StopReason, Work,
};
use holdfast_domain::record::{PainRating, Reporter};
use holdfast_domain::units::{Millis, Nrs};
use holdfast_domain::vocabulary::{Side, Source};
use player_plans::{at, hold, plan};
use proptest::prelude::*;

/// How many evenings each law is tried on.
const CASES: u32 = 256;

fn timed_hold() -> impl Strategy<Value = (u64, bool, u64)> {
    (500u64..120_000, any::<bool>(), prop_oneof![Just(0u64), 1u64..40_000])
}

/// Steps done on both sides, in one of the two orders.
fn both_sides() -> impl Strategy<Value = Plan> {
    (prop::collection::vec(timed_hold(), 1..4), any::<bool>()).prop_map(|(steps, side_major)| {
        let on = |side, (i, (target, ease_check, rest)): (usize, &(u64, bool, u64))| PlannedHold {
            ease_check: *ease_check,
            rest_before: Millis(*rest),
            ..hold(&format!("s{i}"), side, Work::Timed { target: Millis(*target) })
        };
        let sides = [Side::Left, Side::Right];
        let steps = steps.iter().enumerate();
        plan(if side_major {
            sides.iter().flat_map(|s| steps.clone().map(|step| on(*s, step))).collect()
        } else {
            steps.flat_map(|step| sides.map(|s| on(s, step))).collect()
        })
    })
}

fn any_work() -> impl Strategy<Value = Work> {
    let phase = |ms| PacedPhase { name: "push".into(), length: Millis(ms) };
    prop_oneof![
        4 => (500u64..120_000).prop_map(|ms| Work::Timed { target: Millis(ms) }),
        1 => prop::option::of(20_000u64..90_000)
            .prop_map(|ms| Work::UntilEased { at_most: ms.map(Millis) }),
        1 => Just(Work::Open),
        1 => prop::option::of(1u16..9).prop_map(|target| Work::Reps { target }),
        1 => (prop::collection::vec(250u64..5_000, 1..4), prop::option::of(1u16..9)).prop_map(
            move |(phases, reps)| Work::Tempo {
                phases: phases.into_iter().map(phase).collect(),
                reps
            }
        ),
        1 => Just(Work::Tick),
    ]
}

fn any_plan() -> impl Strategy<Value = Plan> {
    let side = prop_oneof![Just(Side::Left), Just(Side::Right), Just(Side::None)];
    let one = (any_work(), side, any::<bool>(), prop_oneof![Just(0u64), 1u64..40_000]);
    prop::collection::vec(one, 1..6).prop_map(|holds| {
        plan(
            (0..)
                .zip(holds)
                .map(|(i, (work, side, ease_check, rest))| PlannedHold {
                    ease_check: ease_check && work.is_hold(),
                    rest_before: Millis(rest),
                    ..hold(&format!("s{i}"), side, work)
                })
                .collect(),
        )
    })
}

fn rating(nrs: u8) -> PainRating {
    let nrs = Nrs::try_from(nrs).unwrap();
    PainRating { nrs, site: None, reported_by: Reporter::Subject }
}

/// What a person might do next, where it says so whatever is on the screen.
fn any_action() -> impl Strategy<Value = Action> {
    let ease = prop_oneof![
        Just(EaseAnswer::Eased),
        Just(EaseAnswer::Move),
        Just(EaseAnswer::Lighten { to: None })
    ];
    prop_oneof![
        Just(Action::Pause { reason: PauseReason::Person }),
        Just(Action::Resume),
        Just(Action::Skip),
        Just(Action::Back),
        (0u64..40_000).prop_map(|ms| Action::Extend { ms }),
        ease.prop_map(|answer| Action::Ease { answer }),
        any::<bool>().prop_map(|yes| Action::Finished { yes }),
        (0u8..=10).prop_map(|nrs| Action::RatePain {
            when: PainWhen::After,
            of: None,
            rating: rating(nrs)
        }),
        (1u16..5).prop_map(|reps| Action::Count { reps }),
        prop::option::of(0u16..20).prop_map(|reps| Action::Finish { reps }),
    ]
}

/// Truly anything.
fn hostile_action() -> impl Strategy<Value = Action> {
    prop_oneof![
        6 => any_action(),
        1 => Just(Action::Start),
        1 => any::<u64>().prop_map(|ms| Action::Extend { ms }),
        1 => any::<u64>().prop_map(|due| Action::Delivered { due: SessionTime(due) }),
        1 => Just(Action::Tick),
        1 => any::<u16>().prop_map(|reps| Action::Count { reps }),
        1 => (prop::option::of(any::<u32>()), any::<bool>()).prop_map(|(of, before)| {
            let when = if before { PainWhen::Before } else { PainWhen::After };
            Action::RatePain { when, of, rating: rating(5) }
        }),
        1 => Just(Action::Stop { reason: StopReason::Pain { rating: Some(rating(9)), site: None } }),
    ]
}

fn any_at() -> impl Strategy<Value = At> {
    let edges = prop_oneof![Just(0u64), Just(u64::MAX), any::<u64>(), 0u64..1_000_000];
    let walls = prop_oneof![Just(i64::MIN), Just(i64::MAX), any::<i64>(), 0i64..1_000_000];
    (0u64..3, edges, walls).prop_map(|(boot, since_boot_ms, wall_ms)| At {
        boot: BootId(boot),
        since_boot_ms,
        wall_ms,
    })
}

fn unseeing(action: Action) -> Input {
    Input::unseeing(action)
}

fn without_revisions(player: &Player) -> Vec<HoldToLog> {
    let holds = player.summary().holds;
    holds.into_iter().map(|hold| HoldToLog { revision: 0, ..hold }).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(CASES) })]

    #[test]
    fn both_sides_get_their_full_time(plan in both_sides()) {
        let mut player = Player::new(plan, at(0));
        play(&mut player, at(0), &[(0, unseeing(Action::Start))]);
        let mut per_side = BTreeMap::new();
        for hold in player.summary().holds {
            prop_assert_eq!(Some(hold.held()), hold.target);
            *per_side.entry(hold.side).or_insert(Millis::ZERO) += hold.held();
        }
        prop_assert_eq!(per_side.get(&Side::Left), per_side.get(&Side::Right));
        prop_assert_eq!(player.summary().holds.len(), player.plan().holds().len());
    }

    #[test]
    fn a_session_takes_its_plan_and_its_pauses_and_its_extensions(
        plan in both_sides(),
        stops in prop::collection::vec((0u64..60_000, 0u64..200_000, 0u64..20_000), 0..6),
    ) {
        let mut player = Player::new(plan, at(0));
        let mut script = vec![(0, unseeing(Action::Start))];
        let mut ms = 0;
        for (after, pause, extension) in stops {
            ms += after;
            script.push((ms, unseeing(Action::Extend { ms: extension })));
            script.push((ms, unseeing(Action::Pause { reason: PauseReason::Person })));
            ms += pause;
            script.push((ms, unseeing(Action::Resume)));
        }
        play(&mut player, at(0), &script);
        let summary = player.summary();
        let planned = player.plan().length().unwrap();
        prop_assert_eq!(summary.length, planned + summary.paused + summary.extended);
        let held: Millis = player.plan().holds().iter().filter_map(|h| h.work.target()).sum();
        let in_holds: Millis = summary.holds.iter().map(|hold| hold.extended).sum();
        prop_assert_eq!(summary.under_pressure, held + in_holds);
    }

    /// Inputs and confirmations at their instants; between them any ticks or none.
    #[test]
    fn no_pattern_of_ticks_changes_anything(
        plan in any_plan(),
        inputs in prop::collection::vec(
            (0u64..50_000, prop_oneof![
                2 => any_action().prop_map(Some),
                // A confirmation of what is due by now.
                3 => Just(None),
            ]),
            1..20
        ),
        fine in 40u64..3_000,
        coarse in 3_000u64..100_000,
    ) {
        let run = |every: Option<u64>| {
            let mut player = Player::new(plan.clone(), at(0));
            let mut ms = 0;
            let mut ignored = Vec::new();
            player.apply(at(0), &unseeing(Action::Start));
            for (after, action) in &inputs {
                let until = ms + after;
                if let Some(every) = every {
                    while ms + every < until {
                        ms += every;
                        player.apply(at(ms), &unseeing(Action::Tick));
                    }
                }
                ms = until;
                let action = action.clone()
                    .unwrap_or(Action::Delivered { due: SessionTime(ms) });
                let effects = player.apply(at(ms), &unseeing(action));
                ignored.push(effects.iter().any(|e| matches!(e, Effect::Ignored { .. })));
            }
            let view = player.view(at(ms));
            let timeline = player.timeline(at(ms));
            player.apply(at(ms), &unseeing(Action::Stop { reason: StopReason::DoneEarly }));
            (view, timeline, ignored, without_revisions(&player))
        };
        let without = run(None);
        prop_assert_eq!(&without, &run(Some(fine)));
        prop_assert_eq!(&without, &run(Some(coarse)));
    }

    #[test]
    fn the_timeline_is_what_ticking_gives(
        plan in any_plan(),
        inputs in prop::collection::vec((0u64..50_000, any_action()), 0..8),
        every in 50u64..1_900,
    ) {
        let mut player = Player::new(plan, at(0));
        player.apply(at(0), &unseeing(Action::Start));
        let mut ms = 0;
        for (after, action) in inputs {
            attend(&mut player, at(ms), at(ms + after), &unseeing(action));
            ms += after;
        }
        let timeline = player.timeline(at(ms));
        let mut ticked = Vec::new();
        while ticked.len() < timeline.len() {
            ms += every;
            let effects = player.apply(at(ms), &unseeing(Action::Tick));
            for effect in effects {
                if let Effect::Cue(cue) = effect {
                    player.apply(at(ms), &unseeing(Action::Delivered { due: cue.due }));
                    ticked.push(cue);
                }
            }
            prop_assert!(ms < 90_000_000, "ticking never gave {:?}", timeline.get(ticked.len()));
        }
        prop_assert_eq!(&ticked[..timeline.len()], &timeline[..]);
        if player.next_due(at(ms)).is_none() {
            prop_assert_eq!(ticked.len(), timeline.len());
        }
    }

    #[test]
    fn the_same_inputs_give_the_same_state_bit_for_bit(
        plan in any_plan(),
        inputs in prop::collection::vec((any_at(), hostile_action()), 0..30),
    ) {
        let inputs: Vec<(At, Input)> =
            inputs.into_iter().map(|(at, action)| (at, unseeing(action))).collect();
        let shared = serde_json::to_string(&inputs).unwrap();
        let replayed: Vec<(At, Input)> = serde_json::from_str(&shared).unwrap();
        let start = inputs.first().map_or(at(0), |(at, _)| *at);
        let (mut leader, mut partner) =
            (Player::new(plan.clone(), start), Player::new(plan, start));
        for ((at, input), (at_partner, input_partner)) in inputs.iter().zip(&replayed) {
            prop_assert_eq!(leader.apply(*at, input), partner.apply(*at_partner, input_partner));
        }
        prop_assert_eq!(&leader, &partner);
        prop_assert_eq!(
            serde_json::to_vec(&leader.checkpoint()).unwrap(),
            serde_json::to_vec(&partner.checkpoint()).unwrap()
        );
    }

    #[test]
    fn nothing_anyone_sends_at_any_instant_breaks_the_player(
        plan in any_plan(),
        inputs in prop::collection::vec(
            (any_at(), hostile_action(), prop::option::of((0u32..8, 0u32..8, 0u32..4))), 0..40
        ),
    ) {
        let mut player = Player::new(plan, at(0));
        let mut durable: BTreeMap<u32, HoldToLog> = BTreeMap::new();
        player.apply(at(0), &unseeing(Action::Start));
        for (at, action, seen) in inputs {
            let seen = seen.map_or(Seen::Whatever, |(hold, visit, question)| {
                Seen::Position(Position { hold, visit, question })
            });
            for effect in player.apply(at, &Input { seen, action }) {
                if let Effect::Log(hold) = effect {
                    let before = durable.insert(hold.log_no, (*hold).clone());
                    prop_assert_eq!(before.map_or(0, |before| before.revision + 1), hold.revision);
                }
            }
            let view = player.view(at);
            prop_assert!(view.progress.is_none_or(|p| (0.0..=1.0).contains(&p)));
            let _ = (player.timeline(at), player.next_due(at));
            let json = serde_json::to_string(&player.checkpoint()).unwrap();
            let (resumed, _) = Player::resume(serde_json::from_str(&json).unwrap(), at).unwrap();
            prop_assert_eq!(resumed.view(at), view);
        }
    }
}

/// What happens to a session with a mind of its own.
#[derive(Debug, Clone)]
enum Event {
    Do(Action),
    /// Killed, and opened again so much later.
    Killed(u64),
    /// Alive, but nobody could attend for so long.
    Frozen(u64),
}

fn event() -> impl Strategy<Value = Event> {
    let gap = || prop_oneof![0u64..9_000, 90_000u64..10_000_000];
    prop_oneof![
        6 => any_action().prop_map(Event::Do),
        2 => gap().prop_map(Event::Killed),
        1 => gap().prop_map(Event::Frozen),
    ]
}

/// An account of the held time that knows nothing of the player but its screen.
type Watched = BTreeMap<u32, u64>;

fn next_due(player: &Player, now: u64) -> Option<u64> {
    player.next_due(at(now)).map(|due| due.since_boot_ms - at(0).since_boot_ms)
}

/// A phone: the player, what it stored, and somebody who watches.
struct Phone {
    player: Player,
    now: u64,
    stored: String,
    durable: BTreeMap<u32, HoldToLog>,
    watched: Watched,
    /// What was watched up to the last attended instant.
    attended: Watched,
    /// What was watched up to each instant.
    history: Vec<(u64, Watched)>,
}

impl Phone {
    fn new(plan: Plan) -> Self {
        let mut phone = Self {
            stored: serde_json::to_string(&Player::new(plan.clone(), at(0)).checkpoint()).unwrap(),
            player: Player::new(plan, at(0)),
            now: 0,
            durable: BTreeMap::new(),
            watched: Watched::default(),
            attended: Watched::default(),
            history: Vec::new(),
        };
        phone.input(unseeing(Action::Start));
        phone
    }

    /// Applies an input and does what the effects say.
    fn input(&mut self, input: Input) {
        let effects = self.player.apply(at(self.now), &input);
        self.carry_out(effects);
    }

    /// Stores what is to be stored, gives the cues and confirms them.
    fn carry_out(&mut self, effects: Vec<Effect>) {
        let mut heard = None;
        let mut persist = false;
        for effect in effects {
            match effect {
                Effect::Cue(cue) | Effect::Missed { latest: cue, .. } => {
                    heard = heard.max(Some(cue.due));
                }
                Effect::Log(hold) => {
                    let before = self.durable.insert(hold.log_no, (*hold).clone());
                    let next = before.map_or(0, |before| before.revision + 1);
                    assert_eq!(hold.revision, next, "logged twice: {hold:?}");
                }
                Effect::Checkpoint => persist = true,
                Effect::Ask { .. } | Effect::Ignored { .. } | Effect::Over { .. } => {}
            }
        }
        if persist {
            self.stored = serde_json::to_string(&self.player.checkpoint()).unwrap();
        }
        if let Some(due) = heard {
            let attended = self.player.attended_until();
            let confirmed = unseeing(Action::Delivered { due });
            let effects = self.player.apply(at(self.now), &confirmed);
            if self.player.attended_until() > attended {
                self.attended = self.watched_until(due);
            }
            self.carry_out(effects);
        }
    }

    /// Books the time up to `until` as the screen of `player` shows it.
    fn watch(&mut self, player: &Player, until: u64) {
        let view = player.view(at(self.now));
        if view.stage == StageView::Hold && view.paused.is_none() {
            *self.watched.entry(view.position.hold).or_default() += until - self.now;
        }
        self.now = until;
        self.history.push((until, self.watched.clone()));
    }

    fn watched_until(&self, due: SessionTime) -> Watched {
        let before = self.history.iter().rev().find(|(ms, _)| *ms <= due.0);
        before.map(|(_, watched)| watched.clone()).unwrap_or_default()
    }

    /// Attends until `until`, booking what the screen shows.
    fn attend(&mut self, until: u64) {
        while let Some(due) = next_due(&self.player, self.now).filter(|due| *due <= until) {
            self.watch(&self.player.clone(), due);
            self.input(unseeing(Action::Tick));
        }
        self.watch(&self.player.clone(), until);
        self.input(unseeing(Action::Tick));
    }

    /// Nobody attends for `gap`; then it is found out.
    fn leave(&mut self, gap: u64, killed: bool) {
        let until = self.now + gap;
        let running = next_due(&self.player, self.now).is_some();
        if gap < 9_000 {
            // Short enough to be trusted: time goes on. Watch a copy that only ticks.
            let mut copy = self.player.clone();
            while let Some(due) = next_due(&copy, self.now).filter(|due| *due <= until) {
                self.watch(&copy, due);
                copy.apply(at(due), &unseeing(Action::Tick));
            }
            self.watch(&copy, until);
        } else if running {
            // What nobody attended did not happen.
            self.watched = self.attended.clone();
        }
        self.now = until;
        if killed {
            let stored = serde_json::from_str(&self.stored).unwrap();
            let (player, effects) = Player::resume(stored, at(self.now)).unwrap();
            self.player = player;
            self.carry_out(effects);
        }
        self.input(unseeing(Action::Tick));
    }

    fn act(&mut self, action: Action) {
        let view = self.player.view(at(self.now));
        let confirms =
            view.stage == StageView::BrokenOff && action == Action::Finished { yes: true };
        let before = self.durable.get(&view.position.hold).map_or(Millis::ZERO, |hold| hold.took);
        self.input(unseeing(action));
        if self.player.attended_until() == SessionTime(self.now) {
            self.attended = self.watched.clone();
        }
        if confirms {
            // The person's word adds what was left of the target, and is marked as such.
            let hold = &self.durable[&view.position.hold];
            let added = hold.took.saturating_sub(before).0;
            assert!(added <= view.remaining.unwrap_or(Millis::ZERO).0);
            *self.watched.entry(view.position.hold).or_default() += added;
            self.attended = self.watched.clone();
            let full = hold.held() >= hold.target.unwrap_or(Millis::ZERO);
            assert!(hold.source == Source::Manual || full || hold.attempts.is_empty());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(CASES) })]

    #[test]
    fn no_interleaving_loses_a_held_second_or_logs_a_hold_twice(
        plan in any_plan(),
        events in prop::collection::vec((0u64..50_000, event()), 0..24),
    ) {
        let mut phone = Phone::new(plan);
        for (after, event) in events {
            let until = phone.now + after;
            phone.attend(until);
            match event {
                Event::Do(action) => phone.act(action),
                Event::Killed(gap) => phone.leave(gap, true),
                Event::Frozen(gap) => phone.leave(gap, false),
            }
        }
        phone.act(Action::Stop { reason: StopReason::DoneEarly });
        let logged: BTreeMap<u32, u64> = phone
            .durable
            .iter()
            .map(|(log_no, hold)| (*log_no, hold.took.0))
            .filter(|(_, took)| *took > 0)
            .collect();
        phone.watched.retain(|_, ms| *ms > 0);
        prop_assert_eq!(&logged, &phone.watched);
        for hold in phone.durable.values() {
            if !hold.attempts.is_empty() {
                prop_assert_eq!(hold.under_pressure(), hold.took);
            }
            for attempt in &hold.attempts {
                prop_assert!(attempt.eased_after.is_none_or(|eased| eased <= attempt.held));
            }
        }
    }
}
