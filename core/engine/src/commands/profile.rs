//! The profile as a person sees and changes it: what was answered, what is unknown, and what each answer
//! decides. Unknown is shown as unknown.

use std::collections::BTreeMap;

use holdfast_domain::profile::{Answers, Change, ProfileRefusal, Question, Said, pregnancy_day};
use holdfast_domain::rules::{Profile, decided_by};
use holdfast_domain::units::LocalDay;
use holdfast_protocol::ids::Class;
use serde::Serialize;
use serde_json::Value as Json;

use crate::error::{Error, HoldfastError, Result};
use crate::store::{docs, meta};
use crate::views::StatusKind;
use crate::{Engine, Inner};

/// The profile.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ProfileView {
    /// Every question, answered or not, in a fixed order.
    pub answers: Vec<AnswerView>,
    /// The pregnancy as it stands today, where there is one.
    pub pregnancy: Option<PregnancyView>,
    /// When a day starts, as `HH:MM` local time.
    pub day_start: String,
    /// The zone that new records are dated in.
    pub time_zone: String,
    /// How far the profile has come; nothing where nobody has answered anything.
    pub status: Option<StatusKind>,
    /// What rules see of the person now.
    #[serde(skip)]
    pub now: Profile,
}

/// One question and what is known of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AnswerView {
    /// Its key.
    pub key: Question,
    /// The answer as it counts now; nothing where nobody knows.
    pub value: Option<Json>,
    /// An answer that was given and does not count any more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lapsed: Option<Json>,
    /// The local day it was given on.
    pub said_on: Option<LocalDay>,
    /// What several devices answered at once, where they differ.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub disputed: Vec<Json>,
    /// The rules, gates and conditions that it decides, the most serious first.
    pub decides: Vec<String>,
}

/// A pregnancy on a day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PregnancyView {
    /// The trimester, where it is known.
    pub trimester: Option<u32>,
    /// The week, from 1, where the due date is known: 280 days count up to it (ours).
    pub week: Option<i64>,
    /// The day the baby is due, where it is known.
    pub due_date: Option<LocalDay>,
}

impl Engine {
    /// The profile of the own chart, with every question that nobody has answered.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn profile(&self) -> std::result::Result<ProfileView, HoldfastError> {
        self.guarded(|inner| inner.profile_view())
    }

    /// Answers questions of the profile, or takes answers back: all of it, or nothing.
    ///
    /// # Errors
    /// [`HoldfastError::BadInput`] with the key at fault, for what cannot be or contradicts another
    /// answer.
    pub fn set_profile(
        &self,
        changes: &[Change],
    ) -> std::result::Result<ProfileView, HoldfastError> {
        self.guarded(|inner| {
            inner.command_on(Some(Class::Profile), "profile", |tx, journal| {
                inner.change_profile(tx, journal, changes)
            })?;
            inner.profile_view()
        })
    }

    /// Takes answers back: they are unknown again.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn unset_profile(
        &self,
        questions: &[Question],
    ) -> std::result::Result<ProfileView, HoldfastError> {
        let changes: Vec<Change> = questions.iter().copied().map(Change::Unset).collect();
        self.set_profile(&changes)
    }

    /// When a day starts for what is recorded from now on, in minutes after local midnight: as the
    /// profile says, else 03:00 (ours).
    ///
    /// # Errors
    /// When the profile cannot be read.
    pub fn day_start_min(&self) -> std::result::Result<u16, HoldfastError> {
        self.guarded(|inner| inner.store.read(|conn| inner.day_start_min(conn)))
    }

    /// The zone that new records are dated in: the profile's, else the device's.
    ///
    /// # Errors
    /// When the profile cannot be read.
    pub fn zone(&self) -> std::result::Result<String, HoldfastError> {
        self.guarded(|inner| inner.store.read(|conn| Ok(inner.here_and_now(conn)?.zone)))
    }
}

impl Inner {
    fn profile_view(&self) -> Result<ProfileView> {
        self.store.read(|conn| {
            let reading = self.profile_reading(conn)?;
            let answers = &reading.answers;
            let now = self.said_now(answers);
            let profile = self.profile_now(conn)?;
            let day_start = answers.day_start_min();
            let row = docs::row(conn, self.who.chart, &crate::profiles::profile_doc())?;
            let status = match row {
                None => None,
                Some(row) => {
                    let waits = conn
                        .prepare_cached("SELECT 1 FROM outbox WHERE doc = ?1")?
                        .exists([row.id])?;
                    Some(match (waits, meta::get(conn, meta::RELAY)?) {
                        (true, None) => StatusKind::Saved,
                        (true, Some(_)) => StatusKind::Queued,
                        (false, _) => StatusKind::Relayed,
                    })
                }
            };
            Ok(ProfileView {
                answers: Question::ALL.iter().map(|q| view(*q, answers, now, &profile)).collect(),
                pregnancy: pregnancy(answers, &profile, now),
                day_start: format!("{:02}:{:02}", day_start / 60, day_start % 60),
                time_zone: self.here_and_now(conn)?.zone,
                status,
                now: profile,
            })
        })
    }
}

fn view(question: Question, answers: &Answers, now: Said, profile: &Profile) -> AnswerView {
    let given = answers.given(question);
    let current = answers.current(question, now).filter(|_| {
        // What a pregnancy changes is asked again in it, and one that must be over is unknown.
        match question {
            Question::ProneOk => profile.can_lie_prone.is_some(),
            Question::DoctorOkFront => profile.doctor_ok_front_pressure.is_some(),
            Question::Pregnant => profile.pregnant.is_some(),
            Question::DueDate => profile.pregnant == Some(true),
            Question::Trimester => profile.trimester.is_some(),
            _ => true,
        }
    });
    let json = |answer: &holdfast_domain::profile::Answer| answer.value.to_json();
    AnswerView {
        key: question,
        value: current.map(json),
        lapsed: given.filter(|_| current.is_none()).map(json),
        said_on: given.map(|answer| answer.said.day),
        disputed: answers.disputed(question).iter().map(json).collect(),
        decides: decided_by(question).into_iter().map(|decided| decided.id).collect(),
    }
}

fn pregnancy(answers: &Answers, profile: &Profile, now: Said) -> Option<PregnancyView> {
    if profile.pregnant != Some(true) {
        return None;
    }
    let due = answers.due_date();
    Some(PregnancyView {
        trimester: profile.trimester,
        week: due.map(|due| pregnancy_day(due, now.day).max(0) / 7 + 1),
        due_date: due,
    })
}

impl From<ProfileRefusal> for Error {
    fn from(refused: ProfileRefusal) -> Self {
        let field = refused.question().map_or("key", Question::as_str);
        Self::BadInput { field, code: refused.code(), message: refused.message() }
    }
}

/// Answers as an export has them: by key, with the day they were given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, serde::Deserialize)]
pub(crate) struct ExportedAnswer {
    pub(crate) value: Json,
    pub(crate) day: LocalDay,
    pub(crate) at_ms: i64,
}

/// Answers by their key.
pub(crate) type ExportedProfile = BTreeMap<String, ExportedAnswer>;
