//! What the owner made of prescriptions, in the plan: one key each, one atomic value; and prescriptions that an
//! import brought, whose author nobody can verify any more.
//!
//! ```text
//! prescription/ID        prescription/ID/told
//! ```

use holdfast_domain::ids::PrescriptionId;
use holdfast_domain::prescription::{Prescription, Settled};

use super::{Plan, PlanReading};
use crate::documents::document::{Document, WriteError, Written};

const PREFIX: &str = "prescription/";
const TOLD: &str = "told";

fn text(value: &impl serde::Serialize) -> Result<String, WriteError> {
    serde_json::to_string(value).map_err(|error| WriteError::Automerge(error.to_string()))
}

impl Plan {
    /// Notes what became of a prescription.
    ///
    /// # Errors
    /// [`WriteError`]; nothing is written then.
    pub fn write_settled(
        &mut self,
        id: &PrescriptionId,
        settled: Settled,
    ) -> Result<Option<Written>, WriteError> {
        self.0.put(&format!("{PREFIX}{id}"), &text(&settled)?)
    }

    /// Keeps a prescription that an import tells of.
    ///
    /// # Errors
    /// [`WriteError`]; nothing is written then.
    pub fn write_told(
        &mut self,
        prescription: &Prescription,
    ) -> Result<Option<Written>, WriteError> {
        self.0.put(&format!("{PREFIX}{}/{TOLD}", prescription.id), &text(prescription)?)
    }
}

/// Reads a key, if it is one of a prescription. What two devices settled at once comes to one.
pub(super) fn read_key(document: &Document, key: &str, reading: &mut PlanReading) -> bool {
    let Some(rest) = key.strip_prefix(PREFIX) else { return false };
    let (id, told) = match rest.split_once('/') {
        None => (rest, false),
        Some((id, TOLD)) => (id, true),
        Some(_) => return false,
    };
    let Ok(id) = PrescriptionId::new(id) else { return false };
    let mut settled = Vec::new();
    for held in document.all(key) {
        let read = if told {
            serde_json::from_str::<Prescription>(&held.text).map(|prescription| {
                if prescription.id == id {
                    reading.told.insert(id.clone(), prescription);
                }
            })
        } else {
            serde_json::from_str(&held.text).map(|one| settled.push(one))
        };
        if let Err(error) = read {
            reading.unreadable.push((key.to_owned(), error.to_string()));
        }
    }
    reading.settled.extend(Settled::together(settled).map(|settled| (id, settled)));
    true
}
