//! Laws of the running hash and of a checkpoint's root: no entry is dropped, moved or changed unnoticed.

#![allow(clippy::unwrap_used)]

use holdfast_protocol::checkpoint::LiveRoot;
use holdfast_protocol::entry::SeqRange;
use holdfast_protocol::hash::next_running;
use holdfast_protocol::ids::{EntryHash, RunningHash, Seq};
use proptest::prelude::*;

fn running(log: &[EntryHash]) -> RunningHash {
    log.iter().fold(RunningHash::ZERO, |before, entry| next_running(before, *entry))
}

fn root(live: &[(Seq, EntryHash)]) -> [u8; 32] {
    let mut root = LiveRoot::default();
    live.iter().for_each(|(seq, entry)| root.push(*seq, *entry));
    assert_eq!(root.count(), live.len() as u64);
    root.root()
}

fn log() -> impl Strategy<Value = Vec<EntryHash>> {
    prop::collection::vec(any::<[u8; 32]>().prop_map(EntryHash), 2..60)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(256) })]

    #[test]
    fn the_running_hash_tells_every_drop_swap_change_and_addition(
        log in log(), a: prop::sample::Index, b: prop::sample::Index, bit in 0usize..256,
    ) {
        let whole = running(&log);
        let (a, b) = (a.index(log.len()), b.index(log.len()));
        let mut dropped = log.clone();
        dropped.remove(a);
        prop_assert_ne!(running(&dropped), whole);
        let mut swapped = log.clone();
        swapped.swap(a, b);
        prop_assert_eq!(running(&swapped) == whole, log[a] == log[b]);
        let mut changed = log.clone();
        changed[a].0[bit / 8] ^= 1 << (bit % 8);
        prop_assert_ne!(running(&changed), whole);
        let mut longer = log.clone();
        longer.insert(a, log[b]);
        prop_assert_ne!(running(&longer), whole);
        // And it goes on from where it was.
        let before = running(&log[..a]);
        let on = log[a..].iter().fold(before, |before, entry| next_running(before, *entry));
        prop_assert_eq!(on, whole);
    }

    #[test]
    fn the_live_root_tells_every_drop_swap_change_shift_and_addition(
        log in log(), a: prop::sample::Index, b: prop::sample::Index, bit in 0usize..256, gaps: u64,
    ) {
        let mut seq = 0;
        let live: Vec<(Seq, EntryHash)> = log
            .iter()
            .enumerate()
            .map(|(n, hash)| {
                seq += 1 + (gaps >> (n % 60) & 1);
                (seq, *hash)
            })
            .collect();
        let whole = root(&live);
        let (a, b) = (a.index(live.len()), b.index(live.len()));
        let mut dropped = live.clone();
        dropped.remove(a);
        prop_assert_ne!(root(&dropped), whole);
        let mut swapped = live.clone();
        (swapped[a].1, swapped[b].1) = (live[b].1, live[a].1);
        prop_assert_eq!(root(&swapped) == whole, live[a].1 == live[b].1);
        let mut changed = live.clone();
        changed[a].1.0[bit / 8] ^= 1 << (bit % 8);
        prop_assert_ne!(root(&changed), whole);
        let mut shifted = live.clone();
        shifted[a].0 += 1;
        prop_assert_ne!(root(&shifted), whole);
        let mut longer = live.clone();
        longer.push((seq + 1, log[b]));
        prop_assert_ne!(root(&longer), whole);
    }

    #[test]
    fn ranges_hold_exactly_the_sequences_they_were_made_of(
        seqs in prop::collection::btree_set(1u64..400, 0..80)
    ) {
        let ranges = SeqRange::from_sorted(seqs.iter().copied());
        prop_assert!(SeqRange::are_tidy(&ranges));
        let back: Vec<Seq> = ranges.iter().flat_map(|r| r.first..=r.last).collect();
        prop_assert_eq!(back, seqs.into_iter().collect::<Vec<_>>());
    }

    #[test]
    fn ranges_that_are_empty_touching_overlapping_or_out_of_order_are_not_tidy(
        parts in prop::collection::vec((0u64..40, 0u64..40), 0..6)
    ) {
        let ranges: Vec<_> =
            parts.iter().map(|(first, last)| SeqRange { first: *first, last: *last }).collect();
        let mut seqs: Vec<Seq> = ranges.iter().flat_map(|r| r.first..=r.last).collect();
        let complete = ranges.iter().all(|r| r.first <= r.last) && !seqs.contains(&0);
        let sorted = seqs.windows(2).all(|w| w[0] < w[1]);
        seqs.sort_unstable();
        let expected = complete && sorted && SeqRange::from_sorted(seqs) == ranges;
        prop_assert_eq!(SeqRange::are_tidy(&ranges), expected);
    }
}
