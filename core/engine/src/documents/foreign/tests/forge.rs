//! Makes Automerge chunks by hand, so that tests can lie in every place where a stranger could.

use sha2::{Digest, Sha256};

use crate::documents::actor::ActorId;

pub(crate) fn unsigned(mut value: u64) -> Vec<u8> {
    let mut out = Vec::new();
    loop {
        let byte = (value & 0x7f) as u8;
        value >>= 7;
        if value == 0 {
            out.push(byte);
            return out;
        }
        out.push(byte | 0x80);
    }
}

pub(crate) fn signed(mut value: i64) -> Vec<u8> {
    let mut out = Vec::new();
    loop {
        let byte = (value & 0x7f) as u8;
        value >>= 7;
        if (value == 0 && byte & 0x40 == 0) || (value == -1 && byte & 0x40 != 0) {
            out.push(byte);
            return out;
        }
        out.push(byte | 0x80);
    }
}

/// `count` times the same cell, as Automerge writes it: a lone one as a literal.
pub(crate) fn run(count: i64, cell: &[u8]) -> Vec<u8> {
    [signed(if count == 1 { -1 } else { count }), cell.to_vec()].concat()
}

pub(crate) fn text(text: &str) -> Vec<u8> {
    [unsigned(text.len() as u64), text.as_bytes().to_vec()].concat()
}

/// A chunk with a true checksum.
pub(crate) fn chunk(kind: u8, content: &[u8]) -> Vec<u8> {
    let length = unsigned(content.len() as u64);
    let hash = Sha256::digest([&[kind][..], &length, content].concat());
    [&[0x85, 0x6f, 0x4a, 0x83][..], &hash[..4], &[kind], &length, content].concat()
}

/// A change, each part of which can lie.
#[derive(Clone)]
pub(crate) struct Change {
    pub(crate) deps: Vec<[u8; 32]>,
    pub(crate) actor: Vec<u8>,
    pub(crate) seq: u64,
    pub(crate) start_op: u64,
    pub(crate) time: i64,
    pub(crate) message: String,
    pub(crate) others: Vec<ActorId>,
    pub(crate) columns: Vec<(u32, Vec<u8>)>,
    pub(crate) extra: Vec<u8>,
}

impl Change {
    /// `count` writes of `"v"` at the key `k`.
    pub(crate) fn writes(actor: ActorId, count: i64) -> Self {
        Self {
            deps: Vec::new(),
            actor: actor.0.to_vec(),
            seq: 1,
            start_op: 1,
            time: 0,
            message: String::new(),
            others: Vec::new(),
            columns: vec![
                (0x15, run(count, &text("k"))),
                (0x34, unsigned(count.unsigned_abs())),
                (0x42, run(count, &unsigned(1))),
                (0x56, run(count, &unsigned(1 << 4 | 6))),
                (0x57, vec![b'v'; usize::try_from(count.min(100_000)).unwrap()]),
                (0x70, run(count, &unsigned(0))),
            ],
            extra: Vec::new(),
        }
    }

    /// The same with another column in place of, or besides, the one of that name.
    pub(crate) fn with(mut self, spec: u32, column: Vec<u8>) -> Self {
        self.columns.retain(|(s, _)| s & !8 != spec & !8);
        self.columns.push((spec, column));
        self.columns.sort_by_key(|(s, _)| s & !8);
        self
    }

    /// The same with its operations starting elsewhere.
    pub(crate) fn starting(self, start_op: u64) -> Self {
        Self { start_op, ..self }
    }

    pub(crate) fn content(&self) -> Vec<u8> {
        let mut out = unsigned(self.deps.len() as u64);
        out.extend(self.deps.concat());
        out.extend(unsigned(self.actor.len() as u64));
        out.extend(&self.actor);
        out.extend(unsigned(self.seq));
        out.extend(unsigned(self.start_op));
        out.extend(signed(self.time));
        out.extend(text(&self.message));
        out.extend(unsigned(self.others.len() as u64));
        for other in &self.others {
            out.extend(unsigned(16));
            out.extend(other.0);
        }
        out.extend(unsigned(self.columns.len() as u64));
        for (spec, column) in &self.columns {
            out.extend(unsigned(u64::from(*spec)));
            out.extend(unsigned(column.len() as u64));
        }
        for (_, column) in &self.columns {
            out.extend(column);
        }
        out.extend(&self.extra);
        out
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        chunk(1, &self.content())
    }
}
