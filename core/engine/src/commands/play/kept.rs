//! The session being played, as it is put away: a row that never leaves the device. It is written with
//! the holds it knows of, in their transaction.

use holdfast_domain::ids::{RoutineId, StepId};
use holdfast_domain::live::Instants;
use holdfast_domain::player::{At, BadCheckpoint, Checkpoint};
use holdfast_domain::record::{PlayedStep, SessionKey, SessionRecord};
use holdfast_domain::rules::Finding;
use holdfast_protocol::ids::SpaceId;
use rusqlite::{Connection, OptionalExtension};
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::observe::Key;
use crate::store::Tx;

/// What a session was begun with: it does not change while it is played.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Begun {
    /// Tells two doings of one session apart, so that their holds have ids of their own.
    pub(super) play: String,
    /// When it was made ready, in milliseconds since 1970-01-01T00:00Z.
    pub(super) made_ms: u64,
    pub(super) session: SessionKey,
    pub(super) routine: RoutineId,
    pub(super) routine_name: String,
    pub(super) routine_version: u64,
    /// Where it was begun. A session stays in its zone, also when the device travels on.
    pub(super) zone: String,
    /// When a day started there, in minutes after local midnight.
    #[serde(default = "default_day_start")]
    pub(super) day_start_min: u16,
    pub(super) by: Option<String>,
    /// The steps with the doses of that moment.
    pub(super) steps: Vec<PlayedStep>,
    /// What the rules had to say.
    pub(super) findings: Vec<Finding>,
    /// Steps of the routine that are not played.
    pub(super) left_out: Vec<StepId>,
    /// Steps that are meant only under a condition, which the person judges.
    pub(super) conditional: Vec<StepId>,
    /// What this device had recorded of the session before: an earlier doing of it.
    pub(super) before: Option<SessionRecord>,
}

const fn default_day_start() -> u16 {
    holdfast_domain::profile::DAY_START_MIN
}

#[derive(Serialize, Deserialize)]
struct Body {
    begun: Begun,
    checkpoint: Checkpoint,
    saved_at: At,
    /// Left out where the session counts as this device does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    instants: Option<Instants>,
}

/// A session as it was put away.
pub(super) struct Kept {
    pub(super) begun: Begun,
    pub(super) checkpoint: Checkpoint,
    /// When it was put away, on this device's clock.
    pub(super) saved_at: At,
    pub(super) instants: Instants,
    /// Whether it was over: then it was not broken off.
    pub(super) over: bool,
}

/// The session that was put away last, if there is one.
pub(super) fn load(conn: &Connection, space: SpaceId) -> Result<Option<Kept>> {
    let mut found =
        conn.prepare_cached("SELECT over, body FROM play_checkpoint WHERE space = ?1")?;
    let row = found
        .query_row([space.as_bytes()], |row| Ok((row.get(0)?, row.get::<_, String>(1)?)))
        .optional()?;
    let Some((over, body)) = row else { return Ok(None) };
    let read = serde_json::from_str(&body);
    let Body { begun, checkpoint, saved_at, instants } =
        read.map_err(|_| bad_checkpoint(BadCheckpoint::Damaged))?;
    let instants = instants.unwrap_or(Instants::same(saved_at));
    Ok(Some(Kept { begun, checkpoint, saved_at, instants, over }))
}

/// Puts a session away.
pub(super) fn put(tx: &Tx<'_>, space: SpaceId, kept: Kept) -> Result<()> {
    let Kept { begun, checkpoint, saved_at, instants, over } = kept;
    let instants = Some(instants).filter(|instants| instants.session != instants.own);
    let body = serde_json::to_string(&Body { begun, checkpoint, saved_at, instants })
        .map_err(|error| Error::Unreadable(error.to_string()))?;
    let sql = "INSERT INTO play_checkpoint (space, over, saved_ms, body) VALUES (?1, ?2, ?3, ?4)
               ON CONFLICT (space) DO UPDATE
               SET over = excluded.over, saved_ms = excluded.saved_ms, body = excluded.body";
    tx.touch(Key::Play);
    tx.execute(sql, (space.as_bytes(), over, tx.now_ms(), body)).map(|_| ())
}

/// Forgets it.
pub(super) fn remove(tx: &Tx<'_>, space: SpaceId) -> Result<()> {
    tx.touch(Key::Play);
    tx.execute("DELETE FROM play_checkpoint WHERE space = ?1", [space.as_bytes()]).map(|_| ())
}

/// What was put away does not read. What was logged of it is in the history all the same.
pub(super) fn bad_checkpoint(bad: BadCheckpoint) -> Error {
    let code = match bad {
        BadCheckpoint::Newer(_) => "newer_play",
        BadCheckpoint::Damaged => "damaged_play",
    };
    Error::Forbidden { code, message: bad.message() }
}
