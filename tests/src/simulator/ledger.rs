//! What the world was promised: every record whose command said that it is on the disk. It knows nothing of
//! how a device keeps that promise.

use std::collections::{BTreeMap, BTreeSet};

use holdfast::views::HoldView;

/// How sure it is that a record is somewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sure {
    /// Its command returned: it must be there.
    Promised,
    /// Its command was broken off by a death, or all that had it were set back: it may be there.
    Perhaps,
}

/// One record that somebody tried to write. Its note is like no other's.
#[derive(Debug, Clone)]
pub struct Record {
    /// Who wrote it.
    pub device: usize,
    /// Under which of the keys.
    pub key: u8,
    /// How long it was held, in seconds.
    pub held_s: u32,
    /// How sure it is.
    pub sure: Sure,
    /// Whether somebody removed the hold it belongs to, with it among what they saw.
    pub removed: Option<Sure>,
    /// Whether somebody corrected the hold it belongs to.
    pub edited: bool,
    /// Who had it when something was last set back; nothing before that.
    pub holders: Option<Holders>,
}

/// Devices, and [`THE_RELAY`], that have a record.
pub type Holders = BTreeSet<usize>;

/// The relay among the holders of a record.
pub const THE_RELAY: usize = usize::MAX;

/// Every record, by its note.
#[derive(Debug, Clone, Default)]
pub struct Ledger {
    /// The records.
    pub records: BTreeMap<String, Record>,
    /// Ids of routines that must be there.
    pub routines: BTreeMap<String, Sure>,
    /// Who removed something under which key. A removal also takes what others recorded of the same doing
    /// and its device did not know yet.
    pub removals: BTreeSet<(u8, usize)>,
    /// Records of days, by their note.
    pub days: BTreeMap<String, DayPromise>,
    /// Ids of own exercises that must be there, removed or not, with who made them.
    pub own: BTreeMap<String, (usize, Sure)>,
}

/// One record of a day that somebody tried to write.
#[derive(Debug, Clone)]
pub struct DayPromise {
    /// Who wrote it.
    pub device: usize,
    /// How sure it is.
    pub sure: Sure,
    /// Who took it back, and how sure that is.
    pub taken_back: BTreeMap<usize, Sure>,
    /// Who had it when something was last set back; nothing before that.
    pub holders: Option<Holders>,
}

/// The notes of a hold: one for each record it is made of.
#[must_use]
pub fn notes_of(hold: &HoldView) -> Vec<String> {
    hold.notes.iter().map(|note| note.text.clone()).collect()
}

impl Ledger {
    /// A record is about to be written, or was.
    pub fn wrote(&mut self, note: &str, device: usize, (key, held_s): (u8, u32), sure: Sure) {
        let record =
            Record { device, key, held_s, sure, removed: None, edited: false, holders: None };
        self.records.insert(note.to_owned(), record);
    }

    /// Somebody removed a hold.
    pub fn removed(&mut self, by: usize, hold: &HoldView, sure: Sure) {
        for note in notes_of(hold) {
            if let Some(record) = self.records.get_mut(&note) {
                self.removals.insert((record.key, by));
                record.removed = Some(record.removed.map_or(sure, |before| before.min(sure)));
            }
        }
    }

    /// Somebody corrected a hold.
    pub fn edited(&mut self, hold: &HoldView) {
        for note in notes_of(hold) {
            if let Some(record) = self.records.get_mut(&note) {
                record.edited = true;
            }
        }
    }

    /// A record of a day is about to be written, or was.
    pub fn wrote_day(&mut self, note: &str, device: usize, sure: Sure) {
        let promise = DayPromise { device, sure, taken_back: BTreeMap::new(), holders: None };
        self.days.insert(note.to_owned(), promise);
    }

    /// Somebody took a record of a day back.
    pub fn took_back(&mut self, note: &str, by: usize, sure: Sure) {
        if let Some(promise) = self.days.get_mut(note) {
            let before = promise.taken_back.entry(by).or_insert(sure);
            *before = sure.min(*before);
        }
    }

    /// Something was set back: what nobody of `known` has any more is no longer promised.
    pub fn set_back(&mut self, known: &BTreeMap<String, Holders>) {
        for sure in self.routines.values_mut() {
            *sure = Sure::Perhaps;
        }
        for (_, sure) in self.own.values_mut() {
            *sure = Sure::Perhaps;
        }
        for (note, promise) in &mut self.days {
            match known.get(note) {
                Some(holders) => promise.holders = Some(holders.clone()),
                None => promise.sure = Sure::Perhaps,
            }
            for sure in promise.taken_back.values_mut() {
                *sure = Sure::Perhaps;
            }
        }
        for (note, record) in &mut self.records {
            match known.get(note) {
                Some(holders) => record.holders = Some(holders.clone()),
                None => record.sure = Sure::Perhaps,
            }
            // Whether a removal outlived it is not worth knowing.
            if record.removed.is_some() {
                record.removed = Some(Sure::Perhaps);
            }
        }
    }

    /// Some devices' records need not be anywhere else.
    pub fn excuse(&mut self, of: impl Fn(usize) -> bool) {
        let left = |holders: &Holders| holders.iter().any(|who| *who == THE_RELAY || !of(*who));
        for promise in self.days.values_mut() {
            if of(promise.device) || !promise.holders.as_ref().is_none_or(left) {
                promise.sure = Sure::Perhaps;
            }
            for (by, sure) in &mut promise.taken_back {
                if of(*by) {
                    *sure = Sure::Perhaps;
                }
            }
        }
        for (device, sure) in self.own.values_mut() {
            if of(*device) {
                *sure = Sure::Perhaps;
            }
        }
        for record in self.records.values_mut() {
            // Nor what only they were left to have.
            if of(record.device) || !record.holders.as_ref().is_none_or(left) {
                record.sure = Sure::Perhaps;
            }
            // Nor need what they removed be gone.
            if self.removals.iter().any(|(key, by)| *key == record.key && of(*by)) {
                record.removed = record.removed.map(|_| Sure::Perhaps);
            }
        }
        if self.records.values().any(|record| of(record.device)) {
            for sure in self.routines.values_mut() {
                *sure = Sure::Perhaps;
            }
        }
    }

    /// Compares the records of days with what was promised. Gives every broken promise.
    #[must_use]
    pub fn judge_days(&self, notes: &[&str]) -> Vec<String> {
        let mut broken = Vec::new();
        for note in notes {
            let times = notes.iter().filter(|other| *other == note).count();
            match self.days.get(*note) {
                None => broken.push(format!("\"{note}\" is among the days and nobody wrote it")),
                Some(_) if times > 1 => {
                    broken.push(format!("\"{note}\" is among the days {times} times"));
                }
                Some(promise) if promise.taken_back.values().any(|s| *s == Sure::Promised) => {
                    broken.push(format!("\"{note}\" was taken back and is among the days"));
                }
                Some(_) => {}
            }
        }
        for (note, promise) in &self.days {
            let promised = promise.sure == Sure::Promised && promise.taken_back.is_empty();
            if promised && !notes.contains(&note.as_str()) {
                broken
                    .push(format!("\"{note}\" of device {} is lost from its day", promise.device));
            }
        }
        broken
    }

    /// Compares a history with what was promised. Gives every broken promise.
    #[must_use]
    pub fn judge(&self, history: &[HoldView]) -> Vec<String> {
        let mut found: BTreeMap<&str, Vec<&HoldView>> = BTreeMap::new();
        for hold in history {
            for note in &hold.notes {
                found.entry(note.text.as_str()).or_default().push(hold);
            }
        }
        let mut broken = Vec::new();
        for (note, holds) in &found {
            match self.records.get(*note) {
                None => broken.push(format!("\"{note}\" is in the history and nobody wrote it")),
                Some(_) if holds.len() > 1 => {
                    broken.push(format!("\"{note}\" is in the history {} times", holds.len()));
                }
                // An edit made elsewhere at the same time may bring it back.
                Some(record) if record.removed == Some(Sure::Promised) && !record.edited => {
                    broken.push(format!("\"{note}\" was removed and is in the history"));
                }
                Some(_) => {}
            }
        }
        for (note, record) in &self.records {
            let gone = !found.contains_key(note.as_str());
            let taken_along =
                self.removals.iter().any(|(key, by)| *key == record.key && *by != record.device);
            let may_be_gone = record.removed.is_some() || taken_along;
            if gone && record.sure == Sure::Promised && !may_be_gone {
                broken.push(format!("\"{note}\" of device {} is lost", record.device));
            }
        }
        for hold in history {
            let records: Vec<&Record> =
                hold.notes.iter().filter_map(|note| self.records.get(&note.text)).collect();
            let touched = records.iter().any(|r| r.edited || r.removed.is_some());
            let longest = records.iter().map(|r| u64::from(r.held_s) * 1000).max();
            if !touched && longest.is_some_and(|longest| longest != hold.held_ms) {
                broken.push(format!(
                    "hold {} has {} ms; the longest of its records has {longest:?}",
                    hold.hold_id, hold.held_ms
                ));
            }
        }
        broken
    }
}
