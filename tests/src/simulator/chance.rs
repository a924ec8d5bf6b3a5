//! Every bit of chance in a world, from its seed: one generator for each purpose, so that leaving a step
//! out of a plan does not change what the other steps do.

use holdfast_protocol::entropy::Entropy;
use rand::{RngCore, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// A generator for one purpose of a seed, told apart by `parts`.
#[must_use]
pub fn of(seed: u64, purpose: &str, parts: &[u64]) -> ChaCha8Rng {
    let mut hasher = blake3::Hasher::new_derive_key("holdfast simulator 1");
    hasher.update(&seed.to_le_bytes()).update(purpose.as_bytes());
    for part in parts {
        hasher.update(&part.to_le_bytes());
    }
    ChaCha8Rng::from_seed(*hasher.finalize().as_bytes())
}

/// Seeded bytes in place of the system's. Never for anything but a simulation.
pub struct SeededEntropy(ChaCha8Rng);

impl SeededEntropy {
    /// For one purpose of a seed.
    #[must_use]
    pub fn new(seed: u64, purpose: &str, parts: &[u64]) -> Self {
        Self(of(seed, purpose, parts))
    }
}

impl Entropy for SeededEntropy {
    fn fill(&mut self, out: &mut [u8]) {
        self.0.fill_bytes(out);
    }
}
