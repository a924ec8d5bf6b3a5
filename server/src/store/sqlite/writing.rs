//! Writing rows, and what the writer remembers between requests: the states of spaces and the numbers of
//! devices. What a failed request may have touched is forgotten and read again.

use std::collections::HashMap;

use holdfast_protocol::cursor::SignedCursor;
use holdfast_protocol::entry::{Entry, Kind, SeqRange};
use holdfast_protocol::ids::{Class, DeviceId, Generation, InviteId, Seq, SpaceId};
use holdfast_protocol::membership::SpaceState;
use holdfast_protocol::sync::Noted;
use holdfast_protocol::wire;
use rusqlite::{Connection, params};

use super::super::{
    Checkpointed, Held, JoinAnswer, NewEntry, Pending, Reading, SpaceNo, StoreError, Stored,
    StoredWrap, TokenRow, Writing, mark,
};
use super::put_meta;
use super::reading::{Rows, place, signed};

/// The most spaces whose states are kept in memory.
const SPACES_IN_MEMORY: usize = 2048;
/// The most device numbers that are kept in memory.
const DEVICES_IN_MEMORY: usize = 65_536;

#[derive(Default)]
pub(super) struct Memory {
    spaces: HashMap<SpaceId, (u64, Held)>,
    devices: HashMap<DeviceId, i64>,
    clock: u64,
}

impl Memory {
    pub fn forget_all(&mut self) {
        self.spaces.clear();
        self.devices.clear();
    }

    fn keep(&mut self, held: Held) {
        if self.spaces.len() >= SPACES_IN_MEMORY {
            let mut used: Vec<u64> = self.spaces.values().map(|(used, _)| *used).collect();
            used.sort_unstable();
            let oldest_kept = used[used.len() / 4];
            self.spaces.retain(|_, (used, _)| *used >= oldest_kept);
        }
        self.clock += 1;
        self.spaces.insert(held.state.space(), (self.clock, held));
    }
}

pub(super) struct SqliteWriting<'c> {
    rows: Rows<'c>,
    memory: &'c mut Memory,
    touched: Vec<SpaceId>,
}

impl<'c> SqliteWriting<'c> {
    pub fn new(connection: &'c Connection, memory: &'c mut Memory) -> Self {
        Self { rows: Rows(connection), memory, touched: Vec::new() }
    }

    /// The request failed: what it may have changed in memory is no longer true.
    pub fn forget_touched(&mut self) {
        for space in self.touched.drain(..) {
            self.memory.spaces.remove(&space);
        }
        self.memory.devices.clear();
    }

    fn device(&mut self, device: &DeviceId) -> Stored<i64> {
        if let Some(no) = self.memory.devices.get(device) {
            return Ok(*no);
        }
        let no = self
            .rows
            .device_no(device)?
            .ok_or_else(|| StoreError::Damaged("a device has no number".into()))?;
        if self.memory.devices.len() >= DEVICES_IN_MEMORY {
            self.memory.devices.clear();
        }
        self.memory.devices.insert(*device, no);
        Ok(no)
    }

    fn execute(&self, sql: &str, with: impl rusqlite::Params) -> Stored<usize> {
        Ok(self.rows.0.prepare_cached(sql)?.execute(with)?)
    }
}

impl Writing for SqliteWriting<'_> {
    fn reading(&self) -> &dyn Reading {
        &self.rows
    }

    fn take(&mut self, id: &SpaceId) -> Stored<Option<Held>> {
        if let Some((_, held)) = self.memory.spaces.remove(id) {
            self.touched.push(*id);
            return Ok(Some(held));
        }
        let Some(row) = self.rows.space(id)? else { return Ok(None) };
        let mut state = self.rows.snapshot(row.no)?;
        let snapshot = state.head().seq;
        self.rows.log(row.no, snapshot, Seq::MAX, &mut |entry| {
            // Bodies above the last snapshot are never dropped, see the compaction.
            let bytes = entry.bytes.ok_or_else(|| {
                StoreError::Damaged("an entry after the snapshot is missing".into())
            })?;
            Entry::from_trusted_bytes(bytes)
                .map_err(|e| StoreError::Damaged(e.to_string()))
                .and_then(|entry| {
                    state.replay(&entry).map_err(|e| StoreError::Damaged(e.to_string()))
                })?;
            Ok(true)
        })?;
        self.touched.push(*id);
        Ok(Some(Held { row, state, snapshot }))
    }

    fn keep(&mut self, held: Held) {
        self.touched.push(held.state.space());
        self.memory.keep(held);
    }

    fn create_space(&mut self, id: &SpaceId) -> Stored<SpaceNo> {
        self.execute("INSERT INTO space (id) VALUES (?1)", [&id.0])?;
        Ok(SpaceNo(self.rows.0.last_insert_rowid()))
    }

    fn append(&mut self, space: SpaceNo, entry: &NewEntry<'_>) -> Stored<()> {
        let author = self.device(&entry.author)?;
        self.execute(
            "INSERT INTO entry (place, hash, running, author, counter, mark, body)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            params![
                place(space, entry.seq),
                entry.hash.0,
                entry.running.0,
                author,
                entry.counter.cast_signed(),
                mark(entry.kind, entry.class),
                entry.bytes
            ],
        )?;
        Ok(())
    }

    fn save_snapshot(&mut self, space: SpaceNo, state: &SpaceState, membership: Seq) -> Stored<()> {
        self.execute(
            "INSERT INTO snapshot (space, seq, state) VALUES (?1, ?2, ?3)
             ON CONFLICT (space) DO UPDATE SET seq = excluded.seq, state = excluded.state",
            params![space.0, signed(state.head().seq), wire::encode(state)],
        )?;
        self.execute(
            "UPDATE space SET membership = ?2 WHERE no = ?1 AND membership <> ?2",
            [space.0, signed(membership)],
        )?;
        Ok(())
    }

    fn set_checkpoint(&mut self, space: SpaceNo, checkpoint: Checkpointed) -> Stored<()> {
        self.execute(
            "UPDATE space SET checkpoint = ?2, checkpoint_at = ?3 WHERE no = ?1",
            [space.0, signed(checkpoint.seq), signed(checkpoint.at)],
        )?;
        Ok(())
    }

    fn cover(&mut self, space: SpaceNo, range: SeqRange, by: Seq) -> Stored<()> {
        self.execute(
            "UPDATE entry SET covered_by = ?3 WHERE place >= ?1 AND place <= ?2",
            [place(space, range.first), place(space, range.last), place(space, by)],
        )?;
        Ok(())
    }

    fn put_pending(&mut self, space: SpaceNo, pending: Pending) -> Stored<()> {
        self.execute(
            "INSERT INTO pending (place, since_ms) VALUES (?1, ?2)",
            [place(space, pending.by), signed(pending.since_ms)],
        )?;
        Ok(())
    }

    fn drop_bodies(&mut self, space: SpaceNo, by: Seq, to: Seq) -> Stored<()> {
        let of = [place(space, by), place(space, to)];
        {
            let mut freed = self.rows.0.prepare_cached(
                "SELECT d.account, sum(length(e.body)) FROM entry e JOIN device d ON d.no = e.author
                 WHERE e.covered_by = ?1 AND e.body IS NOT NULL AND e.place <= ?2 GROUP BY d.account",
            )?;
            let mut rows = freed.query(of)?;
            while let Some(row) = rows.next()? {
                self.execute(
                    "UPDATE share SET bytes = max(0, bytes - ?3) WHERE space = ?1 AND account = ?2",
                    [space.0, row.get(0)?, row.get(1)?],
                )?;
            }
        }
        self.execute(
            "UPDATE entry SET body = NULL
             WHERE covered_by = ?1 AND body IS NOT NULL AND place <= ?2",
            of,
        )?;
        Ok(())
    }

    fn settle_pending(&mut self, space: SpaceNo, by: Seq) -> Stored<bool> {
        let settled = self.execute(
            "DELETE FROM pending WHERE place = ?1 AND NOT EXISTS
             (SELECT 1 FROM entry WHERE covered_by = ?1 AND body IS NOT NULL)",
            [place(space, by)],
        )?;
        Ok(settled > 0)
    }

    fn raise_feed(&mut self, account: SpaceNo) -> Stored<u64> {
        self.execute(
            "INSERT INTO feed (account, feed) VALUES (?1, 1)
             ON CONFLICT (account) DO UPDATE SET feed = feed + 1",
            [account.0],
        )?;
        self.rows.feed(account)
    }

    fn set_moved(&mut self, account: SpaceNo, space: SpaceNo, feed: u64) -> Stored<()> {
        self.execute(
            "INSERT INTO account_space (account, space, feed) VALUES (?1, ?2, ?3)
             ON CONFLICT (account, space) DO UPDATE SET feed = excluded.feed",
            [account.0, space.0, signed(feed)],
        )?;
        Ok(())
    }

    fn add_bytes(&mut self, space: SpaceNo, of: SpaceNo, bytes: u64) -> Stored<()> {
        self.execute(
            "INSERT INTO share (space, account, bytes) VALUES (?1, ?2, ?3)
             ON CONFLICT (space, account) DO UPDATE SET bytes = bytes + excluded.bytes",
            [space.0, of.0, signed(bytes)],
        )?;
        Ok(())
    }

    fn note(&mut self, space: SpaceNo, noted: Noted) -> Stored<()> {
        self.execute(
            "INSERT INTO noted (place, at_ms) VALUES (?1, ?2) ON CONFLICT (place) DO NOTHING",
            [place(space, noted.seq), signed(noted.at_ms)],
        )?;
        Ok(())
    }

    fn put_cursor(&mut self, space: SpaceNo, cursor: &SignedCursor, at_ms: u64) -> Stored<()> {
        let device = self.device(&cursor.device)?;
        let seq = signed(cursor.position.seq);
        self.execute(
            "INSERT INTO cursor (space, device, seq, signed, at_ms) VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT (space, device) DO UPDATE
             SET seq = excluded.seq, signed = excluded.signed, at_ms = excluded.at_ms",
            params![space.0, device, seq, wire::encode(cursor), signed(at_ms)],
        )?;
        Ok(())
    }

    fn set_cursor_moved(
        &mut self,
        account: SpaceNo,
        space: SpaceNo,
        device: &DeviceId,
        feed: u64,
    ) -> Stored<()> {
        let device = self.device(device)?;
        self.execute(
            "INSERT INTO account_cursor (account, space, device, feed) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (account, space, device) DO UPDATE SET feed = excluded.feed",
            [account.0, space.0, device, signed(feed)],
        )?;
        Ok(())
    }

    fn bind_device(&mut self, device: &DeviceId, account: SpaceNo) -> Stored<()> {
        self.execute(
            "INSERT INTO device (id, account) VALUES (?1, ?2) ON CONFLICT (id) DO NOTHING",
            params![device.0, account.0],
        )?;
        Ok(())
    }

    fn put_token(&mut self, hash: &[u8; 32], token: &TokenRow, keep: usize) -> Stored<()> {
        let device = self.device(&token.device)?;
        self.execute(
            "INSERT INTO token (hash, device, expires_ms) VALUES (?1, ?2, ?3)",
            params![hash, device, signed(token.expires_at_ms)],
        )?;
        // The one just made always stays: after the clock was set back it is not the one that ends last.
        self.execute(
            "DELETE FROM token WHERE device = ?1 AND hash NOT IN
             (SELECT hash FROM token WHERE device = ?1
              ORDER BY hash = ?3 DESC, expires_ms DESC, hash LIMIT ?2)",
            params![device, signed(keep as u64), hash],
        )?;
        Ok(())
    }

    fn drop_tokens(&mut self, device: &DeviceId) -> Stored<()> {
        let device = self.device(device)?;
        self.execute("DELETE FROM token WHERE device = ?1", [device])?;
        Ok(())
    }

    fn put_wrap(&mut self, space: SpaceNo, invite: &InviteId, wrap: &StoredWrap) -> Stored<()> {
        self.execute(
            "INSERT INTO invite_wrap (account, invite, class, wrapped, expires_ms)
             VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT (account, invite, class) DO UPDATE
             SET wrapped = excluded.wrapped, expires_ms = excluded.expires_ms",
            params![
                space.0,
                invite.0,
                wrap.class as u8,
                wrap.wrapped.0,
                signed(wrap.expires_at_ms)
            ],
        )?;
        Ok(())
    }

    fn drop_wraps(&mut self, space: SpaceNo, invite: &InviteId, of: &[Class]) -> Stored<()> {
        for class in of {
            self.execute(
                "DELETE FROM invite_wrap WHERE account = ?1 AND invite = ?2 AND class = ?3",
                params![space.0, invite.0, *class as u8],
            )?;
        }
        Ok(())
    }

    fn wraps(&mut self, space: SpaceNo) -> Stored<Vec<InviteId>> {
        let mut statement = self.rows.0.prepare_cached(
            "SELECT DISTINCT invite FROM invite_wrap WHERE account = ?1 ORDER BY invite",
        )?;
        let rows = statement.query_map([space.0], |row| row.get(0).map(InviteId))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    fn put_join_answer(
        &mut self,
        device: &DeviceId,
        space: SpaceNo,
        answer: &JoinAnswer,
    ) -> Stored<()> {
        self.execute(
            "INSERT OR REPLACE INTO join_answer (device, space, admission, seq, keys, expires_ms)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            params![
                device.0,
                space.0,
                answer.admission.0,
                signed(answer.seq),
                wire::encode(&answer.keys),
                signed(answer.expires_at_ms)
            ],
        )?;
        Ok(())
    }

    fn drop_join_answer(&mut self, device: &DeviceId, space: SpaceNo) -> Stored<()> {
        self.execute(
            "DELETE FROM join_answer WHERE device = ?1 AND space = ?2",
            params![device.0, space.0],
        )?;
        Ok(())
    }

    fn set_acquainted(&mut self, account: SpaceNo, other: SpaceNo, feed: u64) -> Stored<()> {
        self.execute(
            "INSERT INTO acquaintance (account, other, feed) VALUES (?1, ?2, ?3)
             ON CONFLICT (account, other) DO UPDATE SET feed = excluded.feed",
            [account.0, other.0, signed(feed)],
        )?;
        Ok(())
    }

    fn drop_acquainted(&mut self, account: SpaceNo, other: SpaceNo) -> Stored<()> {
        self.execute(
            "DELETE FROM acquaintance WHERE account = ?1 AND other = ?2",
            [account.0, other.0],
        )?;
        Ok(())
    }

    fn set_gone(&mut self, account: SpaceNo, space: SpaceNo, feed: u64) -> Stored<()> {
        for table in ["account_space", "account_cursor"] {
            self.execute(
                &format!("DELETE FROM {table} WHERE account = ?1 AND space = ?2"),
                [account.0, space.0],
            )?;
        }
        self.execute(
            "INSERT INTO gone (account, space, feed) VALUES (?1, ?2, ?3)
             ON CONFLICT (account, space) DO UPDATE SET feed = excluded.feed",
            [account.0, space.0, signed(feed)],
        )?;
        Ok(())
    }

    fn drop_content(&mut self, space: SpaceNo) -> Stored<()> {
        self.execute(
            "UPDATE entry SET body = NULL
             WHERE place > ?1 AND place <= ?2 AND mark >> 4 NOT IN (?3, ?4)",
            params![
                place(space, 0),
                place(space, Seq::MAX),
                Kind::Membership as u8,
                Kind::Checkpoint as u8
            ],
        )?;
        self.execute(
            "DELETE FROM pending WHERE place > ?1 AND place <= ?2",
            [place(space, 0), place(space, Seq::MAX)],
        )?;
        Ok(())
    }

    fn drop_expired(&mut self, now_ms: u64) -> Stored<()> {
        for table in ["token", "invite_wrap", "join_answer"] {
            self.execute(&format!("DELETE FROM {table} WHERE expires_ms <= ?1"), [signed(now_ms)])?;
        }
        Ok(())
    }

    fn start_generation(&mut self, generation: Generation) -> Stored<()> {
        put_meta(self.rows.0, "generation", &generation.0)?;
        self.execute(
            "UPDATE space SET restored =
             (SELECT max(place) & 4294967295 FROM entry
              WHERE place > no << 32 AND place <= (no << 32 | 4294967295))",
            [],
        )?;
        for table in ["cursor", "account_cursor", "token"] {
            self.execute(&format!("DELETE FROM {table}"), [])?;
        }
        self.memory.forget_all();
        Ok(())
    }
}
