//! The devices of the account: which there are, what they are called, inviting one more, removing one.

use holdfast_protocol::ids::{Class, DeviceId};
use holdfast_protocol::keys::{DeviceKind, InviteKeys};
use holdfast_protocol::link::Link;
use holdfast_protocol::membership::{MAX_OPEN_INVITES, SpaceState};
use holdfast_protocol::pairing::PairingLink;
use holdfast_protocol::secret::Secret32;
use rusqlite::Connection;
use serde::Serialize;
use zeroize::Zeroizing;

use super::create::name;
use super::keys;
use super::statements::{self, By};
use crate::documents::account::Account;
use crate::documents::name::DocName;
use crate::error::{Error, HoldfastError, Result};
use crate::observe::Key;
use crate::open_documents::document_of;
use crate::projection::READER_ACTOR;
use crate::store::sync_tables::{alarms, relay, sealed, spaces};
use crate::store::{Priority, docs, meta};
use crate::sync::report::{Budget, SyncOutcome};
use crate::sync::seal::place;
use crate::{Engine, Inner};
use holdfast_domain::words::Message;

/// How often an invite that lost a race is made again.
const RACES: u32 = 5;
/// The longest that an invite is open, in milliseconds: a week.
const MAX_VALID_MS: u64 = 7 * 24 * 60 * 60 * 1000;

/// How a device stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DeviceStanding {
    /// It belongs to the account.
    Active,
    /// Its removal is wanted and not yet in force: a sync is needed.
    RemovalPending,
    /// It was removed.
    Removed,
}

/// A device of the account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DeviceView {
    /// Its id, as hex.
    pub device: String,
    /// What it is called; for the recovery phrase, what it is.
    pub name: String,
    /// Whether it is the recovery phrase.
    pub paper: bool,
    /// Whether it is this one.
    pub this: bool,
    /// How it stands.
    pub standing: DeviceStanding,
}

/// A link that admits one device.
pub struct Pairing {
    /// The link. It holds a secret: show it, never log it.
    pub link: Zeroizing<String>,
    /// When it ends, in milliseconds since 1970, by the relay's clock.
    pub expires_at_ms: u64,
}

impl Pairing {
    /// The same link in capitals and digits alone, for a smaller code to scan. It holds the secret too.
    #[must_use]
    pub fn to_scan(&self) -> Zeroizing<String> {
        PairingLink::parse(&self.link).map_or_else(|_| self.link.clone(), |link| link.to_capitals())
    }
}

impl std::fmt::Debug for Pairing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pairing")
            .field("expires_at_ms", &self.expires_at_ms)
            .finish_non_exhaustive()
    }
}

impl Engine {
    /// The devices of the account, this one first, then by name.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn devices(&self) -> std::result::Result<Vec<DeviceView>, HoldfastError> {
        self.guarded(|inner| inner.store.read(|conn| devices(inner, conn)))
    }

    /// A device of the account, by its id, an unambiguous beginning of it, or its name.
    ///
    /// # Errors
    /// [`HoldfastError::NotFound`].
    pub fn device(&self, key: &str) -> std::result::Result<DeviceView, HoldfastError> {
        self.guarded(|inner| inner.store.read(|conn| find(inner, conn, key)))
    }

    /// Opens an invite for one more device, for so many milliseconds. Needs the relay: the invite is in force
    /// when this returns.
    ///
    /// # Errors
    /// [`HoldfastError::Relay`] when the relay cannot be used now.
    pub fn pair(&self, valid_ms: u64) -> std::result::Result<Pairing, HoldfastError> {
        self.guarded(|inner| pair(inner, valid_ms))
    }

    /// Names a device, by its id, an unambiguous beginning of it, or its name so far.
    ///
    /// # Errors
    /// [`HoldfastError::NotFound`], or a name that cannot be.
    pub fn name_device(&self, device: &str, new: &str) -> std::result::Result<(), HoldfastError> {
        self.guarded(|inner| {
            let new = name("name", new)?;
            let found = inner.store.read(|conn| find(inner, conn, device))?;
            let id = device_id(&found)?;
            write_account(inner, |account| Ok(account.name_device(id, &new)?))?;
            if found.this {
                inner.store.write(Priority::User, "device", |tx| {
                    let Some(mut me) = meta::me(tx.reader())? else { return Ok(()) };
                    me.device_name.clone_from(&new);
                    meta::set_me(tx, &me)
                })?;
            }
            Ok(())
        })
    }

    /// Wants a device removed. It is in force once a sync has told the relay: from then on the device can send
    /// nothing, and reads nothing that is written afterwards. What it has read cannot be recalled.
    ///
    /// # Errors
    /// [`HoldfastError::NotFound`]; [`HoldfastError::Forbidden`] for this device itself and for the phrase.
    pub fn revoke_device(&self, device: &str) -> std::result::Result<(), HoldfastError> {
        self.guarded(|inner| {
            inner.store.write(Priority::User, "device", |tx| {
                let found = find(inner, tx.reader(), device)?;
                if found.this {
                    return Err(Error::forbidden(Message::new("device.this_device")));
                }
                if found.paper {
                    return Err(Error::Forbidden {
                        code: "recovery_phrase",
                        message: Message::new("device.recovery_phrase"),
                    });
                }
                if found.standing == DeviceStanding::Removed {
                    return Ok(());
                }
                tx.touch(Key::Devices);
                alarms::want_revoked(tx, device_id(&found)?)
            })
        })
    }
}

fn device_id(found: &DeviceView) -> Result<DeviceId> {
    DeviceId::from_hex(&found.device)
        .ok_or_else(|| Error::Unreadable(format!("the device {}", found.device)))
}

pub(super) fn account_state(inner: &Inner, conn: &Connection) -> Result<SpaceState> {
    spaces::known_state(conn, inner.who.account)?
        .ok_or_else(|| Error::Unreadable("the account's membership is not here".to_owned()))
}

fn devices(inner: &Inner, conn: &Connection) -> Result<Vec<DeviceView>> {
    let state = account_state(inner, conn)?;
    let wanted = alarms::wanted_revoked(conn)?;
    let id = DocName::Account.to_id().expect("the name of the account document is short");
    let stored = docs::load(conn, inner.who.account, &id)?;
    let names = match stored {
        Some(stored) => Account::from(document_of(&id, &stored, READER_ACTOR)?).read().device_names,
        None => std::collections::BTreeMap::new(),
    };
    let all = state.as_account().map(|account| &account.devices).into_iter().flatten();
    let mut views: Vec<DeviceView> = all
        .map(|(device, known)| {
            let paper = known.certificate.kind == DeviceKind::Paper;
            let unnamed = || if paper { "recovery phrase" } else { "a device without a name" };
            let standing = match (&known.revoked, wanted.contains(device)) {
                (Some(_), _) => DeviceStanding::Removed,
                (None, true) => DeviceStanding::RemovalPending,
                (None, false) => DeviceStanding::Active,
            };
            DeviceView {
                device: device.to_hex(),
                name: names.get(device).cloned().unwrap_or_else(|| unnamed().to_owned()),
                paper,
                this: *device == inner.who.device,
                standing,
            }
        })
        .collect();
    views.sort_by(|a, b| (!a.this, a.paper, &a.name).cmp(&(!b.this, b.paper, &b.name)));
    Ok(views)
}

fn find(inner: &Inner, conn: &Connection, text: &str) -> Result<DeviceView> {
    let all = devices(inner, conn)?;
    let lower = text.to_lowercase();
    let fits: Vec<&DeviceView> = all
        .iter()
        .filter(|d| {
            (!text.is_empty() && d.device.starts_with(&lower)) || d.name.to_lowercase() == lower
        })
        .collect();
    match fits[..] {
        [one] => Ok(one.clone()),
        [] => Err(Error::NotFound { what: "device", id: text.to_owned() }),
        _ => Err(Error::Ambiguous {
            what: "device",
            id: text.to_owned(),
            candidates: fits.iter().map(|d| format!("{} ({})", d.device, d.name)).collect(),
        }),
    }
}

/// Writes the account document: one transaction, with its outbox row.
pub(crate) fn write_account(
    inner: &Inner,
    write: impl FnOnce(&mut Account) -> Result<Option<crate::documents::document::Written>>,
) -> Result<()> {
    let id = DocName::Account.to_id().expect("the name of the account document is short");
    let (space, actor) = (inner.who.account, inner.who.actor);
    inner.store.write(Priority::User, "account", |tx| {
        let taken = inner.documents.take(tx.reader(), space, &id, actor)?;
        let mut account = Account::from(taken.document);
        if let Some(written) = write(&mut account)? {
            let life = inner.who.incarnation;
            docs::append_local(tx, space, Class::Account, &id, &written, life)?;
            tx.touch(Key::Account);
            tx.touch(Key::Devices);
        }
        Ok(())
    })
}

fn pair(inner: &Inner, valid_ms: u64) -> Result<Pairing> {
    if valid_ms == 0 || valid_ms > MAX_VALID_MS {
        let why = Message::new("pairing.valid");
        return Err(Error::bad("valid", why));
    }
    sync_whole(inner)?;
    for _ in 0..RACES {
        let secret = Secret32::from_bytes(inner.random());
        let invite = InviteKeys::from_secret(&secret);
        let (expires_at_ms, row) = queue_invite(inner, &invite, valid_ms)?;
        let synced = sync_whole(inner);
        let (state, url) = inner.store.read(|conn| {
            let url = relay::get(conn)?.map(|relay| relay.url).unwrap_or_default();
            Ok((account_state(inner, conn)?, url))
        })?;
        let open = state.as_account().is_some_and(|a| a.invites.contains_key(&invite.id()));
        if open {
            let link = PairingLink {
                secret,
                account: inner.who.account,
                membership: state.membership_head(),
                relay: url,
                expires_at_ms,
            };
            return Ok(Pairing { link: link.to_text(), expires_at_ms });
        }
        // Whatever became of it, nobody has the link: it is not to be opened later.
        inner.store.write(Priority::User, "device", |tx| sealed::remove(tx, row))?;
        synced?;
    }
    Err(Error::Relay { code: "relay_busy", message: Message::new("relay_said.changes") })
}

/// Signs the statement that opens the invite and puts it among what is to be sent.
fn queue_invite(inner: &Inner, invite: &InviteKeys, valid_ms: u64) -> Result<(u64, i64)> {
    inner.with_site(|site| {
        inner.store.write(Priority::User, "device", |tx| {
            let row = spaces::get(tx.reader(), inner.who.account)?;
            let row = row.ok_or_else(|| Error::Unreadable("the account's log".to_owned()))?;
            let state = row.settled().ok_or_else(|| Error::Unreadable("the account".to_owned()))?;
            if state.as_account().is_some_and(|account| account.invites.len() >= MAX_OPEN_INVITES) {
                return Err(Error::Forbidden {
                    code: "too_many_links",
                    message: Message::new("device.too_many_links")
                        .with("most", MAX_OPEN_INVITES as u64),
                });
            }
            let epoch = state.as_account().map_or(0, |account| account.epoch().number);
            let secret = keys::account_secret(tx.reader(), site.seal, site.account, epoch)?
                .ok_or(statements::NotMade::NoKey { class: Class::Account, epoch })?;
            // The relay's clock decides about the end, so it is counted from there.
            let ahead = relay::get(tx.reader())?.map_or(0, |relay| relay.ahead_ms);
            let now = u64::try_from(site.clock.wall_ms().saturating_add(ahead)).unwrap_or(0);
            let expires_at_ms = now.saturating_add(valid_ms);
            let by = By { keys: site.keys, at: place(site, tx, &row, state)? };
            let (entry, wrap) = site.with_entropy(|entropy| {
                statements::invite_device(state, &secret, invite, expires_at_ms, by, entropy)
            })?;
            let id = sealed::put(tx, &entry, None, std::slice::from_ref(&wrap))?;
            Ok((expires_at_ms, id))
        })
    })
}

/// Syncs to the end, or says why not.
pub(crate) fn sync_whole(inner: &Inner) -> Result<()> {
    let report = inner.sync(&Budget { max_ms: 60_000, ..Budget::default() })?;
    if report.outcome == SyncOutcome::Done {
        return Ok(());
    }
    let problem = report.problems.first();
    Err(Error::Relay {
        code: "offline",
        message: match problem {
            Some(problem) => {
                Message::new("relay_said.needed_why").with("why", problem.message.clone())
            }
            None => Message::new("relay_said.needed"),
        },
    })
}
