//! Entries: a signed header that the relay can read, and a body that it cannot.

use minicbor::{Decode, Encode};

use crate::VERSION;
use crate::entropy::Entropy;
use crate::hash::{Purpose, hash, space_id};
use crate::ids::{Class, DeviceId, EntryHash, RunningHash, Seq, SpaceId};
use crate::keys::{DeviceKeys, Sig, Signed, verify};
use crate::secret::Secret32;
use crate::wire::{Malformed, decode, encode, leading_version};

/// The largest header, in bytes. Only the `covers` of a pack makes one large.
pub const MAX_HEADER_BYTES: usize = 64 * 1024;
/// The largest body of a change or a membership statement, in bytes.
pub const MAX_CHANGE_BODY_BYTES: usize = 256 * 1024;
/// The largest body of a pack or a checkpoint, in bytes.
pub const MAX_PACK_BODY_BYTES: usize = 4 * 1024 * 1024;

/// What an entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Encode, Decode)]
#[cbor(index_only)]
pub enum Kind {
    /// A signed statement about who may do what; its body is readable.
    #[n(0)]
    Membership,
    /// Changes of one document, sealed.
    #[n(1)]
    Change,
    /// Several documents saved together in place of the entries it covers, sealed.
    #[n(2)]
    Pack,
    /// What a new device may start from; its body is readable.
    #[n(3)]
    Checkpoint,
}

/// Sequence numbers from `first` to `last`, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Encode, Decode)]
#[cbor(array)]
pub struct SeqRange {
    /// The first.
    #[n(0)]
    pub first: Seq,
    /// The last.
    #[n(1)]
    pub last: Seq,
}

impl SeqRange {
    /// Joins sorted sequence numbers into ranges.
    #[must_use]
    pub fn from_sorted(seqs: impl IntoIterator<Item = Seq>) -> Vec<Self> {
        let mut out: Vec<Self> = Vec::new();
        for seq in seqs {
            match out.last_mut() {
                Some(range) if range.last.checked_add(1) == Some(seq) => range.last = seq,
                _ => out.push(Self { first: seq, last: seq }),
            }
        }
        out
    }

    /// Whether ranges are non-empty, ascending and apart.
    #[must_use]
    pub fn are_tidy(ranges: &[Self]) -> bool {
        ranges.iter().all(|r| r.first >= 1 && r.first <= r.last)
            && ranges.windows(2).all(|w| w[0].last.saturating_add(1) < w[1].first)
    }
}

/// The position an author had seen when it wrote: it lets readers compare histories.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Encode, Decode)]
#[cbor(array)]
pub struct Position {
    /// The sequence number; 0 before the genesis.
    #[n(0)]
    pub seq: Seq,
    /// The running hash there.
    #[n(1)]
    pub running: RunningHash,
}

impl Position {
    /// Before the genesis.
    pub const START: Self = Self { seq: 0, running: RunningHash::ZERO };
}

/// What the relay can read of an entry. It is signed, and is the associated data of the body's seal.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct Header {
    /// Protocol version.
    #[n(0)]
    pub version: u8,
    /// The space; zero in a genesis entry, whose hash makes the space.
    #[n(1)]
    pub space: SpaceId,
    /// The class whose key seals the body.
    #[n(2)]
    pub class: Class,
    /// What it is.
    #[n(3)]
    pub kind: Kind,
    /// The generation of the class's key; 0 where the body is readable.
    #[n(4)]
    pub epoch: u32,
    /// The device that wrote and signed it.
    #[n(5)]
    pub author: DeviceId,
    /// Rises with every entry of this author in this space; gaps are legal.
    #[n(6)]
    pub counter: u64,
    /// The author's last entry in this space that a relay acknowledged; zero before the first.
    #[n(7)]
    pub prev: EntryHash,
    /// What the author had last seen of this space.
    #[n(8)]
    pub seen: Position,
    /// For a pack, the entries it stands in for; none when it only adds.
    #[n(9)]
    pub covers: Vec<SeqRange>,
    /// Hash of the body.
    #[cbor(n(10), with = "minicbor::bytes")]
    pub body_hash: [u8; 32],
    /// Length of the body in bytes.
    #[n(11)]
    pub body_len: u32,
}

impl Header {
    /// The bytes that the body's seal is bound to: the header without the body's own hash and length.
    #[must_use]
    pub fn associated_data(&self) -> Vec<u8> {
        encode(&Self { body_hash: [0; 32], body_len: 0, ..self.clone() })
    }

    /// Whether this starts a space.
    #[must_use]
    pub fn is_genesis(&self) -> bool {
        self.space.is_zero()
    }
}

/// An entry whose encoding, size and signature have been checked. Nothing is said yet about rights.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    header: Header,
    header_bytes: Vec<u8>,
    body: Vec<u8>,
    signature: Sig,
    hash: EntryHash,
}

/// An entry as it crosses the wire.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
struct RawEntry {
    #[cbor(n(0), with = "minicbor::bytes")]
    header: Vec<u8>,
    #[cbor(n(1), with = "minicbor::bytes")]
    body: Vec<u8>,
    #[n(2)]
    signature: Sig,
}

/// Why bytes are not an entry.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadEntry {
    /// Not the canonical encoding.
    #[error(transparent)]
    Malformed(#[from] Malformed),
    /// Too large.
    #[error("the entry's {what} has {found} bytes; {limit} are allowed")]
    TooLarge {
        /// Header or body.
        what: &'static str,
        /// Its size in bytes.
        found: usize,
        /// The limit in bytes.
        limit: usize,
    },
    /// The body is not the one the header was signed for.
    #[error("the entry's body does not match its header")]
    BodyMismatch,
    /// The signature is not the author's.
    #[error("the entry's signature is not its author's")]
    BadSignature,
}

impl Entry {
    /// Signs a header (whose version, author and body fields are filled in here) and a readable body.
    #[must_use]
    pub fn sign(mut header: Header, body: Vec<u8>, keys: &DeviceKeys) -> Self {
        header.version = VERSION;
        header.author = keys.id();
        header.body_hash = hash(Purpose::Body, &[&body]);
        header.body_len = u32::try_from(body.len()).expect("bodies are far below 4 GiB");
        let header_bytes = encode(&header);
        let signature = keys.sign(Signed::Entry, &[&header_bytes]);
        let hash = hash_of(&header_bytes, &signature);
        Self { header, header_bytes, body, signature, hash }
    }

    /// Seals a content under a class key and signs the entry. `level` is zstd's compression level.
    #[must_use]
    pub fn seal(
        mut header: Header,
        key: &Secret32,
        content: &[u8],
        level: i32,
        keys: &DeviceKeys,
        entropy: &mut dyn Entropy,
    ) -> Self {
        // Both are in the associated data, so they must stand before the seal is made.
        header.version = VERSION;
        header.author = keys.id();
        let body = crate::body::seal(&header, key, content, level, entropy);
        Self::sign(header, body, keys)
    }

    /// Opens the body with the class key of the header's epoch.
    ///
    /// # Errors
    /// [`crate::body::BodyError`].
    pub fn open(&self, key: &Secret32) -> Result<Vec<u8>, crate::body::BodyError> {
        crate::body::open(&self.header, key, &self.body)
    }

    /// Reads an entry and checks its encoding, sizes, body hash and signature.
    ///
    /// # Errors
    /// [`BadEntry`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, BadEntry> {
        let entry = Self::from_trusted_bytes(bytes)?;
        let signed =
            verify(&entry.header.author.0, Signed::Entry, &[&entry.header_bytes], &entry.signature);
        if signed { Ok(entry) } else { Err(BadEntry::BadSignature) }
    }

    /// Reads an entry from a store that only ever took checked entries: everything but the signature
    /// is checked again.
    ///
    /// # Errors
    /// [`BadEntry`].
    pub fn from_trusted_bytes(bytes: &[u8]) -> Result<Self, BadEntry> {
        let limit = MAX_HEADER_BYTES + MAX_PACK_BODY_BYTES + 256;
        if bytes.len() > limit {
            return Err(BadEntry::TooLarge { what: "encoding", found: bytes.len(), limit });
        }
        let raw: RawEntry = decode("entry", bytes)?;
        let too_large = |what, found: usize, limit| BadEntry::TooLarge { what, found, limit };
        if raw.header.len() > MAX_HEADER_BYTES {
            return Err(too_large("header", raw.header.len(), MAX_HEADER_BYTES));
        }
        // A newer header may have another form, so its version is looked at first.
        match leading_version(&raw.header) {
            Some(found) if found > VERSION => {
                return Err(Malformed::NewerVersion { what: "header", found }.into());
            }
            Some(VERSION) => {}
            _ => return Err(Malformed::NotCanonical("header").into()),
        }
        let header: Header = decode("header", &raw.header)?;
        let limit = match header.kind {
            Kind::Membership | Kind::Change => MAX_CHANGE_BODY_BYTES,
            Kind::Pack | Kind::Checkpoint => MAX_PACK_BODY_BYTES,
        };
        if raw.body.len() > limit {
            return Err(too_large("body", raw.body.len(), limit));
        }
        if header.body_len as usize != raw.body.len()
            || header.body_hash != hash(Purpose::Body, &[&raw.body])
        {
            return Err(BadEntry::BodyMismatch);
        }
        let hash = hash_of(&raw.header, &raw.signature);
        Ok(Self {
            header,
            header_bytes: raw.header,
            body: raw.body,
            signature: raw.signature,
            hash,
        })
    }

    /// The bytes that cross the wire.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        encode(&RawEntry {
            header: self.header_bytes.clone(),
            body: self.body.clone(),
            signature: self.signature,
        })
    }

    /// The header.
    #[must_use]
    pub const fn header(&self) -> &Header {
        &self.header
    }

    /// The body: sealed, or readable where the kind says so.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// The hash that names this entry: over header and signature (the header holds the body's hash).
    #[must_use]
    pub const fn hash(&self) -> EntryHash {
        self.hash
    }

    /// The space this belongs to: the header's, or the one that this genesis starts.
    #[must_use]
    pub fn space(&self) -> SpaceId {
        if self.header.is_genesis() { space_id(self.hash) } else { self.header.space }
    }
}

fn hash_of(header_bytes: &[u8], signature: &Sig) -> EntryHash {
    EntryHash(hash(Purpose::Entry, &[&signature.0, header_bytes]))
}
