//! Inviting somebody into a chart: the invite is in its log, with the keys it gives at the relay, before the link
//! is handed out. What ends an invite is a wish.

use holdfast_domain::words::Message;
use holdfast_protocol::ids::{InviteId, SpaceId};
use holdfast_protocol::invitation::{MAX_NAME_BYTES, MemberLink};
use holdfast_protocol::keys::InviteKeys;
use holdfast_protocol::link::Link;
use holdfast_protocol::membership::{Grant, MAX_OPEN_INVITES};
use holdfast_protocol::secret::Secret32;
use rusqlite::Connection;
use serde::Serialize;
use std::collections::BTreeMap;
use zeroize::Zeroizing;

use super::due;
use super::grant::GrantRequest;
use crate::charts::{grant_names, role_of};
use crate::error::{Error, HoldfastError, Result};
use crate::identity::create::name;
use crate::identity::devices::{sync_whole, write_account};
use crate::observe::Key;
use crate::rights::relay_now;
use crate::store::sync_tables::spaces::SpaceRow;
use crate::store::sync_tables::wishes::{self, What};
use crate::store::sync_tables::{relay, sealed, spaces};
use crate::store::{Priority, meta};
use crate::{Engine, Inner};

/// How often an invite that lost a race is made again.
const RACES: u32 = 5;
/// The longest that an invite is open, in milliseconds: thirty days (ours).
pub const MAX_INVITE_MS: u64 = 30 * 24 * 60 * 60 * 1000;

/// Whom to invite, and to what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invitation {
    /// Whom it is for: what the person will be called here. An admission brings no name.
    pub name: Option<String>,
    /// What it gives.
    pub grant: GrantRequest,
    /// How long the invite is open, in milliseconds, up to [`MAX_INVITE_MS`].
    pub valid_ms: u64,
    /// Whether whoever comes in waits for the safety phrase to be compared, without any key until then.
    pub confirm_first: bool,
}

/// A link that lets one person into a chart.
pub struct Invited {
    /// The link. It holds a secret: show it, never log it.
    pub link: Zeroizing<String>,
    /// The same in capitals and digits alone, for a smaller code to scan. It holds the secret too.
    pub scan: Zeroizing<String>,
    /// The invite, as hex.
    pub invite: String,
    /// When it ends, in milliseconds since 1970, by the relay's clock.
    pub expires_at_ms: u64,
}

impl std::fmt::Debug for Invited {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Invited")
            .field("invite", &self.invite)
            .field("expires_at_ms", &self.expires_at_ms)
            .finish_non_exhaustive()
    }
}

/// An invite that nobody has used yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct InviteView {
    /// Its id, as hex.
    pub invite: String,
    /// Whom it is for, where that was said.
    pub name: Option<String>,
    /// The role it gives, where it is one of the presets.
    pub role: Option<&'static str>,
    /// What it gives, class by class: `read` or `write`.
    pub grants: BTreeMap<&'static str, &'static str>,
    /// When what it gives ends, in milliseconds since 1970.
    pub until_ms: Option<u64>,
    /// When the invite ends, in milliseconds since 1970, by the relay's clock.
    pub expires_at_ms: u64,
    /// Whether whoever comes in waits for the phrase to be compared.
    pub confirm_first: bool,
    /// Whether its end is wanted and not yet in force: a sync is needed.
    pub ending: bool,
}

impl Engine {
    /// Opens an invite into the chart and gives its link. Needs the relay: the invite is in force when this returns.
    ///
    /// # Errors
    /// [`HoldfastError::Relay`] when the relay cannot be used now; [`HoldfastError::BadInput`] for a grant that no
    /// chart gives, or an end in the past; [`HoldfastError::Forbidden`] for whoever does not own the chart.
    pub fn invite(&self, invitation: &Invitation) -> std::result::Result<Invited, HoldfastError> {
        self.guarded(|inner| invite(inner, invitation))
    }

    /// The invites into the chart that nobody has used yet.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn invites(&self) -> std::result::Result<Vec<InviteView>, HoldfastError> {
        self.guarded(|inner| inner.store.read(|conn| invites(inner, conn)))
    }

    /// Wants an invite to end, by its id, an unambiguous beginning of it, or whom it is for. In force, with new keys,
    /// after a sync.
    ///
    /// # Errors
    /// [`HoldfastError::NotFound`]; [`HoldfastError::Forbidden`] for whoever does not own the chart.
    pub fn revoke_invite(&self, key: &str) -> std::result::Result<InviteView, HoldfastError> {
        self.guarded(|inner| {
            inner.store.write(Priority::User, "invite", |tx| {
                must_own(&chart_row(tx.reader(), inner.who.chart)?, inner)?;
                let mut found = find(invites(inner, tx.reader())?, key)?;
                let invite = InviteId::from_hex(&found.invite)
                    .ok_or_else(|| Error::Unreadable("an invite".to_owned()))?;
                wishes::put(tx, inner.who.chart, invite.0, &What::CloseInvite)?;
                found.ending = true;
                Ok(found)
            })
        })
    }
}

/// The chart's log as far as it is known here.
pub(super) fn chart_row(conn: &Connection, chart: SpaceId) -> Result<SpaceRow> {
    let row = spaces::get(conn, chart)?.filter(|row| row.settled().is_some());
    row.ok_or_else(|| Error::forbidden(Message::new("share.not_read_yet")))
}

/// Refuses whoever does not own the chart.
pub(super) fn must_own(row: &SpaceRow, inner: &Inner) -> Result<()> {
    let chart = row.settled().and_then(|state| state.as_chart());
    let owns = chart.is_some_and(|chart| !chart.closed && chart.is_owner(&inner.who.account));
    if owns && !row.gone {
        Ok(())
    } else {
        Err(Error::forbidden(Message::new("share.owners_only")))
    }
}

fn find(views: Vec<InviteView>, key: &str) -> Result<InviteView> {
    let lower = key.trim().to_lowercase();
    let named = |view: &InviteView| view.name.as_ref().is_some_and(|n| n.to_lowercase() == lower);
    let fits: Vec<InviteView> = views
        .into_iter()
        .filter(|view| (!lower.is_empty() && view.invite.starts_with(&lower)) || named(view))
        .collect();
    match &fits[..] {
        [one] => Ok(one.clone()),
        [] => Err(Error::NotFound { what: "invite", id: key.to_owned() }),
        _ => Err(Error::Ambiguous {
            what: "invite",
            id: key.to_owned(),
            candidates: fits.iter().map(|view| view.invite.clone()).collect(),
        }),
    }
}

fn invites(inner: &Inner, conn: &Connection) -> Result<Vec<InviteView>> {
    let Some(row) = spaces::get(conn, inner.who.chart)? else { return Ok(Vec::new()) };
    let Some(chart) = row.settled().and_then(|state| state.as_chart()) else {
        return Ok(Vec::new());
    };
    let reading = inner.account_reading(conn)?;
    let wanted = wishes::of_chart(conn, row.id)?;
    let mut views: Vec<InviteView> = chart
        .invites
        .iter()
        .map(|(invite, open)| InviteView {
            invite: invite.to_hex(),
            name: reading.invited.get(invite).cloned(),
            role: role_of(&open.grant).map(crate::charts::role_name),
            grants: grant_names(&open.grant),
            until_ms: open.grant.until_ms,
            expires_at_ms: open.expires_at_ms,
            confirm_first: open.confirm_first,
            ending: wanted.iter().any(|wish| wish.subject == invite.0),
        })
        .collect();
    views.sort_by(|a, b| (a.expires_at_ms, &a.invite).cmp(&(b.expires_at_ms, &b.invite)));
    Ok(views)
}

fn invite(inner: &Inner, invitation: &Invitation) -> Result<Invited> {
    if invitation.valid_ms == 0 || invitation.valid_ms > MAX_INVITE_MS {
        return Err(Error::bad_value("valid", Message::new("share.open_too_long")));
    }
    let guest = invitation.name.as_deref().map(|text| name("name", text)).transpose()?;
    let now = inner.store.read(|conn| relay_now(conn, inner.clock.wall_ms()))?;
    let grant = invitation.grant.grant(now)?;
    // Whoever may not invite is told so without the relay.
    inner.store.read(|conn| must_own(&chart_row(conn, inner.who.chart)?, inner))?;
    sync_whole(inner)?;
    for _ in 0..RACES {
        let secret = Secret32::from_bytes(inner.random());
        let keys = InviteKeys::from_secret(&secret);
        let (expires_at_ms, sent) = queue(inner, &keys, &grant, invitation)?;
        let synced = sync_whole(inner);
        let (row, url, me) = inner.store.read(|conn| {
            let url = relay::get(conn)?.map(|relay| relay.url).unwrap_or_default();
            Ok((chart_row(conn, inner.who.chart)?, url, meta::me(conn)?))
        })?;
        let state = row.settled();
        let chart = state.and_then(|state| state.as_chart());
        if let (Some(state), true) =
            (state, chart.is_some_and(|chart| chart.invites.contains_key(&keys.id())))
        {
            let link = MemberLink {
                secret,
                chart: inner.who.chart,
                from: inner.who.account,
                name: short(me.map(|me| me.name).unwrap_or_default()),
                membership: state.membership_head(),
                relay: url,
                grant,
                expires_at_ms,
                confirm_first: invitation.confirm_first,
            };
            if let Some(guest) = guest {
                let (id, text) = (keys.id(), guest);
                write_account(inner, |account| Ok(account.note_invited(id, &text)?))?;
            }
            return Ok(Invited {
                link: link.to_text(),
                scan: link.to_capitals(),
                invite: keys.id().to_hex(),
                expires_at_ms,
            });
        }
        // Whatever became of it, nobody has the link: it is not to be opened later.
        inner.store.write(Priority::User, "invite", |tx| sealed::remove(tx, sent))?;
        synced?;
    }
    Err(Error::Relay { code: "relay_busy", message: Message::new("relay_said.chart_changes") })
}

/// As much of a name as a link carries.
fn short(mut name: String) -> String {
    while name.len() > MAX_NAME_BYTES {
        name.pop();
    }
    name
}

/// Signs the statement that opens the invite and puts it, with the keys it gives, among what is to be sent.
fn queue(
    inner: &Inner,
    keys: &InviteKeys,
    grant: &Grant,
    invitation: &Invitation,
) -> Result<(u64, i64)> {
    inner.with_site(|site| {
        inner.store.write(Priority::User, "invite", |tx| {
            let row = chart_row(tx.reader(), inner.who.chart)?;
            must_own(&row, inner)?;
            let state = row.settled().ok_or_else(|| Error::Unreadable("the chart".to_owned()))?;
            if state.as_chart().is_some_and(|chart| chart.invites.len() >= MAX_OPEN_INVITES) {
                let most = MAX_OPEN_INVITES as u64;
                let message = Message::new("share.too_many_invites").with("most", most);
                return Err(Error::forbidden(message));
            }
            let now = relay_now(tx.reader(), site.clock.wall_ms())?;
            let expires_at_ms = now.saturating_add(invitation.valid_ms);
            let (entry, wraps) = due::with_making(site, tx, &row, state, |making| {
                let first = invitation.confirm_first;
                Ok(site.with_entropy(|entropy| {
                    making.invite(keys, grant.clone(), expires_at_ms, first, entropy)
                })?)
            })?;
            tx.touch(Key::Charts);
            let id = sealed::put(tx, &entry, None, &wraps)?;
            Ok((expires_at_ms, id))
        })
    })
}
