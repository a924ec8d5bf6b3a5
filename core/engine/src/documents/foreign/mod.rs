//! Checks on bytes from elsewhere before Automerge sees them. A run-length column can claim millions
//! of operations in a hundred bytes, a deflated one can be a bomb, a forged actor or a huge operation
//! counter makes honest writes fail later: all of that is refused here, in time linear in the input.
//!
//! This module reads Automerge's binary chunks itself, and only the few shapes our own writers make.
//! It knows nothing of records, of signatures, or of what a document already holds.

mod change_chunk;
mod column;
mod document_chunk;
mod op;

use sha2::{Digest, Sha256};

use column::Bytes;

pub use change_chunk::{
    CheckedChange, CheckedChanges, ObjectRef, check_changes, check_stored_changes,
};
pub use document_chunk::{CheckedDocument, check_document};

use super::actor::ActorId;

/// The most operations one change may hold.
pub const MAX_CHANGE_OPS: u64 = 4_096;
/// How far a change's first operation may lie above the highest one known. An honest change starts
/// right above what its author had seen; the rest is room for changes refused on the way.
pub const MAX_OP_JUMP: u64 = 65_536;
/// The highest operation counter there may be. Automerge counts in 32 bits; half is left as room.
pub const MAX_OP: u64 = 1 << 31;
/// The most changes one entry may carry.
pub const MAX_CHANGES: usize = 4_096;
/// The most bytes of changes one entry may carry.
pub const MAX_CHANGES_BYTES: usize = 4 << 20;
/// The most changes one change may follow.
pub const MAX_DEPS: u64 = 64;
/// The longest commit message, in bytes. We write none.
pub const MAX_MESSAGE_BYTES: u64 = 256;
/// The longest key, in bytes.
pub const MAX_KEY_BYTES: usize = 512;
/// The longest value of one key, in bytes.
pub const MAX_VALUE_BYTES: u64 = 64 << 10;
/// The longest piece of an edited text, in bytes: one user-perceived character.
pub const MAX_TEXT_PIECE_BYTES: u64 = 64;
/// The most bytes of one document in a pack.
pub const MAX_DOCUMENT_BYTES: usize = 16 << 20;
/// The most operations a strand or the account document may hold. Our own writes stop before it.
pub const MAX_RECORD_OPS: u64 = 16_384;
/// The most operations the plan may hold: each character ever typed into a note is one.
pub const MAX_PLAN_OPS: u64 = 500_000;
/// The most changes a document may hold.
pub const MAX_DOCUMENT_CHANGES: u64 = 65_536;
/// The most actors one document may have.
pub const MAX_ACTORS: u64 = 4_096;

/// What a document may contain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// Texts at flat keys of the root, never deleted: strands.
    Strand,
    /// Texts at flat keys of the root that several devices write. Where two wrote at once, settling
    /// on the one that stands deletes the other: the account document.
    Shared,
    /// The same, and texts that people edit (Automerge text) at keys of the root: the plan.
    Plan,
}

impl Shape {
    /// The most operations such a document may hold.
    #[must_use]
    pub const fn max_ops(self) -> u64 {
        match self {
            Self::Strand | Self::Shared => MAX_RECORD_OPS,
            Self::Plan => MAX_PLAN_OPS,
        }
    }
}

/// Why bytes from elsewhere are not given to Automerge.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ForeignBytes {
    /// Nothing at all.
    #[error("there are no bytes")]
    Empty,
    /// More than we take at once.
    #[error("{bytes} bytes are more than the {limit} that are taken at once")]
    TooLarge {
        /// How many there are.
        bytes: usize,
        /// How many are taken.
        limit: usize,
    },
    /// The bytes end too early.
    #[error("the bytes end too early")]
    Truncated,
    /// Not Automerge.
    #[error("this is not an Automerge chunk")]
    NotAutomerge,
    /// The checksum does not fit the content.
    #[error("the checksum does not fit the content")]
    BadChecksum,
    /// Compressed inside: its true size cannot be known without unpacking it.
    #[error("deflated content is not taken")]
    Deflated,
    /// A chunk of another type than is expected here.
    #[error("a chunk of type {0} is not taken here")]
    UnexpectedChunk(u8),
    /// Bytes after the end.
    #[error("there are bytes after the end")]
    Leftover,
    /// Signed by one author, written in the name of another.
    #[error("the change is written as actor {found}, but its author is actor {expected}")]
    WrongActor {
        /// The actor its author has.
        expected: String,
        /// The actor it claims.
        found: String,
    },
    /// Too many actors, one twice, or one that nothing refers to.
    #[error("the list of actors is not one of ours")]
    BadActors,
    /// More changes than we take at once.
    #[error("more than {limit} changes at once")]
    TooManyChanges {
        /// How many are taken.
        limit: u64,
    },
    /// Run lengths that claim more operations than we take.
    #[error("more than {limit} operations")]
    TooManyOps {
        /// How many are taken.
        limit: u64,
    },
    /// An operation counter far above all known ones.
    #[error("operations start at {start}, but at most {limit} is taken")]
    StartOpTooFar {
        /// Where they start.
        start: u64,
        /// The highest start that is taken.
        limit: u64,
    },
    /// A sequence number or an operation counter of zero.
    #[error("a counter that starts at one is zero")]
    ZeroCounter,
    /// A change that follows too many others.
    #[error("a change follows more than {MAX_DEPS} others")]
    TooManyDeps,
    /// A change that follows one not before it.
    #[error("a change follows one that is not before it")]
    DepsOutOfOrder,
    /// A commit message too long.
    #[error("a commit message is longer than {MAX_MESSAGE_BYTES} bytes")]
    MessageTooLong,
    /// A key too long, or empty.
    #[error("a key is empty or longer than {MAX_KEY_BYTES} bytes")]
    BadKey,
    /// A value too long.
    #[error("a value is longer than {limit} bytes")]
    ValueTooLong {
        /// The longest that is taken, in bytes.
        limit: u64,
    },
    /// An operation inside a container, where only flat keys are allowed.
    #[error("an operation is not on a flat key of the root")]
    NotFlat,
    /// An operation that our writers never make there.
    #[error("operation {action} is not one that is made here")]
    ForbiddenOp {
        /// Automerge's number of it.
        action: u64,
    },
    /// A value of a type that our writers never make there.
    #[error("a value of type {0} is not one that is made here")]
    ForbiddenValue(u64),
    /// A reference to an operation that cannot be.
    #[error("an operation refers to one that cannot be")]
    BadReference,
    /// A column that is not known.
    #[error("column {0} is not one that is made here")]
    UnknownColumn(u32),
    /// Columns of different lengths.
    #[error("the columns have different lengths")]
    ColumnsDisagree,
    /// Extra bytes in a change.
    #[error("a change carries extra bytes")]
    ExtraBytes,
    /// Anything else that breaks the format.
    #[error("{0}")]
    Malformed(&'static str),
}

const MAGIC: [u8; 4] = [0x85, 0x6f, 0x4a, 0x83];
const DOCUMENT: u8 = 0;
const CHANGE: u8 = 1;
const DEFLATED_CHANGE: u8 = 2;

/// One chunk, its checksum verified.
struct Chunk<'a> {
    kind: u8,
    /// SHA-256 over type, length and content: for a change, its hash.
    hash: [u8; 32],
    content: Bytes<'a>,
}

fn chunk<'a>(bytes: &mut Bytes<'a>) -> Result<Chunk<'a>, ForeignBytes> {
    if bytes.array::<4>()? != MAGIC {
        return Err(ForeignBytes::NotAutomerge);
    }
    let checksum = bytes.array::<4>()?;
    let kind = bytes.byte()?;
    if kind == DEFLATED_CHANGE {
        return Err(ForeignBytes::Deflated);
    }
    let before_length = *bytes;
    let length = bytes.unsigned()?;
    let length_bytes = before_length.len() - bytes.len();
    let content = bytes.take_claimed(length)?;
    let mut hasher = Sha256::new();
    hasher.update([kind]);
    hasher.update({ before_length }.take(length_bytes)?);
    hasher.update(content);
    let hash: [u8; 32] = hasher.finalize().into();
    if hash[..4] != checksum {
        return Err(ForeignBytes::BadChecksum);
    }
    Ok(Chunk { kind, hash, content: Bytes::new(content) })
}

/// An actor as our writers make it: exactly 16 bytes.
fn actor(bytes: &mut Bytes<'_>) -> Result<ActorId, ForeignBytes> {
    match bytes.unsigned()? {
        16 => Ok(ActorId(bytes.array()?)),
        _ => Err(ForeignBytes::BadActors),
    }
}

/// A list of actors in ascending order, so that none is there twice.
fn actors(bytes: &mut Bytes<'_>) -> Result<Vec<ActorId>, ForeignBytes> {
    let count = bytes.unsigned()?;
    if count > MAX_ACTORS {
        return Err(ForeignBytes::BadActors);
    }
    let mut list: Vec<ActorId> = Vec::new();
    for _ in 0..count {
        let next = actor(bytes)?;
        if list.last().is_some_and(|last| *last >= next) {
            return Err(ForeignBytes::BadActors);
        }
        list.push(next);
    }
    Ok(list)
}

#[cfg(test)]
pub(crate) mod tests;
