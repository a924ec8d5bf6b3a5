//! The Holdfast engine: documents, SQLite and sync behind one handle.

pub mod documents;
