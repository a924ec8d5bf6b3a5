//! What is due, pauses, and when the slots of a day are.

use std::collections::HashMap;

use crate::carried::carried;
use crate::engine::EngineHandle;
use crate::failure::Failure;
use crate::given;

/// Something that is due.
#[derive(Debug, Clone, PartialEq, serde::Deserialize, uniffi::Record)]
#[cfg_attr(test, serde(deny_unknown_fields))]
pub struct Due {
    /// The routine.
    pub routine: String,
    /// Its name.
    pub name: String,
    /// The day; nothing where it is one of several days.
    pub day: Option<String>,
    /// The slot of the day.
    pub slot: Option<String>,
    /// When, RFC 3339, where the slot has a time.
    pub at: Option<String>,
    /// The zone that is in.
    pub zone: String,
    /// The first day it may be done on.
    #[serde(rename = "from")]
    pub first_day: String,
    /// The last.
    #[serde(rename = "to")]
    pub last_day: String,
    /// How many times it is still asked for.
    pub times: u32,
    /// `late`, `upcoming`, `open` or `recovery`.
    pub state: String,
}

/// A pause of the plan.
#[derive(Debug, Clone, PartialEq, serde::Deserialize, uniffi::Record)]
#[cfg_attr(test, serde(deny_unknown_fields))]
pub struct Pause {
    /// Its first day.
    #[serde(rename = "from")]
    pub first_day: String,
    /// Its last, where it has one.
    #[serde(default)]
    pub until: Option<String>,
}

/// The plan as a whole.
#[derive(Debug, Clone, PartialEq, serde::Deserialize, uniffi::Record)]
#[cfg_attr(test, serde(deny_unknown_fields))]
pub struct Plan {
    /// Whether it is paused today.
    pub paused: bool,
    /// Its pauses.
    pub pauses: Vec<Pause>,
    /// When each slot of the day is, as `HH:MM`.
    pub slots: HashMap<String, String>,
}

/// Days of recovery after a very long run, as the sources state them.
#[derive(Debug, Clone, PartialEq, serde::Deserialize, uniffi::Record)]
#[cfg_attr(test, serde(deny_unknown_fields))]
pub struct Recovery {
    /// The day of the run.
    pub run_day: String,
    /// How long it was, in minutes.
    pub minutes: u32,
    /// The first day of recovery.
    #[serde(rename = "from")]
    pub first_day: String,
    /// The last that is stated for younger runners.
    pub to_younger: String,
    /// The last that is stated for older ones.
    pub to_older: String,
    /// Which of them were taken.
    #[serde(default)]
    pub taken: Vec<String>,
    /// Who says so.
    pub sources: Vec<String>,
}

#[uniffi::export]
impl EngineHandle {
    /// What is due in the next days.
    pub async fn due(&self, days: u16) -> Result<Vec<Due>, Failure> {
        self.run(move |engine| carried(&engine.due(days)?)).await
    }

    /// The days of recovery ahead.
    pub async fn recovery_ahead(&self, days: u16) -> Result<Vec<Recovery>, Failure> {
        self.run(move |engine| carried(&engine.recovery_ahead(days)?)).await
    }

    /// The plan as a whole.
    pub async fn plan(&self) -> Result<Plan, Failure> {
        self.run(|engine| carried(&engine.plan_view()?)).await
    }

    /// Pauses the plan from a day on, until another where one is given.
    pub async fn pause_plan(
        &self,
        first_day: String,
        until: Option<String>,
    ) -> Result<Plan, Failure> {
        self.run(move |engine| {
            let until = given::some_day("until", until.as_deref())?;
            carried(&engine.pause_plan(given::day("from", &first_day)?, until)?)
        })
        .await
    }

    /// Takes the plan up again.
    pub async fn resume_plan(&self) -> Result<Plan, Failure> {
        self.run(|engine| carried(&engine.resume_plan()?)).await
    }

    /// Says when a slot of the day is, as `HH:MM`, or that it has no time.
    pub async fn set_slot_time(&self, slot: String, time: Option<String>) -> Result<Plan, Failure> {
        self.run(move |engine| {
            let time = time.as_deref().map(|time| given::parsed("time", time)).transpose()?;
            carried(&engine.set_slot_time(&slot, time)?)
        })
        .await
    }
}
