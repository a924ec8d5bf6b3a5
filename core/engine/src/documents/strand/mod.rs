//! Strands: what one device recorded of one session or day. Each record stands at a flat key of its
//! own as one JSON text, so that concurrent writes never mix two records and fields that this build
//! does not know survive. What the records mean together is decided by the domain's merge.

use holdfast_domain::record::{Correction, DayRecord, Observation, SessionRecord};
use holdfast_domain::vocabulary::DayKind;
use serde::Serialize;

use super::document::{Document, MIN_READER, WriteError, Written, put};
use super::foreign::{MAX_CHANGES_BYTES, Shape};
use super::kind::document_kind;

const OBSERVATION: &str = "obs:";
const CORRECTION: &str = "fix:";
const SESSION: &str = "session";

/// One record of a strand.
#[derive(Debug, Clone, PartialEq)]
pub enum Record {
    /// The session, with the doses it was played against. Key `session`.
    Session(Box<SessionRecord>),
    /// One hold. Key `obs:ID`.
    Observation(Box<Observation>),
    /// A correction of a hold, a session or a record of a day. Key `fix:ID`.
    Correction(Box<Correction>),
    /// A self-test, a tick or an event. Key `test:ID`, `tick:ID` or `event:ID`.
    Day(Box<DayRecord>),
}

impl Record {
    /// The key it stands at.
    #[must_use]
    pub fn key(&self) -> String {
        match self {
            Self::Session(_) => SESSION.to_owned(),
            Self::Observation(observation) => format!("{OBSERVATION}{}", observation.id),
            Self::Correction(correction) => format!("{CORRECTION}{}", correction.id),
            Self::Day(record) => format!("{}:{}", record.kind(), record.id),
        }
    }

    /// The JSON text it is stored as.
    ///
    /// # Errors
    /// [`WriteError`] when it has no JSON form (a load that is not a number).
    pub fn to_text(&self) -> Result<String, WriteError> {
        fn text(record: &impl Serialize) -> Result<String, WriteError> {
            serde_json::to_string(record).map_err(|e| WriteError::Automerge(e.to_string()))
        }
        match self {
            Self::Session(record) => text(record),
            Self::Observation(record) => text(record),
            Self::Correction(record) => text(record),
            Self::Day(record) => text(record),
        }
    }
}

/// What stands at a key of a strand.
#[derive(Debug, Clone, PartialEq)]
pub enum Stored {
    /// A record that this build reads.
    Record(Record),
    /// A key of a kind that only newer versions know. It is kept, and passed on, as it is.
    NewerKind,
    /// A record of a known kind that does not read: it is kept and shown by `doctor`.
    Unreadable {
        /// Why.
        reason: String,
    },
}

/// A strand.
#[derive(Debug, Clone)]
pub struct Strand(Document);

document_kind!(Strand, Shape::Strand);

impl Strand {
    /// Writes one record in one commit. Gives nothing when it stands there already.
    ///
    /// # Errors
    /// [`WriteError`]; nothing is written then.
    pub fn put(&mut self, record: &Record) -> Result<Option<Written>, WriteError> {
        self.0.put(&record.key(), &record.to_text()?)
    }

    /// Writes several records in one commit: an import, a session with its holds.
    ///
    /// # Errors
    /// [`WriteError`]; nothing is written then.
    pub fn put_all(&mut self, records: &[Record]) -> Result<Option<Written>, WriteError> {
        let texts = records
            .iter()
            .map(|record| Ok((record.key(), record.to_text()?)))
            .collect::<Result<Vec<_>, WriteError>>()?;
        // One change has to fit into one entry; a record costs little more than its texts.
        let bytes: usize = texts.iter().map(|(key, text)| key.len() + text.len() + 32).sum();
        if bytes > MAX_CHANGES_BYTES {
            return Err(WriteError::TooManyOps);
        }
        self.0.write(|transaction| {
            texts.iter().try_for_each(|(key, text)| put(transaction, Shape::Strand, key, text))
        })
    }

    /// Every record under its key, in the order of the keys. Where clones of one device wrote one
    /// key at once, every version is given: the merge sees them all.
    #[must_use]
    pub fn records(&self) -> Vec<(String, Stored)> {
        let mut records = Vec::new();
        for key in self.0.keys() {
            if key == MIN_READER {
                continue;
            }
            for held in self.0.all(&key) {
                records.push((key.clone(), stored(&key, &held.text)));
            }
        }
        records
    }

    /// The record texts as they are stored, by key: for exports and comparisons.
    #[must_use]
    pub fn texts(&self) -> Vec<(String, String)> {
        self.0
            .keys()
            .flat_map(|key| self.0.all(&key).into_iter().map(move |held| (key.clone(), held.text)))
            .collect()
    }
}

fn stored(key: &str, text: &str) -> Stored {
    let record = if let Some(id) = key.strip_prefix(OBSERVATION) {
        serde_json::from_str::<Observation>(text)
            .map_err(|e| e.to_string())
            .and_then(|o| same_id(o.id.as_str(), id).map(|()| Record::Observation(Box::new(o))))
    } else if let Some(id) = key.strip_prefix(CORRECTION) {
        serde_json::from_str::<Correction>(text)
            .map_err(|e| e.to_string())
            .and_then(|c| same_id(&c.id, id).map(|()| Record::Correction(Box::new(c))))
    } else if let Some((kind, id)) = day_key(key) {
        serde_json::from_str::<DayRecord>(text)
            .map_err(|e| e.to_string())
            .and_then(|d| same_kind(d.kind(), kind).map(|()| d))
            .and_then(|d| same_id(d.id.as_str(), id).map(|()| Record::Day(Box::new(d))))
    } else if key == SESSION {
        serde_json::from_str::<SessionRecord>(text)
            .map(|s| Record::Session(Box::new(s)))
            .map_err(|e| e.to_string())
    } else {
        return Stored::NewerKind;
    };
    record.map_or_else(|reason| Stored::Unreadable { reason }, Stored::Record)
}

/// The kind and id that the key of a record of a day says.
fn day_key(key: &str) -> Option<(DayKind, &str)> {
    let (kind, id) = key.split_once(':')?;
    Some((kind.parse().ok()?, id))
}

fn same_kind(inside: DayKind, key: DayKind) -> Result<(), String> {
    if inside == key { Ok(()) } else { Err(format!("a record at {key}: is of kind {inside}")) }
}

/// A record under another's key could hide from a correction of it.
fn same_id(inside: &str, key: &str) -> Result<(), String> {
    if inside == key { Ok(()) } else { Err(format!("the record at {key} calls itself {inside}")) }
}

#[cfg(test)]
mod tests;
