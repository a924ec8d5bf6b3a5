//! What time it is on the clock that the devices of a live session share: the relay's, worked out from its answers.
//! It reads no clock; whoever does hands in what it showed. No hold is ever measured by it.

use std::collections::VecDeque;

/// How many answers are thought of.
const KEPT: usize = 8;
/// An answer that took longer than this tells too little, in milliseconds of the relay.
const LONGEST_ROUND_MS: u64 = 5_000;
/// Answers that contradict each other by more than this show that the relay's clock was set, in its milliseconds.
const SET_MS: u64 = 250;

/// The shared clock, as one device knows it.
///
/// An answer says what the relay's clock showed at some moment between the request and its coming: half way, give or
/// take half of the time it took. Of the latest answers the one that took the shortest time counts. They are laid
/// against the time since boot, which nobody sets, so that a wall clock that is wrong or jumps changes nothing.
///
/// Where this device's clock runs faster than time (`pace`, for trying things out), the shared one does too:
/// shared milliseconds are then `pace` times the relay's, for everybody who runs at that pace.
#[derive(Debug, Clone)]
pub(super) struct SharedClock {
    pace: u32,
    answers: VecDeque<Heard>,
}

#[derive(Debug, Clone, Copy)]
struct Heard {
    /// How far the shared clock is ahead of the time since boot.
    ahead_ms: i64,
    /// How long the answer took.
    round_ms: u64,
}

impl SharedClock {
    pub(super) const fn new(pace: u32) -> Self {
        Self { pace, answers: VecDeque::new() }
    }

    pub(super) const fn pace(&self) -> u32 {
        self.pace
    }

    /// An answer came. `sent_ms` and `came_ms` are times since boot, `relay_ms` is since 1970.
    pub(super) fn hear(&mut self, sent_ms: u64, came_ms: u64, relay_ms: u64) {
        let Some(round_ms) = came_ms.checked_sub(sent_ms) else {
            // Another boot: nothing that was known holds any more.
            self.answers.clear();
            return;
        };
        if round_ms > LONGEST_ROUND_MS.saturating_mul(self.pace.into()) {
            return;
        }
        let shared = i64::try_from(relay_ms.saturating_mul(self.pace.into())).unwrap_or(i64::MAX);
        let half_way = i64::try_from(sent_ms.saturating_add(round_ms / 2)).unwrap_or(i64::MAX);
        let answer = Heard { ahead_ms: shared.saturating_sub(half_way), round_ms };
        let set = SET_MS.saturating_mul(self.pace.into());
        self.answers.retain(|known| {
            let apart = known.ahead_ms.abs_diff(answer.ahead_ms);
            apart <= known.round_ms.saturating_add(round_ms).saturating_add(set)
        });
        self.answers.push_back(answer);
        if self.answers.len() > KEPT {
            self.answers.pop_front();
        }
    }

    fn best(&self) -> Option<&Heard> {
        // min_by_key gives the first of equals; of answers as good as each other the newest counts.
        self.answers.iter().rev().min_by_key(|answer| answer.round_ms)
    }

    /// The shared clock at a time since boot; nothing before the first answer.
    pub(super) fn shared_ms(&self, since_boot_ms: u64) -> Option<i64> {
        let own = i64::try_from(since_boot_ms).unwrap_or(i64::MAX);
        self.best().map(|best| own.saturating_add(best.ahead_ms))
    }

    /// What the relay's own clock shows, in milliseconds since 1970.
    pub(super) fn relay_ms(&self, since_boot_ms: u64) -> Option<u64> {
        let shared = self.shared_ms(since_boot_ms)?;
        u64::try_from(shared / i64::from(self.pace.max(1))).ok()
    }

    /// How far it may be wrong at most, in shared milliseconds, if the relay tells the truth.
    pub(super) fn within_ms(&self) -> Option<u64> {
        self.best().map(|best| best.round_ms.div_ceil(2).max(1))
    }

    /// Whether so little is known that it is worth asking soon again.
    pub(super) fn is_fresh(&self) -> bool {
        self.answers.len() < KEPT / 2
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const RELAY: u64 = 1_900_000_000_000;

    #[test]
    fn the_answer_that_took_the_shortest_time_counts() {
        let mut clock = SharedClock::new(1);
        assert_eq!(clock.shared_ms(5), None);
        // The relay's clock is RELAY ahead; the ways there and back differ by up to 400 ms.
        clock.hear(1_000, 1_400, RELAY + 1_390);
        assert_eq!(clock.shared_ms(2_000), Some(RELAY as i64 + 2_190));
        clock.hear(2_000, 2_020, RELAY + 2_012);
        assert_eq!(clock.shared_ms(3_000), Some(RELAY as i64 + 3_002));
        assert_eq!(clock.within_ms(), Some(10));
        clock.hear(4_000, 4_900, RELAY + 4_000);
        assert_eq!(
            clock.shared_ms(5_000),
            Some(RELAY as i64 + 5_002),
            "a slow answer is no better"
        );
    }

    #[test]
    fn it_follows_a_relay_whose_clock_is_set_and_forgets_another_boot() {
        let mut clock = SharedClock::new(1);
        clock.hear(1_000, 1_010, RELAY + 1_005);
        clock.hear(9_000, 9_020, RELAY + 60_000 + 9_010);
        assert_eq!(clock.shared_ms(10_000), Some(RELAY as i64 + 70_000));
        clock.hear(500, 400, RELAY);
        assert_eq!(clock.shared_ms(10_000), None);
    }

    #[test]
    fn two_that_run_faster_than_time_agree_with_each_other() {
        let (mut a, mut b) = (SharedClock::new(20), SharedClock::new(20));
        // Twenty times the relay's second passes in a second, from different times since boot.
        for second in 0..5_u64 {
            a.hear(77 + second * 20_000, 77 + second * 20_000, RELAY + second * 1_000);
            b.hear(900_000 + second * 20_000, 900_000 + second * 20_000, RELAY + second * 1_000);
        }
        assert_eq!(a.shared_ms(77 + 100_000), b.shared_ms(900_000 + 100_000));
        assert_eq!(a.relay_ms(77 + 100_000), Some(RELAY + 5_000));
    }

    proptest! {
        #[test]
        fn it_is_never_further_off_than_it_says(
            ways in prop::collection::vec((0_u64..900, 0_u64..900, 1_u64..9_000), 1..30),
        ) {
            let mut clock = SharedClock::new(1);
            let mut now = 10_000;
            for (there, back, wait) in ways {
                clock.hear(now, now + there + back, RELAY + now + there);
                now += there + back + wait;
                let told = clock.shared_ms(now).unwrap();
                let off = told.abs_diff((RELAY + now) as i64);
                prop_assert!(off <= clock.within_ms().unwrap(), "{off}");
            }
        }
    }
}
