//! One operation as our writers make it, read from columns: a text at a flat key, or a piece of a
//! text that people edit. Anything else is refused. It knows no document and no change.

use super::column::{Bools, Bytes, Deltas, Runs};
use super::{ForeignBytes, MAX_KEY_BYTES, MAX_TEXT_PIECE_BYTES, MAX_VALUE_BYTES, Shape};

/// Column names that changes and documents share.
pub(super) mod spec {
    pub(crate) const OBJ_ACTOR: u32 = 0x01;
    pub(crate) const OBJ_CTR: u32 = 0x02;
    pub(crate) const KEY_ACTOR: u32 = 0x11;
    pub(crate) const KEY_CTR: u32 = 0x13;
    pub(crate) const KEY_STR: u32 = 0x15;
    pub(crate) const INSERT: u32 = 0x34;
    pub(crate) const ACTION: u32 = 0x42;
    pub(crate) const VALUE_META: u32 = 0x56;
    pub(crate) const VALUE: u32 = 0x57;
    pub(crate) const EXPAND: u32 = 0x94;
    pub(crate) const MARK_NAME: u32 = 0xa5;
}

/// Automerge's number for writing a value.
pub(super) const SET: u64 = 1;
/// Automerge's number for deleting.
pub(super) const DELETE: u64 = 3;
/// Automerge's number for making a text.
pub(super) const MAKE_TEXT: u64 = 4;

const NULL: u64 = 0;
const STRING: u64 = 6;

/// A reference to an operation: the place of its actor in the list at hand, and its counter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct OpRef {
    pub(super) counter: u64,
    pub(super) actor: u64,
}

/// What an operation does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Target {
    /// Writes a text at a key of the root.
    Value,
    /// Deletes what others wrote at a key of the root. It must name what it deletes.
    Settling,
    /// Makes an editable text at a key of the root.
    NewText,
    /// Inserts or writes a piece of an editable text, at an element or at the head.
    Piece { text: OpRef, element: Option<OpRef> },
    /// Deletes a piece of an editable text.
    Deletion { text: OpRef, element: OpRef },
}

/// The columns of operations that changes and documents share.
pub(super) struct OpColumns<'a> {
    pub(super) obj_actor: Runs<'a, u64>,
    pub(super) obj_ctr: Runs<'a, u64>,
    pub(super) key_actor: Runs<'a, u64>,
    pub(super) key_ctr: Deltas<'a>,
    pub(super) key_str: Runs<'a, &'a str>,
    pub(super) insert: Bools<'a>,
    pub(super) action: Runs<'a, u64>,
    pub(super) value_meta: Runs<'a, u64>,
    pub(super) value: Bytes<'a>,
}

impl<'a> OpColumns<'a> {
    pub(super) fn new(get: impl Fn(u32) -> &'a [u8]) -> Result<Self, ForeignBytes> {
        // Marks are never made here.
        for unused in [spec::EXPAND, spec::MARK_NAME] {
            if !get(unused).is_empty() {
                return Err(ForeignBytes::UnknownColumn(unused));
            }
        }
        Ok(Self {
            obj_actor: Runs::new(get(spec::OBJ_ACTOR)),
            obj_ctr: Runs::new(get(spec::OBJ_CTR)),
            key_actor: Runs::new(get(spec::KEY_ACTOR)),
            key_ctr: Deltas::new(get(spec::KEY_CTR)),
            key_str: Runs::new(get(spec::KEY_STR)),
            insert: Bools::new(get(spec::INSERT)),
            action: Runs::new(get(spec::ACTION)),
            value_meta: Runs::new(get(spec::VALUE_META)),
            value: Bytes::new(get(spec::VALUE)),
        })
    }

    /// The next operation.
    pub(super) fn next(&mut self, shape: Shape) -> Result<Target, ForeignBytes> {
        let obj = pair(self.obj_actor.next()?, self.obj_ctr.next()?)?;
        let key_actor = self.key_actor.next()?;
        let key_ctr = self.key_ctr.next()?;
        let key = self.key_str.next()?;
        let insert = self.insert.next()?;
        let action = self.action.require("an operation does nothing")?;
        let meta = self.value_meta.require("an operation has no value")?;
        let (kind, length) = (meta & 0xf, meta >> 4);
        let forbidden = Err(ForeignBytes::ForbiddenOp { action });

        let target = match obj {
            None => {
                let (None, None, Some(key)) = (key_actor, key_ctr, key) else {
                    return Err(ForeignBytes::NotFlat);
                };
                if key.is_empty() || key.len() > MAX_KEY_BYTES {
                    return Err(ForeignBytes::BadKey);
                }
                match (action, shape) {
                    (SET, _) if !insert => Target::Value,
                    (DELETE, Shape::Shared | Shape::Plan) if !insert => Target::Settling,
                    (MAKE_TEXT, Shape::Plan) if !insert => Target::NewText,
                    _ => return forbidden,
                }
            }
            Some(_) if shape != Shape::Plan => return Err(ForeignBytes::NotFlat),
            Some(text) => {
                let element = match (key_actor, key_ctr, key) {
                    (None, Some(0), None) if insert => None,
                    (Some(actor), Some(counter), None) => Some(OpRef { counter, actor }),
                    _ => return Err(ForeignBytes::NotFlat),
                };
                match (action, element) {
                    (SET, _) => Target::Piece { text, element },
                    (DELETE, Some(element)) if !insert => Target::Deletion { text, element },
                    _ => return forbidden,
                }
            }
        };
        let wanted = match action {
            SET => STRING,
            _ => NULL,
        };
        if kind != wanted || (kind == NULL && length != 0) {
            return Err(ForeignBytes::ForbiddenValue(kind));
        }
        let limit = match target {
            Target::Piece { .. } | Target::Deletion { .. } => MAX_TEXT_PIECE_BYTES,
            _ => MAX_VALUE_BYTES,
        };
        if length > limit {
            return Err(ForeignBytes::ValueTooLong { limit });
        }
        std::str::from_utf8(self.value.take_claimed(length)?)
            .map_err(|_| ForeignBytes::Malformed("a text is not UTF-8"))?;
        Ok(target)
    }

    /// Refuses columns that claim more rows, or values, than were read.
    pub(super) fn finish(&self) -> Result<(), ForeignBytes> {
        self.obj_actor.finish()?;
        self.obj_ctr.finish()?;
        self.key_actor.finish()?;
        self.key_ctr.finish()?;
        self.key_str.finish()?;
        self.insert.finish()?;
        self.action.finish()?;
        self.value_meta.finish()?;
        if self.value.is_empty() { Ok(()) } else { Err(ForeignBytes::ColumnsDisagree) }
    }
}

/// Both halves of a reference, or none.
pub(super) fn pair(
    actor: Option<u64>,
    counter: Option<u64>,
) -> Result<Option<OpRef>, ForeignBytes> {
    match (actor, counter) {
        (None, None) => Ok(None),
        (Some(actor), Some(counter)) => Ok(Some(OpRef { counter, actor })),
        _ => Err(ForeignBytes::BadReference),
    }
}
