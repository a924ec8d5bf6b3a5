//! A relay that lost entries, and devices that lost them too or have gone on meanwhile: small worlds by hand, each
//! judged by the simulator's oracle, which compares every log place by place.
#![allow(clippy::unwrap_used)]

use holdfast_tests::simulator::{Act, Step, Trace, World};

fn log(key: u8) -> Act {
    Act::Log { key, held_s: 20 + u32::from(key) }
}

/// Lives these acts in a world of so many devices, lets it heal, and gives it as it then is.
fn live(devices: usize, acts: &[(usize, Act)]) -> World {
    let trace = Trace::default();
    let mut world = World::begin(7, devices, trace.clone()).unwrap();
    let mut steps =
        (0..).zip(acts).map(|(n, (device, act))| Step { n, device: *device, act: act.clone() });
    let lived = steps.try_for_each(|step| world.perform(&step));
    let healed = lived.and_then(|()| world.heal()).and_then(|()| world.judge());
    assert!(healed.is_ok(), "{healed:#?}\n{}", trace.lines().join("\n"));
    world
}

fn notes(world: &World, device: usize) -> Vec<String> {
    let holds = world.history(device).unwrap();
    let mut notes: Vec<String> =
        holds.iter().flat_map(|hold| hold.notes.iter().map(|note| note.text.clone())).collect();
    notes.sort();
    notes
}

/// Device 1 writes; the relay and device 2 take it; then both the relay and device 1 lose it, and device 1 writes
/// something else under the same counter.
fn lost_on_two() -> Vec<(usize, Act)> {
    vec![
        (1, log(0)),
        (1, Act::Plan { pick: 0 }),
        (1, Act::Sync),
        (2, Act::Sync),
        (1, Act::Backup),
        (0, Act::RelayBackup),
        (1, log(0)),
        (1, log(1)),
        (1, Act::Plan { pick: 5 }),
        (1, Act::Sync),
        (2, Act::Sync),
        (0, Act::RelayRestore),
        (1, Act::Restore),
        (1, log(2)),
        (1, Act::Plan { pick: 10 }),
    ]
}

#[test]
fn what_a_device_and_the_relay_lost_comes_back_from_a_third_though_the_device_went_on_first() {
    let mut acts = lost_on_two();
    acts.extend([(1, Act::Sync), (2, Act::Sync), (1, Act::Sync), (0, Act::Sync)]);
    let world = live(3, &acts);
    for device in 0..3 {
        let found = notes(&world, device);
        assert_eq!(found, ["d1-s0", "d1-s13", "d1-s6", "d1-s7"], "device {device}");
    }
}

#[test]
fn what_a_device_and_the_relay_lost_comes_back_from_a_third_that_comes_first() {
    let mut acts = lost_on_two();
    acts.extend([(2, Act::Sync), (1, Act::Sync), (0, Act::Sync)]);
    let world = live(3, &acts);
    for device in 0..3 {
        let found = notes(&world, device);
        assert_eq!(found, ["d1-s0", "d1-s13", "d1-s6", "d1-s7"], "device {device}");
    }
}

#[test]
fn the_third_device_gives_back_though_it_has_changes_of_its_own_that_wait() {
    let mut acts = lost_on_two();
    acts.extend([(1, Act::Sync), (2, Act::Plan { pick: 15 }), (2, log(3)), (2, Act::Sync)]);
    let world = live(3, &acts);
    assert_eq!(notes(&world, 1), ["d1-s0", "d1-s13", "d1-s6", "d1-s7", "d2-s17"]);
}

#[test]
fn a_removal_that_the_relay_and_its_author_lost_is_made_again_by_whoever_knew_of_it() {
    let acts = [
        (1, Act::Sync),
        (2, Act::Sync),
        (1, Act::Backup),
        (1, Act::RelayBackup),
        // The first of the others: device 0.
        (1, Act::Revoke { pick: 0 }),
        (1, Act::Sync),
        (1, log(0)),
        (1, Act::Sync),
        (2, Act::Sync),
        (2, log(1)),
        (2, Act::Sync),
        (1, Act::RelayRestore),
        (1, Act::Restore),
        // The membership goes on without the removal.
        (1, Act::Join { deaths: [0; 2] }),
        (1, log(2)),
        (1, Act::Sync),
        (2, Act::Sync),
    ];
    let world = live(3, &acts);
    assert_eq!(world.members().unwrap(), [1, 2, 3]);
    for device in 1..4 {
        let found = notes(&world, device);
        for note in ["d1-s6", "d2-s9", "d1-s14"] {
            assert!(found.iter().any(|found| found == note), "device {device}: {found:?}");
        }
    }
}

#[test]
fn a_device_that_forgot_the_removal_it_made_reads_on_with_the_new_keys() {
    let acts = [
        (2, Act::Backup),
        (2, Act::Revoke { pick: 0 }),
        (2, Act::Sync),
        (1, Act::Sync),
        (2, Act::Restore),
        (2, log(0)),
        (1, log(1)),
        (1, Act::Sync),
        (2, Act::Sync),
    ];
    let world = live(3, &acts);
    assert_eq!(world.members().unwrap(), [1, 2]);
}

#[test]
fn a_device_that_joins_after_a_restored_relay_takes_old_citations_for_no_fork() {
    let acts = [
        (0, log(0)),
        (0, Act::Sync),
        (1, Act::Sync),
        (0, Act::RelayBackup),
        (1, log(1)),
        (1, Act::Sync),
        (0, Act::Sync),
        (0, Act::RelayRestore),
        (1, log(2)),
        (1, Act::Sync),
        // Sealed before it hears of the restored relay: it cites a log that nobody has.
        (0, log(3)),
        (0, Act::Sync),
        (0, Act::Join { deaths: [0; 2] }),
    ];
    let world = live(2, &acts);
    assert_eq!(world.members().unwrap(), [0, 1, 2]);
}
