//! What each group of commands does: reads its arguments, asks the engine, answers.

pub mod catalog;
pub mod routine;
pub mod safety;
