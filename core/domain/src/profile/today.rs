//! The profile as it stands on a day: what still counts of the answers, and what follows from them.

use super::pregnancy::{
    FULL_TERM_DAYS, LONGEST_TRIMESTER_DAYS, OVERDUE_DAYS, days_between, pregnancy_day, trimester_on,
};
use super::question::CARD;
use super::{Answer, Answers, Lasts, Question, Said, Value};
use crate::rules::Profile;
use crate::units::LocalDay;
use crate::vocabulary::Side;

/// What is known of a pregnancy on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Pregnancy {
    pregnant: Option<bool>,
    trimester: Option<u32>,
    due: Option<LocalDay>,
    /// The first day, as far as it is known at least.
    began: Option<LocalDay>,
}

impl Answers {
    /// What rules see of the person at a moment. An answer that has lapsed is unknown again, and so
    /// is what two answers contradict each other on.
    ///
    /// `run_min` is how long the run was, in minutes, that still asks for a walk: 0 where none does,
    /// nothing where nobody knows of any.
    #[must_use]
    pub fn at(&self, now: Said, run_min: Option<u32>) -> Profile {
        let yes = |question| self.yes(question, now);
        let pregnancy = self.pregnancy(now.day);
        Profile {
            pregnant: pregnancy.pregnant,
            trimester: pregnancy.trimester,
            doctor_ok_front_pressure: self.said_in(pregnancy, Question::DoctorOkFront, now),
            can_lie_prone: self.prone_ok(pregnancy, now),
            knots: yes(Question::Knots),
            hypermobile: yes(Question::Hypermobile),
            tight_hip_flexors: yes(Question::TightHipFlexors),
            hip_flexor_pain: yes(Question::HipFlexorPain),
            suspected_serious_injury: yes(Question::SeriousInjury),
            strain: yes(Question::Strain),
            impingement: yes(Question::Impingement),
            back_pain_now: yes(Question::BackPainNow),
            last_run_min_over: run_min,
            warm: yes(Question::Warm),
            hip_irritable: yes(Question::HipIrritable),
            new_to_exercise: yes(Question::NewToExercise),
            sciatica: yes(Question::Sciatica),
            ask_first_any: self.ask_first_any(now),
            before_workout: yes(Question::BeforeWorkout),
            affected_side: self.side(Question::AffectedSide),
            forward_side: self.side(Question::ForwardSide),
            bursitis: yes(Question::Bursitis),
            sciatica_at_night: yes(Question::SciaticaAtNight),
            new_to_pressure: yes(Question::NewToPressure),
            floor_ok: yes(Question::FloorOk),
            has_hook: yes(Question::HasHook),
            has_ball: yes(Question::HasBall),
            no_lasting_relief: yes(Question::NoLastingRelief),
        }
    }

    /// The answer to a question as far as it still counts.
    #[must_use]
    pub fn current(&self, question: Question, now: Said) -> Option<&Answer> {
        let answer = self.given(question)?;
        let since_ms = now.at_ms.saturating_sub(answer.said.at_ms);
        let counts = match question.lasts() {
            Lasts::UntilChanged => true,
            Lasts::ThatDay => answer.said.day == now.day,
            Lasts::Minutes(minutes) => (0..=i64::from(minutes) * 60_000).contains(&since_ms),
        };
        counts.then_some(answer)
    }

    fn yes(&self, question: Question, now: Said) -> Option<bool> {
        match self.current(question, now)?.value {
            Value::YesNo(yes) => Some(yes),
            _ => None,
        }
    }

    fn side(&self, question: Question) -> Option<Side> {
        match self.given(question)?.value {
            Value::Side(side) => Some(side),
            _ => None,
        }
    }

    /// The day the baby is due, as it was said.
    #[must_use]
    pub fn due_date(&self) -> Option<LocalDay> {
        match self.given(Question::DueDate)?.value {
            Value::Day(day) => Some(day),
            _ => None,
        }
    }

    fn pregnancy(&self, today: LocalDay) -> Pregnancy {
        let said = self.given(Question::Pregnant).and_then(|answer| match answer.value {
            Value::YesNo(yes) => Some((yes, answer.said.day)),
            _ => None,
        });
        let trimester = self.given(Question::Trimester).and_then(|answer| match answer.value {
            Value::Trimester(number) => Some((number, answer.said.day)),
            _ => None,
        });
        // Two devices may have said at once that there is none, and when it is due.
        if said.is_some_and(|(yes, _)| !yes) {
            let contradicted = self.due_date().is_some() || trimester.is_some();
            let pregnant = (!contradicted).then_some(false);
            return Pregnancy { pregnant, ..Pregnancy::default() };
        }
        if let Some(due) = self.due_date() {
            if days_between(due, today) > OVERDUE_DAYS {
                return Pregnancy::default();
            }
            let gone = i32::try_from(pregnancy_day(due, today).max(0)).unwrap_or(0);
            return Pregnancy {
                pregnant: Some(true),
                trimester: Some(trimester_on(due, today).into()),
                due: Some(due),
                began: today.0.checked_sub(jiff::Span::new().days(gone)).ok().map(LocalDay),
            };
        }
        let trimester = trimester
            .filter(|(_, on)| (0..LONGEST_TRIMESTER_DAYS).contains(&days_between(*on, today)));
        // Nobody is pregnant for longer than that without a word.
        let long = |on: LocalDay| days_between(on, today) > FULL_TERM_DAYS + OVERDUE_DAYS;
        let pregnant = match said {
            Some((yes, on)) if !long(on) => Some(yes),
            _ => trimester.map(|_| true),
        };
        let began = said.map(|(_, on)| on).into_iter().chain(trimester.map(|(_, on)| on)).min();
        let number = trimester.map(|(number, _)| u32::from(number));
        Pregnancy { pregnant, trimester: number, due: None, began }
    }

    /// What was said before a pregnancy is asked again in it (ours).
    fn said_in(&self, pregnancy: Pregnancy, question: Question, now: Said) -> Option<bool> {
        let yes = self.yes(question, now)?;
        let on = self.given(question)?.said.day;
        let before =
            pregnancy.pregnant == Some(true) && pregnancy.began.is_some_and(|began| on < began);
        (!before).then_some(yes)
    }

    /// Lying on the stomach depends on the trimester (000): a yes counts for the trimester it was
    /// said in, then it is asked again (ours).
    fn prone_ok(&self, pregnancy: Pregnancy, now: Said) -> Option<bool> {
        let yes = self.said_in(pregnancy, Question::ProneOk, now)?;
        let on = self.given(Question::ProneOk)?.said.day;
        let moved_on =
            pregnancy.due.is_some_and(|due| trimester_on(due, on) != trimester_on(due, now.day));
        (!yes || !moved_on).then_some(yes)
    }

    /// One yes on the card decides; a no needs the whole card, or a no to all of it.
    fn ask_first_any(&self, now: Said) -> Option<bool> {
        let card: Vec<Option<bool>> = CARD.iter().map(|item| self.yes(*item, now)).collect();
        let whole = self.yes(Question::AskFirst, now);
        if whole == Some(true) || card.contains(&Some(true)) {
            return Some(true);
        }
        let disputed = CARD.iter().any(|item| !self.disputed(*item).is_empty());
        let none = card.iter().all(|item| *item == Some(false));
        (none || (whole == Some(false) && !disputed)).then_some(false)
    }
}
