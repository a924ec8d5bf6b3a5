//! Doses in words. Ranges stay ranges, and what nobody stated is said to be not stated.

use super::{Arg, Words};
use crate::dose::{Dose, Range};
use crate::vocabulary::Mode;

/// What a range counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Measure {
    /// Seconds.
    Seconds,
    /// Repetitions.
    Repetitions,
    /// Sets.
    Sets,
}

impl Words {
    /// A dose in one line: "3 sets · 10–15 repetitions · hold 3 s", or "not stated".
    #[must_use]
    pub fn dose(&self, dose: &Dose) -> String {
        if matches!(dose.mode, Mode::Tick | Mode::Slot) {
            return self.name(&dose.mode);
        }
        let counted = matches!(dose.mode, Mode::Reps | Mode::Tempo);
        let mut parts = Vec::new();
        if dose.sets != Range::UNSTATED {
            parts.push(self.range(dose.sets, Measure::Sets));
        }
        if dose.reps != Range::UNSTATED {
            parts.push(self.range(dose.reps, Measure::Repetitions));
        } else if counted {
            parts.push(self.plain("dose.repetitions_unstated"));
        }
        if dose.hold_s != Range::UNSTATED {
            let amount = self.range(dose.hold_s, Measure::Seconds);
            let alone = parts.is_empty() && !counted;
            parts.push(if alone { amount } else { self.wrapped("dose.hold", amount) });
        }
        parts.extend(dose.tempo.iter().map(|phase| match phase.secs {
            Some(secs) => self.text(
                "dose.phase",
                &[("phase", self.name(phase).into()), ("amount", self.seconds(secs).into())],
            ),
            None => self.name(phase),
        }));
        if dose.rest_s != Range::UNSTATED {
            parts.push(self.wrapped("dose.rest", self.range(dose.rest_s, Measure::Seconds)));
        }
        if parts.is_empty() {
            return self.plain("dose.unstated");
        }
        parts.join(&self.plain("dose.separator"))
    }

    /// A range: "30–90 s, or longer", "at least 30 s", "10 repetitions", "not stated".
    #[must_use]
    pub fn range(&self, range: Range, measure: Measure) -> String {
        let (low, default, high) = (range.min(), range.default(), range.max());
        // Where no ceiling is stated, the figure to use is the upper end that people see.
        let top = high.or(default).or(low);
        let bottom = low.or(default).or(high);
        let (Some(bottom), Some(top)) = (bottom, top) else {
            let code = if range.open_ended() { "dose.any_number" } else { "dose.unstated" };
            return self.plain(code);
        };
        let amount = if bottom == top {
            self.amount(top, Arg::from(top), measure)
        } else {
            let span = self.text("dose.between", &[("low", bottom.into()), ("high", top.into())]);
            self.amount(top, span.into(), measure)
        };
        if range.open_ended() {
            let code = match measure {
                Measure::Seconds => "dose.or_longer",
                Measure::Repetitions | Measure::Sets => "dose.or_more",
            };
            return self.wrapped(code, amount);
        }
        match (low, default, high) {
            (Some(_), None, None) => self.wrapped("dose.at_least", amount),
            (None, None, Some(_)) => self.wrapped("dose.at_most", amount),
            (_, Some(figure), Some(high)) if figure != high && Some(figure) != low => {
                self.text("dose.set_to", &[("amount", amount.into()), ("figure", figure.into())])
            }
            _ => amount,
        }
    }

    /// Seconds with their unit.
    #[must_use]
    pub fn seconds(&self, secs: u32) -> String {
        self.text("dose.seconds", &[("n", secs.into())])
    }

    fn amount(&self, count: u32, shown: Arg, measure: Measure) -> String {
        let code = match (measure, count) {
            (Measure::Seconds, _) => "dose.seconds",
            (Measure::Repetitions, 1) => "dose.repetitions.one",
            (Measure::Repetitions, _) => "dose.repetitions.other",
            (Measure::Sets, 1) => "dose.sets.one",
            (Measure::Sets, _) => "dose.sets.other",
        };
        self.text(code, &[("n", shown)])
    }

    fn wrapped(&self, code: &str, amount: String) -> String {
        self.text(code, &[("amount", amount.into())])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dose::TempoPhase;

    fn range(min: Option<u32>, default: Option<u32>, max: Option<u32>, open: bool) -> Range {
        Range::new(min, default, max, open).unwrap()
    }

    fn seconds(min: Option<u32>, default: Option<u32>, max: Option<u32>, open: bool) -> String {
        Words::english().range(range(min, default, max, open), Measure::Seconds)
    }

    #[test]
    fn a_range_is_said_as_a_range() {
        assert_eq!(seconds(Some(30), Some(90), None, true), "30–90 s, or longer");
        assert_eq!(seconds(Some(30), Some(90), Some(90), false), "30–90 s");
        assert_eq!(seconds(Some(30), Some(60), Some(90), false), "30–90 s, set to 60");
        assert_eq!(seconds(None, Some(90), None, false), "90 s");
        assert_eq!(seconds(Some(30), Some(30), None, true), "30 s, or longer");
        assert_eq!(seconds(Some(30), None, None, false), "at least 30 s");
        assert_eq!(seconds(None, None, Some(20), false), "at most 20 s");
    }

    #[test]
    fn what_nobody_stated_is_said_to_be_not_stated() {
        assert_eq!(seconds(None, None, None, false), "not stated");
        assert_eq!(
            Words::english().range(range(None, None, None, true), Measure::Repetitions),
            "any number"
        );
    }

    #[test]
    fn a_dose_is_one_line() {
        let dose = Dose {
            mode: Mode::Reps,
            hold_s: Range::exactly(2),
            reps: range(Some(10), None, Some(15), false),
            sets: Range::exactly(1),
            rest_s: Range::exactly(10),
            tempo: vec![
                TempoPhase { name: "push".into(), secs: Some(2) },
                TempoPhase { name: "relax".into(), secs: None },
            ],
        };
        assert_eq!(
            Words::english().dose(&dose),
            "1 set · 10–15 repetitions · hold 2 s · push 2 s · relax · rest 10 s"
        );
    }

    #[test]
    fn an_open_dose_and_one_without_repetitions_say_so() {
        let mut dose = Dose {
            mode: Mode::Open,
            hold_s: Range::UNSTATED,
            reps: Range::UNSTATED,
            sets: Range::UNSTATED,
            rest_s: Range::UNSTATED,
            tempo: Vec::new(),
        };
        assert_eq!(Words::english().dose(&dose), "not stated");
        dose.mode = Mode::Reps;
        assert_eq!(Words::english().dose(&dose), "repetitions not stated");
        dose.mode = Mode::Slot;
        assert_eq!(Words::english().dose(&dose), "choose an exercise");
    }
}
