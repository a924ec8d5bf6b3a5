//! How several records become one hold. A pure function of what was written and by whom: the order
//! of arrival, repeats, and which device merges change nothing.
//!
//! Where the domain model leaves a choice, it is ours: a removal by somebody who is not the subject
//! takes out that account's own observations only, and none reaches what is done afterwards.

use std::collections::{BTreeMap, HashMap};

use crate::ids::{AccountName, DeviceName, ObservationId};
use crate::record::correction::{Change, Correction, Edit, EditField, Target};
use crate::record::day_start::day_start_of;
use crate::record::hold::{Doing, Hold, Note, ObservationRef};
use crate::record::key::{HoldKey, SessionKey, StepRef};
use crate::record::observation::{
    Attempt, Author, Authored, NotedFinding, Observation, PainRating, Reporter,
};
use crate::units::Millis;
use crate::vocabulary::{EndedBy, Side};

/// Records of one key at most this far apart are one hold, in milliseconds (30 min, ours).
pub const SAME_HOLD_MS: i64 = 30 * 60 * 1000;

type Record<'a> = &'a Authored<Observation>;
type Fix<'a> = &'a Authored<Correction>;

/// Makes the holds of their observations and corrections, in the order of their start.
///
/// Holds that were removed are left out. Corrections whose target is not among the observations
/// wait: the same call with that observation applies them.
#[must_use]
pub fn merge(
    observations: &[Authored<Observation>],
    corrections: &[Authored<Correction>],
) -> Vec<Hold> {
    let observations = distinct(observations, |o| (o.id.as_str(), o.revision));
    let corrections = distinct(corrections, |c| (c.id.as_str(), 0));
    let fixes = Fixes::new(&corrections);

    let mut by_key: BTreeMap<&HoldKey, Vec<Record<'_>>> = BTreeMap::new();
    for observation in observations {
        by_key.entry(&observation.value.key).or_default().push(observation);
    }
    let mut holds = Vec::with_capacity(by_key.len());
    for (key, records) in by_key {
        let doings = doings(records);
        let first = holds.len();
        for (n, doing) in doings.iter().enumerate() {
            holds.extend(hold_of(key, n + 1, doing, &fixes.about(key, doing)));
        }
        let of = u32::try_from(holds.len() - first).unwrap_or(u32::MAX);
        for (n, hold) in (1..).zip(&mut holds[first..]) {
            hold.doing = Doing { n, of };
            hold.counts = n == 1;
        }
    }
    count_reps(&mut holds);
    holds.sort_by(|a, b| {
        (a.started_at.utc_ms, &a.key, a.doing).cmp(&(b.started_at.utc_ms, &b.key, b.doing))
    });
    holds
}

/// One of each record: its highest revision. Ids are only unique within an account's device, so
/// nobody can displace another's record by taking its id; an author who wrote two different ones
/// as the same revision is held to one of them.
fn distinct<T: serde::Serialize>(
    records: &[Authored<T>],
    id: impl Fn(&T) -> (&str, u32),
) -> Vec<&Authored<T>> {
    let text = |record: &Authored<T>| serde_json::to_string(&record.value).unwrap_or_default();
    let mut kept: BTreeMap<(&str, &Author), (u32, &Authored<T>)> = BTreeMap::new();
    for record in records {
        let (id, revision) = id(&record.value);
        let one = kept.entry((id, &record.author)).or_insert((revision, record));
        let same = revision == one.0 && !std::ptr::eq(one.1, record);
        if revision > one.0 || (same && text(record) > text(one.1)) {
            *one = (revision, record);
        }
    }
    kept.into_values().map(|(_, record)| record).collect()
}

/// Splits the records of one key where more than [`SAME_HOLD_MS`] lie between them. Sorted by
/// start and compared with the latest end so far, so the split is that of the times alone.
fn doings(mut records: Vec<Record<'_>>) -> Vec<Vec<Record<'_>>> {
    records.sort_by(|a, b| {
        let by_time = a.value.span_ms().cmp(&b.value.span_ms());
        by_time.then_with(|| (&a.value.id, &a.author).cmp(&(&b.value.id, &b.author)))
    });
    let mut doings: Vec<Vec<Record<'_>>> = Vec::new();
    let mut latest_end = i64::MIN;
    for record in records {
        let (start, end) = record.value.span_ms();
        match doings.last_mut() {
            Some(doing) if start <= latest_end.saturating_add(SAME_HOLD_MS) => doing.push(record),
            _ => doings.push(vec![record]),
        }
        latest_end = latest_end.max(end);
    }
    doings
}

/// The corrections by what they are about.
struct Fixes<'a> {
    by_observation: HashMap<&'a ObservationId, Vec<Fix<'a>>>,
    by_key: HashMap<&'a HoldKey, Vec<Fix<'a>>>,
    by_session: HashMap<&'a SessionKey, Vec<Fix<'a>>>,
}

impl<'a> Fixes<'a> {
    fn new(corrections: &[Fix<'a>]) -> Self {
        let mut fixes = Self {
            by_observation: HashMap::new(),
            by_key: HashMap::new(),
            by_session: HashMap::new(),
        };
        for fix in corrections {
            match &fix.value.target {
                Target::Observation(id) => fixes.by_observation.entry(id).or_default().push(fix),
                Target::Hold(key) => fixes.by_key.entry(key).or_default().push(fix),
                Target::Session(key) => fixes.by_session.entry(key).or_default().push(fix),
                Target::DayRecord(_) => {}
            }
        }
        fixes
    }

    /// Those that somebody entitled made about this doing, the one that stands last.
    fn about(&self, key: &HoldKey, doing: &[Record<'_>]) -> Vec<Fix<'a>> {
        let own = |fix: Fix<'_>, record: Record<'_>| fix.author.account == record.author.account;
        let mut found: Vec<Fix<'a>> = Vec::new();
        for record in doing {
            let here = self.by_observation.get(&record.value.id).into_iter().flatten();
            found.extend(here.filter(|fix| fix.author.is_subject || own(fix, record)));
        }
        let keyed = self.by_key.get(key).into_iter().flatten();
        let whole = self.by_session.get(&key.session).into_iter().flatten();
        let whole = whole.filter(|fix| fix.value.change == Change::Remove);
        found.extend(
            keyed
                .chain(whole)
                .filter(|fix| fix.author.is_subject || doing.iter().any(|record| own(fix, record))),
        );
        found.sort_by(|a, b| rank(a).cmp(&rank(b)));
        found.dedup_by(|a, b| std::ptr::eq(*a, *b));
        found
    }
}

/// Later beats earlier: by counter, then device. At the same counter the subject beats others, so
/// that nobody can take the last word from the subject by counting to the end.
fn rank<'a>(fix: &Fix<'a>) -> (u64, bool, &'a DeviceName, &'a AccountName, &'a str) {
    let by = &fix.author;
    (fix.value.counter, by.is_subject, &by.device, &by.account, &fix.value.id)
}

/// Whether a removal takes this observation out.
fn takes_out(removal: Fix<'_>, record: Record<'_>) -> bool {
    let (fix, observation) = (&removal.value, &record.value);
    let entitled = removal.author.is_subject || removal.author.account == record.author.account;
    let named = fix.target == Target::Observation(observation.id.clone())
        || fix.seen.contains(&observation.id);
    // A device knows its own records without looking at the clock; of others', those begun by then.
    let concurrent = (&removal.author.account, &removal.author.device)
        != (&record.author.account, &record.author.device)
        && observation.started_at.utc_ms <= fix.at.utc_ms;
    entitled && (named || concurrent)
}

/// Whether an edit was made with this observation in sight. One that names none was made about all: what
/// was taken out before, and was not among what its device showed, stays out.
fn speaks_of(edit: Fix<'_>, record: Record<'_>) -> bool {
    let (fix, id) = (&edit.value, &record.value.id);
    fix.seen.is_empty() || fix.target == Target::Observation(id.clone()) || fix.seen.contains(id)
}

/// Whether a record was taken out, and by whom: what the subject took out only the subject brings
/// back.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Out {
    No,
    ByOther,
    BySubject,
}

/// One doing as a hold, unless it was removed.
fn hold_of(key: &HoldKey, n: usize, doing: &[Record<'_>], fixes: &[Fix<'_>]) -> Option<Hold> {
    // The last correction that concerns a record says whether it is out; an edit after a removal
    // brings back what it speaks of. Edits from before a removal that still holds speak of what was
    // removed.
    let mut out = vec![Out::No; doing.len()];
    let mut edits: Vec<(&Author, &Edit)> = Vec::new();
    for fix in fixes {
        let by = &fix.author;
        match &fix.value.change {
            Change::Remove => {
                let mut took = false;
                for (record, out) in doing.iter().zip(&mut out) {
                    if takes_out(fix, record) {
                        took = true;
                        *out =
                            (*out).max(if by.is_subject { Out::BySubject } else { Out::ByOther });
                    }
                }
                if took {
                    edits.retain(|(author, _)| !by.is_subject && author.account != by.account);
                }
            }
            Change::Edit(edit) => {
                let undone = if by.is_subject { Out::BySubject } else { Out::ByOther };
                for (record, out) in doing.iter().zip(&mut out) {
                    if *out <= undone && speaks_of(fix, record) {
                        *out = Out::No;
                    }
                }
                edits.push((by, edit.as_ref()));
            }
        }
    }
    let mut standing: Vec<Record<'_>> = doing
        .iter()
        .zip(&out)
        .filter(|(_, out)| **out == Out::No)
        .map(|(record, _)| *record)
        .collect();
    standing.sort_by(standing_first);
    let best = standing.first()?;
    let mut hold = hold_from(key, n, best, &standing);
    hold.observations.extend(doing.iter().zip(&out).filter(|(_, out)| **out != Out::No).map(
        |(record, _)| ObservationRef {
            id: record.value.id.clone(),
            author: record.author.clone(),
            removed: true,
        },
    ));
    for (author, edit) in edits {
        apply(&mut hold, author, edit);
    }
    Some(hold)
}

/// The longest held stands; of equals the subject's, then the earlier, then by name.
fn standing_first(a: &Record<'_>, b: &Record<'_>) -> std::cmp::Ordering {
    let measure = |r: &Record<'_>| {
        let o = &r.value;
        (o.held(), o.reps, o.under_pressure(), r.author.is_subject)
    };
    measure(b)
        .cmp(&measure(a))
        .then_with(|| a.value.started_at.utc_ms.cmp(&b.value.started_at.utc_ms))
        .then_with(|| (&a.author, &a.value.id).cmp(&(&b.author, &b.value.id)))
}

fn hold_from(key: &HoldKey, n: usize, best: &Record<'_>, standing: &[Record<'_>]) -> Hold {
    let o = &best.value;
    let first = |get: &dyn Fn(&Observation) -> Option<String>| {
        standing.iter().find_map(|record| get(&record.value))
    };
    let mut findings: Vec<NotedFinding> =
        standing.iter().flat_map(|r| r.value.findings.iter().cloned()).collect();
    findings.sort();
    findings.dedup();
    Hold {
        hold_id: key.doing_id(n),
        key: key.clone(),
        exercise: o.exercise.clone(),
        routine: o.routine.clone(),
        routine_version: o.routine_version,
        target: o.target,
        held: o.held(),
        under_pressure: o.under_pressure(),
        took: o.took,
        paused: o.paused,
        extended: o.extended,
        attempts: o.attempts.clone(),
        eased_after: o.eased_after(),
        pain_before: pain(standing, |o| o.pain_before.as_ref()),
        pain_after: pain(standing, |o| o.pain_after.as_ref()),
        reps: o.reps,
        reps_counted: 0,
        load: standing.iter().find_map(|r| r.value.load.clone()),
        tempo: o.tempo.clone(),
        tool: standing.iter().find_map(|r| r.value.tool.clone()),
        ended_by: o.ended_by,
        started_at: o.started_at.clone(),
        assisted_by: first(&|o| o.assisted_by.clone()),
        assisted_by_account: standing
            .iter()
            .find_map(|record| {
                let helper = record.value.assisted_by.as_deref()?;
                Some(record.is_by_helper(helper).then(|| record.author.account.clone()))
            })
            .flatten(),
        logged_by: o.logged_by.clone(),
        source: o.source,
        author: best.author.clone(),
        notes: notes(standing),
        findings,
        corrected_by: None,
        observations: standing
            .iter()
            .map(|r| ObservationRef {
                id: r.value.id.clone(),
                author: r.author.clone(),
                removed: false,
            })
            .collect(),
        doing: Doing { n: 1, of: 1 },
        counts: true,
        day_start_min: day_start_of(&o.unknown),
    }
}

/// The subject's own rating, from the subject's own account before one that another wrote down;
/// then another's. `standing` is in the order of precedence.
fn pain(
    standing: &[Record<'_>],
    get: impl Fn(&Observation) -> Option<&PainRating>,
) -> Option<PainRating> {
    let distance = |author: &Author, rating: &PainRating| match rating.reported_by {
        Reporter::Subject if author.is_subject => 0,
        Reporter::Subject => 1,
        Reporter::Other(_) => 2,
    };
    standing
        .iter()
        .filter_map(|record| get(&record.value).map(|rating| (&record.author, rating)))
        .min_by_key(|(author, rating)| distance(author, rating))
        .map(|(_, rating)| rating.clone())
}

fn notes(standing: &[Record<'_>]) -> Vec<Note> {
    let mut notes: Vec<Note> = standing
        .iter()
        .filter_map(|record| {
            record.value.note.as_ref().map(|text| Note {
                by: record.author.account.clone(),
                logged_by: record.value.logged_by.clone(),
                text: text.clone(),
            })
        })
        .collect();
    notes.sort();
    notes.dedup();
    notes
}

/// Lays an edit over a hold.
fn apply(hold: &mut Hold, author: &Author, edit: &Edit) {
    for field in &edit.clear {
        match field {
            EditField::Target => hold.target = None,
            EditField::Eased => set_eased(hold, None),
            EditField::PainBefore => hold.pain_before = None,
            EditField::PainAfter => hold.pain_after = None,
            EditField::Reps => hold.reps = None,
            EditField::Load => hold.load = None,
            EditField::Tempo => hold.tempo.clear(),
            EditField::Tool => hold.tool = None,
            EditField::AssistedBy => {
                hold.assisted_by = None;
                hold.assisted_by_account = None;
            }
            EditField::Note => replace_note(hold, &author.account, None),
        }
    }
    if let Some(held) = edit.held {
        match hold.attempts.last_mut() {
            Some(last) => last.held = held,
            None => hold.attempts.push(Attempt { held, ..Attempt::default() }),
        }
        hold.held = held;
        hold.under_pressure = hold.attempts.iter().map(|attempt| attempt.held).sum();
    }
    if let Some(eased) = edit.eased_after {
        set_eased(hold, Some(eased));
    }
    if let Some(note) = &edit.note {
        replace_note(hold, &author.account, Some(note));
    }
    set(&mut hold.paused, edit.paused.as_ref());
    set(&mut hold.tempo, edit.tempo.as_ref());
    set(&mut hold.ended_by, edit.ended_by.as_ref());
    set(&mut hold.started_at, edit.started_at.as_ref());
    set_some(&mut hold.target, edit.target.as_ref());
    set_some(&mut hold.reps, edit.reps.as_ref());
    set_some(&mut hold.load, edit.load.as_ref());
    set_some(&mut hold.pain_before, edit.pain_before.as_ref());
    set_some(&mut hold.pain_after, edit.pain_after.as_ref());
    set_some(&mut hold.tool, edit.tool.as_ref());
    if edit.assisted_by.is_some() {
        hold.assisted_by.clone_from(&edit.assisted_by);
        hold.assisted_by_account = None;
    }
    hold.corrected_by = Some(author.clone());
}

fn set<T: Clone>(field: &mut T, value: Option<&T>) {
    if let Some(value) = value {
        *field = value.clone();
    }
}

fn set_some<T: Clone>(field: &mut Option<T>, value: Option<&T>) {
    if value.is_some() {
        *field = value.cloned();
    }
}

fn set_eased(hold: &mut Hold, eased: Option<Millis>) {
    hold.eased_after = eased;
    if let Some(last) = hold.attempts.last_mut() {
        last.eased_after = eased;
    }
}

fn replace_note(hold: &mut Hold, by: &AccountName, text: Option<&String>) {
    hold.notes.retain(|note| note.by != *by);
    hold.notes.extend(text.map(|text| Note {
        by: by.clone(),
        logged_by: None,
        text: text.clone(),
    }));
    hold.notes.sort();
}

/// The record of a whole set counts only the repetitions that were not logged singly.
fn count_reps(holds: &mut [Hold]) {
    fn set_of(hold: &Hold) -> (SessionKey, StepRef, Side, u16) {
        (hold.key.session.clone(), hold.key.step.clone(), hold.key.side, hold.key.set)
    }
    let mut singles: HashMap<_, u16> = HashMap::new();
    for hold in holds.iter_mut().filter(|hold| !hold.key.is_set_level()) {
        let done = hold.counts && hold.ended_by != EndedBy::Skipped;
        hold.reps_counted = if done { hold.reps.unwrap_or(1) } else { 0 };
        let counted = singles.entry(set_of(hold)).or_default();
        *counted = counted.saturating_add(hold.reps_counted);
    }
    for hold in holds.iter_mut().filter(|hold| hold.key.is_set_level() && hold.counts) {
        let singly = singles.get(&set_of(hold)).copied().unwrap_or(0);
        hold.reps_counted = hold.reps.unwrap_or(0).saturating_sub(singly);
    }
}
