//! What each group of commands does: reads its arguments, asks the engine, answers.

pub mod catalog;
pub mod data;
pub mod device;
pub mod event;
pub mod exercise;
pub mod habit;
pub mod history;
pub mod hold;
pub mod init;
pub mod log;
pub mod plan;
pub mod play;
pub mod profile;
pub mod progress;
pub mod relay;
pub mod routine;
pub mod safety;
pub mod schedule;
pub mod session;
pub mod sync;
pub mod test;
