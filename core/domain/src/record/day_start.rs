//! When the day began that a record belongs to. A record says so only where that is not 03:00, among the
//! fields that every version keeps.

use serde_json::{Map, Value};

/// The field of a record that says when its day began, in minutes after local midnight.
pub const DAY_START_MARK: &str = "day_start_min";

/// What a record says of it.
pub(super) fn day_start_of(unknown: &Map<String, Value>) -> Option<u16> {
    let minutes = unknown.get(DAY_START_MARK)?.as_u64()?;
    u16::try_from(minutes).ok().filter(|minutes| *minutes < 24 * 60)
}
