//! A member floods a live session: in a process of its own, because what is measured is what the process needs.
#![allow(clippy::unwrap_used)]
#![cfg(target_os = "linux")]

use holdfast::domain::player::{Action, PauseReason, StageView};
use holdfast::live::LivePart;
use holdfast::sharing::Role;
use holdfast_tests::live::{Intruder, Phone, SkewedClock, let_in, pair, person, tonight, until};
use holdfast_tests::scene::Scene;

fn resident_kb() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

#[test]
fn a_flood_makes_no_phone_grow_and_keeps_nobody_from_pausing() {
    let scene = Scene::new();
    let clock = |name: &str| SkewedClock::new(name, 1_000, 0, 1);
    let ana = person(&scene, "Ana", clock("ana"));
    let ben = person(&scene, "Ben", clock("ben"));
    let eve = person(&scene, "Eve", clock("eve"));
    pair(&ana, 60);
    let anas = let_in(&ana, &ben, "Ben", Role::Partner);
    let _there = let_in(&ana, &eve, "Eve", Role::Partner);
    let leader = Phone::lead(ana.play("Pair", &tonight()).unwrap());
    let follower = Phone::follow(&anas);
    let stage = |phone: &Phone| phone.live().view().map(|view| view.stage);
    until("both are holding", 30, || {
        stage(&leader) == Some(StageView::Hold) && stage(&follower) == Some(StageView::Hold)
    });
    assert_eq!(follower.live().standing().part, LivePart::Follows);
    let mut flood = Intruder::of(&scene, "Eve", "Ana");
    let live_id = leader.live().standing().live_id.unwrap();
    let mut piece = |n: u32| {
        let mut piece = vec![2];
        piece.extend_from_slice(&n.to_le_bytes());
        piece.extend_from_slice(&[u8::try_from(n % 15).unwrap(), 16]);
        piece.resize(3_500, 7);
        flood.say(&live_id, &piece);
    };
    (0..300).for_each(&mut piece);
    let before = resident_kb();
    (300..4_000).for_each(&mut piece);
    let grown = resident_kb().saturating_sub(before);
    assert!(grown < 6_000, "{grown} kB of 13,000 kB that were said");
    follower.press(Action::Pause { reason: PauseReason::Partner });
    until("Ben pauses all the same", 20, || {
        leader.live().view().unwrap().paused == Some(PauseReason::Partner)
    });
}
