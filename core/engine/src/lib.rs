//! The Holdfast engine: documents, SQLite and sync behind one handle.

#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod documents;
