//! How things go over time: pain, what it takes to ease, left and right, self-tests. Figures with how
//! many they rest on, and words only for the size of a change: what it means is not for us to say.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::done::{Rated, SetDone};
use super::median::median;
use crate::ids::{SessionId, TestId};
use crate::units::LocalDay;
use crate::vocabulary::Side;

/// How pain changed, in words for its size. 1 point or 15 % is slightly, 2 points or 33 % much better or
/// worse: Salaffi et al. 2004 (European Journal of Pain 8:283) for a fall of pain; the same steps for a
/// rise are ours. A word for the size of a difference, never a judgement by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// At least 2 points or 33 % less.
    MuchBetter,
    /// At least 1 point or 15 % less.
    SlightlyBetter,
    /// Neither.
    AboutTheSame,
    /// At least 1 point or 15 % more.
    SlightlyWorse,
    /// At least 2 points or 33 % more.
    MuchWorse,
}

impl Change {
    /// The word for pain that went from one figure to the other, NRS 0–10.
    #[must_use]
    pub fn between(before: f64, after: f64) -> Self {
        let points = before - after;
        // Of no pain at all there is no share.
        let share = if before > 0.0 { points / before } else { 0.0 };
        match (points, share) {
            (p, s) if p >= 2.0 || s >= 0.33 => Self::MuchBetter,
            (p, s) if p >= 1.0 || s >= 0.15 => Self::SlightlyBetter,
            (p, s) if p <= -2.0 || s <= -0.33 => Self::MuchWorse,
            (p, s) if p <= -1.0 || s <= -0.15 => Self::SlightlyWorse,
            _ => Self::AboutTheSame,
        }
    }
}

/// Pain before and after one doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct PainPair {
    /// The day.
    pub day: LocalDay,
    /// NRS 0–10.
    pub before: u8,
    /// NRS 0–10.
    pub after: u8,
}

/// Pain before and after, over all doings that have both.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Pain {
    /// The median before, NRS 0–10.
    pub before: Option<f64>,
    /// The median after, NRS 0–10.
    pub after: Option<f64>,
    /// How many doings.
    pub n: u32,
    /// From the one median to the other.
    pub change: Option<Change>,
    /// Every doing.
    pub pairs: Vec<PainPair>,
}

/// Pain of the sets. A doing of a routine has the first rating before and the last one after; outside
/// of any routine, where one thing has little to do with the next, each set stands for itself (ours).
pub(super) fn pain(sets: &[&SetDone]) -> Pain {
    let mut pairs = Vec::new();
    let mut sessions: BTreeMap<&SessionId, (LocalDay, Option<Rated>, Option<Rated>)> =
        BTreeMap::new();
    for set in sets {
        if set.routine.is_none() {
            if let (Some(before), Some(after)) = (set.pain_before, set.pain_after) {
                pairs.push(PainPair { day: set.day, before: before.nrs, after: after.nrs });
            }
            continue;
        }
        let (day, before, after) = sessions.entry(&set.session).or_insert((set.day, None, None));
        *day = (*day).min(set.day);
        *before = (*before).into_iter().chain(set.pain_before).min();
        *after = (*after).into_iter().chain(set.pain_after).max();
    }
    for (day, before, after) in sessions.into_values() {
        if let (Some(before), Some(after)) = (before, after) {
            pairs.push(PainPair { day, before: before.nrs, after: after.nrs });
        }
    }
    pairs.sort_unstable();
    let of = |get: fn(&PainPair) -> u8| {
        median(&mut pairs.iter().map(|pair| u64::from(get(pair))).collect::<Vec<_>>())
    };
    let (before, after) = (of(|pair| pair.before), of(|pair| pair.after));
    let change = before.zip(after).map(|(before, after)| Change::between(before, after));
    let n = u32::try_from(pairs.len()).unwrap_or(u32::MAX);
    Pain { before, after, n, change, pairs }
}

/// Which way a length of time goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trend {
    /// At least 15 % shorter in the later half (ours).
    Shorter,
    /// Neither.
    AboutTheSame,
    /// At least 15 % longer in the later half (ours).
    Longer,
}

/// How long it took to ease, over all holds that say so.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Eased {
    /// The median, in milliseconds.
    pub median_ms: Option<u64>,
    /// How many holds.
    pub n: u32,
    /// The median of the earlier half, in milliseconds.
    pub earlier_ms: Option<u64>,
    /// The median of the later half, in milliseconds.
    pub later_ms: Option<u64>,
    /// From the earlier half to the later; nothing with fewer than four holds (ours).
    pub trend: Option<Trend>,
}

/// The least that is halved for a trend (ours).
const LEAST_FOR_A_TREND: usize = 4;

pub(super) fn eased(sets: &[&SetDone]) -> Eased {
    let mut all: Vec<(i64, u64)> = sets
        .iter()
        .flat_map(|set| set.eased_ms.iter().map(|eased| (set.first.utc_ms, *eased)))
        .collect();
    all.sort_unstable();
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a length in ms")]
    let middle = |part: &[(i64, u64)]| {
        median(&mut part.iter().map(|(_, eased)| *eased).collect::<Vec<_>>())
            .map(|median| median.round() as u64)
    };
    let enough = all.len() >= LEAST_FOR_A_TREND;
    let (earlier, later) = all.split_at(all.len() / 2);
    let halves = enough.then(|| middle(earlier).zip(middle(later))).flatten();
    Eased {
        median_ms: middle(&all),
        n: u32::try_from(all.len()).unwrap_or(u32::MAX),
        earlier_ms: halves.map(|(earlier, _)| earlier),
        later_ms: halves.map(|(_, later)| later),
        trend: halves.map(|(earlier, later)| trend(earlier, later)),
    }
}

fn trend(earlier: u64, later: u64) -> Trend {
    let later = u128::from(later) * 100;
    let of_earlier = |percent: u128| u128::from(earlier) * percent;
    if later < of_earlier(100) && later <= of_earlier(85) {
        Trend::Shorter
    } else if later > of_earlier(100) && later >= of_earlier(115) {
        Trend::Longer
    } else {
        Trend::AboutTheSame
    }
}

/// What was done on one side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct SideSum {
    /// Holds.
    pub holds: u32,
    /// Repetitions.
    pub reps: u32,
    /// What was held, in milliseconds.
    pub held_ms: u64,
    /// The median until it eased, in milliseconds.
    pub eased_ms: Option<u64>,
}

/// Left and right. What is done with both sides at once is in neither.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct PerSide {
    /// The left.
    pub left: SideSum,
    /// The right.
    pub right: SideSum,
    /// How much less the side that was held less was held, in whole percent of the other.
    pub difference_pct: Option<u8>,
    /// The side that was held less; nothing where they are even.
    pub less: Option<Side>,
}

pub(super) fn per_side(sets: &[&SetDone]) -> PerSide {
    let of = |side: Side| {
        let mine = || sets.iter().filter(|set| set.side == side && set.is_done());
        let mut eased: Vec<u64> = mine().flat_map(|set| set.eased_ms.iter().copied()).collect();
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a length")]
        let eased_ms = median(&mut eased).map(|median| median.round() as u64);
        mine().fold(SideSum { eased_ms, ..SideSum::default() }, |sum, set| SideSum {
            holds: sum.holds.saturating_add(set.holds),
            reps: sum.reps.saturating_add(set.reps),
            held_ms: sum.held_ms.saturating_add(set.held_ms),
            ..sum
        })
    };
    let (left, right) = (of(Side::Left), of(Side::Right));
    let (less, more) = (left.held_ms.min(right.held_ms), left.held_ms.max(right.held_ms));
    let difference_pct = (more > 0)
        .then(|| u8::try_from(u128::from(more - less) * 100 / u128::from(more)).ok())
        .flatten();
    let side = match left.held_ms.cmp(&right.held_ms) {
        std::cmp::Ordering::Less => Some(Side::Left),
        std::cmp::Ordering::Greater => Some(Side::Right),
        std::cmp::Ordering::Equal => None,
    };
    PerSide { left, right, difference_pct, less: side }
}

/// One result of a self-test that has a figure.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TestPoint {
    /// The test.
    pub test: TestId,
    /// What of it, where it tells things apart: a muscle.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub part: Option<String>,
    /// The side.
    pub side: Side,
    /// The day.
    pub day: LocalDay,
    /// When, in milliseconds since 1970-01-01T00:00Z: of several on a day the last is the last.
    pub at_ms: i64,
    /// The figure, in the test's own unit.
    pub value: f64,
}

/// A self-test on one side over time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TestSeries {
    /// The test.
    pub test: TestId,
    /// What of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub part: Option<String>,
    /// The side; nothing where it has none.
    pub side: Option<Side>,
    /// How many results.
    pub n: u32,
    /// The first figure.
    pub first: f64,
    /// The last.
    pub last: f64,
    /// Every one: the day and the figure.
    pub points: Vec<(LocalDay, f64)>,
}

/// Self-tests over time, each side for itself, by test.
#[must_use]
pub fn tests_over_time(points: &[TestPoint]) -> Vec<TestSeries> {
    let mut series: BTreeMap<(&TestId, &Option<String>, Side), Vec<&TestPoint>> = BTreeMap::new();
    for point in points.iter().filter(|point| point.value.is_finite()) {
        series.entry((&point.test, &point.part, point.side)).or_default().push(point);
    }
    let of = |((test, part, side), mut points): ((&TestId, &Option<String>, Side), Vec<_>)| {
        points.sort_by(|a: &&TestPoint, b: &&TestPoint| {
            (a.day, a.at_ms).cmp(&(b.day, b.at_ms)).then(a.value.total_cmp(&b.value))
        });
        let (first, last) = (points.first()?.value, points.last()?.value);
        Some(TestSeries {
            test: test.clone(),
            part: part.clone(),
            side: (side != Side::None).then_some(side),
            n: u32::try_from(points.len()).unwrap_or(u32::MAX),
            first,
            last,
            points: points.iter().map(|point| (point.day, point.value)).collect(),
        })
    };
    series.into_iter().filter_map(of).collect()
}
