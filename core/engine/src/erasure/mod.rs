//! What ends: a home that is erased, a chart that an owner closed, a chart that this account left. Nothing of a chart is
//! erased on a relay's word: it takes an owner's verified statement, or the word of the person whose device this is.

mod graves;
mod home;
mod wipe;

pub use graves::{Grave, KEEP_CLOSED_MS};
pub(crate) use graves::{come_back, note_closing};
