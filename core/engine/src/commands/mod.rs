//! What a person can ask of the engine, one file or folder a topic. A command is one transaction.

pub mod days;
pub mod events;
pub mod exercise;
pub(crate) mod findings;
pub mod habits;
pub mod history;
pub mod hold;
pub(crate) mod journal;
pub mod log;
pub mod log_request;
mod nearest;
pub(crate) mod place;
pub mod play;
pub mod prescription;
pub mod profile;
pub(crate) mod progress;
mod rest_days;
pub mod routine;
pub mod schedule;
pub mod self_test;
pub mod session;

#[cfg(test)]
mod habits_tests;
#[cfg(test)]
mod profile_tests;
#[cfg(test)]
mod schedule_tests;
#[cfg(test)]
mod scheduled_tests;
#[cfg(test)]
mod speed;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
pub(crate) mod tests;
