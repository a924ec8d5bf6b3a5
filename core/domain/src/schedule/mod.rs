//! What the plan asks for and when: the schedules of a routine through time, pauses, the days and
//! weeks they ask for, and the instants of slots. It reads no clock and knows no history: local
//! days, zones and what was done are handed in.
//!
//! What is decided here, and is ours:
//!
//! - A day asks by the schedule that was valid on that day. Changing a schedule changes that day and
//!   the ones after it, never the ones before.
//! - A week begins on Monday. A week that a schedule covers only in part, because it begins, ends or
//!   is paused, asks for its share, rounded down.
//! - The floor of a range is enough ("3 to 5 times" is kept with 3); more is fine. "Every 2 to 3
//!   days" is kept by once in each 3 days, counted from the day the schedule began.
//! - Slots have times of day: morning 08:00, midday 12:30, evening 18:00, bedtime 22:00, unless the
//!   chart or the routine says otherwise. A time before the start of the day (03:00) belongs to the
//!   evening before: a bedtime at 00:30 on Tuesday's night is Tuesday's.
//! - A time that the clocks jump over is asked for as much later as they jump, or as much earlier
//!   where that would be another day. A time that comes twice is asked for the first time.
//! - A date that travel repeats asks once, because its sessions have one key. A date that it skips
//!   is never asked while it is skipped; that it counts for nothing is the matter of progress.

pub(crate) mod ask;
mod due;
mod instant;
mod pause;
mod slot;
mod timetable;

pub use ask::{Ask, AskSpan};
pub use due::{Asking, DueAt, DueState, MAX_DAYS_AHEAD};
pub use instant::instant_of;
pub use pause::{Pause, PauseRefusal, Pauses};
pub use slot::{ANY_SLOT, BadTimeOfDay, SlotTimes, TimeOfDay, any_slot};
pub use timetable::Timetable;

pub use crate::routine::{BadSchedule, Rhythm, Schedule, Span};
