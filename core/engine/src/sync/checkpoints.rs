//! Checkpoints: an owner's word for what of a log a new device needs, made after packs have taken the place of
//! what they cover.

use holdfast_protocol::checkpoint::{Checkpoint, LiveRoot, is_retained};
use holdfast_protocol::entry::{Entry, Kind, MAX_PACK_BODY_BYTES};
use holdfast_protocol::ids::Class;

use super::packs::ready;
use super::seal::place;
use super::site::Site;
use crate::error::Result;
use crate::identity::statements::header;
use crate::store::Priority;
use crate::store::sync_tables::{entries, sealed, spaces};

/// Makes a checkpoint in each space where packs came since the last one.
pub(crate) fn plan(site: &Site<'_>) -> Result<()> {
    let known = site.store.read(spaces::all)?;
    for row in &known {
        let Some(state) = ready(site, row)? else { continue };
        if state.has_gaps() {
            continue;
        }
        let head = state.head();
        let found = site.store.read(|conn| {
            let pack = entries::newest_of(conn, row.no, Kind::Pack)?;
            let last = entries::newest_of(conn, row.no, Kind::Checkpoint)?;
            if pack.is_none() || pack <= last {
                return Ok(None);
            }
            let mut live = LiveRoot::default();
            let mut known = true;
            entries::each(conn, row.no, |place| {
                match place.kind {
                    Some(kind) if is_retained(kind, place.covered, head.seq) => {
                        live.push(place.seq, place.hash);
                    }
                    Some(_) => {}
                    // Only its hash came: it is covered, or nobody here can tell.
                    None => known &= place.covered.is_some_and(|pack| pack <= head.seq),
                }
                Ok(())
            })?;
            Ok(known.then_some(live))
        })?;
        let Some(live) = found else { continue };
        let checkpoint = Checkpoint {
            at: head,
            membership: state.membership_head(),
            live_root: live.root(),
            live_count: live.count(),
            tips: state.checkpoint_tips(),
        };
        let body = checkpoint.to_bytes();
        if body.len() > MAX_PACK_BODY_BYTES {
            continue;
        }
        site.store.write(Priority::Sync, "sync", |tx| {
            let at = place(site, tx, row, state)?;
            let head = header(row.id, Class::Membership, Kind::Checkpoint, 0, at);
            sealed::put(tx, &Entry::sign(head, body, site.keys), None, &[]).map(|_| ())
        })?;
    }
    Ok(())
}
