//! What the person says of themselves.

use holdfast::HoldfastError;
use holdfast::domain::profile::Change;

use crate::carried::carried;
use crate::engine::EngineHandle;
use crate::failure::Failure;
use crate::given::bad;

/// One question and what is known of it.
#[derive(Debug, Clone, PartialEq, serde::Deserialize, uniffi::Record)]
#[cfg_attr(test, serde(deny_unknown_fields))]
pub struct ProfileAnswer {
    /// Its key.
    pub key: String,
    /// The answer as it counts now, as text or JSON; nothing where nobody knows.
    #[serde(deserialize_with = "crate::carried::text_of_some")]
    pub value: Option<String>,
    /// An answer that was given and does not count any more.
    #[serde(default, deserialize_with = "crate::carried::text_of_some")]
    pub lapsed: Option<String>,
    /// The local day it was given on.
    pub said_on: Option<String>,
    /// What several devices answered at once, where they differ.
    #[serde(default, deserialize_with = "crate::carried::texts_of")]
    pub disputed: Vec<String>,
    /// The rules, gates and conditions that it decides.
    pub decides: Vec<String>,
}

/// A pregnancy on a day.
#[derive(Debug, Clone, PartialEq, serde::Deserialize, uniffi::Record)]
#[cfg_attr(test, serde(deny_unknown_fields))]
pub struct Pregnancy {
    /// The trimester.
    pub trimester: Option<u32>,
    /// The week, from 1.
    pub week: Option<i64>,
    /// The day the baby is due.
    pub due_date: Option<String>,
}

/// What the person says of themselves.
#[derive(Debug, Clone, PartialEq, serde::Deserialize, uniffi::Record)]
#[cfg_attr(test, serde(deny_unknown_fields))]
pub struct Profile {
    /// Every question, answered or not.
    pub answers: Vec<ProfileAnswer>,
    /// The pregnancy as it stands today.
    pub pregnancy: Option<Pregnancy>,
    /// When a day starts, as `HH:MM`.
    pub day_start: String,
    /// The zone that new records are dated in.
    pub time_zone: String,
    /// How far it has come.
    pub status: Option<String>,
}

/// An answer to give, or to take back.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct ProfileChange {
    /// The question.
    pub key: String,
    /// The answer as people type it: `yes`, `2026-09-01`, `left`; nothing takes it back.
    #[uniffi(default = None)]
    pub answer: Option<String>,
}

impl ProfileChange {
    fn change(&self) -> Result<Change, HoldfastError> {
        let read = match &self.answer {
            Some(answer) => Change::parse(&self.key, answer),
            None => Change::question(&self.key).map(Change::Unset),
        };
        read.map_err(|refused| bad(&self.key, refused.code(), refused.message()))
    }
}

#[uniffi::export]
impl EngineHandle {
    /// What the person says of themselves.
    pub async fn profile(&self) -> Result<Profile, Failure> {
        self.run(|engine| carried(&engine.profile()?)).await
    }

    /// Gives answers, or takes them back: all of them or none.
    pub async fn set_profile(&self, changes: Vec<ProfileChange>) -> Result<Profile, Failure> {
        self.run(move |engine| {
            let changes = changes.iter().map(ProfileChange::change);
            carried(&engine.set_profile(&changes.collect::<Result<Vec<_>, _>>()?)?)
        })
        .await
    }
}
