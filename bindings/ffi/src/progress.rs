//! How it goes in a window of days.

use holdfast::ProgressQuery;

use crate::carried::carried;
use crate::engine::EngineHandle;
use crate::failure::Failure;
use crate::given;
use crate::plan::Recovery;

/// What was done of what was asked.
#[derive(Debug, Clone, PartialEq, serde::Deserialize, uniffi::Record)]
#[cfg_attr(test, serde(deny_unknown_fields))]
pub struct Figure {
    /// Done.
    pub done: u64,
    /// Asked.
    pub due: u64,
    /// In per cent; nothing where nothing was asked.
    pub pct: Option<u8>,
}

/// What was done of what was asked.
#[derive(Debug, Clone, PartialEq, serde::Deserialize, uniffi::Record)]
#[cfg_attr(test, serde(deny_unknown_fields))]
pub struct Adherence {
    /// Sessions.
    pub sessions: Figure,
    /// Exercises.
    pub exercises: Figure,
    /// Seconds held.
    pub hold_seconds: Figure,
    /// Days on which something was done.
    pub active_days: Figure,
}

/// What was done in all.
#[derive(Debug, Clone, PartialEq, serde::Deserialize, uniffi::Record)]
#[cfg_attr(test, serde(deny_unknown_fields))]
pub struct Totals {
    /// Sessions.
    pub sessions: u32,
    /// Exercises.
    pub exercises: u32,
    /// Held, in milliseconds.
    pub held_ms: u64,
    /// Days on which something was done.
    pub active_days: u32,
}

/// Days in a row.
#[derive(Debug, Clone, PartialEq, serde::Deserialize, uniffi::Record)]
#[cfg_attr(test, serde(deny_unknown_fields))]
pub struct Streak {
    /// Days.
    pub days: u32,
    /// Weeks, where something is asked for by the week.
    pub weeks: Option<u32>,
    /// Whether a day of rest is in order.
    pub rest_ok: bool,
}

/// What was done on one side.
#[derive(Debug, Clone, PartialEq, serde::Deserialize, uniffi::Record)]
#[cfg_attr(test, serde(deny_unknown_fields))]
pub struct SideSum {
    /// Holds.
    pub holds: u32,
    /// Repetitions.
    pub reps: u32,
    /// Held, in milliseconds.
    pub held_ms: u64,
    /// The middle time to ease, in milliseconds.
    pub eased_ms: Option<u64>,
}

/// Left and right.
#[derive(Debug, Clone, PartialEq, serde::Deserialize, uniffi::Record)]
#[cfg_attr(test, serde(deny_unknown_fields))]
pub struct PerSide {
    /// The left.
    pub left: SideSum,
    /// The right.
    pub right: SideSum,
    /// How much they differ, in per cent.
    pub difference_pct: Option<u8>,
    /// The side with less.
    pub less: Option<String>,
}

/// Pain of one session.
#[derive(Debug, Clone, PartialEq, serde::Deserialize, uniffi::Record)]
#[cfg_attr(test, serde(deny_unknown_fields))]
pub struct PainPair {
    /// The day.
    pub day: String,
    /// Before, 0–10.
    pub before: u8,
    /// After, 0–10.
    pub after: u8,
}

/// Pain before and after.
#[derive(Debug, Clone, PartialEq, serde::Deserialize, uniffi::Record)]
#[cfg_attr(test, serde(deny_unknown_fields))]
pub struct Pain {
    /// The mean before.
    pub before: Option<f64>,
    /// The mean after.
    pub after: Option<f64>,
    /// Of how many sessions.
    pub n: u32,
    /// `much_better`, `slightly_better`, `about_the_same`, `slightly_worse` or `much_worse`.
    pub change: Option<String>,
    /// The sessions.
    pub pairs: Vec<PainPair>,
}

/// How long it took to ease.
#[derive(Debug, Clone, PartialEq, serde::Deserialize, uniffi::Record)]
#[cfg_attr(test, serde(deny_unknown_fields))]
pub struct Easing {
    /// The middle, in milliseconds.
    pub median_ms: Option<u64>,
    /// Of how many.
    pub n: u32,
    /// In the earlier half.
    pub earlier_ms: Option<u64>,
    /// In the later half.
    pub later_ms: Option<u64>,
    /// `shorter`, `about_the_same` or `longer`.
    pub trend: Option<String>,
}

/// A self-test over time.
#[derive(Debug, Clone, PartialEq, serde::Deserialize, uniffi::Record)]
#[cfg_attr(test, serde(deny_unknown_fields))]
pub struct TestSeries {
    /// The test.
    pub test: String,
    /// The part of it.
    #[serde(default)]
    pub part: Option<String>,
    /// The side.
    pub side: Option<String>,
    /// How many results.
    pub n: u32,
    /// The first.
    pub first: f64,
    /// The last.
    pub last: f64,
    /// All of them, as JSON: pairs of day and value.
    #[serde(deserialize_with = "crate::carried::text_of")]
    pub points: String,
}

/// A day.
#[derive(Debug, Clone, PartialEq, serde::Deserialize, uniffi::Record)]
#[cfg_attr(test, serde(deny_unknown_fields))]
pub struct DaySum {
    /// The day.
    pub day: String,
    /// `asked`, `rest`, `paused`, `skipped`, `recovery` or `unplanned`.
    pub kind: String,
    /// Sessions.
    pub sessions: u32,
    /// Held, in milliseconds.
    pub held_ms: u64,
}

/// How it goes in a window of days.
#[derive(Debug, Clone, PartialEq, serde::Deserialize, uniffi::Record)]
#[cfg_attr(test, serde(deny_unknown_fields))]
pub struct Progress {
    /// The first day looked at.
    pub since: String,
    /// The last.
    pub until: String,
    /// What was done of what was asked.
    pub adherence: Adherence,
    /// What was done in all.
    pub totals: Totals,
    /// Days in a row.
    pub streak: Streak,
    /// Left and right.
    pub per_side: PerSide,
    /// Pain before and after.
    pub pain: Pain,
    /// How long it took to ease.
    pub eased: Easing,
    /// Self-tests over time.
    pub tests: Vec<TestSeries>,
    /// Days on which the plan was paused.
    pub paused_days: u32,
    /// Days of recovery that excused something.
    #[serde(default)]
    pub recovery_days: u32,
    /// The recoveries they belong to.
    #[serde(default)]
    pub recovery: Vec<Recovery>,
    /// The first day that anything is counted from.
    pub counted_from: Option<String>,
    /// The days one by one.
    pub by_day: Vec<DaySum>,
}

#[uniffi::export]
impl EngineHandle {
    /// How it goes: so many days, up to a day; four weeks up to today where they are left out.
    pub async fn progress(
        &self,
        days: Option<u16>,
        until: Option<String>,
    ) -> Result<Progress, Failure> {
        self.run(move |engine| {
            let until = given::some_day("until", until.as_deref())?;
            carried(&engine.progress(&ProgressQuery { days, until })?)
        })
        .await
    }
}
