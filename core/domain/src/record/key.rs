//! Keys under which offline devices meet: of a session, of a hold in it. Their text forms are
//! stable, because documents, hold ids and other people's exports carry them.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::ids::{ExerciseId, HoldId, RoutineId, SessionId, Slot, StepId};
use crate::units::LocalDay;
use crate::vocabulary::Side;
use crate::words::{Message, Words};

/// The highest set or repetition number that can be logged. Ours: a bound, not a judgement.
pub const MAX_SETS: u16 = 999;

/// A text that is no session, step or hold key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", Words::english().say(&self.message()))]
pub struct BadKey {
    /// Which key was expected: `session`, `step` or `hold`.
    pub what: &'static str,
    /// What was given.
    pub text: String,
}

impl BadKey {
    /// What it says, in words.
    #[must_use]
    pub fn message(&self) -> Message {
        let code = match self.what {
            "session" => "given.bad_session_key",
            "step" => "given.bad_step_key",
            _ => "given.bad_hold_key",
        };
        Message::new(code).with("text", self.text.as_str())
    }
}

/// Which doing of what. Two devices that are offline meet in a scheduled session by its key.
///
/// Text form: `at:DAY:SLOT:ROUTINE` for a scheduled one (in SLOT `_` is written `__` and `:` is
/// written `_.`), the session's own id otherwise.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SessionKey {
    /// A routine on a local day in a slot.
    Scheduled {
        /// The routine.
        routine: RoutineId,
        /// The local day.
        day: LocalDay,
        /// The slot of the day.
        slot: Slot,
    },
    /// An unscheduled one, with an id of its own. Made by [`SessionKey::from_id`], so that an id
    /// that reads as a scheduled key is never mistaken for an own one.
    #[non_exhaustive]
    Own(SessionId),
}

impl SessionKey {
    /// The stable text form as an id.
    #[must_use]
    pub fn id(&self) -> SessionId {
        match self {
            Self::Scheduled { routine, day, slot } => {
                let slot = slot.as_str().replace('_', "__").replace(':', "_.");
                SessionId::new(format!("at:{day}:{slot}:{routine}"))
                    .expect("a day, an escaped slot and a routine id fit a session id")
            }
            Self::Own(id) => id.clone(),
        }
    }

    /// The key of a session id: scheduled where it reads so, own otherwise.
    #[must_use]
    pub fn from_id(id: SessionId) -> Self {
        Self::scheduled_from(id.as_str()).unwrap_or(Self::Own(id))
    }

    /// The routine, where the key names one.
    #[must_use]
    pub const fn routine(&self) -> Option<&RoutineId> {
        match self {
            Self::Scheduled { routine, .. } => Some(routine),
            Self::Own(_) => None,
        }
    }

    /// The local day, where the key names one.
    #[must_use]
    pub const fn day(&self) -> Option<LocalDay> {
        match self {
            Self::Scheduled { day, .. } => Some(*day),
            Self::Own(_) => None,
        }
    }

    /// The slot, where the key names one.
    #[must_use]
    pub const fn slot(&self) -> Option<&Slot> {
        match self {
            Self::Scheduled { slot, .. } => Some(slot),
            Self::Own(_) => None,
        }
    }

    fn scheduled_from(text: &str) -> Option<Self> {
        let mut parts = text.strip_prefix("at:")?.splitn(3, ':');
        let (day, slot, routine) = (parts.next()?, parts.next()?, parts.next()?);
        let key = Self::Scheduled {
            routine: RoutineId::new(routine).ok()?,
            day: day.parse().ok()?,
            slot: Slot::new(unescaped(slot)?).ok()?,
        };
        // Only the one canonical spelling is this key: `2026-3-1` or an odd escape is not.
        (key.id().as_str() == text).then_some(key)
    }
}

fn unescaped(slot: &str) -> Option<String> {
    let mut out = String::with_capacity(slot.len());
    let mut chars = slot.chars();
    while let Some(c) = chars.next() {
        match c {
            '_' => out.push(match chars.next()? {
                '_' => '_',
                '.' => ':',
                _ => return None,
            }),
            c => out.push(c),
        }
    }
    Some(out)
}

impl fmt::Display for SessionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.id().fmt(f)
    }
}

impl FromStr for SessionKey {
    type Err = BadKey;
    fn from_str(text: &str) -> Result<Self, BadKey> {
        let id =
            SessionId::new(text).map_err(|_| BadKey { what: "session", text: text.to_owned() })?;
        Ok(Self::from_id(id))
    }
}

/// What was done: a step of the routine, or an exercise outside of any.
/// Text form: `step:ID` or `exercise:ID`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StepRef {
    /// A step of the session's routine.
    Step(StepId),
    /// An exercise on its own.
    Exercise(ExerciseId),
}

impl fmt::Display for StepRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Step(id) => write!(f, "step:{id}"),
            Self::Exercise(id) => write!(f, "exercise:{id}"),
        }
    }
}

impl FromStr for StepRef {
    type Err = BadKey;
    fn from_str(text: &str) -> Result<Self, BadKey> {
        let parsed = match text.split_once(':') {
            Some(("step", id)) => StepId::new(id).ok().map(Self::Step),
            Some(("exercise", id)) => ExerciseId::new(id).ok().map(Self::Exercise),
            _ => None,
        };
        parsed.ok_or_else(|| BadKey { what: "step", text: text.to_owned() })
    }
}

/// One set or repetition on one side. Text form: `SESSION/STEP/SIDE/SET/REP`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HoldKey {
    /// The session it belongs to.
    pub session: SessionKey,
    /// The step or exercise.
    pub step: StepRef,
    /// The side; `none` for bilateral ones.
    pub side: Side,
    /// The set, from 1.
    pub set: u16,
    /// The repetition in the set, from 1; 0 is the record of a whole set.
    pub rep: u16,
}

impl HoldKey {
    /// Whether this is the record of a whole set and not of one repetition.
    #[must_use]
    pub const fn is_set_level(&self) -> bool {
        self.rep == 0
    }

    /// The id of the first doing under this key: the same on every device.
    #[must_use]
    pub fn hold_id(&self) -> HoldId {
        self.doing_id(1)
    }

    /// The id of the `n`th doing under this key, counted from 1 by time.
    #[must_use]
    pub fn doing_id(&self, n: usize) -> HoldId {
        let hash = blake3::hash(self.to_string().as_bytes());
        let mut text = data_encoding::BASE32_NOPAD.encode(&hash.as_bytes()[..10]);
        text.make_ascii_lowercase();
        if n > 1 {
            text = format!("{text}-{n}");
        }
        HoldId::new(text).expect("base32 and digits are an id")
    }
}

impl fmt::Display for HoldKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}/{}/{}", self.session, self.step, self.side, self.set, self.rep)
    }
}

impl FromStr for HoldKey {
    type Err = BadKey;
    fn from_str(text: &str) -> Result<Self, BadKey> {
        let parse = || {
            let mut parts = text.split('/');
            let key = Self {
                session: parts.next()?.parse().ok()?,
                step: parts.next()?.parse().ok()?,
                side: parts.next()?.parse().ok()?,
                set: number(parts.next()?)?,
                rep: number(parts.next()?)?,
            };
            (parts.next().is_none() && key.set > 0).then_some(key)
        };
        parse().ok_or_else(|| BadKey { what: "hold", text: text.to_owned() })
    }
}

/// A number in its one spelling: no sign, no leading zero.
fn number(text: &str) -> Option<u16> {
    let n: u16 = text.parse().ok()?;
    (n.to_string() == text).then_some(n)
}

macro_rules! as_text {
    ($($name:ident),+) => { $(
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
            }
        }
    )+ };
}
as_text!(SessionKey, StepRef, HoldKey);

/// The set and repetition that an entry takes, where the person left one or both out.
///
/// `taken` are the (set, rep) pairs already used under the same session, step and side, those of
/// removed holds included: a key that was removed is not given out again. `whole_set` asks for the
/// record of a whole set (rep 0). `reps_per_set` is the dose's count where it has one: sets fill up
/// before the next begins. Nothing is returned when every number up to [`MAX_SETS`] is taken.
#[must_use]
pub fn next_free(
    taken: &[(u16, u16)],
    set: Option<u16>,
    rep: Option<u16>,
    reps_per_set: Option<u16>,
    whole_set: bool,
) -> Option<(u16, u16)> {
    let free = |pair: (u16, u16)| !taken.contains(&pair);
    let untouched = |set: u16| taken.iter().all(|(s, _)| *s != set);
    let mut sets = 1..=MAX_SETS;
    let mut reps = 1..=MAX_SETS;
    match (set, rep, whole_set) {
        (Some(set), _, true) => Some((set, 0)),
        (None, _, true) => sets.find(|s| untouched(*s)).map(|s| (s, 0)),
        (Some(set), Some(rep), false) => Some((set, rep)),
        (Some(set), None, false) => reps.find(|r| free((set, *r))).map(|r| (set, r)),
        (None, Some(rep), false) => sets.find(|s| free((*s, rep))).map(|s| (s, rep)),
        (None, None, false) => {
            let per_set = reps_per_set.unwrap_or(1).clamp(1, MAX_SETS);
            sets.filter(|s| free((*s, 0)))
                .find_map(|s| (1..=per_set).find(|r| free((s, *r))).map(|r| (s, r)))
        }
    }
}
