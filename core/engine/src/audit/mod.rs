//! Who did what in a chart, and who has read what of it. It reads the membership log, signed cursors and what this
//! account noted; it changes nothing and concludes nothing.

mod events;
pub(crate) mod exports;
mod readings;
pub(crate) mod said;
mod whose;

pub use events::{AuditEvent, AuditQuery, Clocked};
pub use exports::ExportNote;
pub use readings::ReadingView;
pub(crate) use whose::People;
