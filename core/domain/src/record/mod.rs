//! What was done: sessions, observations, corrections, and the holds that are made of them; and what a
//! day holds beside them: self-tests, habits, events.
//! Knows no disk, no document and no clock; who wrote a record is verified outside and handed in.

mod check;
mod correction;
mod day;
mod day_start;
mod hold;
mod key;
mod merge;
mod observation;
mod session;

pub use check::{Context, LONG_HOLD_FACTOR, RecordRefusal};
pub use correction::{Change, Correction, Edit, EditField, Target};
pub use day::{
    Amount, DayFact, DayRecord, DayRefusal, Event, HabitTick, TestAnswer, TestResult, standing,
    ticked,
};
pub use day_start::DAY_START_MARK;
pub use hold::{Doing, Hold, Note, ObservationRef};
pub use key::{BadKey, HoldKey, MAX_SETS, SessionKey, StepRef, next_free};
pub use merge::{SAME_HOLD_MS, merge};
pub use observation::{
    Attempt, Author, Authored, HELPER_ACCOUNT, Load, NotedFinding, Observation, PainRating,
    Reporter,
};
pub use session::{PlayedStep, Session, SessionRecord, merge_sessions};
