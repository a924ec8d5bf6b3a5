//! Who takes part in a chart, and what a person wants changed about it. Every change is a wish: it is in force once
//! the chart's log says so, and shown as not yet in force until then.

use std::collections::BTreeMap;

use holdfast_domain::words::Message;
use holdfast_protocol::ids::{AccountId, InviteId};
use holdfast_protocol::invitation::safety_phrase;
use holdfast_protocol::membership::{Accounts, ChartState, Grant};
use rusqlite::Connection;
use serde::Serialize;

use super::due::{self, grant_text, keeps_an_owner};
use super::grant::{GrantEdit, GrantRequest};
use super::invite::{chart_row, must_own};
use crate::charts::{grant_names, role_name, role_of};
use crate::documents::account::{AccountReading, Contact, Verified};
use crate::error::{Error, HoldfastError, Result};
use crate::identity::devices::write_account;
use crate::rights::relay_now;
use crate::store::sync_tables::spaces;
use crate::store::sync_tables::wishes::{self, What, Wish};
use crate::store::{Priority, Tx, meta};
use crate::{Engine, Inner};

/// What is wanted of a member and not yet in force: a sync is needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Pending {
    /// It is to go.
    Removal,
    /// It is to have another grant.
    Grant,
    /// It is to have its keys.
    Confirmation,
    /// It goes of its own accord.
    Leaving,
}

/// Somebody who takes part in a chart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MemberView {
    /// The account, as hex.
    pub account: String,
    /// What this account calls it; the beginning of its id where it has no name for it.
    pub name: String,
    /// Whom it was invited as, where that is another name than it says.
    pub invited_as: Option<String>,
    /// Whether it is this account.
    pub me: bool,
    /// Whether the chart is of its body.
    pub subject: bool,
    /// The role, where the grant is one of the presets.
    pub role: Option<&'static str>,
    /// What it may do, class by class: `read` or `write`.
    pub grants: BTreeMap<&'static str, &'static str>,
    /// When that ends, in milliseconds since 1970, by the relay's clock.
    pub until_ms: Option<u64>,
    /// Whether the safety phrase was compared with it and was the same. This account is.
    pub verified: bool,
    /// Whether it waits for an owner to compare: until then it has no key and no say.
    pub waiting: bool,
    /// How many devices it has that are not revoked, the recovery phrase not counted; nothing where its account
    /// is not known here yet.
    pub devices: Option<usize>,
    /// What is wanted of it and not yet in force.
    pub pending: Option<Pending>,
}

/// Words to read to each other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SafetyPhrase {
    /// The words; the other side sees the same, in the same order.
    pub words: Vec<&'static str>,
    /// With whom.
    pub with: String,
    /// Whether they were compared before.
    pub verified: bool,
}

/// What comes of comparing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Compared {
    /// The words were the same: the member counts as verified. One that waited gets its keys with the next sync.
    Verified,
    /// The words differed: the member is to be removed, with new keys. In force after a sync.
    ToBeRemoved,
    /// The words differed, and this account does not own the chart: it leaves. In force after a sync.
    Leaving,
}

impl Engine {
    /// Who takes part in the chart: this account first, then by name.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn members(&self) -> std::result::Result<Vec<MemberView>, HoldfastError> {
        self.guarded(|inner| inner.store.read(|conn| members(inner, conn)))
    }

    /// The words to compare with a member, by its name, its id or an unambiguous beginning of it. The other person
    /// reads the same ones, or somebody stands in between.
    ///
    /// # Errors
    /// [`HoldfastError::NotFound`]; [`HoldfastError::Forbidden`] with oneself, or with whom no invite connects.
    pub fn phrase_with(&self, member: &str) -> std::result::Result<SafetyPhrase, HoldfastError> {
        self.guarded(|inner| {
            inner.store.read(|conn| {
                let found = find(members(inner, conn)?, member)?;
                let (account, invite) = pair(inner, conn, &found)?;
                let words = safety_phrase(inner.who.chart, inner.who.account, account, invite);
                Ok(SafetyPhrase {
                    words: words.to_vec(),
                    with: found.name,
                    verified: found.verified,
                })
            })
        })
    }

    /// Says whether the words were the same.
    ///
    /// # Errors
    /// As [`Self::phrase_with`]; the last owner cannot leave.
    pub fn verify(&self, member: &str, same: bool) -> std::result::Result<Compared, HoldfastError> {
        self.guarded(|inner| verify(inner, member, same))
    }

    /// Wants a member to have another grant. In force after a sync.
    ///
    /// # Errors
    /// [`HoldfastError::NotFound`]; [`HoldfastError::BadInput`] for a grant that no chart gives, or an end in the
    /// past; [`HoldfastError::Forbidden`] for whoever does not own the chart, or for the last owner.
    pub fn change_grant(
        &self,
        member: &str,
        grant: &GrantRequest,
    ) -> std::result::Result<MemberView, HoldfastError> {
        self.guarded(|inner| wish_grant(inner, member, |_, now_ms| grant.grant(now_ms)))
    }

    /// Wants something changed of what a member may do; what is not named stays. In force after a sync.
    ///
    /// # Errors
    /// As [`Self::change_grant`].
    pub fn edit_grant(
        &self,
        member: &str,
        edit: &GrantEdit,
    ) -> std::result::Result<MemberView, HoldfastError> {
        self.guarded(|inner| wish_grant(inner, member, |before, now_ms| edit.of(before, now_ms)))
    }

    /// A member of the chart, by its name, its id or an unambiguous beginning of it.
    ///
    /// # Errors
    /// [`HoldfastError::NotFound`].
    pub fn member(&self, key: &str) -> std::result::Result<MemberView, HoldfastError> {
        self.guarded(|inner| inner.store.read(|conn| find(members(inner, conn)?, key)))
    }

    /// Wants a member removed, with new keys of what it read. In force after a sync. What it has read cannot be
    /// taken back.
    ///
    /// # Errors
    /// [`HoldfastError::NotFound`]; [`HoldfastError::Forbidden`] for whoever does not own the chart, and for oneself:
    /// that is [`Self::leave`].
    pub fn remove_member(&self, member: &str) -> std::result::Result<MemberView, HoldfastError> {
        self.guarded(|inner| {
            let removed = inner.store.write(Priority::User, "remove", |tx| {
                let (found, account, chart) = as_owner(inner, tx, member)?;
                if found.me {
                    return Err(Error::forbidden(Message::new("share.remove_oneself")));
                }
                if !keeps_an_owner(&chart, &account) {
                    return Err(Error::forbidden(Message::new("share.last_owner")));
                }
                wishes::put(tx, inner.who.chart, account.0, &What::Remove)?;
                again(inner, tx, found)
            })?;
            // What they wrote stays, and stays under their name.
            inner.keep_name(&removed.account)?;
            Ok(removed)
        })
    }

    /// Wants this account out of the chart. In force after a sync; an owner's device then makes new keys. What is
    /// here stays readable.
    ///
    /// # Errors
    /// [`HoldfastError::Forbidden`] for the last owner, whose way out is [`Self::close_chart`].
    pub fn leave(&self) -> std::result::Result<(), HoldfastError> {
        self.guarded(|inner| {
            inner.store.write(Priority::User, "leave", |tx| {
                let row = chart_row(tx.reader(), inner.who.chart)?;
                let chart = row.settled().and_then(|state| state.as_chart());
                leave(inner, tx, chart)
            })
        })
    }

    /// Wants the chart closed for good, for everybody. In force after a sync. Export it first.
    ///
    /// # Errors
    /// [`HoldfastError::Forbidden`] for whoever does not own the chart.
    pub fn close_chart(&self) -> std::result::Result<(), HoldfastError> {
        self.guarded(|inner| {
            inner.store.write(Priority::User, "close", |tx| {
                must_own(&chart_row(tx.reader(), inner.who.chart)?, inner)?;
                wishes::put(tx, inner.who.chart, inner.who.chart.0, &What::Close)
            })
        })
    }
}

/// Wants a member to have what `make` makes of what it has.
fn wish_grant(
    inner: &Inner,
    member: &str,
    make: impl Fn(&Grant, u64) -> Result<Grant>,
) -> Result<MemberView> {
    inner.store.write(Priority::User, "grant", |tx| {
        let (found, account, chart) = as_owner(inner, tx, member)?;
        let now_ms = relay_now(tx.reader(), inner.clock.wall_ms())?;
        let before = chart.members.get(&account).map(|member| &member.grant);
        let before = before.ok_or_else(|| Error::Unreadable("the member".to_owned()))?;
        let grant = make(before, now_ms)?;
        if !grant.owner && !keeps_an_owner(&chart, &account) {
            return Err(Error::forbidden(Message::new("share.last_owner")));
        }
        wishes::put(tx, inner.who.chart, account.0, &What::Change { grant: grant_text(&grant) })?;
        again(inner, tx, found)
    })
}

fn leave(inner: &Inner, tx: &Tx<'_>, chart: Option<&ChartState>) -> Result<()> {
    let member = chart.filter(|chart| chart.members.contains_key(&inner.who.account));
    let Some(chart) = member else {
        return Err(Error::forbidden(Message::new("share.no_member")));
    };
    if !keeps_an_owner(chart, &inner.who.account) {
        return Err(Error::forbidden(Message::new("share.last_owner")));
    }
    wishes::put(tx, inner.who.chart, inner.who.account.0, &What::Leave)
}

/// A member of a chart that this account owns.
fn as_owner(
    inner: &Inner,
    tx: &Tx<'_>,
    member: &str,
) -> Result<(MemberView, AccountId, ChartState)> {
    let row = chart_row(tx.reader(), inner.who.chart)?;
    must_own(&row, inner)?;
    let chart = row.settled().and_then(|state| state.as_chart()).cloned();
    let chart = chart.ok_or_else(|| Error::Unreadable("the chart".to_owned()))?;
    let found = find(members(inner, tx.reader())?, member)?;
    let account = account_of(&found)?;
    Ok((found, account, chart))
}

fn account_of(view: &MemberView) -> Result<AccountId> {
    AccountId::from_hex(&view.account)
        .ok_or_else(|| Error::Unreadable(format!("the account {}", view.account)))
}

/// The member as it is shown now.
fn again(inner: &Inner, tx: &Tx<'_>, before: MemberView) -> Result<MemberView> {
    find(members(inner, tx.reader())?, &before.account)
}

fn find(views: Vec<MemberView>, key: &str) -> Result<MemberView> {
    let lower = key.trim().to_lowercase();
    let fits: Vec<MemberView> = views
        .into_iter()
        .filter(|view| {
            (!lower.is_empty() && view.account.starts_with(&lower))
                || view.name.to_lowercase() == lower
        })
        .collect();
    match &fits[..] {
        [one] => Ok(one.clone()),
        [] => Err(Error::NotFound { what: "member", id: key.to_owned() }),
        _ => Err(Error::Ambiguous {
            what: "member",
            id: key.to_owned(),
            candidates: fits
                .iter()
                .map(|view| format!("{} ({})", view.account, view.name))
                .collect(),
        }),
    }
}

fn members(inner: &Inner, conn: &Connection) -> Result<Vec<MemberView>> {
    // While a log is read again, what it said before still tells.
    let Some(state) = spaces::known_state(conn, inner.who.chart)? else {
        return Err(Error::forbidden(Message::new("share.not_read_yet")));
    };
    let Some(chart) = state.as_chart() else { return Ok(Vec::new()) };
    let accounts = due::known_accounts(conn, inner.who.account)?;
    let reading = inner.account_reading(conn)?;
    let wanted = wishes::of_chart(conn, inner.who.chart)?;
    let my_name = meta::me(conn)?.map(|me| me.name).unwrap_or_default();
    let mut views: Vec<MemberView> = Vec::new();
    for (account, member) in &chart.members {
        let me = *account == inner.who.account;
        let known = accounts.account(account).and_then(|space| space.as_account());
        let invite = invite_between(chart, inner.who.account, *account);
        let name = if me { my_name.clone() } else { name_of(&reading, *account, member.invite) };
        let invited = member.invite.and_then(|invite| reading.invited.get(&invite)).cloned();
        views.push(MemberView {
            account: account.to_hex(),
            invited_as: invited.filter(|invited| !me && *invited != name),
            name,
            me,
            subject: *account == chart.subject,
            role: role_of(&member.grant).map(role_name),
            grants: grant_names(&member.grant),
            until_ms: member.grant.until_ms,
            verified: me || is_verified(&reading, inner, *account, invite),
            waiting: member.waiting,
            devices: known.map(|known| {
                known.active().filter(|device| !known.is_paper(&device.device)).count()
            }),
            pending: wanted.iter().find(|wish| wish.subject == account.0).and_then(pending_of),
        });
    }
    views.sort_by(|a, b| (!a.me, &a.name, &a.account).cmp(&(!b.me, &b.name, &b.account)));
    Ok(views)
}

/// The members of the chart by what they are called here; none before its log is here.
pub(crate) fn named_members(inner: &Inner, conn: &Connection) -> Result<Vec<(AccountId, String)>> {
    match members(inner, conn) {
        Ok(views) => views.into_iter().map(|view| Ok((account_of(&view)?, view.name))).collect(),
        Err(Error::Said { .. }) => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

const fn pending_of(wish: &Wish) -> Option<Pending> {
    match wish.what {
        What::Remove => Some(Pending::Removal),
        What::Change { .. } => Some(Pending::Grant),
        What::Confirm => Some(Pending::Confirmation),
        What::Leave => Some(Pending::Leaving),
        What::CloseInvite | What::Close => None,
    }
}

pub(crate) fn name_of(
    reading: &AccountReading,
    account: AccountId,
    invite: Option<InviteId>,
) -> String {
    let invited = || invite.and_then(|invite| reading.invited.get(&invite)).cloned();
    match reading.contacts.get(&account) {
        Some(contact) => contact.name.clone(),
        None => invited().unwrap_or_else(|| account.to_hex().chars().take(12).collect()),
    }
}

fn is_verified(
    reading: &AccountReading,
    inner: &Inner,
    account: AccountId,
    invite: Option<InviteId>,
) -> bool {
    let verified = reading.verified.get(&(account, inner.who.chart));
    verified.zip(invite).is_some_and(|(verified, invite)| verified.invite == invite.to_hex())
}

/// The invite that brought two members together: that of the one who came to the other. Of two who both came in
/// with an invite, the greater one, so that both sides name the same.
fn invite_between(chart: &ChartState, one: AccountId, other: AccountId) -> Option<InviteId> {
    let of = |account: &AccountId| chart.members.get(account).and_then(|member| member.invite);
    of(&one).max(of(&other))
}

fn pair(inner: &Inner, conn: &Connection, view: &MemberView) -> Result<(AccountId, InviteId)> {
    let account = account_of(view)?;
    let row = chart_row(conn, inner.who.chart)?;
    let chart = row.settled().and_then(|state| state.as_chart());
    let invite = chart.and_then(|chart| invite_between(chart, inner.who.account, account));
    match invite.filter(|_| !view.me) {
        Some(invite) => Ok((account, invite)),
        None => Err(Error::forbidden(Message::new("share.nobody_to_compare_with"))),
    }
}

fn verify(inner: &Inner, member: &str, same: bool) -> Result<Compared> {
    let (found, account, invite, owns) = inner.store.read(|conn| {
        let found = find(members(inner, conn)?, member)?;
        let (account, invite) = pair(inner, conn, &found)?;
        let owns = must_own(&chart_row(conn, inner.who.chart)?, inner).is_ok();
        Ok((found, account, invite, owns))
    })?;
    if same {
        // The name under which they were compared stays, whatever they say of themselves later.
        write_account(inner, |document| {
            if document.read().contacts.contains_key(&account) {
                return Ok(None);
            }
            Ok(document.put_contact(account, &Contact::new(found.name.clone()))?)
        })?;
        let verified = Verified { invite: invite.to_hex(), at_ms: inner.clock.wall_ms() };
        let pair = (account, inner.who.chart);
        write_account(inner, |document| Ok(document.put_verified(pair, &verified)?))?;
        if owns && found.waiting {
            inner.store.write(Priority::User, "verify", |tx| {
                wishes::put(tx, inner.who.chart, account.0, &What::Confirm)
            })?;
        }
        return Ok(Compared::Verified);
    }
    inner.store.write(Priority::User, "verify", |tx| {
        let row = chart_row(tx.reader(), inner.who.chart)?;
        let chart = row.settled().and_then(|state| state.as_chart());
        if !owns {
            return leave(inner, tx, chart).map(|()| Compared::Leaving);
        }
        if !chart.is_some_and(|chart| keeps_an_owner(chart, &account)) {
            return Err(Error::forbidden(Message::new("share.last_owner")));
        }
        wishes::put(tx, inner.who.chart, account.0, &What::Remove)?;
        Ok(Compared::ToBeRemoved)
    })
}
