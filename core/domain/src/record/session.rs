//! A session as each device recorded it, and the one session that is made of those records.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::dose::Dose;
use crate::ids::{ExerciseId, RoutineId};
use crate::record::correction::{Change, Correction, Target};
use crate::record::day_start::day_start_of;
use crate::record::key::{SessionKey, StepRef};
use crate::record::observation::{Author, Authored, NotedFinding};
use crate::units::{LocalDay, Millis, Moment};
use crate::vocabulary::SideRule;

/// A step with the dose it was played against, copied out of the plan of that moment.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct PlayedStep {
    /// The step.
    pub step: StepRef,
    /// The exercise.
    pub exercise: ExerciseId,
    /// The sides it was asked for.
    pub side: SideRule,
    /// The dose.
    pub dose: Dose,
}

/// One device's record of a session. Where and when is in `started_at`, the slot in the key.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SessionRecord {
    /// Which doing of what.
    pub key: SessionKey,
    /// The routine, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub routine: Option<RoutineId>,
    /// Its version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub routine_version: Option<u64>,
    /// When it began.
    pub started_at: Moment,
    /// When it ended, where it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Moment>,
    /// How long it was paused in all.
    #[serde(rename = "paused_ms", default)]
    pub paused: Millis,
    /// Whether the last step was reached.
    #[serde(default)]
    pub finished: bool,
    /// Who helped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assisted_by: Option<String>,
    /// The steps with the doses of that moment, in the order played.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<PlayedStep>,
    /// What the rules had to say, and what was acknowledged.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<NotedFinding>,
    /// What a newer version wrote and this one does not know.
    #[serde(flatten)]
    pub unknown: serde_json::Map<String, serde_json::Value>,
}

/// One session, made of the records of several devices.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Session {
    /// Which doing of what.
    pub key: SessionKey,
    /// The routine, where there is one.
    pub routine: Option<RoutineId>,
    /// Its version: that of the record that began first.
    pub routine_version: Option<u64>,
    /// The earliest start.
    pub started_at: Moment,
    /// The latest end.
    pub ended_at: Option<Moment>,
    /// The longest pause any device recorded.
    #[serde(rename = "paused_ms")]
    pub paused: Millis,
    /// Whether any device reached the last step.
    pub finished: bool,
    /// Everybody named as helping.
    pub assisted_by: Vec<String>,
    /// The steps of every record; where two doses differ, that of the record that began first.
    pub steps: Vec<PlayedStep>,
    /// The findings of every record.
    pub findings: Vec<NotedFinding>,
    /// Whose records it is made of.
    pub recorded_by: Vec<Author>,
    /// When the day started that it belongs to, in minutes after local midnight, where the record
    /// that began first says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub day_start_min: Option<u16>,
}

impl Session {
    /// The local day: the scheduled one, else that of the start. A day starts `day_start_min`
    /// minutes after midnight, unless the record says otherwise.
    #[must_use]
    pub fn local_day(&self, day_start_min: u16) -> LocalDay {
        let day_start_min = self.day_start_min.unwrap_or(day_start_min);
        self.key.day().unwrap_or_else(|| self.started_at.local_day(day_start_min))
    }
}

/// Makes sessions of their records, in the order of their start: pure, order-free, idempotent.
///
/// A removal by the subject takes out the records begun up to then, one by somebody else only
/// that account's own.
#[must_use]
pub fn merge_sessions(
    records: &[Authored<SessionRecord>],
    corrections: &[Authored<Correction>],
) -> Vec<Session> {
    let mut by_key: BTreeMap<&SessionKey, Vec<&Authored<SessionRecord>>> = BTreeMap::new();
    for record in records.iter().filter(|record| !removed(record, corrections)) {
        by_key.entry(&record.value.key).or_default().push(record);
    }
    let mut sessions: Vec<Session> = by_key.into_values().filter_map(session_of).collect();
    sessions.sort_by(|a, b| (a.started_at.utc_ms, &a.key).cmp(&(b.started_at.utc_ms, &b.key)));
    sessions
}

fn removed(record: &Authored<SessionRecord>, corrections: &[Authored<Correction>]) -> bool {
    corrections.iter().any(|fix| {
        let about = matches!(&fix.value.target, Target::Session(key) if *key == record.value.key);
        about
            && fix.value.change == Change::Remove
            && (fix.author.is_subject || fix.author.account == record.author.account)
            && record.value.started_at.utc_ms <= fix.value.at.utc_ms
    })
}

fn session_of(mut records: Vec<&Authored<SessionRecord>>) -> Option<Session> {
    let text = |r: &Authored<SessionRecord>| serde_json::to_string(&r.value).unwrap_or_default();
    records.sort_by(|a, b| {
        (a.value.started_at.utc_ms, &a.author)
            .cmp(&(b.value.started_at.utc_ms, &b.author))
            .then_with(|| text(a).cmp(&text(b)))
    });
    let first = &records.first()?.value;
    let mut session = Session {
        key: first.key.clone(),
        routine: None,
        routine_version: None,
        started_at: first.started_at.clone(),
        ended_at: None,
        paused: Millis::ZERO,
        finished: false,
        assisted_by: Vec::new(),
        steps: Vec::new(),
        findings: Vec::new(),
        recorded_by: Vec::new(),
        day_start_min: day_start_of(&first.unknown),
    };
    let mut helpers = BTreeSet::new();
    let mut findings = BTreeSet::new();
    for Authored { author, value } in records {
        session.routine = session.routine.or_else(|| value.routine.clone());
        session.routine_version = session.routine_version.or(value.routine_version);
        if let Some(end) = &value.ended_at
            && session.ended_at.as_ref().is_none_or(|latest| latest.utc_ms < end.utc_ms)
        {
            session.ended_at = Some(end.clone());
        }
        session.paused = session.paused.max(value.paused);
        session.finished |= value.finished;
        helpers.extend(value.assisted_by.clone());
        findings.extend(value.findings.iter().cloned());
        for step in &value.steps {
            if session.steps.iter().all(|known| known.step != step.step) {
                session.steps.push(step.clone());
            }
        }
        if session.recorded_by.last() != Some(author) {
            session.recorded_by.push(author.clone());
        }
    }
    session.assisted_by = helpers.into_iter().collect();
    session.findings = findings.into_iter().collect();
    session.recorded_by.sort();
    session.recorded_by.dedup();
    Some(session)
}
