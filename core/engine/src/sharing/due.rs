//! What is to be said next in a chart: what people want of its membership, and what its state calls for. Thought
//! through each time against the state as it is; what is true already is dropped.

use holdfast_domain::words::Message;
use holdfast_protocol::entry::Kind;
use holdfast_protocol::ids::{AccountId, Class, DeviceId, InviteId, SpaceId};
use holdfast_protocol::membership::{ChartState, Grant, SpaceState};
use holdfast_protocol::wire;
use rusqlite::Connection;

use super::arrival;
use super::statements::{Making, Said};
use crate::error::{Error, Result};
use crate::identity::keys;
use crate::identity::statements::{By, NotMade, uncut};
use crate::protocol_words::not_made;
use crate::store::sync_tables::spaces::{self, SpaceRow};
use crate::store::sync_tables::wishes::{self, What, Wish};
use crate::store::sync_tables::{accepting, relay, sealed, tombstones};
use crate::store::{Priority, Tx, outbox};
use crate::sync::accounts::Known;
use crate::sync::report::SyncReport;
use crate::sync::seal::place;
use crate::sync::site::Site;

/// How long an invite is left open after its end, in milliseconds: clocks differ.
const GRACE_MS: u64 = 60_000;
/// How far the relay's clock may have moved against this one unnoticed, in milliseconds.
const CLOCK_SLACK_MS: u64 = 5_000;

/// How long leaving and closing wait for what this device wrote before to be sent, in milliseconds: a day (ours).
const SEND_FIRST_MS: i64 = 24 * 60 * 60 * 1000;

/// What is to be said.
#[derive(Debug, Clone, PartialEq)]
enum Next {
    Close,
    Leave,
    Cut(DeviceId),
    Remove(AccountId),
    CloseInvite(InviteId),
    Change(AccountId, Grant),
    Confirm(AccountId),
    RotateDue,
    KeepKeys,
}

/// What a look at a chart comes to.
#[derive(Debug, Default)]
struct Thought {
    /// Wishes that are in force already, or can never be.
    over: Vec<Wish>,
    /// The first thing to say.
    next: Option<Next>,
}

/// Both clocks, in milliseconds since 1970.
#[derive(Debug, Clone, Copy)]
struct Clocks {
    own: u64,
    relay: u64,
}

impl Clocks {
    fn read(site: &Site<'_>, conn: &Connection) -> Result<Self> {
        let wall = site.clock.wall_ms();
        let ahead = relay::get(conn)?.map_or(0, |relay| relay.ahead_ms);
        let ms = |ms: i64| u64::try_from(ms).unwrap_or(0);
        Ok(Self { own: ms(wall), relay: ms(wall.saturating_add(ahead)) })
    }

    /// Whether a time is past by the relay's clock.
    const fn relay_is_past(self, at_ms: u64, grace_ms: u64) -> bool {
        self.relay >= at_ms.saturating_add(grace_ms)
    }

    /// Whether a time is past by both clocks.
    const fn both_are_past(self, at_ms: u64) -> bool {
        self.own >= at_ms && self.relay_is_past(at_ms, CLOCK_SLACK_MS)
    }
}

/// Signs the next statement of every chart that calls for one. The next but one follows it in the log.
pub(crate) fn plan(site: &Site<'_>, report: &mut SyncReport) -> Result<()> {
    let waiting = site.store.read(accepting::all)?;
    for one in waiting.into_iter().filter(|one| one.keys.is_some()) {
        let done = site.store.write(Priority::Sync, "sync", |tx| arrival::finish(site, tx, &one));
        report.note(done)?;
    }
    let charts = site.store.read(|conn| {
        let Some(account) = spaces::get(conn, site.account)? else { return Ok(Vec::new()) };
        let Some(account) = account.settled() else { return Ok(Vec::new()) };
        let wanted = wishes::all(conn)?;
        let clocks = Clocks::read(site, conn)?;
        let mut charts = Vec::new();
        for row in spaces::all(conn)? {
            let thought = think(site, conn, &row, account, &wanted, clocks)?;
            if thought.next.is_some() || !thought.over.is_empty() {
                charts.push(row.id);
            }
        }
        Ok(charts)
    })?;
    for chart in charts {
        // One transaction a chart: what one lacks does not hold up the others, and what is made is kept.
        let made = site.store.write(Priority::Sync, "sync", |tx| say_next(site, tx, chart));
        match made {
            Err(Error::NotMade(why)) => {
                let text =
                    Message::new("sync.taking_part_not_in_force").with("why", not_made(&why));
                report.problem("not_in_force", text);
            }
            other => other?,
        }
    }
    Ok(())
}

fn say_next(site: &Site<'_>, tx: &Tx<'_>, chart: SpaceId) -> Result<()> {
    let conn = tx.reader();
    let (Some(row), Some(account)) = (spaces::get(conn, chart)?, spaces::get(conn, site.account)?)
    else {
        return Ok(());
    };
    let Some(account) = account.settled() else { return Ok(()) };
    let wanted = wishes::all(conn)?;
    let thought = think(site, conn, &row, account, &wanted, Clocks::read(site, conn)?)?;
    for wish in &thought.over {
        wishes::drop(tx, wish)?;
    }
    let (Some(next), Some(state)) = (thought.next, row.settled()) else { return Ok(()) };
    if sealed::has_kind(conn, chart, Kind::Membership)? || waits(site, conn, state, &next)? {
        return Ok(());
    }
    let (entry, wraps) = make(site, tx, &row, state, &next)?;
    sealed::put(tx, &entry, None, &wraps).map(|_| ())
}

/// Whether leaving or closing waits a little: what was written before is sent first, for afterwards nobody takes it.
fn waits(site: &Site<'_>, conn: &Connection, state: &SpaceState, next: &Next) -> Result<bool> {
    let last = matches!(next, Next::Leave | Next::Close);
    let (Some(chart), true) = (state.as_chart(), last) else { return Ok(false) };
    let since = wishes::of_chart(conn, state.space())?.iter().map(|wish| wish.created_ms).max();
    let waited = since.is_none_or(|since| site.clock.wall_ms() - since >= SEND_FIRST_MS);
    let classes: Vec<Class> =
        Class::CHART.into_iter().filter(|class| chart.may_write(&site.account, *class)).collect();
    Ok(!waited
        && (sealed::any_in(conn, state.space())?
            || !outbox::pending(conn, state.space(), &classes, 1)?.is_empty()))
}

/// Runs `work` with what statements in a chart are made of.
pub(super) fn with_making<T>(
    site: &Site<'_>,
    tx: &Tx<'_>,
    row: &SpaceRow,
    state: &SpaceState,
    work: impl FnOnce(&Making<'_>) -> Result<T>,
) -> Result<T> {
    let chart = state.as_chart().ok_or(NotMade::UnknownAccount(row.id))?;
    let class_key =
        |class, epoch| keys::content(tx.reader(), site.seal, row.id, class, epoch).ok().flatten();
    let accounts = known_accounts(tx.reader(), site.account)?;
    let by = By { keys: site.keys, at: place(site, tx, row, state)? };
    work(&Making {
        space: state,
        chart,
        accounts: &accounts,
        mine: site.account,
        class_key: &class_key,
        by,
    })
}

/// The accounts of the members, as far as they are known here.
pub(super) fn known_accounts(conn: &Connection, mine: AccountId) -> Result<Known> {
    Known::load(conn, mine)
}

fn make(
    site: &Site<'_>,
    tx: &Tx<'_>,
    row: &SpaceRow,
    state: &SpaceState,
    next: &Next,
) -> Result<Said> {
    with_making(site, tx, row, state, |making| {
        let said = site.with_entropy(|e| match next {
            Next::Close => Ok(making.close()),
            Next::Leave => making.leave(),
            Next::Cut(device) => making.cut_device(*device, e),
            Next::Remove(account) => making.remove(*account, e),
            Next::CloseInvite(invite) => making.close_invite(*invite, e),
            Next::Change(account, grant) => making.change(*account, grant.clone(), e),
            Next::Confirm(account) => making.confirm(*account, e),
            Next::RotateDue => making.rotate_due(e),
            Next::KeepKeys => making.keep_keys(e),
        });
        Ok(said?)
    })
}

/// Thinks a chart through, against the state as it is.
fn think(
    site: &Site<'_>,
    conn: &Connection,
    row: &SpaceRow,
    account: &SpaceState,
    wanted: &[Wish],
    clocks: Clocks,
) -> Result<Thought> {
    let mut thought = Thought::default();
    let Some(state) = row.settled() else { return Ok(thought) };
    let Some(chart) = state.as_chart() else { return Ok(thought) };
    let mine = site.account;
    let wanted = wanted.iter().filter(|wish| wish.chart == row.id);
    if !chart.closed && chart.is_owner(&mine) && !row.gone && is_buried(conn, row.id)? {
        // A relay lost the closing: it is said again, before anything else.
        thought.over = wanted.cloned().collect();
        thought.next = Some(Next::Close);
        return Ok(thought);
    }
    if chart.closed || row.gone || !chart.members.contains_key(&mine) {
        thought.over = wanted.cloned().collect();
        return Ok(thought);
    }
    if state.is_frozen() {
        return Ok(thought);
    }
    let mut nexts: Vec<Next> = Vec::new();
    for wish in wanted {
        match meaning(chart, mine, wish) {
            Some(next) => nexts.push(next),
            None => thought.over.push(wish.clone()),
        }
    }
    let confirmed = chart.confirmed(&mine).is_some();
    if confirmed {
        // Whoever waits to be compared has no key that a lost phone could have, and no say.
        nexts.extend(uncut(state, account).filter(|device| *device != site.me()).map(Next::Cut));
    }
    if chart.is_owner(&mine) {
        let ended = chart.members.iter().filter(|(_, member)| {
            member.grant.until_ms.is_some_and(|until| clocks.both_are_past(until))
        });
        nexts.extend(ended.map(|(account, _)| Next::Remove(*account)));
        let ended = chart
            .invites
            .iter()
            .filter(|(_, open)| clocks.relay_is_past(open.expires_at_ms, GRACE_MS));
        nexts.extend(ended.map(|(invite, _)| Next::CloseInvite(*invite)));
        if !chart.due.is_empty() {
            nexts.push(Next::RotateDue);
        }
    }
    if confirmed && has_unkept(site, conn, row.id, chart)? {
        nexts.push(Next::KeepKeys);
    }
    nexts.sort_by_key(rank);
    thought.next = nexts.into_iter().next();
    Ok(thought)
}

/// Whether an owner's closing of a chart was verified here before.
fn is_buried(conn: &Connection, chart: SpaceId) -> Result<bool> {
    Ok(tombstones::get(conn, chart)?.is_some_and(|one| one.is_closed()))
}

/// What a wish comes to now; nothing where it is true already or has become impossible.
fn meaning(chart: &ChartState, mine: AccountId, wish: &Wish) -> Option<Next> {
    let account = SpaceId(wish.subject);
    let member = chart.members.get(&account);
    if wish.what == What::Leave {
        return keeps_an_owner(chart, &mine).then_some(Next::Leave);
    }
    if !chart.is_owner(&mine) {
        return None;
    }
    match &wish.what {
        What::Close => Some(Next::Close),
        What::Remove => (member.is_some() && account != mine && keeps_an_owner(chart, &account))
            .then_some(Next::Remove(account)),
        What::Change { grant } => {
            let grant = grant_of(grant)?;
            let changes = member.is_some_and(|member| member.grant != grant)
                && (grant.owner || keeps_an_owner(chart, &account));
            changes.then_some(Next::Change(account, grant))
        }
        What::Confirm => {
            member.is_some_and(|member| member.waiting).then_some(Next::Confirm(account))
        }
        What::CloseInvite => {
            let invite = InviteId(wish.subject);
            chart.invites.contains_key(&invite).then_some(Next::CloseInvite(invite))
        }
        What::Leave => None,
    }
}

/// A grant as a wish keeps it.
pub(super) fn grant_text(grant: &Grant) -> String {
    hex::encode(wire::encode(grant))
}

fn grant_of(text: &str) -> Option<Grant> {
    wire::decode("grant", &hex::decode(text).ok()?).ok()
}

/// Whether an owner is left without this account.
pub(super) fn keeps_an_owner(chart: &ChartState, without: &AccountId) -> bool {
    chart.members.keys().any(|account| account != without && chart.is_owner(account))
}

/// What takes away comes first; what gives waits until it is known who is left.
const fn rank(next: &Next) -> u8 {
    match next {
        Next::Close => 0,
        Next::Leave => 1,
        Next::Cut(_) => 2,
        Next::Remove(_) => 3,
        Next::CloseInvite(_) => 4,
        Next::RotateDue => 5,
        Next::Change(..) => 6,
        Next::Confirm(_) => 7,
        Next::KeepKeys => 8,
    }
}

/// Whether a current key that this account reads came with an invite and is not wrapped for the account yet.
fn has_unkept(
    site: &Site<'_>,
    conn: &Connection,
    space: SpaceId,
    chart: &ChartState,
) -> Result<bool> {
    for (class, epochs) in &chart.epochs {
        let Some(epoch) = epochs.last().filter(|_| chart.may_read(&site.account, *class)) else {
            continue;
        };
        let wrapped = epoch.wraps.iter().any(|wrap| wrap.account == site.account);
        if !wrapped {
            let key = keys::content(conn, site.seal, space, *class, epoch.number)?;
            if key.is_some_and(|key| key.commitment() == epoch.commitment) {
                return Ok(true);
            }
        }
    }
    Ok(false)
}
