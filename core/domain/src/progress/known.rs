//! What a session of a routine asked for on a day, as near to that day as anything known: what was
//! played carries a copy of its steps, the plan says only how it stands now.

use super::Calendar;
use super::asked::AskedItem;
use super::done::SessionDone;
use crate::ids::RoutineId;
use crate::units::LocalDay;

/// The plan, and the copies that sessions carry.
pub(super) struct Known<'a, C: Calendar> {
    pub(super) sessions: &'a [SessionDone],
    /// The day on which the plan stands as it does.
    pub(super) today: LocalDay,
    pub(super) calendar: &'a C,
}

impl<C: Calendar> Known<'_, C> {
    /// What a session that nobody began asked for: the copy of the nearest session of the routine, or
    /// the plan where today is nearer. Of two that are as near, the earlier one.
    pub(super) fn items(&self, routine: &RoutineId, day: LocalDay) -> Vec<AskedItem> {
        let far = |other: LocalDay| (other.days_since(day).unsigned_abs(), other);
        let copies = self
            .sessions
            .iter()
            .filter(|session| session.routine.as_ref() == Some(routine))
            .filter(|session| !session.items.is_empty());
        let nearest = copies.min_by_key(|session| (far(session.day), &session.session));
        match nearest.filter(|session| far(session.day) <= far(self.today)) {
            Some(session) => session.items.clone(),
            None => self.calendar.items(routine),
        }
    }
}
