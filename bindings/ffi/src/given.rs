//! Reads what callers give as text, a word of a list or a day, into the engine's own values. What is no such
//! thing is a refusal that names the input.

use std::str::FromStr;

use holdfast::HoldfastError;
use holdfast::domain::dose::Range;
use holdfast::domain::units::{LocalDay, Moment};
use holdfast::domain::vocabulary::UnknownWord;
use holdfast::domain::words::Message;
use serde::de::DeserializeOwned;

use crate::carried;

pub(crate) fn bad(field: &str, code: &str, message: Message) -> HoldfastError {
    HoldfastError::BadInput { field: field.to_owned(), code: code.to_owned(), message }
}

/// A word of a closed list.
pub(crate) fn word<T: FromStr<Err = UnknownWord>>(
    field: &str,
    text: &str,
) -> Result<T, HoldfastError> {
    text.parse().map_err(|unknown: UnknownWord| bad(field, "not_listed", unknown.message()))
}

/// A word of a closed list, where one is given.
pub(crate) fn some_word<T: FromStr<Err = UnknownWord>>(
    field: &str,
    text: Option<&str>,
) -> Result<Option<T>, HoldfastError> {
    text.map(|text| word(field, text)).transpose()
}

/// A code of one of the engine's own enums.
pub(crate) fn code<T: DeserializeOwned>(field: &str, text: &str) -> Result<T, HoldfastError> {
    carried::read(field, serde_json::Value::String(text.to_owned()))
}

/// A local day, `2026-03-01`.
pub(crate) fn day(field: &str, text: &str) -> Result<LocalDay, HoldfastError> {
    let read = text.parse();
    read.map_err(|_| bad(field, "bad_day", Message::new("ffi.bad_day").with("given", text)))
}

/// A local day, where one is given.
pub(crate) fn some_day(field: &str, text: Option<&str>) -> Result<Option<LocalDay>, HoldfastError> {
    text.map(|text| day(field, text)).transpose()
}

/// A wall time in milliseconds since 1970 in a zone, where one is given.
pub(crate) fn moment(at_ms: Option<i64>, zone: &str) -> Option<Moment> {
    at_ms.map(|at_ms| holdfast::clock::moment(at_ms, zone))
}

/// Anything that is read from text, with the refusal's own words.
pub(crate) fn parsed<T: FromStr>(field: &str, text: &str) -> Result<T, HoldfastError>
where
    T::Err: std::fmt::Display,
{
    let read = text.parse();
    read.map_err(|refused: T::Err| bad(field, "unreadable", Message::from(refused.to_string())))
}

/// A range as it crosses. What is not stated is absent.
#[derive(
    Debug, Clone, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize, uniffi::Record,
)]
pub struct DoseRange {
    /// The least.
    #[uniffi(default)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min: Option<u32>,
    /// What is asked where nothing else is said.
    #[uniffi(default)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<u32>,
    /// The most.
    #[uniffi(default)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<u32>,
    /// "Or longer".
    #[uniffi(default)]
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub open_ended: bool,
}

impl DoseRange {
    pub(crate) fn range(&self, field: &str) -> Result<Range, HoldfastError> {
        let range = Range::new(self.min, self.default, self.max, self.open_ended);
        range.map_err(|refused| bad(field, "bad_range", refused.message()))
    }
}
