//! Looking at a hold, putting it right, taking it out. A correction is a record of its own in the
//! corrector's strand; what was recorded stays stored.

use std::collections::BTreeSet;

use holdfast_domain::catalogue::Catalogue;
use holdfast_domain::ids::{HoldId, ObservationId};
use holdfast_domain::record::{
    Attempt, Authored, Change, Context, Correction, Edit, EditField, Hold, Load, Observation,
    SessionKey, Target,
};
use holdfast_domain::units::{Millis, Moment};
use holdfast_domain::vocabulary::{EndedBy, Laterality, Mode};
use holdfast_protocol::ids::{Class, SpaceId};
use rusqlite::Connection;

use super::journal::Journal;
use super::log::{MAX_NAME_BYTES, MAX_NOTE_BYTES, pain, text, tool};
use crate::documents::strand::Record;
use crate::error::{Error, Result};
use crate::projection::status::{self, Statuses};
use crate::projection::{self, DAY_START_MIN, history};
use crate::store::Tx;
use crate::views::{HoldView, ObservationView};
use crate::{Engine, HoldfastError, Inner};
use holdfast_domain::words::Message;

/// What to put right in a hold. What is left out stays as recorded.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct HoldEdit {
    /// Fields to empty.
    pub clear: BTreeSet<EditField>,
    /// The target.
    pub target: Option<Millis>,
    /// How long the last attempt was held.
    pub held: Option<Millis>,
    /// After how long the last attempt eased.
    pub eased: Option<Millis>,
    /// How long it was paused.
    pub paused: Option<Millis>,
    /// Repetitions.
    pub reps: Option<u16>,
    /// Weight or resistance.
    pub load: Option<Load>,
    /// Seconds of each phase.
    pub tempo: Option<Vec<u32>>,
    /// Pain before, NRS 0–10.
    pub pain_before: Option<u8>,
    /// Pain after, NRS 0–10.
    pub pain_after: Option<u8>,
    /// Where it hurts. With neither pain given, that of the pain recorded.
    pub pain_site: Option<String>,
    /// The tool.
    pub tool: Option<String>,
    /// How it ended.
    pub ended: Option<EndedBy>,
    /// Who helped.
    pub by: Option<String>,
    /// When it began, as shown.
    pub at: Option<Moment>,
    /// Your note, in place of your earlier one.
    pub note: Option<String>,
    /// Whether what would otherwise be asked is confirmed.
    pub yes: bool,
}

impl Engine {
    /// One hold, by its id or any unambiguous beginning of it.
    ///
    /// # Errors
    /// [`HoldfastError::NotFound`].
    pub fn hold(&self, id: &str) -> std::result::Result<HoldView, HoldfastError> {
        self.guarded(|inner| {
            inner.store.read(|conn| {
                let (chart, hold) = inner.find_hold(conn, id)?;
                let statuses = inner.statuses(conn)?;
                inner.hold_view(conn, chart, hold, &statuses)
            })
        })
    }

    /// Every record a hold is made of, removed ones too; the one that stands first. A hold that was
    /// removed altogether is named by its full id.
    ///
    /// # Errors
    /// [`HoldfastError::NotFound`].
    pub fn hold_observations(
        &self,
        id: &str,
    ) -> std::result::Result<Vec<ObservationView>, HoldfastError> {
        self.guarded(|inner| inner.store.read(|conn| inner.observation_views(conn, id)))
    }

    /// Puts a hold right. Gives it as it is then.
    ///
    /// # Errors
    /// [`HoldfastError::NotFound`]; [`HoldfastError::BadInput`] with the field at fault;
    /// [`HoldfastError::NeedsConfirmation`] for more than three times the target.
    pub fn edit_hold(
        &self,
        id: &str,
        edit: &HoldEdit,
    ) -> std::result::Result<HoldView, HoldfastError> {
        self.guarded(|inner| {
            inner.command("hold edit", |tx, journal| {
                let (_, hold) = inner.find_hold(tx.reader(), id)?;
                let change = {
                    let catalogue = inner.catalogue_for(tx.reader(), [hold.exercise.as_str()])?;
                    let mut read = read_edit(edit, &hold, &catalogue)?;
                    read.assisted_by = inner.assistant(tx.reader(), read.assisted_by)?;
                    Change::Edit(Box::new(read))
                };
                inner.correct_hold(tx, journal, &hold, change)?;
                let mut views = inner.hold_views(
                    tx.reader(),
                    inner.who.chart,
                    std::slice::from_ref(&hold.hold_id),
                )?;
                views.pop().ok_or_else(|| Error::NotFound { what: "hold", id: id.to_owned() })
            })
        })
    }

    /// Takes a hold out of the history. What was recorded stays stored.
    ///
    /// # Errors
    /// [`HoldfastError::NotFound`].
    pub fn remove_hold(&self, id: &str) -> std::result::Result<(), HoldfastError> {
        self.guarded(|inner| {
            inner.command("hold remove", |tx, journal| {
                let (_, hold) = inner.find_hold(tx.reader(), id)?;
                inner.correct_hold(tx, journal, &hold, Change::Remove)
            })
        })
    }
}

impl Inner {
    /// The number of this account's own chart; an error for `what` where nothing is in it yet.
    pub(crate) fn own_chart(&self, conn: &Connection, what: &'static str, id: &str) -> Result<i64> {
        self.log_chart(conn)?.ok_or_else(|| Error::NotFound { what, id: id.to_owned() })
    }

    fn find_hold(&self, conn: &Connection, id: &str) -> Result<(i64, Hold)> {
        let chart = self.own_chart(conn, "hold", id)?;
        Ok((chart, history::hold(conn, chart, id)?))
    }

    /// What is needed to tell statuses in this account's own chart.
    pub(crate) fn statuses(&self, conn: &Connection) -> Result<Statuses> {
        let statuses = Statuses::read(
            conn,
            (self.who.chart, Class::Log),
            &self.who.device.to_hex(),
            |devices| self.whose(conn, devices),
        )?;
        let writes = self.rights(conn)?.is_none_or(|rights| rights.writes(Class::Log));
        Ok(if writes { statuses } else { statuses.blocked() })
    }

    /// A hold as people see it.
    pub(crate) fn hold_view(
        &self,
        conn: &Connection,
        chart: i64,
        hold: Hold,
        statuses: &Statuses,
    ) -> Result<HoldView> {
        let travels = status::of_hold(conn, chart, &hold)?;
        let exercise_name = self.own_name(conn, &hold.exercise)?;
        let view = HoldView::new(hold, DAY_START_MIN, statuses.of(&travels));
        let logged_by = match &view.logged_by_account {
            Some(account) => Some(self.called_somehow(conn, account)?),
            None => view.logged_by.clone(),
        };
        let shown = |kept| self.assisted_by(conn, &statuses.names, kept);
        let assisted_by = view.assisted_by.clone().map(shown).transpose()?;
        Ok(HoldView { exercise_name, logged_by, assisted_by, ..view })
    }

    /// Holds as people see them, by their full ids.
    pub(crate) fn hold_views(
        &self,
        conn: &Connection,
        space: SpaceId,
        ids: &[HoldId],
    ) -> Result<Vec<HoldView>> {
        let Some(chart) = projection::chart(conn, space)? else { return Ok(Vec::new()) };
        let statuses = self.statuses(conn)?;
        let view = |id: &HoldId| {
            let hold = history::hold(conn, chart, id.as_str())?;
            self.hold_view(conn, chart, hold, &statuses)
        };
        ids.iter().map(view).collect()
    }

    fn observation_views(&self, conn: &Connection, id: &str) -> Result<Vec<ObservationView>> {
        let chart = self.own_chart(conn, "hold", id)?;
        let statuses = self.statuses(conn)?;
        let hold = match history::hold(conn, chart, id) {
            Err(error @ Error::NotFound { .. }) => {
                let (group, rep) = history::gone(conn, chart, id)?.ok_or(error)?;
                let mut records = projection::observations(conn, &group)?;
                records.retain(|record| record.value.key.rep == rep);
                let view = |record: Authored<Observation>| {
                    let travels = status::of_observation(conn, chart, &record)?;
                    let view = ObservationView::new(record, false, true, statuses.of(&travels));
                    self.named(conn, &statuses, view)
                };
                return records.into_iter().map(view).collect();
            }
            found => found?,
        };
        let group = history::group_of(conn, chart, &hold)?;
        let records = group.map(|group| projection::observations(conn, &group)).transpose()?;
        let records = records.unwrap_or_default();
        let mut views = Vec::new();
        for (n, part) in hold.observations.iter().enumerate() {
            let same = |record: &&Authored<Observation>| {
                record.value.id == part.id && record.author == part.author
            };
            let Some(record) = records.iter().find(same) else { continue };
            let travels = status::of_observation(conn, chart, record)?;
            let status = statuses.of(&travels);
            let view = ObservationView::new(record.clone(), n == 0, part.removed, status);
            views.push(self.named(conn, &statuses, view)?);
        }
        Ok(views)
    }

    /// The same with who helped as people see it.
    fn named(
        &self,
        conn: &Connection,
        statuses: &Statuses,
        view: ObservationView,
    ) -> Result<ObservationView> {
        let shown = |kept| self.assisted_by(conn, &statuses.names, kept);
        let assisted_by = view.assisted_by.clone().map(shown).transpose()?;
        Ok(ObservationView { assisted_by, ..view })
    }

    fn correct_hold(
        &self,
        tx: &Tx<'_>,
        journal: &mut Journal<'_>,
        hold: &Hold,
        change: Change,
    ) -> Result<()> {
        // What was taken out earlier is not what the person sees and corrects now.
        let standing = hold.observations.iter().filter(|o| !o.removed);
        let seen: Vec<ObservationId> = standing.map(|o| o.id.clone()).collect();
        let about = seen.first().cloned();
        let target = about.map_or_else(|| Target::Hold(hold.key.clone()), Target::Observation);
        self.correct(tx, journal, &hold.key.session, target, seen, change)
    }

    /// Writes a correction into this device's strand of a session.
    pub(crate) fn correct(
        &self,
        tx: &Tx<'_>,
        journal: &mut Journal<'_>,
        session: &SessionKey,
        target: Target,
        seen: Vec<ObservationId>,
        change: Change,
    ) -> Result<()> {
        let record = self.correction(tx, target, seen, change)?;
        journal.write(tx, self.who.chart, session, &[record])
    }

    /// A correction that stands after every one known, to be written by this device.
    pub(crate) fn correction(
        &self,
        tx: &Tx<'_>,
        target: Target,
        seen: Vec<ObservationId>,
        change: Change,
    ) -> Result<Record> {
        let highest = match self.log_chart(tx.reader())? {
            Some(chart) => history::highest_counter(tx.reader(), chart)?,
            None => 0,
        };
        let correction = Correction {
            id: self.record_id(),
            target,
            seen,
            counter: highest.saturating_add(1),
            change,
            at: self.here_and_now(tx.reader())?,
            unknown: serde_json::Map::new(),
        };
        Ok(Record::Correction(Box::new(correction)))
    }
}

/// Reads an edit and checks that the hold, put right so, could have been.
fn read_edit(edit: &HoldEdit, hold: &Hold, catalogue: &Catalogue) -> Result<Edit> {
    let mut pain_before = pain("pain_before", edit.pain_before, edit.pain_site.as_deref())?;
    let mut pain_after = pain("pain_after", edit.pain_after, edit.pain_site.as_deref())?;
    if let (Some(site), None, None) = (&edit.pain_site, &pain_before, &pain_after) {
        let recorded = |rating: &Option<holdfast_domain::record::PainRating>| {
            rating.as_ref().map(|rating| u8::from(rating.nrs))
        };
        pain_before = pain("pain_before", recorded(&hold.pain_before), Some(site))?;
        pain_after = pain("pain_after", recorded(&hold.pain_after), Some(site))?;
        if pain_before.is_none() && pain_after.is_none() {
            return Err(Error::bad_value("pain_site", Message::new("record.site_without_pain")));
        }
    }
    let read = Edit {
        clear: edit.clear.clone(),
        target: edit.target,
        held: edit.held,
        eased_after: edit.eased,
        paused: edit.paused,
        reps: edit.reps,
        load: edit.load.clone(),
        tempo: edit.tempo.clone(),
        pain_before,
        pain_after,
        tool: tool(edit.tool.as_deref())?,
        ended_by: edit.ended,
        assisted_by: text("by", edit.by.as_deref(), MAX_NAME_BYTES)?,
        started_at: edit.at.clone(),
        note: text("note", edit.note.as_deref(), MAX_NOTE_BYTES)?,
    };
    if read == Edit::default() {
        return Err(Error::bad("edit", Message::new("input.nothing_to_change")));
    }
    as_edited(&read, hold).checked(Context {
        laterality: Laterality::Unstated,
        mode: mode(hold, catalogue),
        sides_done: &[],
        yes: edit.yes || edit.held.is_none(),
    })?;
    Ok(read)
}

/// How the hold's exercise is done; what is not in the catalogue is not judged by its mode.
fn mode(hold: &Hold, catalogue: &Catalogue) -> Mode {
    let known = catalogue.exercise(&hold.exercise);
    match known.map(|exercise| exercise.dose.mode) {
        // Recorded with its step's own dose, which may count otherwise than the catalogue's.
        Some(mode) if !hold.attempts.is_empty() || hold.reps.is_some() => mode,
        _ => Mode::Tick,
    }
}

/// The numbers of the hold as the edit would leave them.
fn as_edited(edit: &Edit, hold: &Hold) -> Observation {
    let cleared = |field| edit.clear.contains(&field);
    let mut attempts = hold.attempts.clone();
    if let Some(held) = edit.held {
        match attempts.last_mut() {
            Some(last) => last.held = held,
            None => attempts.push(Attempt { held, ..Attempt::default() }),
        }
    }
    if let Some(last) = attempts.last_mut() {
        if cleared(EditField::Eased) {
            last.eased_after = None;
        }
        last.eased_after = edit.eased_after.or(last.eased_after);
    }
    let kept = |field, value| if cleared(field) { None } else { value };
    Observation {
        id: ObservationId::new("edited").expect("a word is an id"),
        revision: 0,
        key: hold.key.clone(),
        exercise: hold.exercise.clone(),
        routine: None,
        routine_version: None,
        target: edit.target.or(kept(EditField::Target, hold.target)),
        dose: None,
        attempts,
        took: None,
        paused: edit.paused.unwrap_or(hold.paused),
        extended: Millis::ZERO,
        reps: edit.reps.or(if cleared(EditField::Reps) { None } else { hold.reps }),
        load: edit.load.clone().or_else(|| hold.load.clone()),
        tempo: Vec::new(),
        pain_before: None,
        pain_after: None,
        tool: None,
        ended_by: edit.ended_by.unwrap_or(hold.ended_by),
        assisted_by: None,
        logged_by: None,
        started_at: hold.started_at.clone(),
        source: hold.source,
        findings: Vec::new(),
        note: None,
        unknown: serde_json::Map::new(),
    }
}
