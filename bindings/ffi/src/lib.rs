//! The engine for Kotlin, Swift and Python: the only crate that knows UniFFI. It decides nothing: it
//! carries values across, moves work off the caller's thread, and turns every failure into one that can be
//! acted on. The public wrappers of each language stand on it; its types are not their API.

// UniFFI lifts owned values.
#![allow(clippy::needless_pass_by_value)]
// A failure crosses by value; there is no box on the other side.
#![allow(clippy::result_large_err)]
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod carried;
mod catalogue;
mod charts;
mod clock;
mod data;
mod days;
mod devices;
mod engine;
mod exercises;
mod failure;
mod findings;
mod given;
mod holds;
mod keys;
mod observe;
mod plan;
mod play;
mod play_values;
mod profile;
mod progress;
mod routines;
mod routines_edit;
mod self_tests;
mod sharing;
mod sync;
#[cfg(feature = "testing")]
mod testing;
#[cfg(test)]
mod tests;
mod work;

uniffi::setup_scaffolding!();
