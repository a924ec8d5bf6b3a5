//! What each group of commands does: reads its arguments, asks the engine, answers.

pub mod catalog;
pub mod history;
pub mod hold;
pub mod init;
pub mod log;
pub mod routine;
pub mod safety;
pub mod session;
