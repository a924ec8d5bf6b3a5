//! The command line as people and scripts meet it: the real program, real homes, a real relay.

#![allow(clippy::unwrap_used)]

mod bad_input;
mod bad_values;
mod calendar_days;
mod content;
mod data;
mod day_start;
mod decisions;
mod demo;
mod ending;
mod every_record;
mod habits;
mod home;
mod homes;
mod hurts;
mod own;
mod people;
mod phrase;
mod play;
mod prescription;
mod profile;
mod progress;
mod record;
mod recovery;
mod relay;
mod routine;
mod schedule;
mod self_tests;
mod sharing;
mod sync;
mod together;
mod watched;
mod words;
mod words_everywhere;
