//! Automerge chunks made by hand, so that a test can lie in every place where a stranger could.

use holdfast_protocol::ids::ActorId;
use sha2::{Digest, Sha256};

fn unsigned(mut value: u64) -> Vec<u8> {
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

fn signed(mut value: i64) -> Vec<u8> {
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
fn run(count: i64, cell: &[u8]) -> Vec<u8> {
    [signed(if count == 1 { -1 } else { count }), cell.to_vec()].concat()
}

fn text(text: &str) -> Vec<u8> {
    [unsigned(text.len() as u64), text.as_bytes().to_vec()].concat()
}

/// One change that sets a root key to a text, every part of which can lie.
#[derive(Clone)]
pub struct ForgedChange {
    /// Who claims to have written it.
    pub actor: ActorId,
    /// Its number within that actor.
    pub seq: u64,
    /// The number of its first operation.
    pub start_op: u64,
    /// The root key.
    pub key: String,
    /// The value.
    pub value: String,
    /// How many times the operation is said to be there.
    pub count: i64,
    /// Whether the columns are packed with deflate.
    pub deflated: bool,
}

impl ForgedChange {
    /// An honest one, its actor's first.
    #[must_use]
    pub fn honest(actor: ActorId) -> Self {
        Self {
            actor,
            seq: 1,
            start_op: 1,
            key: "x-forged".to_owned(),
            value: "v".to_owned(),
            count: 1,
            deflated: false,
        }
    }

    /// The chunk, and the hash that names the change.
    #[must_use]
    pub fn chunk(&self) -> (Vec<u8>, [u8; 32]) {
        let bytes_of_value = self.value.len() as u64;
        let columns: Vec<(u64, Vec<u8>)> = vec![
            (0x15, run(self.count, &text(&self.key))),
            (0x34, unsigned(self.count.unsigned_abs())),
            (0x42, run(self.count, &unsigned(1))),
            (0x56, run(self.count, &unsigned(bytes_of_value << 4 | 6))),
            (0x57, self.value.repeat(usize::try_from(self.count.min(1000)).unwrap_or(0)).into()),
            (0x70, run(self.count, &unsigned(0))),
        ];
        let mut content = unsigned(0);
        content.extend(unsigned(16));
        content.extend(self.actor.0);
        content.extend(unsigned(self.seq));
        content.extend(unsigned(self.start_op));
        content.extend(signed(0));
        content.extend(text(""));
        content.extend(unsigned(0));
        content.extend(unsigned(columns.len() as u64));
        for (spec, column) in &columns {
            let deflate_bit = if self.deflated { 8 } else { 0 };
            content.extend(unsigned(spec | deflate_bit));
            content.extend(unsigned(column.len() as u64));
        }
        for (_, column) in &columns {
            content.extend(column);
        }
        chunk(1, &content)
    }
}

/// A chunk of a kind with a true checksum, and its hash.
#[must_use]
pub fn chunk(kind: u8, content: &[u8]) -> (Vec<u8>, [u8; 32]) {
    let length = unsigned(content.len() as u64);
    let hash: [u8; 32] = Sha256::digest([&[kind][..], &length, content].concat()).into();
    ([&[0x85, 0x6f, 0x4a, 0x83][..], &hash[..4], &[kind], &length, content].concat(), hash)
}
