//! What the player hands out, as records: a hold of the plan becomes an observation, the session as a
//! whole a session record. It decides nothing; the player did.

use holdfast_domain::ids::{ObservationId, RuleId};
use holdfast_domain::player::{At, HoldToLog, SessionEnd, Summary};
use holdfast_domain::record::{
    HoldKey, NotedFinding, Observation, SessionKey, SessionRecord, StepRef,
};
use holdfast_domain::routine::Override;
use holdfast_domain::rules::Finding;
use holdfast_domain::units::{Millis, Moment};
use holdfast_domain::vocabulary::Severity;
use rusqlite::{Connection, OptionalExtension};

use super::kept::Begun;
use crate::commands::journal::day_start_mark;
use crate::error::{Error, Result};
use crate::store::docs;
use crate::{Inner, clock};

/// The reason that is noted for a rule acknowledged before play.
const ACKNOWLEDGED: &str = "acknowledged before playing";

/// Notes that a rule was acknowledged, where it was.
pub(super) fn acknowledge(finding: &mut Finding, acks: &[RuleId], account: &str) {
    if finding.stops_play() && finding.is_acknowledged(acks) {
        finding.overridden = Some(Override {
            rule: finding.rule.clone(),
            step: finding.step.clone(),
            reason: ACKNOWLEDGED.to_owned(),
            author: Some(account.to_owned()),
        });
    }
}

/// What is worth knowing of any doing is not repeated in the record of each.
fn noted<'a>(findings: impl IntoIterator<Item = &'a Finding>) -> Vec<NotedFinding> {
    let mut noted: Vec<NotedFinding> = findings
        .into_iter()
        .filter(|finding| finding.severity != Severity::Info || finding.overridden.is_some())
        .map(|finding| NotedFinding {
            rule: finding.rule.clone(),
            severity: finding.severity,
            overridden_reason: finding.overridden.as_ref().map(|by| by.reason.clone()),
        })
        .collect();
    noted.sort();
    noted.dedup();
    noted
}

impl Begun {
    /// The moment of an instant, in the zone where the session was begun.
    pub(super) fn moment(&self, at: At) -> Moment {
        clock::moment(at.wall_ms, &self.zone)
    }

    /// The id of a hold's record: every revision of it has the same, and nothing else has.
    fn observation_id(&self, device: &str, log_no: u32) -> ObservationId {
        let text = format!("{}/{device}/{}/{log_no}", self.session, self.play);
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&blake3::hash(text.as_bytes()).as_bytes()[..16]);
        // The time comes first, so that what is written together lies together in the indexes.
        bytes[..6].copy_from_slice(&self.made_ms.to_be_bytes()[2..]);
        let mut id = data_encoding::BASE32_NOPAD.encode(&bytes);
        id.make_ascii_lowercase();
        ObservationId::new(id).expect("base32 is an id")
    }

    /// The record of a hold.
    pub(super) fn observation(&self, device: &str, hold: &HoldToLog) -> Observation {
        let HoldToLog { log_no, step, exercise, side, set, rep, .. } = hold;
        let whole_set = *rep == 0;
        let here = self.findings.iter().filter(|finding| {
            finding.step.as_ref() == Some(step) && finding.side.is_none_or(|at| at == *side)
        });
        Observation {
            id: self.observation_id(device, *log_no),
            revision: hold.revision,
            key: HoldKey {
                session: self.session.clone(),
                step: StepRef::Step(step.clone()),
                side: *side,
                set: *set,
                rep: *rep,
            },
            exercise: exercise.clone(),
            routine: Some(self.routine.clone()),
            routine_version: Some(self.routine_version),
            // Of a whole set the record's target is that of each repetition, and nobody timed those.
            target: hold.target.filter(|_| !whole_set),
            // The doses of a routine's steps are in the session's record.
            dose: None,
            attempts: hold.attempts.clone(),
            took: hold.attempts.is_empty().then_some(hold.took).filter(|took| *took > Millis::ZERO),
            paused: hold.paused,
            extended: hold.extended,
            reps: hold.reps,
            load: None,
            tempo: hold.tempo.clone(),
            pain_before: hold.pain_before.clone(),
            pain_after: hold.pain_after.clone(),
            tool: hold.tool.clone(),
            ended_by: hold.ended_by,
            assisted_by: self.by.clone(),
            logged_by: None,
            started_at: self.moment(hold.started_at),
            source: hold.source,
            findings: noted(here),
            note: None,
            unknown: day_start_mark(self.day_start_min),
        }
    }

    /// The record of the session as it stands; nothing where it was never begun. What this device had
    /// recorded of it before is in it too.
    pub(super) fn session_record(&self, summary: &Summary) -> Option<SessionRecord> {
        let started_at = self.moment(summary.started_at?);
        let over = summary.end.is_some();
        let mut record = SessionRecord {
            key: self.session.clone(),
            routine: Some(self.routine.clone()),
            routine_version: Some(self.routine_version),
            started_at,
            ended_at: summary.ended_at.filter(|_| over).map(|at| self.moment(at)),
            paused: if over { summary.paused } else { Millis::ZERO },
            finished: summary.end == Some(SessionEnd::Finished),
            assisted_by: self.by.clone(),
            steps: self.steps.clone(),
            findings: noted(&self.findings),
            unknown: day_start_mark(self.day_start_min),
        };
        if let Some(before) = &self.before {
            add_earlier(&mut record, before);
        }
        Some(record)
    }
}

/// Puts an earlier doing of the same session into the record of this one.
fn add_earlier(record: &mut SessionRecord, before: &SessionRecord) {
    if before.started_at.utc_ms < record.started_at.utc_ms {
        record.started_at = before.started_at.clone();
    }
    if record.ended_at.is_none() {
        record.ended_at.clone_from(&before.ended_at);
    }
    record.paused += before.paused;
    record.finished |= before.finished;
    if record.assisted_by.is_none() {
        record.assisted_by.clone_from(&before.assisted_by);
    }
    for step in &before.steps {
        if record.steps.iter().all(|known| known.step != step.step) {
            record.steps.push(step.clone());
        }
    }
    record.findings.extend(before.findings.iter().cloned());
    record.findings.sort();
    record.findings.dedup();
    record.unknown.extend(before.unknown.clone());
}

impl Inner {
    /// What this device recorded of a session; nothing where the session was removed since.
    pub(super) fn recorded_session(
        &self,
        conn: &Connection,
        session: &SessionKey,
    ) -> Result<Option<SessionRecord>> {
        let doc = self.strand_of(session)?;
        let Some(row) = docs::row(conn, self.who.chart, &doc)? else { return Ok(None) };
        let sql = "SELECT session_record.body FROM session_record
                   JOIN session ON session.id = session_record.session
                   WHERE session_record.doc = ?1 AND session.body IS NOT NULL ORDER BY v LIMIT 1";
        let mut found = conn.prepare_cached(sql)?;
        let body: Option<String> = found.query_row([row.id], |row| row.get(0)).optional()?;
        let read = body.map(|body| serde_json::from_str(&body)).transpose();
        read.map_err(|error| Error::Unreadable(error.to_string()))
    }
}
