//! A live session over a network that loses, delays and repeats: whoever follows shows the leader's second.
#![allow(clippy::unwrap_used)]

mod player_plans;

use holdfast_domain::ids::DeviceName;
use holdfast_domain::live::{Follower, Leader, MAX_KEPT, Message, SILENT_AFTER_MS};
use holdfast_domain::player::{
    Action, At, BootId, EaseAnswer, Effect, Input, PauseReason, Plan, StopReason,
};
use holdfast_domain::vocabulary::Side;
use player_plans::{at, hold, hook_pair_and_realignment, plan, timed};
use proptest::prelude::*;

/// The relay's clock when the leader's device shows `at(ms)`.
const fn shared(ms: u64) -> i64 {
    1_900_000_000_000 + ms as i64
}

/// Another device's own clocks, at the same moment as `at(ms)`.
fn other(ms: u64) -> At {
    At { boot: BootId(9), since_boot_ms: 77 + ms, wall_ms: 1_500_000_000_000 + ms as i64 }
}

fn device(name: &str) -> DeviceName {
    DeviceName::new(name).unwrap()
}

fn leader(plan: Plan) -> Leader {
    Leader::begin(plan, device("a"), at(0))
}

/// Lets the leader's device run to `ms`: every cue is given and confirmed as it falls due.
fn run(leader: &mut Leader, from: u64, ms: u64) -> Vec<Message> {
    let mut said = Vec::new();
    for now in (from..=ms).step_by(500) {
        let (effects, _) = leader.apply(at(now), &Input::unseeing(Action::Tick));
        for effect in effects {
            if let Effect::Cue(cue) = effect {
                let confirm = Input::unseeing(Action::Delivered { due: cue.due });
                said.extend(leader.apply(at(now), &confirm).1);
            }
        }
    }
    said
}

fn press(leader: &mut Leader, ms: u64, action: Action) -> Vec<Message> {
    leader.apply(at(ms), &Input::unseeing(action)).1
}

fn same_second(leader: &Leader, follower: &Follower, ms: u64) {
    let shown = follower.view(shared(ms)).expect("the session is known");
    assert_eq!(shown, leader.player().view(leader.session_at(at(ms))), "at {ms} ms");
}

/// Everything arrives, until nobody has anything more to say. The follower hears it late enough to ask again
/// for what it asked for before, and last at `ms + 2_000`.
fn settle(leader: &mut Leader, follower: &mut Follower, ms: u64) {
    let mut to_follower = vec![leader.beat(at(ms), shared(ms))];
    for _ in 0..8 {
        let heard = shared(ms + 2_000);
        let back: Vec<Message> = to_follower.iter().flat_map(|m| follower.hear(heard, m)).collect();
        to_follower =
            back.iter().flat_map(|m| leader.hear(at(ms), shared(ms), m).unwrap().1).collect();
        if to_follower.is_empty() {
            return;
        }
    }
    panic!("they talk for ever");
}

#[test]
fn both_phones_show_the_same_second_from_the_first_word_on() {
    let mut leader = leader(hook_pair_and_realignment());
    let (mut follower, hello) = Follower::join(device("b"));
    assert_eq!(follower.view(shared(0)), None);
    for message in leader.hear(at(0), shared(0), &hello).unwrap().1 {
        follower.hear(shared(0), &message);
    }
    let mut said = press(&mut leader, 100, Action::Start);
    said.extend(run(&mut leader, 100, 20_000));
    said.extend(press(&mut leader, 20_200, Action::Pause { reason: PauseReason::Person }));
    said.extend(press(&mut leader, 31_000, Action::Resume));
    for message in &said {
        follower.hear(shared(31_000), message);
    }
    for ms in [31_000, 31_400, 40_000] {
        same_second(&leader, &follower, ms);
    }
    let ahead = follower.timeline(shared(31_000));
    assert!(!ahead.is_empty() && ahead.iter().all(|(from_now, _)| *from_now >= 0));
}

#[test]
fn whoever_follows_can_pause_stop_and_answer_and_cannot_skip() {
    let mut leader = leader(hook_pair_and_realignment());
    let (mut follower, _) = Follower::join(device("b"));
    press(&mut leader, 0, Action::Start);
    run(&mut leader, 0, 10_000);
    settle(&mut leader, &mut follower, 10_000);

    let asks = |follower: &mut Follower, leader: &mut Leader, ms, action| {
        let ask = follower.ask(shared(ms), action).unwrap();
        let (effects, said) = leader.hear(at(ms), shared(ms), &ask).unwrap();
        for message in &said {
            follower.hear(shared(ms), message);
        }
        // The same asking once more is one.
        assert_eq!(leader.hear(at(ms), shared(ms), &ask).unwrap(), (vec![], vec![]));
        (effects, said.len())
    };
    let skip = asks(&mut follower, &mut leader, 10_100, Action::Skip);
    assert_eq!(skip, (vec![], 0), "where it goes on is the leader's to say");
    let pause = Action::Pause { reason: PauseReason::Partner };
    assert_eq!(asks(&mut follower, &mut leader, 10_200, pause).1, 1);
    let view = leader.player().view(at(10_300));
    assert_eq!(view.paused, Some(PauseReason::Partner));
    same_second(&leader, &follower, 10_300);
    asks(&mut follower, &mut leader, 12_000, Action::Resume);
    let ease = Action::Ease { answer: EaseAnswer::Eased };
    asks(&mut follower, &mut leader, 12_100, ease);
    same_second(&leader, &follower, 12_200);
    let stop = Action::Stop { reason: StopReason::DoneEarly };
    let (effects, _) = asks(&mut follower, &mut leader, 13_000, stop);
    assert!(effects.iter().any(|effect| matches!(effect, Effect::Over { .. })));
    same_second(&leader, &follower, 13_000);
}

#[test]
fn a_late_pause_from_the_partner_is_for_the_hold_that_was_seen() {
    let two = plan(vec![timed("first", Side::Left, 30), timed("second", Side::Left, 30)]);
    let mut leader = leader(two);
    let (mut follower, _) = Follower::join(device("b"));
    press(&mut leader, 0, Action::Start);
    run(&mut leader, 0, 8_000);
    settle(&mut leader, &mut follower, 8_000);
    let answer = follower.ask(shared(8_000), Action::Finished { yes: true }).unwrap();
    run(&mut leader, 8_000, 45_000);
    let (effects, _) = leader.hear(at(45_000), shared(45_000), &answer).unwrap();
    assert!(effects.iter().any(|effect| matches!(effect, Effect::Ignored { .. })), "{effects:?}");
}

#[test]
fn when_the_leader_vanishes_the_partner_goes_on_from_the_same_second() {
    let mut first = leader(hook_pair_and_realignment());
    let (mut follower, _) = Follower::join(device("b"));
    press(&mut first, 0, Action::Start);
    run(&mut first, 0, 30_000);
    settle(&mut first, &mut follower, 30_000);
    let early = shared(32_000) + SILENT_AFTER_MS;
    let follower = follower.take_over(other(38_000), early).unwrap_err();
    let late = 32_000 + SILENT_AFTER_MS.unsigned_abs() + 100;
    let was = follower.view(shared(late)).unwrap();
    let (mut second, say) = follower.take_over(other(late), shared(late)).unwrap();
    assert_eq!(second.term().number, 2);
    assert_eq!(second.player().view(second.session_at(other(late))), was);
    second
        .apply(other(late + 200), &Input::unseeing(Action::Pause { reason: PauseReason::Person }));

    // The first one comes back, hears of it, and follows.
    let now = late + 1_000;
    let deposed = first.hear(at(now), shared(now), &say[0]).unwrap_err();
    let mut back = deposed.follower;
    let mut words = vec![second.beat(other(now), shared(now))];
    for _ in 0..4 {
        let replies: Vec<Message> = words.iter().flat_map(|m| back.hear(shared(now), m)).collect();
        words = replies
            .iter()
            .flat_map(|m| second.hear(other(now), shared(now), m).unwrap().1)
            .collect();
    }
    let shown = back.view(shared(now)).unwrap();
    assert_eq!(shown, second.player().view(second.session_at(other(now))));
    assert_eq!(shown.paused, Some(PauseReason::Person));
}

#[test]
fn of_two_who_take_over_at_once_one_leads() {
    let mut gone = leader(hook_pair_and_realignment());
    press(&mut gone, 0, Action::Start);
    run(&mut gone, 0, 5_000);
    let mut both = ["b", "c"].map(|name| {
        let (mut follower, _) = Follower::join(device(name));
        settle(&mut gone, &mut follower, 5_000);
        follower
    });
    let now = 7_000 + SILENT_AFTER_MS.unsigned_abs() + 1;
    let [b, c] = std::mem::replace(&mut both, ["x", "y"].map(|n| Follower::join(device(n)).0));
    let (mut b, from_b) = b.take_over(other(now), shared(now)).unwrap();
    let (mut c, from_c) = c.take_over(other(now), shared(now)).unwrap();
    assert!(c.hear(other(now), shared(now), &from_b[0]).is_ok(), "c is the greater name");
    let deposed = b.hear(other(now), shared(now), &from_c[0]).unwrap_err();
    assert_eq!(deposed.follower.term(), Some(c.term()));
    // And whoever still leads an old term is told.
    let told = c.hear(at(now), shared(now), &gone.beat(at(now), shared(now))).unwrap().1;
    assert!(gone.hear(at(now), shared(now), &told[0]).is_err());
}

#[test]
fn what_a_leader_keeps_is_bounded_and_whoever_lacks_more_gets_the_whole() {
    let mut leader = leader(plan(vec![hold("s", Side::None, holdfast_domain::player::Work::Open)]));
    let (mut follower, hello) = Follower::join(device("b"));
    for message in leader.hear(at(0), shared(0), &hello).unwrap().1 {
        follower.hear(shared(0), &message);
    }
    press(&mut leader, 0, Action::Start);
    for n in 0..2 * MAX_KEPT as u64 {
        press(&mut leader, 10 + n, Action::Count { reps: 1 });
    }
    let say = follower.hear(shared(2_000), &leader.beat(at(2_000), shared(2_000)));
    let answer = leader.hear(at(2_000), shared(2_000), &say[0]).unwrap().1;
    assert!(matches!(answer[..], [Message::Snapshot(_)]));
    follower.hear(shared(2_000), &answer[0]);
    same_second(&leader, &follower, 2_000);
}

fn any_press() -> impl Strategy<Value = Action> {
    prop_oneof![
        Just(Action::Pause { reason: PauseReason::Person }),
        Just(Action::Resume),
        Just(Action::Skip),
        Just(Action::Back),
        (0u64..30_000).prop_map(|ms| Action::Extend { ms }),
        Just(Action::Ease { answer: EaseAnswer::Move }),
        Just(Action::Finished { yes: true }),
        Just(Action::Stop { reason: StopReason::DoneEarly }),
    ]
}

/// What becomes of a message: lost, or heard after so many others, perhaps twice.
#[derive(Debug, Clone, Copy)]
struct Fate {
    lost: bool,
    late: usize,
    twice: bool,
}

fn any_fate() -> impl Strategy<Value = Fate> {
    (prop::bool::weighted(0.3), 0usize..5, any::<bool>()).prop_map(|(lost, late, twice)| Fate {
        lost,
        late,
        twice,
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(200) })]

    #[test]
    fn however_messages_are_lost_late_or_doubled_both_show_the_same_once_one_beat_comes_through(
        presses in prop::collection::vec((any_press(), 500u64..20_000, any::<bool>()), 1..12),
        fates in prop::collection::vec(any_fate(), 64),
    ) {
        let mut leader = leader(hook_pair_and_realignment());
        let (mut follower, hello) = Follower::join(device("b"));
        let mut fates = fates.into_iter().cycle();
        let mut wire: Vec<Message> = leader.hear(at(0), shared(0), &hello).unwrap().1;
        let mut now = 0;
        wire.extend(press(&mut leader, 0, Action::Start));
        for (action, wait, by_partner) in presses {
            wire.extend(run(&mut leader, now, now + wait));
            now += wait;
            wire.push(leader.beat(at(now), shared(now)));
            let asked = by_partner.then(|| follower.ask(shared(now), action.clone())).flatten();
            wire.extend(match asked {
                Some(ask) => leader.hear(at(now), shared(now), &ask).unwrap().1,
                None => press(&mut leader, now, action),
            });
            let mut pending: Vec<(usize, Message)> = Vec::new();
            for (place, message) in wire.drain(..).enumerate() {
                let fate = fates.next().unwrap();
                if !fate.lost {
                    pending.push((place + fate.late, message.clone()));
                }
                if fate.twice {
                    pending.push((place + 2 * fate.late, message));
                }
            }
            pending.sort_by_key(|(place, _)| *place);
            for (_, message) in pending {
                let replies = follower.hear(shared(now), &message);
                for reply in replies {
                    wire.extend(leader.hear(at(now), shared(now), &reply).unwrap().1);
                }
            }
        }
        settle(&mut leader, &mut follower, now);
        same_second(&leader, &follower, now);
        same_second(&leader, &follower, now + 7_000);
    }

    #[test]
    fn what_a_stranger_says_moves_nobody_to_panic(n in any::<u64>(), ms in any::<i64>(), boot in any::<u64>(), wall in any::<i64>()) {
        let mut leader = leader(hook_pair_and_realignment());
        let (mut follower, _) = Follower::join(device("b"));
        settle(&mut leader, &mut follower, 0);
        let strange = At { boot: BootId(boot), since_boot_ms: n, wall_ms: wall };
        let mut beat = leader.beat(at(0), ms);
        if let Message::Beat(beat) = &mut beat {
            (beat.at, beat.n) = (strange, n);
        }
        follower.hear(ms, &beat);
        let mut snapshot = leader.snapshot(at(0), ms);
        if let Message::Snapshot(snapshot) = &mut snapshot {
            (snapshot.n, snapshot.at) = (n, strange);
        }
        follower.hear(ms, &snapshot);
        let _ = (follower.view(shared(0)), follower.view(i64::MAX), follower.timeline(i64::MIN));
        if let Ok((mut second, _)) = follower.take_over(strange, i64::MAX) {
            second.apply(strange, &Input::unseeing(Action::Start));
            let _ = second.beat(at(5), ms);
        }
    }
}
