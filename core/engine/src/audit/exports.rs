//! What this account has exported. It is noted in the account's own document, which its devices share and nobody else
//! reads: many members may write nothing in a chart, and nothing could keep somebody from copying unnoted what they
//! can read. So it serves the account itself, and no owner is told that others exported nothing.

use serde::{Deserialize, Serialize};

use crate::Inner;
use crate::documents::account::Account;
use crate::error::Result;
use crate::identity::devices::write_account;

/// The most exports that are kept noted; the oldest go first (ours).
const MOST: usize = 200;

/// An export, as the account's document keeps it under `export/ID`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExportNote {
    /// The chart, as hex.
    pub chart: String,
    /// When, in milliseconds since 1970, by the clock of the device.
    pub at_ms: i64,
    /// The device, as hex.
    pub device: String,
    /// `json`, `automerge` or `csv`.
    pub format: String,
    /// Whether only what had not been sent was written.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unsent: bool,
    /// What a newer version wrote and this one does not know.
    #[serde(flatten)]
    pub unknown: serde_json::Map<String, serde_json::Value>,
}

/// Notes an export of the chart that is looked at. Where it went is not noted.
pub(crate) fn note(inner: &Inner, format: &str, unsent: bool) -> Result<()> {
    let note = ExportNote {
        chart: inner.who.chart.to_hex(),
        at_ms: inner.clock.wall_ms(),
        device: inner.who.device.to_hex(),
        format: format.to_owned(),
        unsent,
        unknown: serde_json::Map::new(),
    };
    let id = hex::encode(inner.random::<8>());
    write_account(inner, |document: &mut Account| {
        let known = document.read().exports.len();
        // Old notes give their place to new ones: the document does not grow with every export.
        let id = if known < MOST { id } else { document.oldest_export().unwrap_or(id) };
        Ok(document.note_export(&id, &note)?)
    })
}
