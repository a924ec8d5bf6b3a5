//! A few dozen worlds of each kind under faults, each from a seed. `cargo xtask simulate --seeds N` runs more.

#![allow(clippy::unwrap_used)]

use holdfast_tests::simulator::people::{self, PeopleSize};
use holdfast_tests::simulator::{self, Size};

fn run_seeds(seeds: std::ops::Range<u64>) {
    for seed in seeds {
        let run = simulator::run(seed, &Size::of_seed(seed), None);
        assert!(
            run.broken.is_empty(),
            "seed {seed}: {:#?}\nreplay it with: cargo xtask simulate --kind account --seed {seed}",
            run.broken
        );
    }
}

#[test]
fn worlds_under_faults_heal_with_nothing_lost_doubled_or_stuck() {
    run_seeds(0..12);
}

#[test]
fn more_worlds_under_faults_heal_with_nothing_lost_doubled_or_stuck() {
    run_seeds(100..112);
}

fn run_people(seeds: std::ops::Range<u64>) {
    for seed in seeds {
        let run = people::run(seed, &PeopleSize::of_seed(seed), None);
        assert!(
            run.broken.is_empty(),
            "seed {seed}: {:#?}\nreplay it with: cargo xtask simulate --kind people --seed {seed}",
            run.broken
        );
    }
}

#[test]
fn worlds_of_people_heal_to_one_membership_and_everybody_reads_what_their_grant_gives() {
    run_people(0..18);
}

#[test]
fn more_worlds_of_people_heal_to_one_membership_and_nothing_acknowledged_is_lost() {
    // Among them those that once did not.
    run_people(90..100);
    run_people(182..190);
}

#[test]
fn a_device_that_dies_at_any_write_or_commit_of_an_evening_loses_nothing() {
    // Every eleventh of them; `cargo xtask simulate --sweep` takes them all.
    let (points, failed) = simulator::sweep(5, 11);
    assert!(points > 10, "only {points}");
    let failed: Vec<_> = failed.into_iter().map(|(point, run)| (point, run.broken)).collect();
    assert!(failed.is_empty(), "{failed:#?}");
}

#[test]
fn a_device_that_dies_at_any_write_of_a_join_and_again_of_the_next_try_gets_there_with_the_same_link()
 {
    let (pairs, failed) = simulator::sweep_join(11, 17);
    assert!(pairs > 10, "only {pairs}");
    assert!(failed.is_empty(), "{failed:#?}");
}

#[test]
fn a_seed_replays_exactly() {
    for seed in [3, 8] {
        let run = || simulator::run(seed, &Size::of_seed(seed), None).trace;
        let (once, again) = (run(), run());
        assert_eq!(once.lines(), again.lines(), "seed {seed}");
        assert_eq!(once.hash(), again.hash(), "seed {seed}: other bytes on the wire");
        let run = || people::run(seed, &PeopleSize::of_seed(seed), None).trace;
        let (once, again) = (run(), run());
        assert_eq!(once.lines(), again.lines(), "seed {seed}");
        assert_eq!(once.hash(), again.hash(), "seed {seed}: other bytes on the wire");
    }
}
