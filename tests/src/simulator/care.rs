//! What devices of a world do beside holds: profile, habits, self-tests, events, pauses, schedules and own
//! exercises, also undone and put right. It knows no fault: those come from the world around it.

use holdfast::domain::dose::Range;
use holdfast::domain::habit::{Given, HabitRhythm};
use holdfast::domain::profile::Change;
use holdfast::domain::record::{Amount, Event, TestAnswer};
use holdfast::domain::routine::{Rhythm, Schedule, Span};
use holdfast::domain::units::Nrs;
use holdfast::domain::vocabulary::{DayKind, Kind, Laterality, Side};
use holdfast::routine::DoseEdit;
use holdfast::{DayQuery, DayView, Engine, HoldfastError, OwnEdit, OwnRequest, TestRequest};

use super::ledger::Sure;
use super::world::World;

/// One thing that is done beside holds. A `pick` says which, modulo what there is to choose from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Care {
    /// A question of the profile is answered, or taken back.
    Profile(u32),
    /// A habit is ticked.
    Tick(u32),
    /// A self-test is recorded.
    Test(u32),
    /// A run, a walk or pain is recorded.
    Event(u32),
    /// A record of a day is taken back.
    TakeBack(u32),
    /// A habit is planned, or its plan ends.
    HabitPlan(u32),
    /// The plan is paused or resumed, or a slot gets another time.
    Pause(u32),
    /// A routine gets a schedule, or loses it.
    Schedule(u32),
    /// An exercise of one's own is added, changed, removed or brought back.
    Own(u32),
}

/// Every kind of it.
pub const CARES: [fn(u32) -> Care; 9] = [
    Care::Profile,
    Care::Tick,
    Care::Test,
    Care::Event,
    Care::TakeBack,
    Care::HabitPlan,
    Care::Pause,
    Care::Schedule,
    Care::Own,
];

const ANSWERS: [&[(&str, &str)]; 10] = [
    &[("knots", "yes")],
    &[("knots", "no")],
    &[("prone_ok", "no"), ("hypermobile", "yes")],
    &[("hypermobile", "no")],
    &[("forward_side", "left")],
    &[("forward_side", "right")],
    &[("day_start", "04:30")],
    &[("day_start", "02:00")],
    &[("ask_first", "no")],
    &[("hernia", "yes"), ("back_pain_now", "yes")],
];

const HABITS: [&str; 4] = ["sit-break", "sleep-side", "stress-relief", "sleep-hours"];

fn number(value: f64) -> TestAnswer {
    TestAnswer::Number(Amount::new(value).expect("a number of a few"))
}

fn nth<T>(all: &[T], pick: u32) -> Option<&T> {
    all.get(pick as usize % all.len().max(1))
}

/// Every record of a day that stands.
///
/// # Errors
/// What the engine says.
pub fn days(engine: &Engine) -> Result<Vec<DayView>, String> {
    engine.days(&DayQuery::default()).map_err(|e| format!("days: {e}"))
}

impl World {
    /// Does one thing beside holds.
    ///
    /// # Errors
    /// When it fails for another reason than a death, or that the state of the plan forbids it.
    pub fn care(&mut self, n: u32, device: usize, care: Care) -> Result<(), String> {
        match care {
            Care::Profile(pick) => self.answer(device, pick),
            Care::Tick(pick) => self.tick(n, device, pick),
            Care::Test(pick) => self.self_test(n, device, pick),
            Care::Event(pick) => self.event(n, device, pick),
            Care::TakeBack(pick) => self.take_back(device, pick),
            Care::HabitPlan(pick) => self.habit_plan(device, pick),
            Care::Pause(pick) => self.pause(device, pick),
            Care::Schedule(pick) => self.schedule(device, pick),
            Care::Own(pick) => self.own(n, device, pick),
        }
    }

    /// A refusal that the state explains is an answer, not a failure; it must have changed nothing, which
    /// the comparison of all devices shows.
    fn or_refused<T>(
        &self,
        device: usize,
        what: &str,
        done: Result<T, HoldfastError>,
    ) -> Result<Option<T>, String> {
        match done {
            Err(
                HoldfastError::BadInput { message, .. } | HoldfastError::Forbidden { message, .. },
            ) if !self.devices[device].is_dead() => {
                self.trace.line(format!("  {what} refused: {message}"));
                Ok(None)
            }
            done => self.sure(device, what, done).map(|(value, _)| value),
        }
    }

    fn answer(&mut self, device: usize, pick: u32) -> Result<(), String> {
        let answers = nth(&ANSWERS, pick).copied().unwrap_or_default();
        let change = |(key, value): &(&str, &str)| {
            if (pick / 10).is_multiple_of(4) {
                Change::question(key).map(Change::Unset)
            } else {
                Change::parse(key, value)
            }
        };
        let changes: Result<Vec<Change>, _> = answers.iter().map(change).collect();
        let changes = changes.map_err(|no| format!("profile: {no:?}"))?;
        let done = self.devices[device].engine().set_profile(&changes);
        self.or_refused(device, "profile", done).map(|_| ())
    }

    fn tick(&mut self, n: u32, device: usize, pick: u32) -> Result<(), String> {
        let habit = nth(&HABITS, pick).copied().unwrap_or_default();
        let given = match habit {
            "sleep-hours" => Given::Value(Amount::new(7.5).expect("a number of hours")),
            "sit-break" => Given::Count(1 + pick / 4 % 3),
            _ => Given::Done,
        };
        let note = format!("d{device}-s{n}");
        let done = self.devices[device].engine().tick_habit(habit, given, None, Some(&note));
        let (ticked, sure) = self.sure(device, "tick", done)?;
        // A second tick of what is ticked once a day or night is the first one.
        let once = ticked.as_ref().is_none_or(|ticked| ticked.habit.counting != "adds_up");
        if !ticked.is_some_and(|ticked| ticked.already) {
            self.ledger.wrote_day(&note, device, if once { Sure::Perhaps } else { sure });
        }
        Ok(())
    }

    fn self_test(&mut self, n: u32, device: usize, pick: u32) -> Result<(), String> {
        let note = format!("d{device}-s{n}");
        let side = if pick.is_multiple_of(2) { Side::Left } else { Side::Right };
        let (test, field, answer) = match pick / 2 % 3 {
            0 => ("thomas-test", "full_extension", TestAnswer::Bool((pick / 6).is_multiple_of(2))),
            1 => ("hip-flexor-strength-test", "held_s", number(f64::from(pick / 6 % 60))),
            _ => ("press-tenderness-test", "tenderness_psoas", number(f64::from(pick / 6 % 11))),
        };
        let request = TestRequest {
            test: test.to_owned(),
            side: Some(side),
            answers: [(field.to_owned(), answer)].into(),
            at: None,
            note: Some(note.clone()),
        };
        let done = self.devices[device].engine().record_test(&request);
        let (_, sure) = self.sure(device, "test", done)?;
        self.ledger.wrote_day(&note, device, sure);
        Ok(())
    }

    fn event(&mut self, n: u32, device: usize, pick: u32) -> Result<(), String> {
        let note = format!("d{device}-s{n}");
        let minutes = 5 + pick / 3 % 200;
        let event = match pick % 3 {
            0 => Event::Run { minutes },
            1 => Event::Walk { minutes },
            _ => Event::Pain {
                site: "front-hip".parse().map_err(|_| "front-hip is no place".to_owned())?,
                side: Side::Left,
                score: Nrs::try_from((pick / 3 % 11) as u8).map_err(|_| "no score".to_owned())?,
            },
        };
        let done = self.devices[device].engine().add_event(event, None, Some(&note));
        let (_, sure) = self.sure(device, "event", done)?;
        self.ledger.wrote_day(&note, device, sure);
        Ok(())
    }

    fn take_back(&mut self, device: usize, pick: u32) -> Result<(), String> {
        let engine = self.devices[device].engine();
        let days = days(engine)?;
        let Some(day) = nth(&days, pick) else { return Ok(()) };
        let done = match day.kind {
            DayKind::Tick => engine.undo_tick(&day.id).map(|_| ()),
            DayKind::Event => engine.remove_event(&day.id).map(|_| ()),
            kind => engine.remove_day_record(Some(kind), &day.id).map(|_| ()),
        };
        let (_, sure) = self.sure(device, "take back", done)?;
        if let Some(note) = &day.note {
            self.ledger.took_back(note, device, sure);
        }
        Ok(())
    }

    fn habit_plan(&mut self, device: usize, pick: u32) -> Result<(), String> {
        let engine = self.devices[device].engine();
        let habit = HABITS[pick as usize % 3];
        let time = |text: &str| text.parse().map_err(|_| format!("{text} is no time"));
        let done = match pick / 3 % 3 {
            0 => engine.unplan_habit(habit),
            1 => engine.plan_habit(habit, HabitRhythm::PerDay(1 + pick / 9 % 3)),
            _ => {
                let (from, to) = (time("09:00")?, time("17:00")?);
                engine
                    .plan_habit(habit, HabitRhythm::Every { minutes: 30 + pick / 9 % 40, from, to })
            }
        };
        self.or_refused(device, "habit plan", done).map(|_| ())
    }

    fn pause(&mut self, device: usize, pick: u32) -> Result<(), String> {
        let engine = self.devices[device].engine();
        let done = match pick % 4 {
            0 => engine.resume_plan(),
            1 => {
                let times = [None, "21:15".parse().ok(), "22:40".parse().ok()];
                engine.set_slot_time("bedtime", times[pick as usize / 4 % 3])
            }
            _ => {
                let now = holdfast::clock::now(&*self.devices[device].clock);
                let from = now.local_day(180).plus(i64::from(pick / 4 % 20) - 5);
                let until = (pick % 4 == 2).then(|| from.plus(i64::from(pick / 80 % 9)));
                engine.pause_plan(from, until)
            }
        };
        self.or_refused(device, "pause", done).map(|_| ())
    }

    fn schedule(&mut self, device: usize, pick: u32) -> Result<(), String> {
        let engine = self.devices[device].engine();
        let routines = engine.routines().map_err(|e| format!("routines: {e}"))?;
        let Some(routine) = nth(&routines, pick / 6) else { return Ok(()) };
        let times = |n| Some(Range::exactly(n));
        let rhythm = match pick % 6 {
            0 => None,
            1 | 2 => times(1 + pick / 60 % 2).map(|count| Rhythm::Times { count, per: Span::Day }),
            3 => times(1 + pick / 60 % 5).map(|count| Rhythm::Times { count, per: Span::Week }),
            _ => times(1 + pick / 60 % 4).map(|days| Rhythm::Every { days }),
        };
        let schedule =
            rhythm.map(|rhythm| Schedule { rhythm: Some(rhythm), ..Schedule::default() });
        let done = engine.schedule_routine(&routine.id, schedule);
        self.or_refused(device, "schedule", done).map(|_| ())
    }

    fn own(&mut self, n: u32, device: usize, pick: u32) -> Result<(), String> {
        let engine = self.devices[device].engine();
        let all = engine.own_exercises(true).map_err(|e| format!("own exercises: {e}"))?;
        let Some(one) = nth(&all, pick / 5).filter(|_| !pick.is_multiple_of(5)) else {
            let kind = if (pick / 5).is_multiple_of(2) { Kind::Stretch } else { Kind::Release };
            let request = OwnRequest {
                dose: DoseEdit {
                    hold_s: Range::new(Some(30), Some(60), Some(90), false).ok(),
                    ..DoseEdit::default()
                },
                note: Some(format!("d{device}")),
                ..OwnRequest::new(format!("own {n}"), kind, Laterality::PerSide)
            };
            let done = engine.add_exercise(&request);
            let (made, _) = self.sure(device, "own exercise", done)?;
            if let Some(made) = made {
                self.ledger.own.insert(made.exercise.id.to_string(), (device, Sure::Promised));
            }
            return Ok(());
        };
        let id = one.exercise.id.as_str();
        let done = match pick % 5 {
            1 if one.exercise.removed => engine.restore_exercise(id),
            1 => engine.remove_exercise(id),
            2 => {
                let edit = OwnEdit { name: Some(format!("called {n}")), ..OwnEdit::default() };
                engine.edit_exercise(id, &edit)
            }
            3 => {
                let note = Some(Some(format!("noted {n}")));
                engine.edit_exercise(id, &OwnEdit { note, ..OwnEdit::default() })
            }
            _ => {
                let hold_s = Range::new(Some(20), Some(20 + pick / 25 % 40), Some(90), false).ok();
                let dose = DoseEdit { hold_s, ..DoseEdit::default() };
                engine.edit_exercise(id, &OwnEdit { dose, ..OwnEdit::default() })
            }
        };
        match done {
            // Removed exercises are not found by their id to be edited.
            Err(HoldfastError::NotFound { .. }) if one.exercise.removed => Ok(()),
            done => self.or_refused(device, "own exercise", done).map(|_| ()),
        }
    }
}
