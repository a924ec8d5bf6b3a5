//! One Automerge document behind our rules: flat keys, one commit a write, foreign changes only
//! after checks, a panic inside Automerge caught. It knows no record and no routine: texts at keys.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use automerge::transaction::{CommitOptions, Transactable, Transaction};
use automerge::{LoadOptions, ObjType, ROOT, ReadDoc, ScalarValue, Value};

use super::actor::{ActorId, ChangeHash, to_automerge};
use super::foreign::{
    self, CheckedChanges, CheckedDocument, MAX_CHANGE_OPS, MAX_CHANGES_BYTES, MAX_DOCUMENT_BYTES,
    MAX_DOCUMENT_CHANGES, MAX_KEY_BYTES, MAX_VALUE_BYTES, Shape,
};

pub use super::refusal::{Refused, WriteError};

/// The version of the records that this build reads and writes.
pub const READER: u32 = 1;
/// The key that says which version a reader must have. Absent means the first.
pub const MIN_READER: &str = "min_reader";

/// An author's newest change in a document: what an attestation names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tip {
    /// The author.
    pub actor: ActorId,
    /// The number of the change among the author's own, from 1.
    pub seq: u64,
    /// Its hash, which covers everything it follows.
    pub hash: ChangeHash,
}

/// One change just written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// The raw chunk, for the outbox and the log.
    pub bytes: Vec<u8>,
    /// What to attest.
    pub tip: Tip,
}

/// A value at a key, and who wrote it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// The text: of the scalar, or of the editable text.
    pub text: String,
    /// Who wrote it.
    pub actor: ActorId,
    /// Whether it is a text that people edit together.
    pub editable: bool,
    pub(super) id: automerge::ObjId,
}

/// An Automerge document under our rules.
#[derive(Debug, Clone)]
pub struct Document {
    doc: automerge::Automerge,
    actor: ActorId,
    shape: Shape,
    tips: BTreeMap<ActorId, (u64, ChangeHash)>,
    max_op: u64,
    ops: u64,
    /// At least as many bytes as it takes when saved without compression.
    bytes: usize,
}

impl Document {
    /// An empty document, to be written as `actor`.
    #[must_use]
    pub fn new(actor: ActorId, shape: Shape) -> Self {
        let doc = automerge::Automerge::new().with_actor(to_automerge(actor));
        Self { doc, actor, shape, tips: BTreeMap::new(), max_op: 0, ops: 0, bytes: 0 }
    }

    /// Loads a document saved by [`Self::save_nocompress`], checked like any foreign one.
    ///
    /// # Errors
    /// [`Refused`] when the bytes are not such a document.
    pub fn load(bytes: &[u8], actor: ActorId, shape: Shape) -> Result<Self, Refused> {
        Self::load_checked(&foreign::check_document(bytes, shape)?, actor, shape)
    }

    /// Loads a document that passed the checks. Automerge recomputes every change's hash.
    ///
    /// # Errors
    /// [`Refused`] when its hashes do not come out as it says.
    pub fn load_checked(
        checked: &CheckedDocument<'_>,
        actor: ActorId,
        shape: Shape,
    ) -> Result<Self, Refused> {
        let doc = guarded(|| reload(checked.bytes()))?;
        let mut loaded =
            Self { doc, actor, shape, tips: BTreeMap::new(), max_op: 0, ops: 0, bytes: 0 };
        loaded.doc.set_actor(to_automerge(actor));
        loaded.index();
        loaded.bytes = checked.bytes().len();
        let heads: Vec<ChangeHash> = loaded.heads();
        if heads != checked.heads {
            return Err(Refused::WouldNotReload(
                "its newest changes are not those it names".into(),
            ));
        }
        Ok(loaded)
    }

    /// Builds a document of raw changes that were checked and stored before.
    ///
    /// # Errors
    /// [`Refused`] when they are damaged or incomplete.
    pub fn replay<'a>(
        changes: impl IntoIterator<Item = &'a [u8]>,
        actor: ActorId,
        shape: Shape,
    ) -> Result<Self, Refused> {
        let mut document = Self::new(actor, shape);
        document.replay_more(changes)?;
        Ok(document)
    }

    /// Adds raw changes that were checked and stored before, all at once.
    ///
    /// # Errors
    /// [`Refused`] when they are damaged or incomplete; nothing is added then.
    pub fn replay_more<'a>(
        &mut self,
        changes: impl IntoIterator<Item = &'a [u8]>,
    ) -> Result<(), Refused> {
        let mut all = Vec::new();
        let mut highest = self.max_op;
        for bytes in changes {
            let checked = foreign::check_stored_changes(bytes, highest, self.shape)?;
            for change in checked.as_slice() {
                highest = highest.max(change.max_op());
            }
            all.push(checked);
        }
        self.apply_all(&all).map(|_| ())
    }

    /// Checks the changes of one entry, to compare with an attestation or to apply.
    ///
    /// # Errors
    /// [`Refused`]: the entry is to be quarantined.
    pub fn check(&self, changes: &[u8], author: ActorId) -> Result<CheckedChanges, Refused> {
        Ok(foreign::check_changes(changes, author, self.max_op, self.shape)?)
    }

    /// Takes the changes of one entry, or none of them. Gives how many were new.
    ///
    /// # Errors
    /// [`Refused`]: the entry is to be quarantined; the document is untouched.
    pub fn apply(&mut self, changes: &CheckedChanges) -> Result<usize, Refused> {
        self.apply_all(std::slice::from_ref(changes))
    }

    fn apply_all(&mut self, entries: &[CheckedChanges]) -> Result<usize, Refused> {
        let mut tips = self.tips.clone();
        let (mut ops, mut changes, mut bytes) = (self.ops, self.changes(), self.bytes);
        let mut incoming: BTreeMap<ChangeHash, u64> = BTreeMap::new();
        let mut new = Vec::new();
        for change in entries.iter().flat_map(CheckedChanges::as_slice) {
            if self.has(change.hash) || incoming.contains_key(&change.hash) {
                continue;
            }
            let (actor, seq) = (change.actor, change.seq);
            let last = tips.get(&actor).map_or(0, |(seq, _)| *seq);
            if seq <= last {
                return Err(Refused::Forked { actor, seq });
            }
            if seq != last + 1 {
                return Err(Refused::SeqGap { actor, last, found: seq });
            }
            let mut before = 0;
            for dep in &change.deps {
                let held = || Some(self.doc.get_change_meta_by_hash(&(*dep).into())?.max_op);
                let dep_op = incoming.get(dep).copied().or_else(held);
                before = before.max(dep_op.ok_or(Refused::MissingDep(*dep))?);
            }
            if change.start_op != before + 1 {
                let (found, expected) = (change.start_op, before + 1);
                return Err(Refused::OutOfStep { found, expected });
            }
            ops += change.ops;
            changes += 1;
            bytes += change.bytes().len();
            if self.is_beyond(ops, changes, bytes) {
                return Err(Refused::Full);
            }
            tips.insert(actor, (seq, change.hash));
            incoming.insert(change.hash, change.max_op());
            new.push(change);
        }
        if new.is_empty() {
            return Ok(0);
        }
        // On a copy, so that neither an error nor a panic half-way leaves a trace in this one.
        let doc = guarded(|| {
            let mut doc = self.doc.clone();
            let changes = new
                .iter()
                .map(|change| automerge::Change::try_from(change.bytes()))
                .collect::<Result<Vec<_>, _>>()
                .map_err(|e| Refused::Automerge(e.to_string()))?;
            doc.apply_changes(changes).map_err(|e| Refused::Automerge(e.to_string()))?;
            for text in new.iter().flat_map(|change| &change.texts) {
                let id = automerge::ObjId::Id(text.counter, to_automerge(text.actor), 0);
                if !matches!(doc.object_type(&id), Ok(ObjType::Text)) {
                    return Err(Refused::UnknownText);
                }
            }
            // A reference to nothing is dropped silently when it is applied, and the document then
            // saves to something else than was signed. Only saving and loading shows it.
            let again = reload(&doc.save_nocompress())?;
            if again.get_heads() != doc.get_heads() {
                return Err(Refused::WouldNotReload("its newest changes differ".into()));
            }
            Ok(doc)
        })?;
        self.doc = doc;
        self.max_op = new.iter().map(|change| change.max_op()).fold(self.max_op, u64::max);
        self.tips = tips;
        (self.ops, self.bytes) = (ops, bytes);
        Ok(new.len())
    }

    /// Makes one commit of what `write` does. Gives nothing when that changes nothing.
    ///
    /// # Errors
    /// [`WriteError`]; nothing is written then.
    pub(super) fn write(
        &mut self,
        write: impl FnOnce(&mut Transaction<'_>) -> Result<(), WriteError>,
    ) -> Result<Option<Written>, WriteError> {
        if let Some(needs) = self.too_new() {
            return Err(WriteError::TooNew { needs });
        }
        if self.is_beyond(self.ops + MAX_CHANGE_OPS, self.changes() + 1, self.bytes) {
            return Err(WriteError::Full);
        }
        let mut transaction = self.doc.transaction();
        if let Err(error) = write(&mut transaction) {
            transaction.rollback();
            return Err(error);
        }
        if transaction.pending_ops() as u64 > MAX_CHANGE_OPS {
            transaction.rollback();
            return Err(WriteError::TooManyOps);
        }
        // No commit time: when something happened is in the record itself.
        let (Some(_), _) = transaction.commit_with(CommitOptions::default().with_time(0)) else {
            return Ok(None);
        };
        let change = self
            .doc
            .get_last_local_change()
            .ok_or_else(|| WriteError::Automerge("the change just made is gone".to_owned()))?;
        let tip = Tip { actor: self.actor, seq: change.seq(), hash: change.hash().into() };
        self.tips.insert(tip.actor, (tip.seq, tip.hash));
        self.max_op = self.max_op.max(change.max_op());
        self.ops += change.len() as u64;
        self.bytes += change.raw_bytes().len();
        Ok(Some(Written { bytes: change.raw_bytes().to_vec(), tip }))
    }

    /// Writes one text at one key. Gives nothing when it stands there already and, in a strand,
    /// also where a clone of the device wrote another besides it: a strand settles nothing.
    ///
    /// # Errors
    /// [`WriteError`]; nothing is written then.
    pub fn put(&mut self, key: &str, text: &str) -> Result<Option<Written>, WriteError> {
        let shape = self.shape;
        self.write(|transaction| put(transaction, shape, key, text))
    }

    /// Every value that stands at a key: more than one after concurrent writes. The last one is
    /// what Automerge shows on every device alike.
    #[must_use]
    pub fn all(&self, key: &str) -> Vec<Held> {
        let values = self.doc.get_all(ROOT, key).unwrap_or_default();
        values.into_iter().filter_map(|(value, id)| self.held(&value, id)).collect()
    }

    /// The value at a key; after concurrent writes the one that every device shows.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<Held> {
        let (value, id) = self.doc.get(ROOT, key).ok().flatten()?;
        self.held(&value, id)
    }

    /// The keys in ascending order.
    pub fn keys(&self) -> impl Iterator<Item = String> + '_ {
        self.doc.keys(ROOT)
    }

    fn held(&self, value: &Value<'_>, id: automerge::ObjId) -> Option<Held> {
        let automerge::ObjId::Id(_, actor, _) = &id else { return None };
        let actor = ActorId(actor.to_bytes().try_into().ok()?);
        let (text, editable) = match value {
            Value::Scalar(scalar) => match scalar.as_ref() {
                ScalarValue::Str(text) => (text.to_string(), false),
                _ => return None,
            },
            Value::Object(ObjType::Text) => (self.doc.text(&id).ok()?, true),
            Value::Object(_) => return None,
        };
        Some(Held { text, actor, editable, id })
    }

    /// The version a reader must have, where that is newer than this build's.
    #[must_use]
    pub fn too_new(&self) -> Option<u32> {
        self.all(MIN_READER)
            .iter()
            .map(|held| held.text.parse().unwrap_or(u32::MAX))
            .max()
            .filter(|needs| *needs > READER)
    }

    /// Whether a change is here.
    #[must_use]
    pub fn has(&self, hash: ChangeHash) -> bool {
        self.doc.get_change_meta_by_hash(&hash.into()).is_some()
    }

    /// The newest changes.
    #[must_use]
    pub fn heads(&self) -> Vec<ChangeHash> {
        let mut heads: Vec<ChangeHash> =
            self.doc.get_heads().into_iter().map(ChangeHash::from).collect();
        heads.sort_unstable();
        heads
    }

    /// The hashes of all changes, ascending.
    #[must_use]
    pub fn hashes(&self) -> Vec<ChangeHash> {
        let mut hashes: Vec<ChangeHash> =
            self.doc.get_changes_meta(&[]).iter().map(|meta| meta.hash.into()).collect();
        hashes.sort_unstable();
        hashes
    }

    /// How many changes it holds.
    #[must_use]
    pub fn changes(&self) -> u64 {
        self.tips.values().map(|(seq, _)| seq).sum()
    }

    /// The raw changes that are here and not in `other`, in an order in which they can be taken.
    #[must_use]
    pub fn raw_not_in(&self, other: &Self) -> Vec<Vec<u8>> {
        let changes = self.doc.get_changes(&[]).into_iter();
        changes
            .filter(|change| !other.has(change.hash().into()))
            .map(|change| change.raw_bytes().to_vec())
            .collect()
    }

    /// Who writes here.
    #[must_use]
    pub const fn actor(&self) -> ActorId {
        self.actor
    }

    /// This device's newest change.
    #[must_use]
    pub fn tip(&self) -> Option<Tip> {
        self.tips.get(&self.actor).map(|(seq, hash)| Tip {
            actor: self.actor,
            seq: *seq,
            hash: *hash,
        })
    }

    /// Every author's newest change.
    pub fn tips(&self) -> impl Iterator<Item = Tip> + '_ {
        self.tips.iter().map(|(actor, (seq, hash))| Tip { actor: *actor, seq: *seq, hash: *hash })
    }

    /// The highest operation counter, which bounds where foreign changes may start.
    #[must_use]
    pub const fn max_op(&self) -> u64 {
        self.max_op
    }

    /// What it may contain.
    #[must_use]
    pub const fn shape(&self) -> Shape {
        self.shape
    }

    /// The whole document in Automerge's standard format, compressed: for exports.
    #[must_use]
    pub fn save(&self) -> Vec<u8> {
        self.doc.save()
    }

    /// The whole document in Automerge's standard format, not compressed: for packs and the store.
    #[must_use]
    pub fn save_nocompress(&self) -> Vec<u8> {
        self.doc.save_nocompress()
    }

    /// Whether a document would be too large to be loaded by anybody.
    fn is_beyond(&self, ops: u64, changes: u64, bytes: usize) -> bool {
        ops > self.shape.max_ops()
            || changes > MAX_DOCUMENT_CHANGES
            || bytes > MAX_DOCUMENT_BYTES - MAX_CHANGES_BYTES
    }

    fn index(&mut self) {
        for meta in self.doc.get_changes_meta(&[]) {
            self.max_op = self.max_op.max(meta.max_op);
            self.ops += meta.max_op + 1 - meta.start_op;
            if let Ok(actor) = meta.actor.to_bytes().try_into() {
                let tip = self.tips.entry(ActorId(actor)).or_insert((meta.seq, meta.hash.into()));
                if meta.seq >= tip.0 {
                    *tip = (meta.seq, meta.hash.into());
                }
            }
        }
    }
}

/// Writes one text at one key of a transaction.
pub(super) fn put(
    transaction: &mut Transaction<'_>,
    shape: Shape,
    key: &str,
    text: &str,
) -> Result<(), WriteError> {
    if key.is_empty() || key.len() > MAX_KEY_BYTES {
        return Err(WriteError::KeyTooLong { key: key.to_owned() });
    }
    if text.len() as u64 > MAX_VALUE_BYTES {
        return Err(WriteError::ValueTooLong { key: key.to_owned(), bytes: text.len() });
    }
    // Automerge settles a conflict when what stands is written again, by deleting the others.
    let stands = transaction.get(ROOT, key)?;
    if shape == Shape::Strand && stands.is_some_and(|(value, _)| value.as_str() == Some(text)) {
        return Ok(());
    }
    Ok(transaction.put(ROOT, key, text)?)
}

fn reload(bytes: &[u8]) -> Result<automerge::Automerge, Refused> {
    let options = LoadOptions::new()
        .on_partial_load(automerge::OnPartialLoad::Error)
        .verification_mode(automerge::VerificationMode::Check);
    automerge::Automerge::load_with_options(bytes, options)
        .map_err(|e| Refused::WouldNotReload(e.to_string()))
}

/// Runs what touches foreign content: a panic inside becomes a refusal.
fn guarded<T>(work: impl FnOnce() -> Result<T, Refused>) -> Result<T, Refused> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or(Err(Refused::Panicked))
}
