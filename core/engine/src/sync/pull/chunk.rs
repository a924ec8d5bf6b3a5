//! One transaction's worth of a log: each place judged, its content taken, the state kept.

use holdfast_protocol::entry::{Entry, Kind};
use holdfast_protocol::ids::{Class, Seq, SpaceId};
use holdfast_protocol::membership::{Accepted, Act, Judge, NotAccepted, Refusal, SpaceState};
use rusqlite::Connection;

use super::{Found, PageEnd};
use crate::erasure;
use crate::error::Result;
use crate::identity::keys;
use crate::observe::Key;
use crate::protocol_words::{keep, not_accepted};
use crate::sharing::greetings;
use crate::store::docs::class_number;
use crate::store::sync_tables::entries::{self, Place, Standing, Whole};
use crate::store::sync_tables::spaces::{self, SpaceNo};
use crate::store::sync_tables::{alarms, relay, sealed, tombstones};
use crate::store::{Tx, outbox};
use crate::sync::accounts::{self, Known};
use crate::sync::apply::pack::Ahead;
use crate::sync::apply::{self, Taken};
use crate::sync::site::Site;
use crate::sync::{give_back, restore, seal};

/// Entries that waited for a key, read at once.
const WAITING_AT_ONCE: u32 = 32;

/// What one transaction brought.
pub(crate) struct ChunkEnd {
    pub(crate) end: PageEnd,
    pub(crate) others: u64,
}

/// One transaction's worth of a page.
pub(crate) struct Chunk<'a, 't> {
    pub(crate) site: &'a Site<'a>,
    pub(crate) tx: &'a Tx<'t>,
    pub(crate) space: SpaceId,
    pub(crate) no: SpaceNo,
    pub(crate) state: Option<SpaceState>,
    pub(crate) accounts: Known,
    account_is_whole: bool,
    /// What became of a pack at the front, before its place is taken.
    pub(crate) ahead: Ahead,
    /// Whether forks can be told: not once a relay was restored, for then old citations are of a log
    /// that nobody has.
    compare: bool,
    pub(crate) membership_moved: bool,
    /// Whether the chart has ended here: its content is passed over, whatever a relay shows.
    pub(crate) ended: bool,
    pub(crate) end: PageEnd,
    pub(crate) others: u64,
}

impl<'a, 't> Chunk<'a, 't> {
    pub(crate) fn open(
        site: &'a Site<'a>,
        tx: &'a Tx<'t>,
        space: SpaceId,
        account_is_whole: bool,
    ) -> Result<Self> {
        let no = spaces::number(tx, space)?;
        let state = spaces::get(tx.reader(), space)?.and_then(|row| row.state);
        let accounts = Known::load(tx.reader(), site.account)?;
        let compare = relay::get(tx.reader())?.is_none_or(|relay| relay.lives <= 1);
        Ok(Self {
            site,
            tx,
            space,
            no,
            state,
            accounts,
            account_is_whole,
            ahead: Ahead::Left,
            compare,
            membership_moved: false,
            ended: has_ended(tx.reader(), space)?,
            end: PageEnd::Whole,
            others: 0,
        })
    }

    pub(super) fn take_all(&mut self, found: &[Found]) -> Result<()> {
        for one in found {
            self.take(one)?;
            if self.end != PageEnd::Whole {
                break;
            }
        }
        Ok(())
    }

    /// Takes one place of the log.
    fn take(&mut self, one: &Found) -> Result<()> {
        // Another process of this home may have come further since the page was read.
        let next = self.state.as_ref().map_or(1, |state| state.head().seq + 1);
        if one.seq < next {
            return Ok(());
        }
        if one.seq > next {
            self.end = PageEnd::Interrupted;
            return Ok(());
        }
        let mine = sealed::by_hash(self.tx.reader(), one.hash)?;
        let kept = match (&one.entry, &mine) {
            (None, Some(mine)) => Entry::from_trusted_bytes(&mine.bytes).ok(),
            _ => None,
        };
        let Some(entry) = one.entry.as_ref().or(kept.as_ref()) else {
            return self.take_stub(one);
        };
        let accepted = match self.judge(entry)? {
            Judged::Fits(accepted) => accepted,
            Judged::Waits(end) => {
                self.end = end;
                return Ok(());
            }
            Judged::Foreign => {
                self.end = PageEnd::Foreign;
                return Ok(());
            }
            Judged::Unknown => return self.freeze(one, entry),
            Judged::No(why) => return self.ignore(one, entry, why),
        };
        self.compare_histories(entry)?;
        // A log that is read once more is judged anew: what was put aside then may fit now.
        entries::release(self.tx, self.space, one.hash)?;
        if let (Some(state), Some(accepted)) = (&mut self.state, &accepted) {
            state.apply(entry, accepted);
        }
        self.membership_moved |= entry.header().kind == Kind::Membership;
        if let Some(Act::Close) = accepted.as_ref().and_then(|accepted| accepted.act()) {
            erasure::note_closing(self.tx, self.space, entry)?;
            self.ended = true;
        }
        let (standing, doc) = match mine {
            // It is in the documents since it was written.
            Some(mine) => {
                let ids: Vec<i64> = outbox::of_sealed(self.tx.reader(), mine.id)?
                    .iter()
                    .map(|change| change.id)
                    .collect();
                outbox::acknowledge(self.tx, &ids, one.seq)?;
                sealed::remove(self.tx, mine.id)?;
                (Standing::Applied, mine.doc)
            }
            None => {
                self.others += 1;
                self.content(one.seq, entry)?
            }
        };
        if entry.header().author == self.site.me() {
            spaces::set_prev(self.tx, self.no, one.hash, entry.header().counter)?;
        }
        self.put(one, entry, standing, doc.as_deref())?;
        self.cover(one.seq, entry, standing)
    }

    /// A pack counts for what it covers, whatever became of its documents here.
    fn cover(&self, seq: Seq, entry: &Entry, standing: Standing) -> Result<()> {
        let header = entry.header();
        if header.kind != Kind::Pack {
            return Ok(());
        }
        let was_taken = standing == Standing::Applied;
        entries::cover(self.tx, self.no, header.class, &header.covers, seq, was_taken)
    }

    /// Takes the content of an entry of someone else.
    pub(crate) fn content(
        &mut self,
        seq: Seq,
        entry: &Entry,
    ) -> Result<(Standing, Option<String>)> {
        if self.ended || !matches!(entry.header().kind, Kind::Change | Kind::Pack) {
            return Ok((Standing::Applied, None));
        }
        if self.ahead == Ahead::Taken(entry.hash()) {
            self.take_early(None)?;
            return Ok((Standing::Applied, None));
        }
        if self.membership_moved {
            self.learn()?;
            // What waited for these keys comes first: what follows may build on it.
            self.take_waiting()?;
        }
        Ok(match apply::take(self.site, self.tx, (self.space, self.no), seq, entry)? {
            Taken::Applied(doc) => {
                self.take_early(doc.as_deref())?;
                (Standing::Applied, doc)
            }
            Taken::Waiting => (Standing::Waiting, None),
            Taken::Early { .. } if self.waits_before(seq)? => (Standing::Waiting, None),
            // An honest author's earlier change may still come: its entry had to be sealed anew.
            Taken::Early { doc, reason } => {
                self.put_aside(seq, entry, Some(&doc), &reason)?;
                (Standing::Early, Some(doc))
            }
            Taken::Refused { doc, reason } => {
                self.put_aside(seq, entry, doc.as_deref(), &reason)?;
                (Standing::Quarantined, doc)
            }
        })
    }

    /// Takes what came before a change that is here now: of one document, or after a pack, of all.
    fn take_early(&self, doc: Option<&str>) -> Result<()> {
        loop {
            let mut taken = false;
            for seq in entries::early(self.tx.reader(), self.no, doc)? {
                let bytes = entries::bytes_at(self.tx.reader(), self.no, seq)?.unwrap_or_default();
                let Ok(entry) = Entry::from_trusted_bytes(&bytes) else { continue };
                let at = (self.space, self.no);
                if let Taken::Applied(doc) = apply::take(self.site, self.tx, at, seq, &entry)? {
                    entries::settle(self.tx, self.no, seq, Standing::Applied, doc.as_deref())?;
                    entries::release(self.tx, self.space, entry.hash())?;
                    taken = true;
                }
            }
            if !taken {
                return Ok(());
            }
        }
    }

    fn put_aside(&self, seq: Seq, entry: &Entry, doc: Option<&str>, reason: &str) -> Result<()> {
        entries::quarantine(self.tx, self.space, Some(seq), entry.hash(), doc, reason)
    }

    /// Whether an earlier entry waits for its key.
    fn waits_before(&self, seq: Seq) -> Result<bool> {
        let first = entries::waiting(self.tx.reader(), self.no, 0, 1)?;
        Ok(first.first().is_some_and(|first| *first < seq))
    }

    /// Takes what waited, in order, as far as the keys reach. Gives how many are settled.
    pub(crate) fn take_waiting(&mut self) -> Result<usize> {
        let mut settled = 0;
        let mut after = 0;
        loop {
            let some = entries::waiting(self.tx.reader(), self.no, after, WAITING_AT_ONCE)?;
            let Some(last) = some.last() else { return Ok(settled) };
            after = *last;
            for seq in some {
                let bytes = entries::bytes_at(self.tx.reader(), self.no, seq)?.unwrap_or_default();
                let Ok(entry) = Entry::from_trusted_bytes(&bytes) else { continue };
                let (standing, doc) = self.content(seq, &entry)?;
                if standing == Standing::Waiting {
                    continue;
                }
                entries::settle(self.tx, self.no, seq, standing, doc.as_deref())?;
                settled += 1;
                self.cover(seq, &entry, standing)?;
            }
        }
    }

    fn judge(&mut self, entry: &Entry) -> Result<Judged> {
        let Some(state) = &self.state else {
            if entry.space() != self.space {
                return Ok(Judged::No(Refusal::WrongSpace.into()));
            }
            return Ok(match SpaceState::start(entry, &self.accounts, Judge::Member) {
                Ok(state) if state.as_account().is_some() && state.space() != self.site.account => {
                    Judged::Foreign
                }
                // Whether the account is a member of a chart, its log tells at its end.
                Ok(state) => {
                    self.state = Some(state);
                    Judged::Fits(None)
                }
                Err(not) => self.waits_for(entry, &not)?.map_or(Judged::Foreign, Judged::Waits),
            });
        };
        Ok(match state.check(entry, &self.accounts, Judge::Member) {
            Ok(accepted) => Judged::Fits(Some(Box::new(accepted))),
            Err(NotAccepted::Never(Refusal::UnknownStatement)) => Judged::Unknown,
            Err(not) => match self.waits_for(entry, &not)? {
                Some(end) => Judged::Waits(end),
                None => Judged::No(not),
            },
        })
    }

    /// Whether an entry that does not fit may fit once more is known of an account, and how the page ends then.
    /// Nothing is ignored for good because a relay was slow to show somebody.
    pub(crate) fn waits_for(&self, entry: &Entry, not: &NotAccepted) -> Result<Option<PageEnd>> {
        Ok(match not {
            NotAccepted::NeedsAccount(account) if self.account_is_whole => {
                Some(PageEnd::AccountMissing(Some(*account)))
            }
            NotAccepted::NeedsAccount(_) => Some(PageEnd::AccountFirst),
            NotAccepted::Never(Refusal::NotAMember)
                if !self.accounts.knows_device(&entry.header().author) =>
            {
                if !self.account_is_whole {
                    Some(PageEnd::AccountFirst)
                } else if accounts::is_distrusted(self.tx.reader())? {
                    Some(PageEnd::AccountMissing(None))
                } else {
                    None
                }
            }
            _ => None,
        })
    }

    fn take_stub(&mut self, one: &Found) -> Result<()> {
        let Some(state) = &mut self.state else {
            self.end = PageEnd::Garbled("a log cannot start with a stub".to_owned());
            return Ok(());
        };
        state.pass(one.hash);
        let place = Place {
            seq: one.seq,
            hash: one.hash,
            running: Some(state.head().running),
            entry: None,
            standing: Standing::Applied,
            noted_ms: None,
        };
        entries::put(self.tx, self.no, &place)
    }

    fn ignore(&mut self, one: &Found, entry: &Entry, why: NotAccepted) -> Result<()> {
        let Some(state) = &mut self.state else {
            self.end = PageEnd::Foreign;
            return Ok(());
        };
        state.skip(one.hash);
        let why = keep(&not_accepted(&why));
        entries::quarantine(self.tx, self.space, Some(one.seq), one.hash, None, &why)?;
        self.put(one, entry, Standing::Ignored, None)
    }

    fn freeze(&mut self, one: &Found, entry: &Entry) -> Result<()> {
        if let Some(state) = &mut self.state {
            state.freeze(entry);
        }
        alarms::raise(self.tx, "update_app", self.space, "sync.alarm.update_app")?;
        self.put(one, entry, Standing::Ignored, None)
    }

    pub(crate) fn put(
        &self,
        one: &Found,
        entry: &Entry,
        standing: Standing,
        doc: Option<&str>,
    ) -> Result<()> {
        let header = entry.header();
        let running = self.state.as_ref().map(SpaceState::head).filter(|head| head.seq == one.seq);
        let bytes = kept(entry, self.ended);
        let place = Place {
            seq: one.seq,
            hash: entry.hash(),
            running: running.map(|head| head.running),
            entry: Some(Whole {
                kind: header.kind,
                class: header.class,
                author: header.author,
                doc: doc.filter(|_| bytes.is_some()),
                bytes: bytes.as_deref(),
            }),
            standing,
            noted_ms: one.noted_ms,
        };
        entries::put(self.tx, self.no, &place)
    }

    /// What the author had seen must be what this device has seen there.
    fn compare_histories(&self, entry: &Entry) -> Result<()> {
        let seen = entry.header().seen;
        let Some(state) = self.state.as_ref().filter(|_| self.compare && seen.seq > 0) else {
            return Ok(());
        };
        let same = if seen.seq > state.head().seq {
            false
        } else {
            entries::running_at(self.tx.reader(), self.no, seen.seq)?
                .is_none_or(|running| running == seen.running)
        };
        if same {
            return Ok(());
        }
        // Who came after a relay was restored meets citations of a log that nobody has, too.
        if restore::is_noted(self.tx.reader(), self.site)? {
            return Ok(());
        }
        alarms::raise(self.tx, "fork", self.space, crate::sync::cursors::FORK)
    }

    /// Opens the keys that the membership hands to this device, and notes whose devices are whose.
    pub(crate) fn learn(&mut self) -> Result<()> {
        self.membership_moved = false;
        let Some(state) = &self.state else { return Ok(()) };
        let site = self.site;
        if self.ended {
            // No key of it is kept any more.
            spaces::set_state(self.tx, self.no, state)?;
            self.tx.touch(Key::Charts);
            seal::set_aside(site, self.tx, self.space)?;
            return accounts::know_authors(self.tx, state, &self.accounts);
        }
        let learned = site.with_entropy(|entropy| {
            keys::learn(self.tx, site.seal, site.keys, site.account, state, entropy)
        })?;
        let own = state.as_chart().is_none_or(|chart| chart.is_owner(&site.account));
        if !learned.bad.is_empty() {
            let text = if own { "sync.key_missing" } else { "sync.key_missing_of_chart" };
            alarms::raise(self.tx, "key_missing", self.space, text)?;
        }
        if learned.bad.is_empty() {
            alarms::clear(self.tx, "key_missing", self.space)?;
        }
        for (class, epoch) in &learned.replaced {
            give_back::lost_key(site, self.tx, self.space, *class, *epoch)?;
        }
        spaces::set_state(self.tx, self.no, state)?;
        if let Some(chart) = state.as_chart() {
            greetings::note(site, self.tx, self.space, chart)?;
        }
        if state.as_account().is_some() {
            self.tx.touch(Key::Devices);
        } else {
            self.tx.touch(Key::Charts);
            seal::set_aside(site, self.tx, self.space)?;
        }
        if self.space == site.account {
            self.accounts.set_own(state.clone());
            for row in spaces::all(self.tx.reader())? {
                let Some(chart) = row.state.filter(|state| state.as_chart().is_some()) else {
                    continue;
                };
                accounts::know_authors(self.tx, &chart, &self.accounts)?;
                if learned.new > 0 {
                    // The keys of a chart are handed to the account: they may have come before its secret.
                    let mut chunk = Chunk::open(site, self.tx, row.id, self.account_is_whole)?;
                    chunk.learn()?;
                    chunk.take_waiting()?;
                }
            }
        } else {
            accounts::know_authors(self.tx, state, &self.accounts)?;
        }
        Ok(())
    }

    /// A log was read to its end: whether the account belongs to it at all, and whether it now reads classes of
    /// which only the hashes came so far.
    fn at_the_end(&self, state: &SpaceState) -> Result<PageEnd> {
        let Some(chart) = state.as_chart() else { return Ok(PageEnd::Whole) };
        if !chart.ever_members().any(|account| account == self.site.account) {
            return Ok(PageEnd::Foreign);
        }
        let ahead = relay::get(self.tx.reader())?.map_or(0, |relay| relay.ahead_ms);
        let now = u64::try_from(self.site.clock.wall_ms().saturating_add(ahead)).unwrap_or(0);
        let reads = |class: &Class| chart.may_read_at(&self.site.account, *class, now);
        let classes = Class::CHART.into_iter().filter(reads);
        let shown = classes.fold(0_u32, |set, class| set | 1 << class_number(class));
        let before = spaces::get(self.tx.reader(), self.space)?.and_then(|row| row.shown);
        match before {
            Some(before) if before == shown => Ok(PageEnd::Whole),
            Some(before)
                if shown & !before != 0 && entries::has_stubs(self.tx.reader(), self.no)? =>
            {
                spaces::read_wider(self.tx, self.no)?;
                Ok(PageEnd::Again)
            }
            _ => {
                spaces::set_shown(self.tx, self.no, shown)?;
                self.tx.touch(Key::Charts);
                Ok(PageEnd::Whole)
            }
        }
    }

    /// Keeps the state, and takes what had waited for a key that came.
    pub(crate) fn close(mut self, above: Seq) -> Result<ChunkEnd> {
        if self.membership_moved {
            self.learn()?;
            self.take_waiting()?;
        }
        if let Some(state) = &self.state {
            spaces::set_state(self.tx, self.no, state)?;
            if state.head().seq == above {
                spaces::forget_before(self.tx, self.no)?;
                if self.end == PageEnd::Whole {
                    self.end = self.at_the_end(state)?;
                }
            }
        }
        if self.end == PageEnd::Foreign {
            if self.state.is_some() {
                spaces::forget_stranger(self.tx, self.no)?;
            } else {
                spaces::forget_foreign(self.tx, self.no)?;
            }
        } else {
            spaces::set_above(self.tx, self.no, above)?;
        }
        self.tx.touch(Key::Sync);
        Ok(ChunkEnd { end: self.end, others: self.others })
    }
}

/// Whether a chart has ended here, so that nothing of its content is taken any more.
pub(crate) fn has_ended(conn: &Connection, space: SpaceId) -> Result<bool> {
    Ok(tombstones::get(conn, space)?.is_some_and(|one| one.takes_nothing()))
}

/// What is kept of an entry: of content that comes to a chart that has ended, only its place.
pub(crate) fn kept(entry: &Entry, ended: bool) -> Option<Vec<u8>> {
    let content = matches!(entry.header().kind, Kind::Change | Kind::Pack);
    (!ended || !content).then(|| entry.to_bytes())
}

enum Judged {
    /// It fits. A genesis has no acceptance apart from the state it starts.
    Fits(Option<Box<Accepted>>),
    /// Its author may be a device whose admission was not read yet.
    Waits(PageEnd),
    /// The space is none of this device's.
    Foreign,
    /// A membership statement of an unknown kind.
    Unknown,
    /// It does not fit.
    No(NotAccepted),
}
