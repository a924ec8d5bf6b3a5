//! What a relay lost and does not take back as it was: its author has used the counter again, the key has
//! another successor, the membership went on. The document goes back in a pack of this device's own, with each
//! author's own attestation, so that work which its author lost too is neither blocked nor doubled. A removal is
//! wanted again.

use std::collections::BTreeMap;

use holdfast_domain::words::Message;
use holdfast_protocol::attest::Attestation;
use holdfast_protocol::content::{AttestedTip, DocChanges, DocId, Pack};
use holdfast_protocol::entry::{Entry, Kind, MAX_PACK_BODY_BYTES};
use holdfast_protocol::ids::{ActorId, Class, SpaceId};
use holdfast_protocol::membership::{Act, SpaceState, Statement};
use rusqlite::Connection;

use super::seal::{current_key, place};
use super::site::Site;
use crate::documents::name::DocName;
use crate::documents::pack::Packing;
use crate::error::{Error, Result};
use crate::identity::keys;
use crate::identity::statements::header;
use crate::open_documents::document_of;
use crate::rights::owns;
use crate::store::sync_tables::sealed::{self, Sealed};
use crate::store::sync_tables::spaces::{self, SpaceRow};
use crate::store::sync_tables::{alarms, entries, tips};
use crate::store::{Priority, Tx, docs, outbox};

/// zstd's level: made once, by one device, for one document.
const LEVEL: i32 = 9;

/// The relay does not take an entry back that was in a log before.
pub(crate) fn refused(site: &Site<'_>, tx: &Tx<'_>, sent: &Sealed) -> Result<()> {
    if sent.kind == Kind::Change && !may_pack(site, tx, sent.space)? {
        // Packs are an owner's: an owner's device that has it gives it back.
        return sealed::remove(tx, sent.id);
    }
    if sent.kind == Kind::Change {
        return sealed::give_in_pack(tx, sent.id);
    }
    if let Some(Act::RevokeDevice(revoke)) = act(sent) {
        // Dropped where it is in force all the same.
        alarms::want_revoked(tx, revoke.device)?;
    }
    sealed::remove(tx, sent.id)
}

/// Whether this account may make packs in a space.
fn may_pack(site: &Site<'_>, tx: &Tx<'_>, space: SpaceId) -> Result<bool> {
    let state = spaces::known_state(tx.reader(), space)?;
    Ok(state.is_none_or(|state| owns(&state, site.account)))
}

fn act(sent: &Sealed) -> Option<Act> {
    let entry = Entry::from_trusted_bytes(&sent.bytes).ok()?;
    (sent.kind == Kind::Membership)
        .then(|| Statement::from_bytes(entry.body()).ok())?
        .map(|s| s.act)
}

/// What cannot be opened to be sealed anew: its raw changes are sealed again where they are still here, else
/// its document goes in a pack.
pub(crate) fn unreadable(site: &Site<'_>, tx: &Tx<'_>, one: &Sealed) -> Result<()> {
    if outbox::unseal(tx, one.id)? > 0 {
        return sealed::remove(tx, one.id);
    }
    if one.doc.is_some() && may_pack(site, tx, one.space)? {
        return sealed::give_in_pack(tx, one.id);
    }
    sealed::refuse(tx, one.id, &Message::new("sync.unsent.shut"))
}

/// An epoch has another key than the one that entries here were sealed with: nobody else could open them.
pub(crate) fn lost_key(
    site: &Site<'_>,
    tx: &Tx<'_>,
    space: SpaceId,
    class: Class,
    epoch: u32,
) -> Result<()> {
    for one in sealed::waiting_in(tx.reader(), space)? {
        let Ok(entry) = Entry::from_trusted_bytes(&one.bytes) else { continue };
        let head = entry.header();
        let content = matches!(head.kind, Kind::Change | Kind::Pack);
        if content && head.class == class && head.epoch == epoch {
            unreadable(site, tx, &one)?;
        }
    }
    Ok(())
}

/// Packs the documents that are to go back and that the log, as it was read again, does not show.
pub(crate) fn plan(site: &Site<'_>) -> Result<()> {
    for space in site.store.read(sealed::spaces_to_pack)? {
        let row = site.store.read(|conn| spaces::get(conn, space))?;
        let Some(row) = row else { continue };
        let whole = |state: &&SpaceState| !state.is_frozen() && row.above == state.head().seq;
        if row.settled().filter(whole).is_some() {
            plan_in(site, &row)?;
        }
    }
    Ok(())
}

fn plan_in(site: &Site<'_>, row: &SpaceRow) -> Result<()> {
    let (lost, shown) = site.store.read(|conn| {
        let lost = sealed::waiting_in(conn, row.id)?.into_iter().filter(|one| one.in_pack);
        Ok((lost.collect::<Vec<_>>(), shown(site, conn, row)?))
    })?;
    let mut by_doc: BTreeMap<String, Vec<Sealed>> = BTreeMap::new();
    let mut back = Vec::new();
    for one in lost {
        let tip = site.store.read(|conn| tip_of(site, conn, row.id, &one.bytes))?;
        let is_shown = tip.is_some_and(|(doc, actor, seq)| {
            shown.get(&(doc, actor)).is_some_and(|newest| *newest >= seq)
        });
        match &one.doc {
            _ if is_shown => back.push(one.id),
            Some(doc) => by_doc.entry(doc.clone()).or_default().push(one),
            None => {}
        }
    }
    site.store.write(Priority::Sync, "sync", |tx| {
        back.iter().try_for_each(|id| sealed::remove(tx, *id))
    })?;
    by_doc.iter().try_for_each(|(doc, carriers)| {
        site.store.write(Priority::Sync, "sync", |tx| pack(site, tx, row, doc, carriers))
    })
}

/// How far the log shows each actor of each document.
type Shown = BTreeMap<(String, ActorId), u64>;

fn shown(site: &Site<'_>, conn: &Connection, row: &SpaceRow) -> Result<Shown> {
    let mut shown = Shown::new();
    let mut show = |doc: &DocId, actor: ActorId, seq: u64| {
        let newest = shown.entry((doc.as_str().to_owned(), actor)).or_default();
        *newest = seq.max(*newest);
    };
    entries::each_content(conn, row.no, |bytes| {
        let Some((entry, content)) = open(site, conn, row.id, bytes)? else { return Ok(()) };
        if entry.header().kind == Kind::Pack {
            let packed = Pack::from_bytes(&content).map(|pack| pack.docs).unwrap_or_default();
            for doc in &packed {
                for tip in &doc.tips {
                    show(&doc.doc, tip.attestation.actor(tip.author), tip.attestation.seq);
                }
            }
        } else if let Ok(change) = DocChanges::from_bytes(&content) {
            let actor = change.attestation.actor(entry.header().author);
            show(&change.doc, actor, change.attestation.seq);
        }
        Ok(())
    })?;
    Ok(shown)
}

fn open(
    site: &Site<'_>,
    conn: &Connection,
    space: SpaceId,
    bytes: &[u8],
) -> Result<Option<(Entry, Vec<u8>)>> {
    let Ok(entry) = Entry::from_trusted_bytes(bytes) else { return Ok(None) };
    let head = entry.header();
    let key = keys::content(conn, site.seal, space, head.class, head.epoch)?;
    let content = key.and_then(|key| entry.open(&key).ok());
    Ok(content.map(|content| (entry, content)))
}

/// The document, the actor and the number of the last change in an entry.
fn tip_of(
    site: &Site<'_>,
    conn: &Connection,
    space: SpaceId,
    bytes: &[u8],
) -> Result<Option<(String, ActorId, u64)>> {
    let Some((entry, content)) = open(site, conn, space, bytes)? else { return Ok(None) };
    let Ok(change) = DocChanges::from_bytes(&content) else { return Ok(None) };
    let actor = change.attestation.actor(entry.header().author);
    Ok(Some((change.doc.as_str().to_owned(), actor, change.attestation.seq)))
}

/// Puts one pack of a document in the place of the first entry that carried it, and drops the others.
fn pack(
    site: &Site<'_>,
    tx: &Tx<'_>,
    row: &SpaceRow,
    doc: &str,
    carriers: &[Sealed],
) -> Result<()> {
    let (Some((first, rest)), Some(state)) = (carriers.split_first(), row.settled()) else {
        return Ok(());
    };
    let refuse = |why: Message| sealed::refuse(tx, first.id, &why);
    let (Some(id), Ok(name)) = (DocId::new(doc), doc.parse::<DocName>()) else {
        return refuse(Message::new("sync.unsent.no_name"));
    };
    let Some(stored) = docs::load(tx.reader(), row.id, &id)? else {
        return refuse(Message::new("sync.unsent.gone"));
    };
    let document = document_of(&id, &stored, site.actor)?;
    let mut attested = tips::of(tx.reader(), row.id, doc)?;
    for own in outbox::of_doc(tx.reader(), row.id, &id)? {
        let (life, seq, hash) = (own.incarnation, own.actor_seq, own.hash.0);
        let attestation = Attestation::sign(site.keys, row.id, &id, life, seq, hash);
        attested.push(AttestedTip { author: site.me(), attestation });
    }
    let mut packing = Packing::new();
    if let Err(why) = packing.add(&name, &document, &attested) {
        return refuse(Message::new("sync.unsent.unpacked").with("detail", why.to_string()));
    }
    let class = super::apply::class_of(&name);
    let (epoch, key) = match current_key(site, tx, state, class) {
        Err(Error::Relay { .. }) => return Ok(()),
        found => found?,
    };
    let head = header(row.id, class, Kind::Pack, epoch, place(site, tx, row, state)?);
    let content = packing.finish().to_bytes();
    let entry = site.with_entropy(|e| Entry::seal(head, &key, &content, LEVEL, site.keys, e));
    if entry.body().len() > MAX_PACK_BODY_BYTES {
        return refuse(Message::new("sync.unsent.large"));
    }
    sealed::become_pack(tx, first.id, &entry)?;
    rest.iter().try_for_each(|one| sealed::remove(tx, one.id))
}
