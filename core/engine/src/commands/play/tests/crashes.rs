//! Kills at random instants, and crashes at every single write, of a whole session: no held second is
//! lost and no hold is logged twice.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use proptest::prelude::*;

use super::*;
use crate::{Crash, Faults};

/// Crashes at the `n`th point from now where the engine can.
fn crash_at(n: i64) -> Faults {
    let left = Arc::new(AtomicI64::new(n));
    Faults::new(move |_, _| match left.fetch_sub(1, Ordering::Relaxed) {
        1 => Err(Crash),
        _ => Ok(()),
    })
}

fn every_hold_once(engine: &Engine, session: &str, target_ms: u64) {
    let SessionWithHolds { session, holds } = engine.session(session).unwrap();
    assert!(session.finished && session.ended_at.is_some());
    let places: std::collections::BTreeSet<_> = holds.iter().map(place).collect();
    assert_eq!((holds.len(), places.len()), (4, 4));
    for hold in &holds {
        assert_eq!((hold.held_ms, hold.observations.len()), (target_ms, 1), "{hold:?}");
        assert_eq!(hold.ended_by, EndedBy::Target);
    }
}

/// Plays to the end on an engine that may crash; opens it anew and goes on until it is done. Gives the
/// session, and whether anything went wrong.
fn play_to_the_end(home: &Home, faults: Faults) -> (String, bool) {
    let mut engine = home.open_with(faults);
    let mut crashed = false;
    let mut taken = engine.play("Pair", &PlayOptions::default());
    loop {
        if let Ok(playing) = &mut taken {
            let begun = match playing.view().stage {
                StageView::Ready => give(playing, &does(Action::Start)).saved,
                _ => true,
            };
            if begun && attend(home, playing, AN_HOUR) && is_over(playing) {
                let id = playing.session_id().to_string();
                if playing.finish().is_ok() {
                    return (id, crashed);
                }
                // It was over and is on the disk: only the checkpoint could not be cleared.
                drop(taken);
                return (id, true);
            }
        }
        assert!(!crashed, "only one crash was asked for");
        crashed = true;
        drop(taken);
        drop(engine);
        engine = home.open();
        taken = match engine.unfinished_play().unwrap() {
            Some(_) => Ok(resume(&engine)),
            None => engine.play("Pair", &PlayOptions::default()),
        };
    }
}

#[test]
fn a_crash_at_any_write_of_a_session_loses_no_second_and_doubles_no_hold() {
    let [home] = devices();
    short_pair(&home.open(), 35);
    let mut n = 1;
    loop {
        let (session, crashed) = play_to_the_end(&home, crash_at(n));
        every_hold_once(&home.open(), &session, 35_000);
        if !crashed {
            break;
        }
        n += 1;
        assert!(n < 2_000, "a session has fewer writes than that");
    }
    assert!(n > 50, "{n} writes were tried");
}

#[test]
fn a_write_that_fails_is_told_and_made_good_with_the_next_input() {
    let [home] = devices();
    let engine = home.open();
    short_pair(&engine, 20);
    let mut playing = engine.play("Pair", &PlayOptions::default()).unwrap();
    start(&mut playing);
    assert!(attend(&home, &mut playing, 20_000));
    let lock = crate::store::lock::ProcessLock::new(engine.home(), std::time::Duration::ZERO);
    let held = lock.take("a long import").unwrap();
    home.clock.advance(5_000);
    let due = playing.timeline().first().map(|cue| cue.due);
    let failed = give(&mut playing, &does(Action::Tick));
    let failed = if failed.saved { playing.apply(&does(Action::Skip)) } else { failed };
    assert!(!failed.saved && !playing.is_saved(), "{due:?}");
    assert_eq!(failed.error.map(|error| error.code().to_owned()).as_deref(), Some("home_in_use"));
    let behind = of_session(&engine, &playing).holds.len();
    drop(held);
    assert!(playing.tick().saved && playing.is_saved());
    assert!(of_session(&engine, &playing).holds.len() > behind);
    assert!(attend(&home, &mut playing, AN_HOUR));
    playing.finish().unwrap();
    assert_eq!(of_session(&engine, &playing).holds.len(), 4);
}

/// What happens at an instant of a session.
#[derive(Debug, Clone)]
enum Event {
    Kill { away_ms: u64 },
    Pause { ms: u64 },
    Back,
    Extend,
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        3 => (0..AN_HOUR).prop_map(|away_ms| Event::Kill { away_ms }),
        2 => (0..28_000_u64).prop_map(|away_ms| Event::Kill { away_ms }),
        1 => (0..100_000_u64).prop_map(|ms| Event::Pause { ms }),
        1 => Just(Event::Back),
        1 => Just(Event::Extend),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn however_often_it_is_killed_every_hold_is_there_once_with_its_whole_time(
        events in prop::collection::vec((1_000..60_000_u64, event()), 1..8),
    ) {
        let [home] = devices();
        let mut engine = home.open();
        short_pair(&engine, 35);
        let mut playing = engine.play("Pair", &PlayOptions::default()).unwrap();
        start(&mut playing);
        let session = playing.session_id().to_string();
        for (after, event) in events {
            prop_assert!(attend(&home, &mut playing, after));
            let held_before = playing.summary().held;
            match event {
                Event::Kill { away_ms } => {
                    drop((playing, engine));
                    home.clock.advance(away_ms);
                    engine = home.open();
                    if engine.unfinished_play().unwrap().is_none() {
                        return all_there(&engine, &session);
                    }
                    playing = resume(&engine);
                    if !is_running(&playing) {
                        prop_assert!(give(&mut playing, &does(Action::Resume)).saved);
                    }
                    prop_assert!(playing.summary().held >= held_before);
                }
                Event::Pause { ms } => {
                    let _ = give(&mut playing, &does(Action::Pause { reason: PauseReason::Person }));
                    home.clock.advance(ms);
                    let _ = give(&mut playing, &does(Action::Resume));
                }
                Event::Back => drop(give(&mut playing, &does(Action::Back))),
                Event::Extend => drop(give(&mut playing, &does(Action::Extend { ms: 5_000 }))),
            }
            let logged = playing.summary().holds.len();
            if playing.summary().started_at.is_some() {
                let there = of_session(&engine, &playing).holds;
                prop_assert_eq!(there.len(), logged, "the disk has what the player logged");
            }
        }
        prop_assert!(attend(&home, &mut playing, 4 * AN_HOUR));
        prop_assert!(is_over(&playing));
        playing.finish().unwrap();
        all_there(&engine, &session)?;
    }
}

fn all_there(engine: &Engine, session: &str) -> Result<(), TestCaseError> {
    let holds = engine.session(session).unwrap().holds;
    let places: std::collections::BTreeSet<_> = holds.iter().map(place).collect();
    prop_assert_eq!((holds.len(), places.len()), (4, 4));
    for hold in &holds {
        prop_assert!(hold.held_ms >= 35_000, "{:?}", hold);
        prop_assert_eq!(hold.observations.len(), 1);
    }
    Ok(())
}

fn is_running(playing: &Playing) -> bool {
    let view = playing.view();
    view.paused.is_none() && view.stage != StageView::BrokenOff
}
