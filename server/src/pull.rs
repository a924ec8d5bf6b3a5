//! Pages of what moved: whole entries where the member may read them, places where it may not.
//!
//! A device that starts from nothing gets the newest checkpoint and what is retained below it, then the rest.
//! A page that carries a checkpoint's bytes always starts afresh: when a newer checkpoint came while a start was
//! being paged, the relay starts it again from the newer one.

use std::collections::{BTreeMap, BTreeSet};

use holdfast_protocol::checkpoint::is_retained;
use holdfast_protocol::ids::{AccountId, Class, DeviceId, Seq, SpaceId};
use holdfast_protocol::membership::{ChartState, SpaceKind, SpaceState};
use holdfast_protocol::sync::{AccountOutline, Item, NotedCursor, SpacePage, SyncRequest, Want};

use crate::relay::Relay;
use crate::store::{LogRow, OutlineRow, Reading, SpaceNo, SpaceRow, StoreError, Stored};

/// The smallest and largest page, in bytes of entries.
const PAGE_BYTES: (usize, usize) = (4 * 1024, 8 * 1024 * 1024);
/// What an item costs besides its bytes.
const ITEM_BYTES: usize = 12;
/// What a stub costs.
const STUB_BYTES: usize = 44;
/// The most cursors in an answer. They are a courtesy (seen-by); the newest come.
const MAX_CURSORS: usize = 4096;

/// Who pulls.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Puller {
    pub device: DeviceId,
    pub account: AccountId,
    pub no: SpaceNo,
    /// The relay's clock.
    pub now_ms: u64,
}

/// The places of the entries that this very request brought: the device that sent them has them, so they come
/// back as stubs. When the answer is lost, the next one has them whole.
pub(crate) type Sent = BTreeSet<(SpaceId, Seq)>;

/// What an answer carries besides the acknowledgements.
pub(crate) struct Pulled {
    pub feed: u64,
    pub spaces: Vec<SpacePage>,
    pub cursors: Vec<NotedCursor>,
    pub more: bool,
    pub accounts: Vec<AccountOutline>,
    pub accounts_feed: u64,
    pub gone: Vec<SpaceId>,
}

/// The membership of an account, as those see it who share a chart with it.
pub(crate) fn outline(r: &dyn Reading, account: &AccountId) -> Stored<Option<AccountOutline>> {
    let Some(row) = r.space(account)? else { return Ok(None) };
    let membership = membership(r, &row)?;
    Ok(Some(AccountOutline { account: *account, membership }))
}

/// Every membership entry of a space.
pub(crate) fn membership(r: &dyn Reading, row: &SpaceRow) -> Stored<Vec<Item>> {
    let mut membership = Vec::new();
    r.membership(row.no, &mut |seq, bytes| {
        membership.push(Item::Entry { seq, bytes: bytes.to_vec() });
        Ok(())
    })?;
    Ok(membership)
}

/// Whether an entry is sent whole.
type Wants<'a> = &'a dyn Fn(&OutlineRow) -> bool;

/// The memberships of other accounts, as far as one answer holds them.
#[derive(Default)]
struct Outlines {
    accounts: Vec<AccountOutline>,
    bytes: usize,
    /// The feed position up to which they are complete, where more follow.
    cut_at: Option<u64>,
}

impl Outlines {
    fn after(r: &dyn Reading, account: SpaceNo, since: u64, most: usize) -> Stored<Self> {
        let mut found = Self::default();
        let mut complete = since;
        for (at, other) in r.acquaintances(account, since)? {
            if at > complete && found.bytes > most {
                found.cut_at = Some(complete);
                break;
            }
            found.add(outline(r, &other)?);
            complete = at;
        }
        Ok(found)
    }

    fn add(&mut self, outline: Option<AccountOutline>) {
        let bytes = outline.iter().flat_map(|outline| &outline.membership).map(|item| match item {
            Item::Entry { bytes, .. } => bytes.len() + ITEM_BYTES,
            Item::Stub { .. } => STUB_BYTES,
        });
        self.bytes += bytes.sum::<usize>();
        self.accounts.extend(outline);
    }
}

/// Bytes that an answer may still hold. The first item always fits, so that every answer moves on.
struct Budget {
    left: usize,
    used: bool,
}

impl Budget {
    fn take(&mut self, bytes: usize) -> bool {
        if self.used && bytes > self.left {
            return false;
        }
        self.left = self.left.saturating_sub(bytes);
        self.used = true;
        true
    }
}

impl Relay {
    pub(crate) fn pull(
        &self,
        r: &dyn Reading,
        who: Puller,
        request: &SyncRequest,
        sent: &Sent,
    ) -> Stored<Pulled> {
        let feed = r.feed(who.no)?;
        // A feed that this store never reached: the answer names the one it has, and the device, which sees it
        // go back, asks for every space by position.
        let asked = request.feed.min(feed);
        let wants: BTreeMap<SpaceId, &Want> = request.want.iter().map(|w| (w.space, w)).collect();
        let mut budget = Budget {
            left: (request.page_bytes as usize).clamp(PAGE_BYTES.0, PAGE_BYTES.1),
            used: false,
        };
        let mut spaces = Vec::new();
        let mut more = false;
        let known = request.accounts_feed.min(feed);
        let (mut outlines, mut gone) = (Outlines::default(), Vec::new());
        if known < feed {
            outlines = Outlines::after(r, who.no, known, self.limits().outline_bytes)?;
            gone = r.gone(who.no, known)?;
        }
        // Who signs in a log is said by the accounts: they are read to their end first.
        more |= outlines.cut_at.is_some();
        let to_visit = if more { Vec::new() } else { to_visit(r, who, asked, feed, &wants)? };
        for (row, id) in to_visit {
            if budget.used && budget.left == 0 {
                more = true;
                break;
            }
            let from = match wants.get(&id) {
                Some(want) => **want,
                None => {
                    let after = r.cursor(row.no, &who.device)?.map_or(0, |p| p.seq);
                    Want { space: id, after, starting_at: None }
                }
            };
            let page = self.page(r, who, &row, from, sent, &mut budget)?;
            more |= page.more;
            spaces.push(page);
        }
        let cursors =
            if more || asked == feed { Vec::new() } else { self.cursors_for(r, who, asked)? };
        Ok(Pulled {
            feed: if more { request.feed } else { feed },
            spaces,
            cursors,
            more,
            accounts: outlines.accounts,
            accounts_feed: outlines.cut_at.unwrap_or(feed),
            gone,
        })
    }

    /// Who has seen what, since a feed position. Who waits for the comparison, or whose time is over, is not told.
    fn cursors_for(&self, r: &dyn Reading, who: Puller, since: u64) -> Stored<Vec<NotedCursor>> {
        let mut cursors = r.moved_cursors(who.no, since, &who.device, MAX_CURSORS)?;
        let mut told = BTreeMap::new();
        for space in cursors.iter().map(|noted| noted.cursor.space).collect::<BTreeSet<_>>() {
            let Some(row) = r.space(&space)? else { continue };
            let state = self.rights(r, &space, &row)?;
            let tells = |chart: &ChartState| {
                let grant = chart.confirmed(&who.account);
                grant.is_some_and(|grant| !grant.has_ended(who.now_ms))
            };
            told.insert(space, state.as_chart().is_none_or(tells));
        }
        cursors.retain(|noted| told.get(&noted.cursor.space) == Some(&true));
        Ok(cursors)
    }

    fn page(
        &self,
        r: &dyn Reading,
        who: Puller,
        row: &SpaceRow,
        from: Want,
        sent: &Sent,
        budget: &mut Budget,
    ) -> Stored<SpacePage> {
        let state = self.rights(r, &from.space, row)?;
        let readable = |found: &OutlineRow| may_read(&state, &who.account, found.class, who.now_ms);
        let news = |found: &OutlineRow| readable(found) && !sent.contains(&(from.space, found.seq));
        let mut page = SpacePage {
            space: from.space,
            starting_at: None,
            checkpoint: None,
            items: Vec::new(),
            head: r.head(row.no)?,
            more: false,
            noted: Vec::new(),
        };
        self.fill_page(r, row, from, &mut page, (&readable, &news), budget)?;
        if let (Some(first), Some(last)) = (page.items.first(), page.items.last()) {
            page.noted = r.noted(row.no, first.seq(), last.seq())?;
        }
        Ok(page)
    }

    /// Fills a page from where it is asked for.
    fn fill_page(
        &self,
        r: &dyn Reading,
        row: &SpaceRow,
        from: Want,
        page: &mut SpacePage,
        (readable, news): (Wants<'_>, Wants<'_>),
        budget: &mut Budget,
    ) -> Stored<()> {
        let mut after = from.after;
        let goes_on = from
            .starting_at
            .is_some_and(|seq| row.checkpoint.is_some_and(|c| c.seq == seq) && after > 0);
        let starts = row.checkpoint.filter(|c| {
            if goes_on { after < c.at } else { after == 0 || from.starting_at.is_some() }
        });
        if let Some(checkpoint) = starts {
            page.starting_at = Some(checkpoint.seq);
            if !goes_on {
                after = 0;
                let bytes = r
                    .entry(row.no, checkpoint.seq)?
                    .ok_or_else(|| StoreError::Damaged("a checkpoint is missing".into()))?;
                budget.take(bytes.len() + ITEM_BYTES);
                page.checkpoint = Some(bytes);
            }
            r.log(row.no, after, checkpoint.at, &mut |found| {
                if is_retained(found.outline.kind, found.outline.covered_by, checkpoint.at) {
                    return Ok(add(page, found, readable, budget));
                }
                Ok(true)
            })?;
            if page.more {
                return Ok(());
            }
            after = checkpoint.at;
        }
        r.log(row.no, after, Seq::MAX, &mut |found| Ok(add(page, found, news, budget)))
    }
}

/// Adds a place of the log to a page, whole if wanted; `false` when the page is full.
fn add(
    page: &mut SpacePage,
    found: LogRow<'_>,
    whole: &dyn Fn(&OutlineRow) -> bool,
    budget: &mut Budget,
) -> bool {
    let bytes = found.bytes.filter(|_| whole(&found.outline));
    if !budget.take(bytes.map_or(STUB_BYTES, |bytes| bytes.len() + ITEM_BYTES)) {
        page.more = true;
        return false;
    }
    let seq = found.outline.seq;
    page.items.push(match bytes {
        Some(bytes) => Item::Entry { seq, bytes: bytes.to_vec() },
        None => Item::Stub { seq, hash: found.outline.hash },
    });
    true
}

fn may_read(state: &SpaceState, account: &AccountId, class: Class, now_ms: u64) -> bool {
    class == Class::Membership
        || match state.kind() {
            SpaceKind::Account(_) => true,
            SpaceKind::Chart(chart) => chart.may_read_at(account, class, now_ms),
        }
}

/// The account's own space first, then the others in the order in which the relay got to know them.
fn to_visit(
    r: &dyn Reading,
    who: Puller,
    asked: u64,
    feed: u64,
    wants: &BTreeMap<SpaceId, &Want>,
) -> Stored<Vec<(SpaceRow, SpaceId)>> {
    let mut found = BTreeMap::new();
    if asked < feed {
        for (no, id) in r.moved(who.no, asked)? {
            found.insert((no != who.no, no), id);
        }
    }
    for id in wants.keys() {
        // A space that is not the account's is passed over, as if it were not there.
        if let Some(row) = r.space(id)?
            && r.belongs(who.no, row.no)?
        {
            found.insert((row.no != who.no, row.no), *id);
        }
    }
    let mut rows = Vec::with_capacity(found.len());
    for id in found.into_values() {
        if let Some(row) = r.space(&id)? {
            rows.push((row, id));
        }
    }
    Ok(rows)
}
