//! Change chunks from elsewhere: each is decoded in full, every operation looked at, before one is
//! handed on. What comes out is still unapplied: whether it fits a document is that document's matter.

use std::collections::BTreeSet;

use super::column::{Bytes, Columns, Deltas, Runs};
use super::op::{OpColumns, OpRef, Target, spec};
use super::{
    ActorId, CHANGE, ForeignBytes, MAX_CHANGE_OPS, MAX_CHANGES, MAX_CHANGES_BYTES, MAX_DEPS,
    MAX_MESSAGE_BYTES, MAX_OP, MAX_OP_JUMP, Shape, actor, actors, chunk,
};
use crate::documents::actor::ChangeHash;

const PRED_COUNT: u32 = 0x70;
const PRED_ACTOR: u32 = 0x71;
const PRED_CTR: u32 = 0x73;

const COLUMNS: [u32; 14] = [
    spec::OBJ_ACTOR,
    spec::OBJ_CTR,
    spec::KEY_ACTOR,
    spec::KEY_CTR,
    spec::KEY_STR,
    spec::INSERT,
    spec::ACTION,
    spec::VALUE_META,
    spec::VALUE,
    PRED_COUNT,
    PRED_ACTOR,
    PRED_CTR,
    spec::EXPAND,
    spec::MARK_NAME,
];

/// A text object that a change edits and did not make itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectRef {
    /// Who made it.
    pub actor: ActorId,
    /// The operation that made it.
    pub counter: u64,
}

/// One change that passed the checks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckedChange {
    /// Its author's actor.
    pub actor: ActorId,
    /// Its number among the author's changes of this document, from 1.
    pub seq: u64,
    /// The counter of its first operation.
    pub start_op: u64,
    /// How many operations it holds.
    pub ops: u64,
    /// The changes it follows.
    pub deps: Vec<ChangeHash>,
    /// Its hash.
    pub hash: ChangeHash,
    /// Texts it edits that it did not make.
    pub texts: Vec<ObjectRef>,
    bytes: Vec<u8>,
}

impl CheckedChange {
    /// The raw chunk.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The counter of its last operation; that before its first one where it has none.
    #[must_use]
    pub const fn max_op(&self) -> u64 {
        self.start_op + self.ops - 1
    }
}

/// The changes of one entry, in the order given, all of the expected author.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckedChanges(Vec<CheckedChange>);

impl CheckedChanges {
    /// The changes.
    #[must_use]
    pub fn as_slice(&self) -> &[CheckedChange] {
        &self.0
    }

    /// The last change of each entry is its author's newest: what an attestation names.
    #[must_use]
    pub fn last(&self) -> Option<&CheckedChange> {
        self.0.last()
    }
}

/// Checks one or more change chunks, one after the other, that `author` is said to have written.
///
/// `max_op` is the highest operation counter the document at hand holds (0 for a new one).
///
/// # Errors
/// [`ForeignBytes`] at the first thing that our writers would not have made.
pub fn check_changes(
    bytes: &[u8],
    author: ActorId,
    max_op: u64,
    shape: Shape,
) -> Result<CheckedChanges, ForeignBytes> {
    check(bytes, Some(author), max_op, shape)
}

/// Checks changes that were checked when they came and stored since, whoever wrote them.
///
/// # Errors
/// [`ForeignBytes`] when they are damaged.
pub fn check_stored_changes(
    bytes: &[u8],
    max_op: u64,
    shape: Shape,
) -> Result<CheckedChanges, ForeignBytes> {
    check(bytes, None, max_op, shape)
}

fn check(
    bytes: &[u8],
    author: Option<ActorId>,
    max_op: u64,
    shape: Shape,
) -> Result<CheckedChanges, ForeignBytes> {
    if bytes.is_empty() {
        return Err(ForeignBytes::Empty);
    }
    if bytes.len() > MAX_CHANGES_BYTES {
        return Err(ForeignBytes::TooLarge { bytes: bytes.len(), limit: MAX_CHANGES_BYTES });
    }
    let mut rest = Bytes::new(bytes);
    let mut changes = Vec::new();
    let mut highest = max_op;
    while !rest.is_empty() {
        if changes.len() == MAX_CHANGES {
            return Err(ForeignBytes::TooManyChanges { limit: MAX_CHANGES as u64 });
        }
        let before = rest;
        let next = chunk(&mut rest)?;
        if next.kind != CHANGE {
            return Err(ForeignBytes::UnexpectedChunk(next.kind));
        }
        let mut change = change(next.content, author, highest, shape)?;
        change.hash = ChangeHash(next.hash);
        change.bytes = { before }.take(before.len() - rest.len())?.to_vec();
        highest = highest.max(change.max_op());
        changes.push(change);
    }
    Ok(CheckedChanges(changes))
}

fn change(
    mut content: Bytes<'_>,
    expected: Option<ActorId>,
    known: u64,
    shape: Shape,
) -> Result<CheckedChange, ForeignBytes> {
    let deps_count = content.unsigned()?;
    if deps_count > MAX_DEPS {
        return Err(ForeignBytes::TooManyDeps);
    }
    let deps = (0..deps_count)
        .map(|_| content.array().map(ChangeHash))
        .collect::<Result<Vec<_>, ForeignBytes>>()?;
    if !deps.is_sorted_by(|a, b| a < b) {
        return Err(ForeignBytes::DepsOutOfOrder);
    }
    let author = actor(&mut content)?;
    if let Some(expected) = expected.filter(|expected| *expected != author) {
        return Err(ForeignBytes::WrongActor {
            expected: expected.to_string(),
            found: author.to_string(),
        });
    }
    let seq = content.unsigned()?;
    let start_op = content.unsigned()?;
    if seq == 0 || start_op == 0 {
        return Err(ForeignBytes::ZeroCounter);
    }
    let limit = known.saturating_add(MAX_OP_JUMP).min(MAX_OP);
    if start_op > limit {
        return Err(ForeignBytes::StartOpTooFar { start: start_op, limit });
    }
    if content.signed()? < 0 {
        return Err(ForeignBytes::Malformed("the advisory time of a commit is negative"));
    }
    let message = content.unsigned()?;
    if message > MAX_MESSAGE_BYTES {
        return Err(ForeignBytes::MessageTooLong);
    }
    std::str::from_utf8(content.take_claimed(message)?)
        .map_err(|_| ForeignBytes::Malformed("a text is not UTF-8"))?;
    let others = actors(&mut content)?;
    if others.contains(&author) {
        return Err(ForeignBytes::BadActors);
    }
    let table = Columns::table(&mut content, COLUMNS)?;
    let columns = table.fill(&mut content)?;
    if !content.is_empty() {
        return Err(ForeignBytes::ExtraBytes);
    }

    let mut all_actors = Vec::with_capacity(others.len() + 1);
    all_actors.push(author);
    all_actors.extend(others);
    let (ops, texts) = operations(&columns, start_op, &all_actors, shape)?;
    let hash = ChangeHash([0; 32]);
    Ok(CheckedChange { actor: author, seq, start_op, ops, deps, hash, texts, bytes: Vec::new() })
}

fn operations(
    columns: &Columns<'_, 14>,
    start_op: u64,
    actors: &[ActorId],
    shape: Shape,
) -> Result<(u64, Vec<ObjectRef>), ForeignBytes> {
    let mut ops = OpColumns::new(|spec| columns.get(spec))?;
    let count = ops.action.count(MAX_CHANGE_OPS)?;
    let mut pred_count = Runs::<u64>::new(columns.get(PRED_COUNT));
    let mut pred_actor = Runs::<u64>::new(columns.get(PRED_ACTOR));
    let mut pred_ctr = Deltas::new(columns.get(PRED_CTR));
    let mut preds_left = MAX_CHANGE_OPS;
    let mut made = Vec::new();
    let mut edited = BTreeSet::new();
    let mut used = vec![false; actors.len()];
    used[0] = true; // the author
    for id in start_op..start_op + count {
        // An operation refers only to earlier ones, by actors of the list.
        let mut earlier = |op: OpRef| {
            let actor = usize::try_from(op.actor).ok().and_then(|actor| used.get_mut(actor));
            match actor {
                Some(actor) if op.counter > 0 && op.counter < id => {
                    *actor = true;
                    Ok(op)
                }
                _ => Err(ForeignBytes::BadReference),
            }
        };
        let target = ops.next(shape)?;
        match target {
            Target::Value | Target::Settling => {}
            Target::NewText => made.push(id),
            Target::Piece { text, element } => {
                element.map(&mut earlier).transpose()?;
                edited.insert(earlier(text)?);
            }
            Target::Deletion { text, element } => {
                earlier(element)?;
                edited.insert(earlier(text)?);
            }
        }
        let preds = pred_count.require("an operation does not say what it replaces")?;
        preds_left = preds_left
            .checked_sub(preds)
            .ok_or(ForeignBytes::TooManyOps { limit: MAX_CHANGE_OPS })?;
        if preds == 0 && matches!(target, Target::Settling | Target::Deletion { .. }) {
            return Err(ForeignBytes::BadReference);
        }
        let mut before: Option<OpRef> = None;
        for _ in 0..preds {
            let pred = earlier(OpRef {
                actor: pred_actor.require("a reference has no actor")?,
                counter: pred_ctr.require("a reference has no counter")?,
            })?;
            let named = |op: OpRef| (op.counter, place(actors, op.actor));
            if before.is_some_and(|b| named(b) >= named(pred)) {
                return Err(ForeignBytes::BadReference);
            }
            before = Some(pred);
        }
    }
    ops.finish()?;
    pred_count.finish()?;
    pred_actor.finish()?;
    pred_ctr.finish()?;
    if used.contains(&false) {
        return Err(ForeignBytes::BadActors);
    }
    let texts = edited
        .into_iter()
        .filter(|op| op.actor != 0 || made.binary_search(&op.counter).is_err())
        .filter_map(|op| Some(ObjectRef { actor: *place(actors, op.actor)?, counter: op.counter }))
        .collect();
    Ok((count, texts))
}

fn place(actors: &[ActorId], at: u64) -> Option<&ActorId> {
    usize::try_from(at).ok().and_then(|at| actors.get(at))
}
