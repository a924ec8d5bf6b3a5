//! One transaction's worth of a log: each place judged, its content taken, the state kept.

use holdfast_protocol::entry::{Entry, Kind};
use holdfast_protocol::ids::{Seq, SpaceId};
use holdfast_protocol::membership::{Accepted, Accounts, Judge, NotAccepted, Refusal, SpaceState};

use super::{Found, Known, PageEnd};
use crate::error::Result;
use crate::identity::keys;
use crate::observe::Key;
use crate::projection;
use crate::store::sync_tables::entries::{self, Place, Standing, Whole};
use crate::store::sync_tables::spaces::{self, SpaceNo};
use crate::store::sync_tables::{alarms, relay, sealed};
use crate::store::{Tx, outbox};
use crate::sync::apply::pack::Ahead;
use crate::sync::apply::{self, Taken};
use crate::sync::site::Site;
use crate::sync::{give_back, restore};

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
        let accounts = Known(spaces::known_state(tx.reader(), site.account)?);
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
        let accepted = match self.judge(entry) {
            Judged::Fits(accepted) => accepted,
            Judged::Waits => {
                self.end = PageEnd::AccountFirst;
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
        if let (Some(state), Some(accepted)) = (&mut self.state, &accepted) {
            state.apply(entry, accepted);
        }
        self.membership_moved |= entry.header().kind == Kind::Membership;
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
        self.put(one.seq, entry, standing, doc.as_deref())?;
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
        if !matches!(entry.header().kind, Kind::Change | Kind::Pack) {
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

    fn judge(&mut self, entry: &Entry) -> Judged {
        let Some(state) = &self.state else {
            if entry.space() != self.space {
                return Judged::No(Refusal::WrongSpace.into());
            }
            return match SpaceState::start(entry, &self.accounts, Judge::Member) {
                Ok(state) => {
                    if !state.member_accounts().contains(&self.site.account) {
                        return Judged::Foreign;
                    }
                    self.state = Some(state);
                    Judged::Fits(None)
                }
                Err(NotAccepted::Never(Refusal::NotAMember)) if !self.account_is_whole => {
                    Judged::Waits
                }
                Err(_) => Judged::Foreign,
            };
        };
        match state.check(entry, &self.accounts, Judge::Member) {
            Ok(accepted) => Judged::Fits(Some(Box::new(accepted))),
            Err(NotAccepted::Never(Refusal::NotAMember)) if !self.account_is_whole => Judged::Waits,
            Err(NotAccepted::Never(Refusal::UnknownStatement)) => Judged::Unknown,
            Err(not) => Judged::No(not),
        }
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
        };
        entries::put(self.tx, self.no, &place)
    }

    fn ignore(&mut self, one: &Found, entry: &Entry, why: NotAccepted) -> Result<()> {
        let Some(state) = &mut self.state else {
            self.end = PageEnd::Foreign;
            return Ok(());
        };
        state.skip(one.hash);
        let why = why.to_string();
        entries::quarantine(self.tx, self.space, Some(one.seq), one.hash, None, &why)?;
        self.put(one.seq, entry, Standing::Ignored, None)
    }

    fn freeze(&mut self, one: &Found, entry: &Entry) -> Result<()> {
        if let Some(state) = &mut self.state {
            state.freeze(entry);
        }
        alarms::raise(
            self.tx,
            "update_app",
            self.space,
            "the membership says something this version does not understand: update the app; until then what \
             you write stays on this device",
        )?;
        self.put(one.seq, entry, Standing::Ignored, None)
    }

    pub(crate) fn put(
        &self,
        seq: Seq,
        entry: &Entry,
        standing: Standing,
        doc: Option<&str>,
    ) -> Result<()> {
        let header = entry.header();
        let running = self.state.as_ref().map(SpaceState::head).filter(|head| head.seq == seq);
        let place = Place {
            seq,
            hash: entry.hash(),
            running: running.map(|head| head.running),
            entry: Some(Whole {
                kind: header.kind,
                class: header.class,
                author: header.author,
                doc,
                bytes: &entry.to_bytes(),
            }),
            standing,
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
        let learned = site.with_entropy(|entropy| {
            keys::learn(self.tx, site.seal, site.keys, site.account, state, entropy)
        })?;
        for (class, epoch) in &learned.bad {
            let text = format!(
                "the key of {class:?}, generation {epoch}, did not reach this device: another device of the \
                 account must make a new one"
            );
            alarms::raise(self.tx, "key_missing", self.space, &text)?;
        }
        if learned.bad.is_empty() {
            alarms::clear(self.tx, "key_missing", self.space)?;
        }
        for (class, epoch) in &learned.replaced {
            give_back::lost_key(self.tx, self.space, *class, *epoch)?;
        }
        if state.as_account().is_some() {
            self.tx.touch(Key::Devices);
            spaces::set_state(self.tx, self.no, state)?;
        }
        if self.space == site.account {
            self.accounts = Known(Some(state.clone()));
            for row in spaces::all(self.tx.reader())? {
                let Some(chart) = row.state.filter(|state| state.as_chart().is_some()) else {
                    continue;
                };
                self.know_authors(&chart)?;
                if learned.new > 0 {
                    // The keys of a chart are handed to the account: they may have come before its secret.
                    let mut chunk = Chunk::open(site, self.tx, row.id, self.account_is_whole)?;
                    chunk.learn()?;
                    chunk.take_waiting()?;
                }
            }
        } else {
            self.know_authors(state)?;
        }
        Ok(())
    }

    fn know_authors(&self, chart: &SpaceState) -> Result<()> {
        let Some(state) = chart.as_chart() else { return Ok(()) };
        for account in state.members.keys() {
            let Some(known) = self.accounts.account(account).and_then(SpaceState::as_account)
            else {
                continue;
            };
            for device in known.devices.keys() {
                let subject = *account == state.subject;
                projection::know_author(self.tx, chart.space(), *device, *account, subject)?;
            }
        }
        Ok(())
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
            }
        }
        if self.end == PageEnd::Foreign {
            spaces::forget_foreign(self.tx, self.no)?;
        } else {
            spaces::set_above(self.tx, self.no, above)?;
        }
        self.tx.touch(Key::Sync);
        Ok(ChunkEnd { end: self.end, others: self.others })
    }
}

enum Judged {
    /// It fits. A genesis has no acceptance apart from the state it starts.
    Fits(Option<Box<Accepted>>),
    /// Its author may be a device whose admission was not read yet.
    Waits,
    /// The space is none of this device's.
    Foreign,
    /// A membership statement of an unknown kind.
    Unknown,
    /// It does not fit.
    No(NotAccepted),
}
