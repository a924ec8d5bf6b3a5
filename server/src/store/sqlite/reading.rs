//! Reading rows. A row that cannot be what the store wrote is damage, not a panic.

use holdfast_protocol::cursor::SignedCursor;
use holdfast_protocol::entry::{Kind, Position, SeqRange};
use holdfast_protocol::ids::{
    AccountId, Class, DeviceId, EntryHash, Generation, InviteId, RunningHash, Seq, SpaceId,
};
use holdfast_protocol::keys::Wrapped;
use holdfast_protocol::membership::SpaceState;
use holdfast_protocol::sync::{Noted, NotedCursor};
use holdfast_protocol::wire;
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::super::{
    Checkpointed, JoinAnswer, LogRow, OutlineRow, Pending, Reading, SpaceNo, SpaceRow, StoreError,
    Stored, StoredWrap, TokenRow, mark,
};
use super::meta;

const SEQ_BITS: u32 = 32;
const SEQ_MASK: i64 = (1 << SEQ_BITS) - 1;

/// Where an entry stands among all of all spaces.
pub(super) fn place(space: SpaceNo, seq: Seq) -> i64 {
    space.0 << SEQ_BITS | i64::try_from(seq).unwrap_or(SEQ_MASK).min(SEQ_MASK)
}

fn seq_of(place: i64) -> Seq {
    (place & SEQ_MASK).unsigned_abs()
}

fn damaged(what: &str) -> StoreError {
    StoreError::Damaged(what.to_owned())
}

fn number(row: &Row<'_>, column: usize) -> Result<u64, rusqlite::Error> {
    row.get::<_, i64>(column).map(i64::unsigned_abs)
}

/// SQLite's integers are signed: what does not fit is as good as never.
pub(super) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn unmark(mark: u8) -> Option<(Kind, Class)> {
    let kind = [Kind::Membership, Kind::Change, Kind::Pack, Kind::Checkpoint]
        .into_iter()
        .find(|k| *k as u8 == mark >> 4)?;
    let class = [Class::Membership, Class::Account]
        .into_iter()
        .chain(Class::CHART)
        .find(|c| *c as u8 == mark & 15)?;
    Some((kind, class))
}

/// The columns that an outline is read from, in order.
const OUTLINE: &str = "place, hash, mark, covered_by";

fn outline(row: &Row<'_>) -> Stored<OutlineRow> {
    let (kind, class) = unmark(row.get(2)?).ok_or_else(|| damaged("an entry's kind is unknown"))?;
    Ok(OutlineRow {
        seq: seq_of(row.get(0)?),
        hash: EntryHash(row.get(1)?),
        kind,
        class,
        covered_by: row.get::<_, Option<i64>>(3)?.map(seq_of),
    })
}

pub(super) struct Rows<'c>(pub &'c Connection);

impl Rows<'_> {
    pub fn device_no(&self, device: &DeviceId) -> Stored<Option<i64>> {
        let mut statement = self.0.prepare_cached("SELECT no FROM device WHERE id = ?1")?;
        Ok(statement.query_row([&device.0], |row| row.get(0)).optional()?)
    }

    fn scan(
        &self,
        columns: &str,
        space: SpaceNo,
        after: Seq,
        to: Seq,
        visit: &mut dyn FnMut(&Row<'_>) -> Stored<bool>,
    ) -> Stored<()> {
        let sql =
            format!("SELECT {columns} FROM entry WHERE place > ?1 AND place <= ?2 ORDER BY place");
        let mut statement = self.0.prepare_cached(&sql)?;
        let mut rows = statement.query([place(space, after), place(space, to)])?;
        while let Some(row) = rows.next()? {
            if !visit(row)? {
                break;
            }
        }
        Ok(())
    }
}

impl Reading for Rows<'_> {
    fn generation(&self) -> Stored<Generation> {
        meta(self.0, "generation").map(Generation)
    }

    fn secret(&self) -> Stored<[u8; 32]> {
        meta(self.0, "secret")
    }

    fn space(&self, id: &SpaceId) -> Stored<Option<SpaceRow>> {
        let mut statement = self.0.prepare_cached(
            "SELECT no, membership, checkpoint, checkpoint_at, restored FROM space WHERE id = ?1",
        )?;
        let row = statement.query_row([&id.0], |row| {
            let checkpoint = match (row.get::<_, Option<i64>>(2)?, row.get::<_, Option<i64>>(3)?) {
                (Some(seq), Some(at)) => {
                    Some(Checkpointed { seq: seq.unsigned_abs(), at: at.unsigned_abs() })
                }
                _ => None,
            };
            Ok(SpaceRow {
                no: SpaceNo(row.get(0)?),
                membership: number(row, 1)?,
                checkpoint,
                restored: row.get::<_, Option<i64>>(4)?.map(i64::unsigned_abs),
            })
        });
        Ok(row.optional()?)
    }

    fn space_id(&self, space: SpaceNo) -> Stored<SpaceId> {
        let mut statement = self.0.prepare_cached("SELECT id FROM space WHERE no = ?1")?;
        let id = statement.query_row([space.0], |row| row.get(0)).optional()?;
        id.map(SpaceId).ok_or_else(|| damaged("a space's number leads nowhere"))
    }

    fn snapshot(&self, space: SpaceNo) -> Stored<SpaceState> {
        let mut statement = self.0.prepare_cached("SELECT state FROM snapshot WHERE space = ?1")?;
        let bytes: Option<Vec<u8>> = statement.query_row([space.0], |row| row.get(0)).optional()?;
        let bytes = bytes.ok_or_else(|| damaged("a space has no state"))?;
        wire::decode("space", &bytes).map_err(|e| damaged(&e.to_string()))
    }

    fn head(&self, space: SpaceNo) -> Stored<Position> {
        let mut statement = self.0.prepare_cached(
            "SELECT place, running FROM entry WHERE place > ?1 AND place <= ?2
             ORDER BY place DESC LIMIT 1",
        )?;
        let bounds = [place(space, 0), place(space, Seq::MAX)];
        let head = statement.query_row(bounds, |row| {
            Ok(Position { seq: seq_of(row.get(0)?), running: RunningHash(row.get(1)?) })
        });
        Ok(head.optional()?.unwrap_or(Position::START))
    }

    fn running_at(&self, space: SpaceNo, seq: Seq) -> Stored<Option<RunningHash>> {
        let mut statement = self.0.prepare_cached("SELECT running FROM entry WHERE place = ?1")?;
        let running = statement.query_row([place(space, seq)], |row| row.get(0)).optional()?;
        Ok(running.map(RunningHash))
    }

    fn find(
        &self,
        space: SpaceNo,
        author: &DeviceId,
        counter: u64,
    ) -> Stored<Option<(Seq, EntryHash)>> {
        let Some(author) = self.device_no(author)? else { return Ok(None) };
        let mut statement = self.0.prepare_cached(
            "SELECT place, hash FROM entry
             WHERE author = ?1 AND counter = ?2 AND place > ?3 AND place <= ?4",
        )?;
        let of = params![author, counter.cast_signed(), place(space, 0), place(space, Seq::MAX)];
        let found = statement
            .query_row(of, |row| Ok((seq_of(row.get(0)?), EntryHash(row.get(1)?))))
            .optional()?;
        Ok(found)
    }

    fn log(
        &self,
        space: SpaceNo,
        after: Seq,
        to: Seq,
        visit: &mut dyn FnMut(LogRow<'_>) -> Stored<bool>,
    ) -> Stored<()> {
        self.scan("place, hash, mark, covered_by, body", space, after, to, &mut |row| {
            let body = row.get_ref(4)?;
            let bytes =
                body.as_blob_or_null().map_err(|_| damaged("an entry's body is no blob"))?;
            visit(LogRow { outline: outline(row)?, bytes })
        })
    }

    fn outline(
        &self,
        space: SpaceNo,
        after: Seq,
        to: Seq,
        visit: &mut dyn FnMut(OutlineRow) -> Stored<bool>,
    ) -> Stored<()> {
        self.scan(OUTLINE, space, after, to, &mut |row| visit(outline(row)?))
    }

    fn membership(
        &self,
        space: SpaceNo,
        visit: &mut dyn FnMut(Seq, &[u8]) -> Stored<()>,
    ) -> Stored<()> {
        let mut statement = self.0.prepare_cached(
            "SELECT place, body FROM entry INDEXED BY entry_membership
             WHERE mark = 0 AND place > ?1 AND place <= ?2 ORDER BY place",
        )?;
        let mut rows = statement.query([place(space, 0), place(space, Seq::MAX)])?;
        while let Some(row) = rows.next()? {
            let body = row.get_ref(1)?.as_blob().map_err(|_| damaged("membership is missing"))?;
            visit(seq_of(row.get(0)?), body)?;
        }
        Ok(())
    }

    fn noted(&self, space: SpaceNo, from: Seq, to: Seq) -> Stored<Vec<Noted>> {
        let sql = "SELECT place & 4294967295, at_ms FROM noted
                   WHERE place BETWEEN ?1 AND ?2 ORDER BY place";
        let mut statement = self.0.prepare_cached(sql)?;
        let within = [place(space, from), place(space, to)];
        let rows = statement
            .query_map(within, |row| Ok(Noted { seq: number(row, 0)?, at_ms: number(row, 1)? }))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    fn membership_bytes(&self, space: SpaceNo) -> Stored<u64> {
        let mut statement = self.0.prepare_cached(
            "SELECT coalesce(sum(length(body)), 0) FROM entry INDEXED BY entry_membership
             WHERE mark = 0 AND place > ?1 AND place <= ?2",
        )?;
        let bounds = [place(space, 0), place(space, Seq::MAX)];
        Ok(statement.query_row(bounds, |row| number(row, 0))?)
    }

    fn entry(&self, space: SpaceNo, seq: Seq) -> Stored<Option<Vec<u8>>> {
        let mut statement = self.0.prepare_cached("SELECT body FROM entry WHERE place = ?1")?;
        let body: Option<Option<Vec<u8>>> =
            statement.query_row([place(space, seq)], |row| row.get(0)).optional()?;
        Ok(body.flatten())
    }

    fn is_coverable(&self, space: SpaceNo, range: SeqRange, class: Class) -> Stored<bool> {
        let mut statement = self.0.prepare_cached(
            "SELECT 1 FROM entry WHERE place >= ?1 AND place <= ?2
             AND (covered_by IS NOT NULL OR mark NOT IN (?3, ?4)) LIMIT 1",
        )?;
        let of = params![
            place(space, range.first),
            place(space, range.last),
            mark(Kind::Change, class),
            mark(Kind::Pack, class)
        ];
        Ok(!statement.exists(of)?)
    }

    fn pending(&self, space: SpaceNo) -> Stored<Vec<Pending>> {
        let mut statement = self.0.prepare_cached(
            "SELECT place, since_ms FROM pending WHERE place > ?1 AND place <= ?2 ORDER BY place",
        )?;
        let bounds = [place(space, 0), place(space, Seq::MAX)];
        let rows = statement.query_map(bounds, |row| {
            Ok(Pending { by: seq_of(row.get(0)?), since_ms: number(row, 1)? })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    fn spaces_pending(&self) -> Stored<Vec<SpaceId>> {
        let mut statement = self.0.prepare_cached(
            "SELECT DISTINCT s.id FROM pending p JOIN space s ON s.no = p.place >> 32 ORDER BY s.id",
        )?;
        let rows = statement.query_map([], |row| row.get(0).map(SpaceId))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    fn feed(&self, account: SpaceNo) -> Stored<u64> {
        let mut statement = self.0.prepare_cached("SELECT feed FROM feed WHERE account = ?1")?;
        Ok(statement.query_row([account.0], |row| number(row, 0)).optional()?.unwrap_or(0))
    }

    fn moved(&self, account: SpaceNo, since: u64) -> Stored<Vec<(SpaceNo, SpaceId)>> {
        self.numbered(
            "SELECT a.space, s.id FROM account_space a JOIN space s ON s.no = a.space
             WHERE a.account = ?1 AND a.feed > ?2 ORDER BY a.space",
            account,
            since,
        )
    }

    fn belongs(&self, account: SpaceNo, space: SpaceNo) -> Stored<bool> {
        let mut statement = self
            .0
            .prepare_cached("SELECT 1 FROM account_space WHERE account = ?1 AND space = ?2")?;
        Ok(statement.exists([account.0, space.0])?)
    }

    fn count_spaces(&self, account: SpaceNo) -> Stored<u64> {
        let mut statement =
            self.0.prepare_cached("SELECT count(*) FROM account_space WHERE account = ?1")?;
        Ok(statement.query_row([account.0], |row| number(row, 0))?)
    }

    fn bytes(&self, space: SpaceNo, of: SpaceNo) -> Stored<(u64, u64)> {
        let mut statement = self.0.prepare_cached(
            "SELECT coalesce(sum(bytes) FILTER (WHERE account = ?2), 0), coalesce(sum(bytes), 0)
             FROM share WHERE space = ?1",
        )?;
        Ok(statement.query_row([space.0, of.0], |row| Ok((number(row, 0)?, number(row, 1)?)))?)
    }

    fn cursor(&self, space: SpaceNo, device: &DeviceId) -> Stored<Option<Position>> {
        let Some(device) = self.device_no(device)? else { return Ok(None) };
        let mut statement =
            self.0.prepare_cached("SELECT signed FROM cursor WHERE space = ?1 AND device = ?2")?;
        let bytes: Option<Vec<u8>> =
            statement.query_row([space.0, device], |row| row.get(0)).optional()?;
        bytes.map(|bytes| cursor(&bytes).map(|c| c.position)).transpose()
    }

    fn cursors(&self, space: SpaceNo) -> Stored<Vec<(DeviceId, Seq)>> {
        let mut statement = self.0.prepare_cached(
            "SELECT d.id, c.seq FROM cursor c JOIN device d ON d.no = c.device WHERE c.space = ?1",
        )?;
        let rows =
            statement.query_map([space.0], |row| Ok((DeviceId(row.get(0)?), number(row, 1)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    fn moved_cursors(
        &self,
        account: SpaceNo,
        since: u64,
        except: &DeviceId,
        limit: usize,
    ) -> Stored<Vec<NotedCursor>> {
        let except = self.device_no(except)?.unwrap_or(-1);
        let mut statement = self.0.prepare_cached(
            "SELECT c.signed, c.at_ms FROM account_cursor a
             JOIN cursor c ON c.space = a.space AND c.device = a.device
             WHERE a.account = ?1 AND a.feed > ?2 AND a.device <> ?3
             ORDER BY a.feed DESC, a.space, a.device LIMIT ?4",
        )?;
        let of = params![account.0, signed(since), except, signed(limit as u64)];
        let mut rows = statement.query(of)?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            let cursor = cursor(&row.get::<_, Vec<u8>>(0)?)?;
            found.push(NotedCursor { cursor, at_ms: number(row, 1)? });
        }
        Ok(found)
    }

    fn account_of(&self, device: &DeviceId) -> Stored<Option<AccountId>> {
        let mut statement = self.0.prepare_cached(
            "SELECT s.id FROM device d JOIN space s ON s.no = d.account WHERE d.id = ?1",
        )?;
        Ok(statement.query_row([&device.0], |row| row.get(0).map(SpaceId)).optional()?)
    }

    fn token(&self, hash: &[u8; 32]) -> Stored<Option<TokenRow>> {
        let mut statement = self.0.prepare_cached(
            "SELECT d.id, s.id, t.expires_ms FROM token t
             JOIN device d ON d.no = t.device JOIN space s ON s.no = d.account WHERE t.hash = ?1",
        )?;
        let row = statement.query_row([hash], |row| {
            Ok(TokenRow {
                device: DeviceId(row.get(0)?),
                account: SpaceId(row.get(1)?),
                expires_at_ms: number(row, 2)?,
            })
        });
        Ok(row.optional()?)
    }

    fn wraps_of(&self, space: SpaceNo, invite: &InviteId) -> Stored<Vec<StoredWrap>> {
        let mut statement = self.0.prepare_cached(
            "SELECT class, wrapped, expires_ms FROM invite_wrap
             WHERE account = ?1 AND invite = ?2 ORDER BY class",
        )?;
        let mut rows = statement.query(params![space.0, invite.0])?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            let class = row.get::<_, u8>(0)?;
            let class = Class::from_number(class).ok_or_else(|| damaged("a wrap's class"))?;
            let (wrapped, expires_at_ms) = (Wrapped(row.get(1)?), number(row, 2)?);
            found.push(StoredWrap { class, wrapped, expires_at_ms });
        }
        Ok(found)
    }

    fn join_answer(&self, device: &DeviceId, space: SpaceNo) -> Stored<Option<JoinAnswer>> {
        let mut statement = self.0.prepare_cached(
            "SELECT admission, seq, keys, expires_ms FROM join_answer
             WHERE device = ?1 AND space = ?2",
        )?;
        let row = statement.query_row(params![device.0, space.0], |row| {
            let keys: Vec<u8> = row.get(2)?;
            Ok((EntryHash(row.get(0)?), number(row, 1)?, keys, number(row, 3)?))
        });
        let Some((admission, seq, keys, expires_at_ms)) = row.optional()? else { return Ok(None) };
        let keys = wire::decode("keys", &keys).map_err(|e| damaged(&e.to_string()))?;
        Ok(Some(JoinAnswer { admission, seq, keys, expires_at_ms }))
    }

    fn acquaintances(&self, account: SpaceNo, since: u64) -> Stored<Vec<(u64, AccountId)>> {
        let mut statement = self.0.prepare_cached(
            "SELECT a.feed, s.id FROM acquaintance a JOIN space s ON s.no = a.other
             WHERE a.account = ?1 AND a.feed > ?2 ORDER BY a.feed, a.other",
        )?;
        let rows = statement.query_map([account.0, signed(since)], |row| {
            Ok((number(row, 0)?, SpaceId(row.get(1)?)))
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    fn acquainted_with(&self, account: SpaceNo) -> Stored<Vec<(SpaceNo, AccountId)>> {
        self.numbered(
            "SELECT a.account, s.id FROM acquaintance a JOIN space s ON s.no = a.account
             WHERE a.other = ?1 AND a.feed >= ?2 ORDER BY a.account",
            account,
            0,
        )
    }

    fn gone(&self, account: SpaceNo, since: u64) -> Stored<Vec<SpaceId>> {
        let found = self.numbered(
            "SELECT g.space, s.id FROM gone g JOIN space s ON s.no = g.space
             WHERE g.account = ?1 AND g.feed > ?2 AND NOT EXISTS
             (SELECT 1 FROM account_space a WHERE a.account = ?1 AND a.space = g.space)
             ORDER BY g.space",
            account,
            since,
        )?;
        Ok(found.into_iter().map(|(_, id)| id).collect())
    }
}

impl Rows<'_> {
    /// Spaces with their numbers, of an account and after a feed position.
    fn numbered(&self, sql: &str, account: SpaceNo, since: u64) -> Stored<Vec<(SpaceNo, SpaceId)>> {
        let mut statement = self.0.prepare_cached(sql)?;
        let rows = statement.query_map([account.0, signed(since)], |row| {
            Ok((SpaceNo(row.get(0)?), SpaceId(row.get(1)?)))
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

fn cursor(bytes: &[u8]) -> Stored<SignedCursor> {
    wire::decode("cursor", bytes).map_err(|e| damaged(&e.to_string()))
}
