//! Automerge documents: strands, the plan, the account document, and the packs that carry several.
//! Bytes and records in, bytes and records out; it knows no disk, no network, no clock and no keys.

pub mod account;
pub mod actor;
pub mod document;
pub mod foreign;
mod kind;
pub mod name;
pub mod pack;
pub mod plan;
pub mod prescription;
pub mod profile;
pub mod refusal;
pub mod strand;
