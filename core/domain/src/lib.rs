//! What a hold routine is: the catalogue, routines and their rules, the player, sessions and holds.
//!
//! Pure: no CRDT, no clock, no disk, no network, no randomness. Everything here is a function of
//! its arguments, so it can be called on any thread and replayed by a test.

#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod catalogue;
pub mod dose;
pub mod habit;
pub mod ids;
pub mod live;
pub mod player;
pub mod prescription;
pub mod profile;
pub mod progress;
pub mod record;
pub mod routine;
pub mod rules;
pub mod running;
pub mod safety;
pub mod schedule;
pub mod self_test;
pub mod units;
pub mod vocabulary;
pub mod words;
