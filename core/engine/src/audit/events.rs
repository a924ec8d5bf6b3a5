//! The audit of a chart: grants, invites, admissions, removals, new keys, exports and readings, with who and when.
//! What stands in a log is signed by a device and has its place there; the time beside it is the relay's word.

use std::collections::BTreeMap;

use holdfast_domain::words::{Arg, Message};
use holdfast_protocol::epoch::ClassEpoch;
use holdfast_protocol::ids::{AccountId, Class, DeviceId, InviteId};
use holdfast_protocol::membership::{Act, Grant, Role};
use rusqlite::Connection;
use serde::Serialize;

use super::People;
use super::readings::readings;
use super::said::{self, Said};
use crate::charts::{class_name, grant_names, role_name, role_of};
use crate::error::{HoldfastError, Result};
use crate::rights::part;
use crate::store::sync_tables::spaces;
use crate::{Engine, Inner};

/// Which events are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct AuditQuery {
    /// Nothing that is known to have happened before, in milliseconds since 1970.
    pub since_ms: Option<i64>,
}

/// Whose clock told a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Clocked {
    /// The relay's: its word, which nobody signed.
    Relay,
    /// A device's of this account.
    Device,
}

/// Something that happened in a chart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AuditEvent {
    /// What: `founded`, `invited`, `invite_closed`, `came_in`, `confirmed`, `granted`, `removed`, `left`, `closed`,
    /// `device_cut`, `keys_renewed`, `keys_kept`, `unknown`; of the own account `device_invited`,
    /// `device_invite_closed`, `device_admitted`, `device_revoked`, `account_keys_renewed`; and `exported`, `read`.
    pub event: &'static str,
    /// The sentence.
    #[serde(serialize_with = "crate::error::in_english")]
    pub sentence: Message,
    /// When, in milliseconds since 1970; nothing where no relay said so.
    pub at_ms: Option<i64>,
    /// Whose clock told that.
    pub clock: Option<Clocked>,
    /// The log it stands in, `chart` or `account`; nothing for what stands in none.
    pub log: Option<&'static str>,
    /// Its place there.
    pub seq: Option<u64>,
    /// The entry's hash, as hex.
    pub entry: Option<String>,
    /// Who did it: an account, as hex.
    pub by: Option<String>,
    /// What they are called here.
    pub by_name: Option<String>,
    /// The device that signed it, or that did it, as hex.
    pub by_device: Option<String>,
    /// About whom: an account, as hex.
    pub about: Option<String>,
    /// What they are called here.
    pub about_name: Option<String>,
    /// About which device, as hex.
    pub device: Option<String>,
    /// Which invite, as hex.
    pub invite: Option<String>,
    /// The role, where what was given is one of the presets.
    pub role: Option<&'static str>,
    /// What was given, class by class: `read` or `write`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub grants: BTreeMap<&'static str, &'static str>,
    /// When what was given ends, in milliseconds since 1970.
    pub until_ms: Option<u64>,
    /// The classes that got a new key with it, or that were read.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub classes: Vec<&'static str>,
    /// Of a reading: the newest local day.
    pub day: Option<String>,
    /// Of an export: its format.
    pub format: Option<String>,
}

impl Engine {
    /// What happened in the chart, the oldest first: from its log, from the account's own log where the chart is the
    /// own one, from what this account's devices exported, and from [`Self::readings`]. The log's statements come
    /// whole to every member, so a member sees them; exports of others nobody is told.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn audit(&self, query: &AuditQuery) -> std::result::Result<Vec<AuditEvent>, HoldfastError> {
        self.guarded(|inner| inner.store.read(|conn| audit(inner, conn, query)))
    }
}

fn audit(inner: &Inner, conn: &Connection, query: &AuditQuery) -> Result<Vec<AuditEvent>> {
    let people = People::of(inner, conn, inner.who.chart)?;
    let mut timed = Timed::default();
    if inner.who.chart == inner.me.chart
        && let Some(row) = spaces::get(conn, inner.who.account)?
    {
        let said = said::all(conn, row.no)?;
        timed.take(said.iter().filter_map(|one| Telling { people: &people, one }.of_account()));
    }
    let mut events = Vec::new();
    if let Some(row) = spaces::get(conn, inner.who.chart)? {
        let said = said::all(conn, row.no)?;
        let mut invited: BTreeMap<InviteId, Grant> = BTreeMap::new();
        for one in &said {
            if let Act::InviteMember(invite) = &one.act {
                invited.insert(invite.invite, invite.grant.clone());
            }
            events.push(Telling { people: &people, one }.of_chart(&invited));
        }
    }
    timed.take(events);
    timed.take(exports(inner, conn, &people)?);
    let mut events = Vec::new();
    for reading in readings(inner, conn)? {
        let part = Class::CHART.into_iter().find(|class| class_name(*class) == reading.class);
        let message = match &reading.day {
            Some(day) => Message::new("audit.event.read_to").with("day", day.as_str()),
            None => Message::new("audit.event.read"),
        };
        let message = message.with("by", reading.name.as_str());
        let message = message.with("part", part.map_or_else(|| Arg::from(""), self::part));
        events.push(AuditEvent {
            at_ms: i64::try_from(reading.relay_noted_ms).ok(),
            clock: Some(Clocked::Relay),
            seq: Some(reading.up_to),
            by: Some(reading.account),
            by_name: Some(reading.name),
            by_device: Some(reading.device),
            classes: vec![reading.class],
            day: reading.day,
            ..AuditEvent::new("read", message)
        });
    }
    timed.take(events);
    let mut events = timed.in_order();
    if let Some(since) = query.since_ms {
        events.retain(|event| event.at_ms.is_none_or(|at| at >= since));
    }
    Ok(events)
}

/// Events put in order. What no relay gave a time to keeps its place behind what stands before it in its log.
#[derive(Default)]
struct Timed(Vec<(i64, AuditEvent)>);

impl Timed {
    fn take(&mut self, events: impl IntoIterator<Item = AuditEvent>) {
        let mut last = i64::MIN;
        for event in events {
            last = event.at_ms.unwrap_or(last);
            self.0.push((last, event));
        }
    }

    fn in_order(mut self) -> Vec<AuditEvent> {
        self.0.sort_by_key(|(at, _)| *at);
        self.0.into_iter().map(|(_, event)| event).collect()
    }
}

fn exports(inner: &Inner, conn: &Connection, people: &People) -> Result<Vec<AuditEvent>> {
    let chart = inner.who.chart.to_hex();
    let notes = inner.account_reading(conn)?.exports;
    let of_chart = notes.into_values().filter(|note| note.chart == chart);
    Ok(of_chart
        .map(|note| {
            let by = people.name_of(inner.who.account);
            let message = if note.unsent {
                Message::new("audit.event.exported_unsent")
            } else {
                Message::new("audit.event.exported")
            };
            let message =
                message.with("by", by.as_str()).with("format", note.format.to_uppercase());
            AuditEvent {
                at_ms: Some(note.at_ms),
                clock: Some(Clocked::Device),
                by: Some(inner.who.account.to_hex()),
                by_name: Some(by),
                by_device: Some(note.device),
                format: Some(note.format),
                ..AuditEvent::new("exported", message)
            }
        })
        .collect())
}

impl AuditEvent {
    const fn new(event: &'static str, sentence: Message) -> Self {
        Self {
            event,
            sentence,
            at_ms: None,
            clock: None,
            log: None,
            seq: None,
            entry: None,
            by: None,
            by_name: None,
            by_device: None,
            about: None,
            about_name: None,
            device: None,
            invite: None,
            role: None,
            grants: BTreeMap::new(),
            until_ms: None,
            classes: Vec::new(),
            day: None,
            format: None,
        }
    }

    fn giving(self, grant: &Grant) -> Self {
        Self {
            role: role_of(grant).map(role_name),
            grants: grant_names(grant),
            until_ms: grant.until_ms,
            ..self
        }
    }
}

/// A statement being told.
#[derive(Clone, Copy)]
struct Telling<'a> {
    people: &'a People,
    one: &'a Said,
}

impl Telling<'_> {
    fn event(
        self,
        log: &'static str,
        event: &'static str,
        account: Option<AccountId>,
        message: Message,
    ) -> AuditEvent {
        let device = self.one.author.to_hex();
        let name = account.map(|account| self.people.name_of(account));
        let by = name.clone().unwrap_or_else(|| device.chars().take(12).collect());
        AuditEvent {
            at_ms: self.one.noted_ms.and_then(|at| i64::try_from(at).ok()),
            clock: self.one.noted_ms.map(|_| Clocked::Relay),
            log: Some(log),
            seq: Some(self.one.seq),
            entry: Some(self.one.hash.to_hex()),
            by: account.map(|account| account.to_hex()),
            by_name: name,
            by_device: Some(device),
            ..AuditEvent::new(event, message.with("by", by))
        }
    }

    fn of_chart(self, invited: &BTreeMap<InviteId, Grant>) -> AuditEvent {
        let people = self.people;
        let event = |name, message| {
            let by = match &self.one.act {
                Act::AdmitMember(admit) => Some(admit.account),
                Act::Leave(leave) => Some(leave.account),
                _ => people.account_of(&self.one.author),
            };
            self.event("chart", name, by, message)
        };
        let about = |event: AuditEvent, account: AccountId, epochs: &[ClassEpoch]| {
            let name = people.name_of(account);
            AuditEvent {
                about: Some(account.to_hex()),
                sentence: event.sentence.clone().with("about", name.as_str()),
                about_name: Some(name),
                classes: classes(epochs),
                ..event
            }
        };
        let of_device = |device: &DeviceId| Some(device.to_hex());
        match &self.one.act {
            Act::ChartGenesis(_) => event("founded", Message::new("audit.event.founded")),
            Act::InviteMember(invite) => {
                let whom = people.invited(invite.invite);
                let message = match &whom {
                    Some(whom) => Message::new("audit.event.invited").with("about", whom.as_str()),
                    None => Message::new("audit.event.invited_somebody"),
                };
                let message = message.with("role", called(&invite.grant));
                AuditEvent {
                    invite: Some(invite.invite.to_hex()),
                    about_name: whom,
                    ..event("invited", message).giving(&invite.grant)
                }
            }
            Act::CloseInvite(close) => {
                let whom = people.invited(close.invite);
                let message = match &whom {
                    Some(whom) => {
                        Message::new("audit.event.invite_closed").with("about", whom.as_str())
                    }
                    None => Message::new("audit.event.invite_closed_of_somebody"),
                };
                AuditEvent {
                    invite: Some(close.invite.to_hex()),
                    about_name: whom,
                    classes: classes(&close.epochs),
                    ..event("invite_closed", message)
                }
            }
            Act::AdmitMember(admit) => {
                let message = Message::new("audit.event.came_in");
                let came = AuditEvent {
                    invite: Some(admit.proof.invite.to_hex()),
                    ..about(event("came_in", message), admit.account, &[])
                };
                match invited.get(&admit.proof.invite) {
                    Some(grant) => {
                        let message = came.sentence.clone().with("role", called(grant));
                        AuditEvent { sentence: message, ..came.giving(grant) }
                    }
                    None => {
                        AuditEvent { sentence: came.sentence.clone().with("role", "?"), ..came }
                    }
                }
            }
            Act::ConfirmMember(confirm) => {
                let message = Message::new("audit.event.confirmed");
                about(event("confirmed", message), confirm.account, &confirm.epochs)
            }
            Act::ChangeGrant(change) => {
                let message = Message::new("audit.event.granted");
                let message = message.with("role", called(&change.grant));
                about(event("granted", message), change.account, &change.epochs)
                    .giving(&change.grant)
            }
            Act::RemoveMember(remove) => {
                let message = Message::new("audit.event.removed");
                about(event("removed", message), remove.account, &remove.epochs)
            }
            Act::Leave(leave) => {
                about(event("left", Message::new("audit.event.left")), leave.account, &[])
            }
            Act::Close => event("closed", Message::new("audit.event.closed")),
            Act::DeviceCut(cut) => AuditEvent {
                device: of_device(&cut.device),
                classes: classes(&cut.epochs),
                ..event("device_cut", Message::new("audit.event.device_cut"))
            },
            Act::RotateClasses(epochs) => {
                let message = Message::new("audit.event.keys_renewed");
                let message = message.with("parts", parts(epochs));
                AuditEvent { classes: classes(epochs), ..event("keys_renewed", message) }
            }
            Act::KeepKeys(keep) => AuditEvent {
                classes: keep.keys.iter().map(|kept| class_name(kept.class)).collect(),
                ..event("keys_kept", Message::new("audit.event.keys_kept"))
            },
            _ => event("unknown", Message::new("audit.event.unknown")),
        }
    }

    /// What the account's log says of its devices. Nothing for its beginning, which says nothing of the chart.
    fn of_account(self) -> Option<AuditEvent> {
        let people = self.people;
        let event = |name, message| {
            self.event("account", name, people.account_of(&self.one.author), message)
        };
        let device = |id: &DeviceId| {
            let short = || id.to_hex().chars().take(12).collect::<String>();
            people.device_name(id).unwrap_or_else(short)
        };
        Some(match &self.one.act {
            Act::InviteDevice(invite) => AuditEvent {
                invite: Some(invite.invite.to_hex()),
                ..event("device_invited", Message::new("audit.event.device_invited"))
            },
            Act::RevokeInvite(invite) => AuditEvent {
                invite: Some(invite.to_hex()),
                ..event("device_invite_closed", Message::new("audit.event.device_invite_closed"))
            },
            Act::AdmitDevice(admit) => {
                let id = admit.device.device;
                let message = Message::new("audit.event.device_admitted");
                AuditEvent {
                    device: Some(id.to_hex()),
                    ..event("device_admitted", message.with("device", device(&id)))
                }
            }
            Act::RevokeDevice(revoke) => {
                let message = Message::new("audit.event.device_revoked");
                AuditEvent {
                    device: Some(revoke.device.to_hex()),
                    ..event("device_revoked", message.with("device", device(&revoke.device)))
                }
            }
            Act::RotateAccount(_) => {
                event("account_keys_renewed", Message::new("audit.event.account_keys_renewed"))
            }
            _ => return None,
        })
    }
}

fn classes(epochs: &[ClassEpoch]) -> Vec<&'static str> {
    epochs.iter().map(|epoch| class_name(epoch.class)).collect()
}

fn parts(epochs: &[ClassEpoch]) -> Arg {
    Arg::list(epochs.iter().map(|epoch| part(epoch.class)))
}

/// What a grant is called: its role, or what it lets its holder read.
fn called(grant: &Grant) -> Arg {
    match role_of(grant) {
        Some(Role::Owner) => Arg::code("audit.role.owner"),
        Some(Role::Partner) => Arg::code("audit.role.partner"),
        Some(Role::Therapist) => Arg::code("audit.role.therapist"),
        Some(Role::Viewer) => Arg::code("audit.role.viewer"),
        None => Arg::list(grant.classes.keys().map(|class| part(*class))),
    }
}
