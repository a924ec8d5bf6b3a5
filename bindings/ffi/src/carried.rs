//! How a value of the engine becomes one that crosses: under exactly the names it has in the command
//! line's JSON, so that there is one contract for all front ends and no list of fields to keep in step.
//! A test walks every record with a real one of the engine.

use holdfast::HoldfastError;
use holdfast::domain::words::Message;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize};

/// The value as it crosses.
///
/// # Errors
/// When the two disagree about a field: an error of this crate's own.
pub(crate) fn carried<T: DeserializeOwned>(value: &impl Serialize) -> Result<T, HoldfastError> {
    let carried = serde_json::to_value(value).and_then(serde_json::from_value);
    carried.map_err(|error| HoldfastError::Failed {
        message: Message::from(format!("{}: {error}", std::any::type_name::<T>())),
    })
}

/// Reads what the caller gave into one of the engine's own values.
///
/// # Errors
/// [`HoldfastError::BadInput`] with the field.
pub(crate) fn read<T: DeserializeOwned>(
    field: &str,
    given: serde_json::Value,
) -> Result<T, HoldfastError> {
    serde_json::from_value(given).map_err(|error| HoldfastError::BadInput {
        field: field.to_owned(),
        code: "unreadable".to_owned(),
        message: Message::from(error.to_string()),
    })
}

/// Any JSON value, as its text: for what has a form of its own for every field it is about.
pub(crate) fn text_of<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    Ok(plain(&serde_json::Value::deserialize(from)?))
}

/// The same where there may be none.
pub(crate) fn text_of_some<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    let value = Option::<serde_json::Value>::deserialize(from)?;
    Ok(value.filter(|value| !value.is_null()).map(|value| plain(&value)))
}

/// The same for a list.
pub(crate) fn texts_of<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<String>, D::Error> {
    Ok(Vec::<serde_json::Value>::deserialize(from)?.iter().map(plain).collect())
}

/// A text as it is, anything else as JSON.
pub(crate) fn plain(value: &serde_json::Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
