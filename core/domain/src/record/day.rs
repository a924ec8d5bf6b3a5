//! What a day holds beside sessions: results of self-tests, ticks of habits, events. Each is written
//! once, with an id of its own, and can be taken back; nothing of it is ever changed.
//! What a result may mean, and how much of a habit is enough, is not known here.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::ids::{DayRecordId, HabitId, Site, TestId};
use crate::record::correction::{Change, Correction, Target};
use crate::record::observation::Authored;
use crate::units::{LocalDay, Moment, Nrs};
use crate::vocabulary::{DayKind, Side, Source};
use crate::words::{Message, refusals_in_words};

/// A number as people read one off: kept in thousandths, so that it comes back exactly as written.
/// The unit is that of what it is a number of. In JSON a plain number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Amount(i64);

/// The largest [`Amount`], either way: ours, a bound and no judgement.
const MOST: i64 = 1_000_000_000;

impl Amount {
    /// A whole number.
    #[must_use]
    pub fn whole(value: u32) -> Self {
        Self((i64::from(value) * 1000).min(MOST * 1000))
    }

    /// The number nearest to `value` with three decimals; nothing where there is none, or it is
    /// beyond a thousand million.
    #[must_use]
    pub fn new(value: f64) -> Option<Self> {
        let fits = value.is_finite() && value.abs() <= MOST as f64;
        fits.then(|| Self((value * 1000.0).round() as i64))
    }

    /// It, as a floating-point number.
    #[must_use]
    pub fn value(self) -> f64 {
        self.0 as f64 / 1000.0
    }

    /// It, in thousandths.
    #[must_use]
    pub const fn thousandths(self) -> i64 {
        self.0
    }

    /// The same of thousandths; those beyond the bounds are brought to them.
    #[must_use]
    pub fn from_thousandths(thousandths: i64) -> Self {
        Self(thousandths.clamp(-MOST * 1000, MOST * 1000))
    }
}

impl std::fmt::Display for Amount {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.value().fmt(f)
    }
}

impl Serialize for Amount {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0 % 1000 == 0 {
            serializer.serialize_i64(self.0 / 1000)
        } else {
            serializer.serialize_f64(self.value())
        }
    }
}

impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = f64::deserialize(deserializer)?;
        let beyond = || serde::de::Error::custom("the number is too large");
        Self::new(value).ok_or_else(beyond)
    }
}

/// What was found for one field of a self-test.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(untagged)]
pub enum TestAnswer {
    /// Yes or no.
    Bool(bool),
    /// A number in the field's unit: seconds, degrees, or a score.
    Number(Amount),
    /// One of the field's options, by its id.
    Option(String),
}

/// The result of a self-test.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct TestResult {
    /// The test.
    pub test: TestId,
    /// The side tested; `none` where the test has no sides.
    pub side: Side,
    /// What was found, by field.
    pub answers: BTreeMap<String, TestAnswer>,
}

/// A habit that was kept, or something measured beside it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct HabitTick {
    /// The habit.
    pub habit: HabitId,
    /// How many times.
    pub count: u32,
    /// What was measured, in the habit's unit (hours of sleep).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<Amount>,
    /// Whether it is kept once a night: several ticks of one local day count as one.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub nightly: bool,
}

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// A run.
    Run {
        /// How long, in minutes.
        minutes: u32,
    },
    /// A walk.
    Walk {
        /// How long, in minutes.
        minutes: u32,
    },
    /// How much it hurts somewhere, asked outside of any session.
    Pain {
        /// Where.
        site: Site,
        /// On which side; `none` where it has none or was not said.
        side: Side,
        /// NRS 0–10.
        score: Nrs,
    },
}

/// What a record of a day says.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DayFact {
    /// The result of a self-test.
    Test(TestResult),
    /// A habit that was kept.
    Tick(HabitTick),
    /// Something that happened.
    Event(Event),
}

impl DayFact {
    /// Which kind of record it makes.
    #[must_use]
    pub const fn kind(&self) -> DayKind {
        match self {
            Self::Test(_) => DayKind::Test,
            Self::Tick(_) => DayKind::Tick,
            Self::Event(_) => DayKind::Event,
        }
    }

    /// What it is about, as one word to look it up by: the test, the habit, or `run`, `walk`, `pain`.
    #[must_use]
    pub fn about(&self) -> &str {
        match self {
            Self::Test(result) => result.test.as_str(),
            Self::Tick(tick) => tick.habit.as_str(),
            Self::Event(Event::Run { .. }) => "run",
            Self::Event(Event::Walk { .. }) => "walk",
            Self::Event(Event::Pain { .. }) => "pain",
        }
    }

    /// The side, where it has one.
    #[must_use]
    pub const fn side(&self) -> Side {
        match self {
            Self::Test(TestResult { side, .. }) | Self::Event(Event::Pain { side, .. }) => *side,
            Self::Tick(_) | Self::Event(_) => Side::None,
        }
    }
}

/// One record of a day outside of sessions. Fields of newer versions survive in `unknown`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DayRecord {
    /// Its id.
    pub id: DayRecordId,
    /// When it was.
    pub at: Moment,
    /// The local day it counts for, as it was there and then.
    pub local_day: LocalDay,
    /// What it says.
    pub what: DayFact,
    /// Typed in, or imported.
    pub source: Source,
    /// A note.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// What a newer version wrote and this one does not know.
    #[serde(flatten)]
    pub unknown: serde_json::Map<String, serde_json::Value>,
}

impl DayRecord {
    /// Which kind of record it is.
    #[must_use]
    pub const fn kind(&self) -> DayKind {
        self.what.kind()
    }

    /// Takes a record that can be true at `now`, or says why it cannot.
    ///
    /// # Errors
    /// [`DayRefusal`].
    pub fn checked(self, now: &Moment) -> Result<Self, DayRefusal> {
        if self.at.utc_ms > now.utc_ms {
            return Err(DayRefusal::InFuture);
        }
        match &self.what {
            DayFact::Tick(HabitTick { count: 0, .. }) => Err(DayRefusal::NothingDone),
            DayFact::Event(Event::Run { minutes } | Event::Walk { minutes })
                if !(1..=MOST_MINUTES).contains(minutes) =>
            {
                Err(DayRefusal::MinutesOutOfRange { given: *minutes })
            }
            _ => Ok(self),
        }
    }
}

/// The longest run or walk that can be recorded, in minutes: two days. Ours: a bound, not a judgement.
pub const MOST_MINUTES: u32 = 2_880;

/// Why a record of a day is not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DayRefusal {
    /// It has not happened yet.
    InFuture,
    /// A tick of nothing.
    NothingDone,
    /// A run or walk of no time, or of days.
    MinutesOutOfRange {
        /// What was given.
        given: u32,
    },
}

refusals_in_words!(DayRefusal);

impl DayRefusal {
    const fn sentence(&self) -> &'static str {
        match self {
            Self::InFuture => "day_record.in_future",
            Self::NothingDone => "day_record.nothing_done",
            Self::MinutesOutOfRange { .. } => "day_record.minutes_out_of_range",
        }
    }

    /// What it says.
    #[must_use]
    pub fn message(&self) -> Message {
        let message = Message::new(self.sentence());
        match self {
            Self::InFuture | Self::NothingDone => message,
            Self::MinutesOutOfRange { given } => {
                message.with("given", *given).with("highest", MOST_MINUTES)
            }
        }
    }

    /// The argument the person gave that is at fault, as the command line names it.
    #[must_use]
    pub const fn field(&self) -> &'static str {
        match self {
            Self::InFuture => "at",
            Self::NothingDone => "count",
            Self::MinutesOutOfRange { .. } => "minutes",
        }
    }
}

/// Which of these records stand, by their places: pure, and the same in whatever order they and the
/// corrections came.
///
/// The subject takes back any record, anybody else only those of the own account. The same record
/// brought by several devices, as an import on two of them does, stands once; different records
/// under one id all stand, so that nobody displaces another's by taking its id. An author who wrote
/// two under one id is held to one of them.
#[must_use]
pub fn standing(
    records: &[Authored<DayRecord>],
    corrections: &[Authored<Correction>],
) -> BTreeSet<usize> {
    let text =
        |record: &Authored<DayRecord>| serde_json::to_string(&record.value).unwrap_or_default();
    // By kind, id and author: the greatest text.
    let mut own: BTreeMap<_, (String, usize)> = BTreeMap::new();
    for (place, record) in records.iter().enumerate() {
        if is_removed(record, corrections) {
            continue;
        }
        let key = (record.value.kind(), &record.value.id, &record.author);
        let text = text(record);
        match own.get(&key) {
            Some((known, _)) if *known >= text => {}
            _ => {
                own.insert(key, (text, place));
            }
        }
    }
    // By kind, id and text: the first author, the subject before others.
    let mut one: BTreeMap<_, (bool, _, usize)> = BTreeMap::new();
    for ((kind, id, author), (text, place)) in own {
        let candidate = (!author.is_subject, author, place);
        let kept = one.entry((kind, id, text)).or_insert(candidate);
        *kept = (*kept).min(candidate);
    }
    one.into_values().map(|(_, _, place)| place).collect()
}

fn is_removed(record: &Authored<DayRecord>, corrections: &[Authored<Correction>]) -> bool {
    corrections.iter().any(|fix| {
        fix.value.change == Change::Remove
            && matches!(&fix.value.target, Target::DayRecord(id) if *id == record.value.id)
            && (fix.author.is_subject || fix.author.account == record.author.account)
    })
}

/// How often each habit was kept on each local day: ticks add up, nightly ones count as one.
pub fn ticked<'a>(
    records: impl IntoIterator<Item = &'a DayRecord>,
) -> BTreeMap<(HabitId, LocalDay), u32> {
    let mut counts: BTreeMap<(HabitId, LocalDay), (u32, bool)> = BTreeMap::new();
    for record in records {
        let DayFact::Tick(tick) = &record.what else { continue };
        let (count, night) = counts.entry((tick.habit.clone(), record.local_day)).or_default();
        if tick.nightly {
            *night = true;
        } else {
            *count = count.saturating_add(tick.count);
        }
    }
    counts
        .into_iter()
        .map(|(key, (count, night))| (key, count.saturating_add(u32::from(night))))
        .collect()
}
