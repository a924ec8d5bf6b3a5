//! Document chunks from elsewhere, as packs carry them: one, saved without compression, every row of
//! its columns looked at. Whether its changes are the ones their authors attest to is asked later.

use std::collections::BTreeSet;

use super::column::{Bytes, Columns, Deltas, Runs};
use super::op::{OpColumns, OpRef, Target, spec};
use super::{
    ActorId, DOCUMENT, ForeignBytes, MAX_CHANGE_OPS, MAX_DEPS, MAX_DOCUMENT_BYTES,
    MAX_DOCUMENT_ROWS, MAX_MESSAGE_BYTES, MAX_OP, MAX_OP_JUMP, Shape, actors, chunk,
};
use crate::documents::actor::ChangeHash;

const CHANGE_ACTOR: u32 = 0x01;
const CHANGE_SEQ: u32 = 0x03;
const CHANGE_MAX_OP: u32 = 0x13;
const CHANGE_TIME: u32 = 0x23;
const CHANGE_MESSAGE: u32 = 0x35;
const DEPS_COUNT: u32 = 0x40;
const DEPS_INDEX: u32 = 0x43;
const EXTRA_META: u32 = 0x56;
const EXTRA: u32 = 0x57;

const CHANGE_COLUMNS: [u32; 9] = [
    CHANGE_ACTOR,
    CHANGE_SEQ,
    CHANGE_MAX_OP,
    CHANGE_TIME,
    CHANGE_MESSAGE,
    DEPS_COUNT,
    DEPS_INDEX,
    EXTRA_META,
    EXTRA,
];

const ID_ACTOR: u32 = 0x21;
const ID_CTR: u32 = 0x23;
const SUCC_COUNT: u32 = 0x80;
const SUCC_ACTOR: u32 = 0x81;
const SUCC_CTR: u32 = 0x83;

const OP_COLUMNS: [u32; 16] = [
    spec::OBJ_ACTOR,
    spec::OBJ_CTR,
    spec::KEY_ACTOR,
    spec::KEY_CTR,
    spec::KEY_STR,
    ID_ACTOR,
    ID_CTR,
    spec::INSERT,
    spec::ACTION,
    spec::VALUE_META,
    spec::VALUE,
    SUCC_COUNT,
    SUCC_ACTOR,
    SUCC_CTR,
    spec::EXPAND,
    spec::MARK_NAME,
];

/// One document that passed the checks, not yet loaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckedDocument<'a> {
    /// Everybody who wrote in it, in ascending order.
    pub actors: Vec<ActorId>,
    /// Its newest changes.
    pub heads: Vec<ChangeHash>,
    /// How many changes it holds.
    pub changes: u64,
    /// How many operations it holds.
    pub ops: u64,
    /// The highest operation counter.
    pub max_op: u64,
    bytes: &'a [u8],
}

impl<'a> CheckedDocument<'a> {
    /// The chunk.
    #[must_use]
    pub const fn bytes(&self) -> &'a [u8] {
        self.bytes
    }
}

/// Checks one document chunk, saved without compression.
///
/// # Errors
/// [`ForeignBytes`] at the first thing that our writers would not have made.
pub fn check_document(bytes: &[u8], shape: Shape) -> Result<CheckedDocument<'_>, ForeignBytes> {
    if bytes.is_empty() {
        return Err(ForeignBytes::Empty);
    }
    if bytes.len() > MAX_DOCUMENT_BYTES {
        return Err(ForeignBytes::TooLarge { bytes: bytes.len(), limit: MAX_DOCUMENT_BYTES });
    }
    let mut rest = Bytes::new(bytes);
    let chunk = chunk(&mut rest)?;
    if chunk.kind != DOCUMENT {
        return Err(ForeignBytes::UnexpectedChunk(chunk.kind));
    }
    if !rest.is_empty() {
        return Err(ForeignBytes::Leftover);
    }
    let mut content = chunk.content;
    let actors = actors(&mut content)?;
    let heads = heads(&mut content)?;
    let change_table = Columns::table(&mut content, CHANGE_COLUMNS)?;
    let op_table = Columns::table(&mut content, OP_COLUMNS)?;
    let change_columns = change_table.fill(&mut content)?;
    let op_columns = op_table.fill(&mut content)?;

    // Every row of ours costs bytes: a change and an operation at least one each.
    let limit = MAX_DOCUMENT_ROWS.min(bytes.len() as u64);
    let (changes, max_op) = changes(&change_columns, actors.len() as u64, limit)?;
    let ops = operations(&op_columns, actors.len() as u64, max_op, limit, shape)?;
    for _ in &heads {
        if content.unsigned()? >= changes {
            return Err(ForeignBytes::BadReference);
        }
    }
    if !content.is_empty() {
        return Err(ForeignBytes::Leftover);
    }
    Ok(CheckedDocument { actors, heads, changes, ops, max_op, bytes })
}

fn heads(content: &mut Bytes<'_>) -> Result<Vec<ChangeHash>, ForeignBytes> {
    let count = content.unsigned()?;
    if count > MAX_DEPS {
        return Err(ForeignBytes::TooManyDeps);
    }
    let heads = (0..count)
        .map(|_| content.array().map(ChangeHash))
        .collect::<Result<Vec<_>, ForeignBytes>>()?;
    if heads.is_sorted_by(|a, b| a < b) { Ok(heads) } else { Err(ForeignBytes::DepsOutOfOrder) }
}

/// Walks the rows of changes. Gives how many there are and the highest operation counter.
fn changes(columns: &Columns<'_, 9>, actors: u64, limit: u64) -> Result<(u64, u64), ForeignBytes> {
    let mut actor = Runs::<u64>::new(columns.get(CHANGE_ACTOR));
    let mut seq = Deltas::new(columns.get(CHANGE_SEQ));
    let mut max_op = Deltas::new(columns.get(CHANGE_MAX_OP));
    let mut time = Deltas::new(columns.get(CHANGE_TIME));
    let mut message = Runs::<&str>::new(columns.get(CHANGE_MESSAGE));
    let mut deps_count = Runs::<u64>::new(columns.get(DEPS_COUNT));
    let mut deps = Deltas::new(columns.get(DEPS_INDEX));
    let mut extra = Runs::<u64>::new(columns.get(EXTRA_META));
    if !columns.get(EXTRA).is_empty() {
        return Err(ForeignBytes::ExtraBytes);
    }

    let count = actor.count(limit)?;
    let mut seqs = vec![0_u64; usize::try_from(actors).unwrap_or(0)];
    let mut highest = 0_u64;
    for row in 0..count {
        let author = actor.require("a change has no actor")?;
        let last_seq = usize::try_from(author)
            .ok()
            .and_then(|at| seqs.get_mut(at))
            .ok_or(ForeignBytes::BadActors)?;
        let seq = seq.require("a change has no sequence number")?;
        if seq != *last_seq + 1 {
            return Err(ForeignBytes::Malformed("an actor's changes are not in sequence"));
        }
        *last_seq = seq;
        let last_op = max_op.require("a change has no last operation")?;
        let jump = highest.saturating_add(MAX_OP_JUMP + MAX_CHANGE_OPS).min(MAX_OP);
        if last_op > jump {
            return Err(ForeignBytes::StartOpTooFar { start: last_op, limit: jump });
        }
        highest = highest.max(last_op);
        time.next()?;
        if message.next()?.is_some_and(|text| text.len() as u64 > MAX_MESSAGE_BYTES) {
            return Err(ForeignBytes::MessageTooLong);
        }
        let follows = deps_count.require("a change does not say what it follows")?;
        if follows > MAX_DEPS {
            return Err(ForeignBytes::TooManyDeps);
        }
        for _ in 0..follows {
            if deps.require("a change follows nothing")? >= row {
                return Err(ForeignBytes::DepsOutOfOrder);
            }
        }
        if extra.next()?.is_some_and(|meta| meta >> 4 != 0) {
            return Err(ForeignBytes::ExtraBytes);
        }
    }
    if seqs.contains(&0) {
        return Err(ForeignBytes::BadActors);
    }
    actor.finish()?;
    seq.finish()?;
    max_op.finish()?;
    time.finish()?;
    message.finish()?;
    deps_count.finish()?;
    deps.finish()?;
    extra.finish()?;
    Ok((count, highest))
}

/// Walks the rows of operations. Gives how many there are.
fn operations(
    columns: &Columns<'_, 16>,
    actors: u64,
    max_op: u64,
    limit: u64,
    shape: Shape,
) -> Result<u64, ForeignBytes> {
    let mut ops = OpColumns::new(|spec| columns.get(spec))?;
    let mut id_actor = Runs::<u64>::new(columns.get(ID_ACTOR));
    let mut id_ctr = Deltas::new(columns.get(ID_CTR));
    let mut succ_count = Runs::<u64>::new(columns.get(SUCC_COUNT));
    let mut succ_actor = Runs::<u64>::new(columns.get(SUCC_ACTOR));
    let mut succ_ctr = Deltas::new(columns.get(SUCC_CTR));
    // A deletion leaves no row of its own, only a successor, and runs of them are short; but each
    // belongs to a change, and those are bounded by the bytes.
    let succ_limit = MAX_DOCUMENT_ROWS.min(limit.saturating_mul(8));
    let mut succ_left = succ_limit;

    let known = |op: OpRef| {
        if op.actor < actors && op.counter > 0 && op.counter <= max_op {
            Ok(op)
        } else {
            Err(ForeignBytes::BadReference)
        }
    };
    let count = ops.action.count(limit)?;
    let mut made = BTreeSet::new();
    for _ in 0..count {
        let id = known(OpRef {
            actor: id_actor.require("an operation has no actor")?,
            counter: id_ctr.require("an operation has no counter")?,
        })?;
        match ops.next(shape)? {
            Target::Value => {}
            Target::NewText => {
                made.insert(id);
            }
            Target::Settling | Target::Deletion { .. } => {
                return Err(ForeignBytes::Malformed("a deletion has a row"));
            }
            Target::Piece { text, element } => {
                element.map(known).transpose()?;
                // Rows are sorted by object, the root first: the text was made in a row before.
                if !made.contains(&text) {
                    return Err(ForeignBytes::BadReference);
                }
            }
        }
        let successors = succ_count.require("an operation does not say what replaced it")?;
        succ_left = succ_left
            .checked_sub(successors)
            .ok_or(ForeignBytes::TooManyOps { limit: succ_limit })?;
        for _ in 0..successors {
            known(OpRef {
                actor: succ_actor.require("a reference has no actor")?,
                counter: succ_ctr.require("a reference has no counter")?,
            })?;
        }
    }
    ops.finish()?;
    id_actor.finish()?;
    id_ctr.finish()?;
    succ_count.finish()?;
    succ_actor.finish()?;
    succ_ctr.finish()?;
    Ok(count)
}
