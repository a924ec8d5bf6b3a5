//! Document chunks from elsewhere, as packs carry them: one, saved without compression, every row of
//! its columns looked at. Whether its changes are the ones their authors attest to is asked later.

use std::collections::BTreeSet;

use super::column::{Bytes, Columns, Deltas, Runs};
use super::op::{OpColumns, OpRef, Target, spec};
use super::{
    ActorId, DOCUMENT, ForeignBytes, MAX_DEPS, MAX_DOCUMENT_BYTES, MAX_DOCUMENT_CHANGES,
    MAX_MESSAGE_BYTES, MAX_OP, Shape, actors, chunk,
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

    // Each change and each row of ours costs bytes: in a strand a record's, elsewhere at least one.
    let room = match shape {
        Shape::Strand => bytes.len() as u64 / 4 + 64,
        Shape::Shared | Shape::Plan => bytes.len() as u64 + 64,
    };
    let changes = Changes::read(&change_columns, actors.len() as u64, room)?;
    let ops = operations(&op_columns, actors.len() as u64, changes.max_op, room, shape)?;
    // An operation is a row, or a deletion, which shows only as the successor of a row. Automerge
    // reserves room for as many operations as the changes claim.
    if changes.claimed_ops > ops.rows + ops.successors {
        return Err(ForeignBytes::TooManyOps { limit: ops.rows + ops.successors });
    }
    for _ in &heads {
        if content.unsigned()? >= changes.count {
            return Err(ForeignBytes::BadReference);
        }
    }
    if !content.is_empty() {
        return Err(ForeignBytes::Leftover);
    }
    let (changes, max_op) = (changes.count, changes.max_op);
    Ok(CheckedDocument { actors, heads, changes, ops: ops.rows, max_op, bytes })
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

/// What the rows of changes come to.
struct Changes {
    count: u64,
    /// The highest operation counter.
    max_op: u64,
    /// How many operations they say they hold.
    claimed_ops: u64,
}

impl Changes {
    fn read(columns: &Columns<'_, 9>, actors: u64, room: u64) -> Result<Self, ForeignBytes> {
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

        let count = actor.count(MAX_DOCUMENT_CHANGES.min(room))?;
        let mut seqs = vec![0_u64; usize::try_from(actors).unwrap_or(0)];
        let mut deps_left = count * 8 + MAX_DEPS;
        let mut max_ops: Vec<u64> = Vec::new();
        let mut claimed_ops = 0_u64;
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
            time.next()?;
            if message.next()?.is_some_and(|text| text.len() as u64 > MAX_MESSAGE_BYTES) {
                return Err(ForeignBytes::MessageTooLong);
            }
            let follows = deps_count.require("a change does not say what it follows")?;
            if follows > MAX_DEPS {
                return Err(ForeignBytes::TooManyDeps);
            }
            deps_left = deps_left.checked_sub(follows).ok_or(ForeignBytes::TooManyDeps)?;
            let mut before = 0;
            for _ in 0..follows {
                let dep = deps.require("a change follows nothing")?;
                if dep >= row {
                    return Err(ForeignBytes::DepsOutOfOrder);
                }
                let dep = usize::try_from(dep).ok().and_then(|at| max_ops.get(at));
                before = before.max(*dep.ok_or(ForeignBytes::DepsOutOfOrder)?);
            }
            let last = max_op.require("a change has no last operation")?;
            claimed_ops = last
                .checked_sub(before)
                .and_then(|ops| claimed_ops.checked_add(ops))
                .ok_or(ForeignBytes::BadReference)?;
            if last > MAX_OP {
                return Err(ForeignBytes::StartOpTooFar { start: last, limit: MAX_OP });
            }
            max_ops.push(last);
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
        Ok(Self { count, max_op: max_ops.into_iter().max().unwrap_or(0), claimed_ops })
    }
}

/// What the rows of operations come to.
struct Ops {
    rows: u64,
    successors: u64,
}

fn operations(
    columns: &Columns<'_, 16>,
    actors: u64,
    max_op: u64,
    room: u64,
    shape: Shape,
) -> Result<Ops, ForeignBytes> {
    let mut ops = OpColumns::new(|spec| columns.get(spec))?;
    let mut id_actor = Runs::<u64>::new(columns.get(ID_ACTOR));
    let mut id_ctr = Deltas::new(columns.get(ID_CTR));
    let mut succ_count = Runs::<u64>::new(columns.get(SUCC_COUNT));
    let mut succ_actor = Runs::<u64>::new(columns.get(SUCC_ACTOR));
    let mut succ_ctr = Deltas::new(columns.get(SUCC_CTR));
    let count = ops.action.count(room.min(shape.max_ops()))?;
    let succ_limit = count * 4 + 64;
    let mut succ_left = succ_limit;

    let known = |op: OpRef| {
        if op.actor < actors && op.counter > 0 && op.counter <= max_op {
            Ok(op)
        } else {
            Err(ForeignBytes::BadReference)
        }
    };
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
    Ok(Ops { rows: count, successors: succ_limit - succ_left })
}
