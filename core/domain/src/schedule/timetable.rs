//! The schedules of one routine through time: which one was valid on a day, and what that day asked.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Ask, Pauses};
use crate::routine::{BadSchedule, Schedule};
use crate::units::LocalDay;

/// The most schedules a routine may have had. Ours: a bound for what a stranger may hand in.
const MAX_VERSIONS: usize = 4000;

/// The schedules of a routine, each from a day on until the next one begins. Nothing from a day on
/// means that it asks for nothing any more.
///
/// In JSON it is two fields of the routine: `schedules` by the day each begins, and `schedule`, the
/// newest, for people. A file that has only `schedule` says no day: it asks for nothing until it is
/// given one with [`Timetable::dated`].
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(from = "Fields", into = "Fields")]
pub struct Timetable {
    versions: BTreeMap<LocalDay, Option<Schedule>>,
    undated: Option<Schedule>,
}

#[derive(Serialize, Deserialize)]
struct Fields {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    schedule: Option<Schedule>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    schedules: BTreeMap<LocalDay, Option<Schedule>>,
}

impl From<Fields> for Timetable {
    fn from(fields: Fields) -> Self {
        let undated = fields.schedule.filter(|_| fields.schedules.is_empty());
        Self { versions: fields.schedules, undated }
    }
}

impl From<Timetable> for Fields {
    fn from(timetable: Timetable) -> Self {
        Self { schedule: timetable.newest().cloned(), schedules: timetable.versions }
    }
}

impl Timetable {
    /// The schedules by the day each begins.
    #[must_use]
    pub const fn versions(&self) -> &BTreeMap<LocalDay, Option<Schedule>> {
        &self.versions
    }

    /// Makes one of schedules by the day each begins.
    #[must_use]
    pub const fn of_versions(versions: BTreeMap<LocalDay, Option<Schedule>>) -> Self {
        Self { versions, undated: None }
    }

    /// The newest schedule alone, without a day: as it is handed on.
    #[must_use]
    pub fn without_days(&self) -> Self {
        Self { versions: BTreeMap::new(), undated: self.newest().cloned() }
    }

    /// The newest schedule; nothing where there is none, or none any more.
    #[must_use]
    pub fn newest(&self) -> Option<&Schedule> {
        match self.versions.last_key_value() {
            Some((_, newest)) => newest.as_ref(),
            None => self.undated.as_ref(),
        }
    }

    /// The schedule that is valid on a day.
    #[must_use]
    pub fn on(&self, day: LocalDay) -> Option<&Schedule> {
        self.valid(day).map(|(_, _, schedule)| schedule)
    }

    /// The first day that a schedule is valid; the days before ask for nothing.
    #[must_use]
    pub fn counted_from(&self) -> Option<LocalDay> {
        self.versions.iter().find_map(|(since, schedule)| schedule.as_ref().map(|_| *since))
    }

    /// With versions read from where each has its day. One that came without a day began on `began`;
    /// where nobody knows that, it gives way to those that have theirs.
    #[must_use]
    pub fn and(
        self,
        versions: BTreeMap<LocalDay, Option<Schedule>>,
        began: Option<LocalDay>,
    ) -> Self {
        let mut timetable = match began {
            Some(began) => self.dated(began),
            None => self,
        };
        timetable.versions.extend(versions);
        if !timetable.versions.is_empty() {
            timetable.undated = None;
        }
        timetable
    }

    /// A schedule that came without a day, as valid from one. The others are left as they are.
    #[must_use]
    pub fn dated(mut self, since: LocalDay) -> Self {
        if let Some(schedule) = self.undated.take() {
            self.versions.entry(since).or_insert(Some(schedule));
        }
        self
    }

    /// With another schedule, or none, from a day on. What the days before asked for stays; what was
    /// to begin later gives way. A schedule that is the one of the day before goes on as it was.
    ///
    /// # Errors
    /// A schedule that makes no sense.
    pub fn with(&self, schedule: Option<Schedule>, since: LocalDay) -> Result<Self, BadSchedule> {
        let schedule = schedule.map(Schedule::checked).transpose()?;
        let mut timetable = self.clone().dated(since);
        timetable.versions.retain(|day, _| *day < since);
        let before = timetable.versions.last_key_value().and_then(|(_, before)| before.as_ref());
        if before != schedule.as_ref() {
            timetable.versions.insert(since, schedule);
        }
        Ok(timetable)
    }

    /// Whether every schedule of it makes sense.
    ///
    /// # Errors
    /// The first that does not.
    pub fn check(&self) -> Result<(), BadSchedule> {
        if self.versions.len() > MAX_VERSIONS {
            let (given, most) = (self.versions.len(), MAX_VERSIONS);
            return Err(BadSchedule::TooMany { what: "schedules", given, most });
        }
        let all = self.versions.values().flatten().chain(&self.undated);
        all.cloned().try_for_each(|schedule| schedule.checked().map(|_| ()))
    }

    /// What is asked for on a day: of that day alone, or of a span of days that it is one of. Nothing
    /// on a paused day.
    #[must_use]
    pub fn due_on(&self, day: LocalDay, pauses: &Pauses) -> Option<Ask> {
        let (since, last, schedule) = self.valid(day)?;
        schedule.ask_on(day, since, last, pauses)
    }

    /// Everything asked for on any of these days, both ends included, each once and whole: what is
    /// asked of a week that reaches beyond the ends comes with the days beyond.
    #[must_use]
    pub fn asked_between(&self, from: LocalDay, to: LocalDay, pauses: &Pauses) -> Vec<Ask> {
        let mut asks: Vec<Ask> = Vec::new();
        for day in self.counted_from().map_or(to.plus(1), |since| since.max(from)).through(to) {
            if asks.last().is_some_and(|ask| day <= ask.to()) {
                continue;
            }
            asks.extend(self.due_on(day, pauses));
        }
        asks
    }

    /// Everything asked for in the week, from Monday to Sunday, that a day is in.
    #[must_use]
    pub fn asked_in_week(&self, day: LocalDay, pauses: &Pauses) -> Vec<Ask> {
        let monday = day.monday();
        let sunday = monday.plus(6);
        let mut asks = self.asked_between(monday, sunday, pauses);
        // Once in so many days may reach into the week from before: it is of the week it begins in.
        asks.retain(|ask| ask.from() >= monday);
        asks
    }

    /// The schedule of a day with the day it begins and, where another follows, its last day.
    fn valid(&self, day: LocalDay) -> Option<(LocalDay, Option<LocalDay>, &Schedule)> {
        let (since, schedule) = self.versions.range(..=day).next_back()?;
        let next = self.versions.range(day.plus(1)..).next();
        let last = next.map(|(next, _)| next.plus(-1));
        schedule.as_ref().map(|schedule| (*since, last, schedule))
    }
}
