//! What a person can ask of the engine, one file each. A command is one transaction.

pub(crate) mod findings;
pub mod history;
pub mod hold;
pub(crate) mod journal;
pub mod log;
pub(crate) mod place;
pub mod session;

#[cfg(test)]
mod tests;
