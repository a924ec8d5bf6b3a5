//! What happened in a run, line by line, and one hash over all of it. Two runs of one seed that differ in
//! the hash are a bug of their own: something took time or chance from outside.

use std::sync::{Arc, Mutex, PoisonError};

/// The lines of one run. Every part of the world writes to the same one.
#[derive(Clone, Default)]
pub struct Trace(Arc<Mutex<Lines>>);

#[derive(Default)]
struct Lines {
    hasher: blake3::Hasher,
    lines: Vec<String>,
}

impl Trace {
    /// Adds a line.
    pub fn line(&self, text: impl Into<String>) {
        let text = text.into();
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        lines.hasher.update(text.as_bytes());
        lines.hasher.update(b"\n");
        lines.lines.push(text);
    }

    /// Adds bytes to the hash alone: what crossed the wire, too long for a line.
    pub fn bytes(&self, bytes: &[u8]) {
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        lines.hasher.update(&(bytes.len() as u64).to_le_bytes());
        lines.hasher.update(bytes);
    }

    /// The hash over everything so far, as 16 hex digits.
    #[must_use]
    pub fn hash(&self) -> String {
        let lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        lines.hasher.finalize().to_hex()[..16].to_owned()
    }

    /// All lines.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).lines.clone()
    }
}
