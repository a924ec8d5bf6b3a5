//! Checkpoints: what a new device may start from instead of the whole log.

use minicbor::{Decode, Encode};

use crate::entry::{Kind, Position};
use crate::hash::{Purpose, hash};
use crate::ids::{DeviceId, EntryHash, Seq};
use crate::membership::MAX_UNCITED;
use crate::wire::{Malformed, decode, encode};

/// The last known entry of one author below a checkpoint, with the recent entries that its next one may cite.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct CheckpointTip {
    /// The author.
    #[n(0)]
    pub author: DeviceId,
    /// Its highest counter.
    #[n(1)]
    pub counter: u64,
    /// The hashes that a later entry of this author may cite as acknowledged, oldest first.
    #[n(2)]
    pub citable: Vec<EntryHash>,
}

/// The readable body of a [`crate::entry::Kind::Checkpoint`].
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct Checkpoint {
    /// The position it speaks of.
    #[n(0)]
    pub at: Position,
    /// The last membership entry at or below it.
    #[n(1)]
    pub membership: EntryHash,
    /// Merkle root over the (sequence, hash) of every retained entry at or below it, in order.
    #[cbor(n(2), with = "minicbor::bytes")]
    pub live_root: [u8; 32],
    /// How many entries are retained at or below it.
    #[n(3)]
    pub live_count: u64,
    /// Every author's tip, in order of author.
    #[n(4)]
    pub tips: Vec<CheckpointTip>,
}

impl Checkpoint {
    /// The readable body.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        encode(self)
    }

    /// Reads a body. Tips that no log has (twice one author, none or too many to cite) are not read: a device
    /// that starts from a checkpoint takes them on its word.
    ///
    /// # Errors
    /// [`Malformed`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Malformed> {
        let checkpoint: Self = decode("checkpoint", bytes)?;
        let ordered = checkpoint.tips.windows(2).all(|w| w[0].author < w[1].author);
        let fitting =
            checkpoint.tips.iter().all(|tip| (1..=MAX_UNCITED).contains(&tip.citable.len()));
        if ordered && fitting { Ok(checkpoint) } else { Err(Malformed::NotCanonical("checkpoint")) }
    }
}

/// Whether an entry that stands at or below a checkpoint's position `at` is retained there: handed to a device
/// that starts from the checkpoint, and counted in its root.
///
/// Membership always is. A change or a pack is until a pack that itself stands at or below `at` covers it
/// (`covered_by`: the sequence of that pack; an entry is covered at most once). Checkpoints never are: who
/// starts from a newer one has no use for them. So what is retained at `at` depends on the log up to `at`
/// alone, and never changes afterwards.
#[must_use]
pub fn is_retained(kind: Kind, covered_by: Option<Seq>, at: Seq) -> bool {
    match kind {
        Kind::Membership => true,
        Kind::Change | Kind::Pack => covered_by.is_none_or(|pack| pack > at),
        Kind::Checkpoint => false,
    }
}

/// Builds a Merkle root in one pass with memory that grows with the logarithm of the count.
/// Leaves and nodes are hashed for different purposes; a lone subtree moves up unchanged.
#[derive(Debug, Clone, Default)]
pub struct LiveRoot {
    /// (height, hash) of complete subtrees, largest first.
    subtrees: Vec<(u32, [u8; 32])>,
    count: u64,
}

impl LiveRoot {
    /// Adds the next retained entry; sequences ascend.
    pub fn push(&mut self, seq: Seq, entry: EntryHash) {
        let mut node = (0, hash(Purpose::Leaf, &[&seq.to_le_bytes(), &entry.0]));
        while self.subtrees.last().is_some_and(|left| left.0 == node.0) {
            let Some(left) = self.subtrees.pop() else { break };
            node = (node.0 + 1, hash(Purpose::Node, &[&left.1, &node.1]));
        }
        self.subtrees.push(node);
        self.count += 1;
    }

    /// How many were added.
    #[must_use]
    pub const fn count(&self) -> u64 {
        self.count
    }

    /// The root over all that was added; zeros for none.
    #[must_use]
    pub fn root(&self) -> [u8; 32] {
        let mut right: Option<[u8; 32]> = None;
        for (_, left) in self.subtrees.iter().rev() {
            right = Some(right.map_or(*left, |right| hash(Purpose::Node, &[left, &right])));
        }
        right.unwrap_or_default()
    }
}
