//! Whether a home is sound: the database, the documents, the projection, the keys, the disk. It finds
//! and says; what it may repair is only what can be made anew from what is whole.

use rusqlite::Connection;
use serde::Serialize;

use crate::audit::People;
use crate::error::{Error, Result};
use crate::identity::keys;
use crate::protocol_words::{alarm_message, kept};
use crate::rights::{ChartStanding, part};
use crate::store::Tx;
use crate::store::docs::space_of;
use crate::store::sync_tables::entries::{Quarantined, Standing};
use crate::store::sync_tables::{alarms, entries};
use crate::sync::seal;
use crate::{Engine, HoldfastError, Inner, projection};
use holdfast_domain::words::Message;

/// Less free space than this is worth a word, in bytes.
const LITTLE_SPACE: u64 = 64 << 20;
/// The most findings of one kind that are listed.
const MOST: usize = 20;

/// Something that is not as it should be, or worth knowing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DoctorFinding {
    /// The stable code.
    pub code: &'static str,
    /// The sentence.
    #[serde(serialize_with = "crate::error::in_english")]
    pub sentence: Message,
    /// Whether the home is not sound because of it. What is quarantined or newer is kept safe and
    /// leaves the home sound.
    pub fault: bool,
    /// Whether it was repaired just now.
    pub repaired: bool,
}

impl DoctorFinding {
    pub(crate) const fn fault(code: &'static str, sentence: Message) -> Self {
        Self { code, sentence, fault: true, repaired: false }
    }

    pub(crate) const fn note(code: &'static str, sentence: Message) -> Self {
        Self { code, sentence, fault: false, repaired: false }
    }
}

/// What the doctor found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DoctorReport {
    /// Whether the home is sound.
    pub ok: bool,
    /// What was found, faults first.
    pub findings: Vec<DoctorFinding>,
}

impl DoctorReport {
    fn of(mut findings: Vec<DoctorFinding>) -> Self {
        findings.sort_by_key(|finding| !finding.fault);
        let ok = findings.iter().all(|finding| !finding.fault || finding.repaired);
        Self { ok, findings }
    }
}

impl Engine {
    /// Looks the home over. With `repair` the projection is made anew where it differs from the
    /// documents and all of them read.
    ///
    /// # Errors
    /// When the database cannot be opened or read at all.
    pub fn doctor(&self, repair: bool) -> std::result::Result<DoctorReport, HoldfastError> {
        self.guarded(|inner| inner.doctor(repair))
    }
}

impl Inner {
    fn doctor(&self, repair: bool) -> Result<DoctorReport> {
        let mut findings = self.database()?;
        if findings.is_empty() {
            findings.extend(self.projection(repair)?);
            findings.extend(self.kept_aside()?);
            findings.extend(self.keys_open()?);
        }
        findings.extend(self.disk());
        Ok(DoctorReport::of(findings))
    }

    /// The file itself, page by page.
    fn database(&self) -> Result<Vec<DoctorFinding>> {
        let lines = self.store.maintain("doctor", |conn| {
            let mut found = conn.prepare(&format!("PRAGMA integrity_check({MOST})"))?;
            let rows = found.query_map([], |row| row.get::<_, String>(0))?;
            let mut lines: Vec<String> = rows.collect::<std::result::Result<_, _>>()?;
            let mut found = conn.prepare("PRAGMA foreign_key_check")?;
            let rows = found.query_map([], |row| row.get::<_, String>(0))?;
            for table in rows.take(MOST) {
                lines.push(format!("dangling row of {}", table?));
            }
            Ok(lines)
        });
        match lines {
            Ok(lines) => Ok(lines
                .into_iter()
                .filter(|line| line != "ok")
                .map(|line| {
                    DoctorFinding::fault(
                        "database",
                        Message::new("doctor.database").with("detail", line),
                    )
                })
                .collect()),
            Err(error @ Error::Damaged { .. }) => {
                Ok(vec![DoctorFinding::fault("database", error.message())])
            }
            Err(error) => Err(error),
        }
    }

    /// The projection against one made anew, and every document on the way.
    fn projection(&self, repair: bool) -> Result<Vec<DoctorFinding>> {
        let compare = |tx: &Tx<'_>| {
            let before = projection::digest(tx.reader())?;
            let left_out = projection::rebuild(tx)?;
            Ok((left_out, projection::digest(tx.reader())? == before))
        };
        let (left_out, same) = self.store.rehearse("doctor", compare)?;
        let mut findings: Vec<DoctorFinding> = left_out
            .iter()
            .take(MOST)
            .map(|error| {
                DoctorFinding::fault(
                    "document",
                    Message::new("doctor.document").with("why", error.message()),
                )
            })
            .collect();
        // Made anew without the documents that do not load, the projection would lose what it knows.
        if !same && left_out.is_empty() {
            let text = Message::new("doctor.projection");
            let mut finding = DoctorFinding::fault("projection", text);
            if repair {
                self.command_on(None, "doctor repair", |tx, _| {
                    projection::rebuild(tx).map(|_| ())
                })?;
                finding.repaired = true;
            }
            findings.push(finding);
        }
        Ok(findings)
    }

    /// What was kept aside: records that do not read, entries that were not taken. And alarms of sync.
    fn kept_aside(&self) -> Result<Vec<DoctorFinding>> {
        self.store.read(|conn| {
            let mut findings = Vec::new();
            let sql = "SELECT doc.name, unreadable.key, unreadable.reason FROM unreadable
                       JOIN doc ON doc.id = unreadable.doc ORDER BY doc.name, key LIMIT ?1";
            let mut found = conn.prepare(sql)?;
            let mut rows = found.query([MOST])?;
            while let Some(row) = rows.next()? {
                let (doc, key, reason): (String, String, String) =
                    (row.get(0)?, row.get(1)?, row.get(2)?);
                let text = Message::new("doctor.unreadable")
                    .with("key", key)
                    .with("doc", doc)
                    .with("why", kept(&reason));
                findings.push(DoctorFinding::note("unreadable", text));
            }
            for alarm in alarms::all(conn)? {
                // What a relay does wrong leaves this home as sound as it was.
                findings.push(DoctorFinding::note(
                    "alarm",
                    Message::new("doctor.alarm").with("why", alarm_message(&alarm)),
                ));
            }
            for blocked in seal::blocked(conn, self.who.account, self.clock.wall_ms())? {
                findings.push(DoctorFinding::note("not_sendable", blocked.sentence()));
            }
            for entry in entries::quarantined(conn, MOST as u32)? {
                findings.push(self.not_taken(conn, &entry)?);
            }
            for chart in self.chart_views(conn)?.into_iter().filter(|chart| chart.unsent > 0) {
                let ended = matches!(
                    chart.standing,
                    ChartStanding::Gone | ChartStanding::Closed | ChartStanding::Ended
                );
                if ended {
                    let text = Message::counted("doctor.unsent", chart.unsent);
                    let text = text.with("chart", chart.name);
                    findings.push(DoctorFinding::note("unsent", text));
                }
            }
            Ok(findings)
        })
    }

    /// What was not taken: whose it is, in which chart, what of it, and why, as far as that is known.
    fn not_taken(&self, conn: &Connection, entry: &Quarantined) -> Result<DoctorFinding> {
        let why = kept(&entry.reason);
        let plain = || {
            let text = Message::new("doctor.quarantined").with("why", why.clone());
            DoctorFinding::note("quarantined", text)
        };
        let space = space_of(&entry.space)?;
        let Some(place) = entries::outline(conn, space, &entry.hash)? else { return Ok(plain()) };
        let people = People::of(self, conn, space)?;
        let device: String = place.author.to_hex().chars().take(12).collect();
        let who = people.account_of(&place.author).map(|account| people.name_of(account));
        let charts = self.chart_views(conn)?;
        let chart = charts.into_iter().find(|chart| chart.id == space.to_hex());
        let Some(chart) = chart else { return Ok(plain()) };
        let text = match (who, place.standing) {
            (Some(who), Standing::Ignored) => {
                Message::new("doctor.ignored").with("who", who).with("device", device)
            }
            (None, Standing::Ignored) => {
                Message::new("doctor.ignored_of_a_stranger").with("device", device)
            }
            (Some(who), _) => {
                Message::new("doctor.not_taken_of").with("who", who).with("device", device)
            }
            (None, _) => return Ok(plain()),
        };
        let text = text.with("chart", chart.name).with("part", part(place.class));
        Ok(DoctorFinding::note("quarantined", text.with("why", why)))
    }

    /// Whether the key store's key opens this device's own.
    fn keys_open(&self) -> Result<Vec<DoctorFinding>> {
        let found = self.store.read(|conn| keys::device(conn, &self.key));
        match found {
            Ok(Some(keys)) if keys.id() == self.who.device => Ok(Vec::new()),
            Ok(Some(_)) => {
                let text = Message::new("doctor.other_key");
                Ok(vec![DoctorFinding::fault("keys", text)])
            }
            Ok(None) => {
                let text = Message::new("doctor.no_key");
                Ok(vec![DoctorFinding::fault("keys", text)])
            }
            Err(error @ Error::RecoveryNeeded(_)) => {
                Ok(vec![DoctorFinding::fault("keys", error.message())])
            }
            Err(error) => Err(error),
        }
    }

    fn disk(&self) -> Option<DoctorFinding> {
        let about = rustix::fs::statvfs(self.store.directory()).ok()?;
        let free = about.f_bavail.saturating_mul(about.f_frsize);
        (free < LITTLE_SPACE).then(|| {
            let text = Message::new("doctor.disk").with("free", free >> 20);
            DoctorFinding::note("disk", text)
        })
    }
}
