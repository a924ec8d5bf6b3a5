//! Habits, events, and what else happens on a day.

use holdfast::domain::habit::{Given, HabitRhythm};
use holdfast::domain::ids::Site;
use holdfast::domain::record::{Amount, Event as EngineEvent};
use holdfast::domain::units::Nrs;
use holdfast::domain::vocabulary::{DayKind, Side};
use holdfast::domain::words::Message;
use holdfast::{DayQuery as EngineDays, EventQuery as EngineEvents, HoldfastError};

use crate::carried::carried;
use crate::engine::EngineHandle;
use crate::failure::Failure;
use crate::given::{self, bad};
use crate::holds::SeenBy;
use crate::plan::Recovery;

/// How often a habit is planned.
#[derive(Debug, Clone, PartialEq, serde::Deserialize, uniffi::Record)]
#[cfg_attr(test, serde(deny_unknown_fields))]
pub struct HabitPlan {
    /// So many times a day.
    pub per_day: Option<u32>,
    /// Every so many minutes …
    pub every_min: Option<u32>,
    /// … from this time, as `HH:MM` …
    #[serde(rename = "from")]
    pub from_time: Option<String>,
    /// … to this.
    #[serde(rename = "to")]
    pub to_time: Option<String>,
}

/// Once that a habit was done.
#[derive(Debug, Clone, PartialEq, serde::Deserialize, uniffi::Record)]
#[cfg_attr(test, serde(deny_unknown_fields))]
pub struct Tick {
    /// Its id.
    pub id: String,
    /// The habit.
    pub habit: String,
    /// How many times.
    pub count: u32,
    /// How much, in the habit's unit.
    pub value: Option<f64>,
    /// When, RFC 3339.
    pub at: String,
    /// The local day it belongs to.
    pub local_day: String,
    /// A note.
    pub note: Option<String>,
    /// The device, as hex.
    pub device: String,
    /// How far it has come.
    pub status: String,
}

/// A habit on a day.
#[derive(Debug, Clone, PartialEq, serde::Deserialize, uniffi::Record)]
#[cfg_attr(test, serde(deny_unknown_fields))]
pub struct Habit {
    /// Its id.
    pub habit: String,
    /// How the person calls it, where it is their own.
    pub name: Option<String>,
    /// `adds_up`, `once_a_day`, `once_a_night` or `hours`.
    pub counting: String,
    /// Whether a source states how often.
    pub frequency_stated: bool,
    /// How often it is planned.
    pub plan: Option<HabitPlan>,
    /// What other devices planned at once.
    pub other_plans: Vec<Option<HabitPlan>>,
    /// How many times it was done.
    pub done: u32,
    /// How much, in its unit.
    pub value: Option<f64>,
    /// How many times it is still asked for.
    pub left: u32,
    /// Since when it is due, RFC 3339.
    pub due_since: Option<String>,
    /// When it is due next, RFC 3339.
    pub next: Vec<String>,
    /// The ticks of the day.
    pub ticks: Vec<Tick>,
}

/// The habits of a day.
#[derive(Debug, Clone, PartialEq, serde::Deserialize, uniffi::Record)]
#[cfg_attr(test, serde(deny_unknown_fields))]
pub struct Habits {
    /// The day.
    pub day: String,
    /// The habits.
    pub habits: Vec<Habit>,
    /// The recovery the day belongs to.
    pub recovery: Vec<Recovery>,
}

/// What came of a tick.
#[derive(Debug, Clone, PartialEq, serde::Deserialize, uniffi::Record)]
#[cfg_attr(test, serde(deny_unknown_fields))]
pub struct Ticked {
    /// The tick.
    pub tick: Tick,
    /// Whether it was there already.
    pub already: bool,
    /// The habit on its day.
    pub habit: Habit,
}

/// An event.
#[derive(Debug, Clone, PartialEq, serde::Deserialize, uniffi::Record)]
#[cfg_attr(test, serde(deny_unknown_fields))]
pub struct Event {
    /// Its id.
    pub id: String,
    /// `run`, `walk` or `pain`.
    pub kind: String,
    /// When, RFC 3339. A run or walk ends then.
    pub at: String,
    /// The local day it belongs to.
    pub local_day: String,
    /// How long, in minutes.
    pub minutes: Option<u32>,
    /// Where it hurts.
    pub site: Option<String>,
    /// On which side.
    pub side: Option<String>,
    /// How much, 0–10.
    pub score: Option<u8>,
    /// A note.
    pub note: Option<String>,
    /// The device, as hex.
    pub device: String,
    /// How far it has come.
    pub status: String,
}

/// What came of an event.
#[derive(Debug, Clone, PartialEq, serde::Deserialize, uniffi::Record)]
#[cfg_attr(test, serde(deny_unknown_fields))]
pub struct EventAdded {
    /// The event.
    pub event: Event,
    /// Whether the sources ask for a walk first.
    pub walk_first: bool,
    /// Until when they ask for it, RFC 3339.
    pub cool_down_until: Option<String>,
    /// The recovery it calls for.
    pub recovery: Option<Recovery>,
}

/// An event to add: a run or walk with its minutes, or pain with where and how much.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct EventRequest {
    /// `run`, `walk` or `pain`.
    pub kind: String,
    /// How long, in minutes.
    #[uniffi(default = None)]
    pub minutes: Option<u32>,
    /// Where it hurts.
    #[uniffi(default = None)]
    pub site: Option<String>,
    /// On which side.
    #[uniffi(default = None)]
    pub side: Option<String>,
    /// How much, 0–10.
    #[uniffi(default = None)]
    pub score: Option<u8>,
    /// When it was or ended, in milliseconds since 1970; now where it is left out.
    #[uniffi(default = None)]
    pub at_ms: Option<i64>,
    /// A note.
    #[uniffi(default = None)]
    pub note: Option<String>,
}

fn needed<T>(field: &str, given: Option<T>) -> Result<T, HoldfastError> {
    let message = || Message::new("ffi.needed").with("field", field);
    given.ok_or_else(|| bad(field, "needed", message()))
}

impl EventRequest {
    fn event(&self) -> Result<EngineEvent, HoldfastError> {
        match self.kind.as_str() {
            "run" => Ok(EngineEvent::Run { minutes: needed("minutes", self.minutes)? }),
            "walk" => Ok(EngineEvent::Walk { minutes: needed("minutes", self.minutes)? }),
            "pain" => {
                let site = Site::new(needed("site", self.site.as_deref())?);
                let score = Nrs::try_from(needed("score", self.score)?);
                let side = given::some_word("side", self.side.as_deref())?;
                Ok(EngineEvent::Pain {
                    site: site
                        .map_err(|refused| bad("site", "bad_id", refused.to_string().into()))?,
                    side: side.unwrap_or(Side::None),
                    score: score.map_err(|refused| bad("score", "bad_nrs", refused.message()))?,
                })
            }
            other => {
                let message = Message::new("given.not_listed")
                    .with("text", other)
                    .with("known", "run, walk, pain");
                Err(bad("kind", "not_listed", message))
            }
        }
    }
}

/// A record of a day: a self-test, a tick or an event.
#[derive(Debug, Clone, PartialEq, serde::Deserialize, uniffi::Record)]
pub struct DayRecord {
    /// Its id.
    pub id: String,
    /// `test`, `tick` or `event`.
    pub kind: String,
    /// When, RFC 3339.
    pub at: String,
    /// The local day it belongs to.
    pub local_day: String,
    /// What it is, as JSON.
    #[serde(deserialize_with = "crate::carried::text_of")]
    pub what: String,
    /// A note.
    pub note: Option<String>,
    /// Timer, typed in, or imported.
    pub source: String,
    /// The device, as hex.
    pub device: String,
    /// How far it has come.
    pub status: String,
    /// Who has it besides its author.
    pub seen_by: Vec<SeenBy>,
}

/// Which records of days.
#[derive(Debug, Clone, PartialEq, Eq, Default, uniffi::Record)]
pub struct DayQuery {
    /// `test`, `tick` or `event`.
    #[uniffi(default = None)]
    pub kind: Option<String>,
    /// The test, habit or kind of event.
    #[uniffi(default = None)]
    pub about: Option<String>,
    /// Only this side.
    #[uniffi(default = None)]
    pub side: Option<String>,
    /// From this local day on.
    #[uniffi(default = None)]
    pub since: Option<String>,
    /// Up to this local day, itself included.
    #[uniffi(default = None)]
    pub until: Option<String>,
    /// At most so many.
    #[uniffi(default = None)]
    pub limit: Option<u32>,
}

fn rhythm(plan: &HabitPlan) -> Result<HabitRhythm, HoldfastError> {
    match (plan.per_day, plan.every_min) {
        (Some(times), None) => Ok(HabitRhythm::PerDay(times)),
        (None, Some(minutes)) => Ok(HabitRhythm::Every {
            minutes,
            from: given::parsed("from", needed("from", plan.from_time.as_deref())?)?,
            to: given::parsed("to", needed("to", plan.to_time.as_deref())?)?,
        }),
        _ => Err(bad("per_day", "needed", Message::new("ffi.per_day_or_every"))),
    }
}

#[uniffi::export]
impl EngineHandle {
    /// The habits of a day; today's where it is left out.
    pub async fn habits(&self, day: Option<String>) -> Result<Habits, Failure> {
        self.run(move |engine| carried(&engine.habits(given::some_day("day", day.as_deref())?)?))
            .await
    }

    /// Ticks a habit: done, done so many times, or so much of its unit.
    pub async fn tick_habit(
        &self,
        habit: String,
        count: Option<u32>,
        value: Option<f64>,
        at_ms: Option<i64>,
        note: Option<String>,
    ) -> Result<Ticked, Failure> {
        self.run(move |engine| {
            let given = match (count, value) {
                (_, Some(value)) => {
                    let amount = Amount::new(value);
                    let message =
                        || Message::new("ffi.bad_number").with("given", value.to_string());
                    Given::Value(amount.ok_or_else(|| bad("value", "bad_number", message()))?)
                }
                (Some(count), None) => Given::Count(count),
                (None, None) => Given::Done,
            };
            let at = given::moment(at_ms, &engine.zone()?);
            carried(&engine.tick_habit(&habit, given, at.as_ref(), note.as_deref())?)
        })
        .await
    }

    /// Takes a tick back. Gives the habit as it is then.
    pub async fn undo_tick(&self, id: String) -> Result<Habit, Failure> {
        self.run(move |engine| carried(&engine.undo_tick(&id)?.1)).await
    }

    /// Plans a habit: so many times a day, or every so many minutes between two times.
    pub async fn plan_habit(&self, habit: String, plan: HabitPlan) -> Result<Habit, Failure> {
        self.run(move |engine| carried(&engine.plan_habit(&habit, rhythm(&plan)?)?)).await
    }

    /// Takes a habit's plan away.
    pub async fn unplan_habit(&self, habit: String) -> Result<Habit, Failure> {
        self.run(move |engine| carried(&engine.unplan_habit(&habit)?)).await
    }

    /// Adds an event.
    pub async fn add_event(&self, request: EventRequest) -> Result<EventAdded, Failure> {
        self.run(move |engine| {
            let at = given::moment(request.at_ms, &engine.zone()?);
            let event = request.event()?;
            carried(&engine.add_event(event, at.as_ref(), request.note.as_deref())?)
        })
        .await
    }

    /// The events, the newest first.
    pub async fn events(
        &self,
        kind: Option<String>,
        since: Option<String>,
        until: Option<String>,
        limit: Option<u32>,
    ) -> Result<Vec<Event>, Failure> {
        self.run(move |engine| {
            let since = given::some_day("since", since.as_deref())?;
            let until = given::some_day("until", until.as_deref())?;
            carried(&engine.events(&EngineEvents { kind, since, until, limit })?)
        })
        .await
    }

    /// Takes an event back.
    pub async fn remove_event(&self, id: String) -> Result<Event, Failure> {
        self.run(move |engine| carried(&engine.remove_event(&id)?)).await
    }

    /// Records of days, the newest first.
    pub async fn days(&self, query: DayQuery) -> Result<Vec<DayRecord>, Failure> {
        self.run(move |engine| {
            let query = EngineDays {
                kind: given::some_word::<DayKind>("kind", query.kind.as_deref())?,
                about: query.about,
                side: given::some_word("side", query.side.as_deref())?,
                since: given::some_day("since", query.since.as_deref())?,
                until: given::some_day("until", query.until.as_deref())?,
                limit: query.limit,
            };
            carried(&engine.days(&query)?)
        })
        .await
    }
}
