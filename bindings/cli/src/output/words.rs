//! Small things said the same way everywhere: lengths of time, ranges, doses, sides.
//! Every word of it comes from the domain's words, in the reader's language.

use holdfast::domain::dose::{Dose, Range};
use holdfast::domain::ids::SourceId;
use holdfast::domain::vocabulary::{Mode, Side, SideRule};
use holdfast::domain::words::{Arg, Words};

/// The sentence of a code, in the reader's language.
pub fn plain(code: &str) -> String {
    reader().plain(code)
}

/// The sentence of a code with its arguments, in the reader's language.
pub fn say(code: &str, args: &[(&str, Arg)]) -> String {
    reader().text(code, args)
}

/// The sentence of a code for a number, `{n}`, in the reader's language.
pub fn counted(code: &str, n: u64) -> String {
    reader().counted(code, n, &[])
}

/// The reader's language, by the environment.
pub fn reader() -> &'static Words {
    let tag = ["HOLDFAST_LANG", "LC_ALL", "LC_MESSAGES", "LANG"]
        .iter()
        .find_map(|name| std::env::var(name).ok().filter(|value| !value.is_empty()))
        .unwrap_or_default();
    Words::for_language(tag.split('.').next().unwrap_or_default())
}

/// A length of time as a person says it: `45 s`, `1 min 30 s`, `1 h 5 min`.
pub fn length(ms: u64) -> String {
    let seconds = ms.saturating_add(500) / 1000;
    let (h, min, s) = (seconds / 3600, seconds % 3600 / 60, seconds % 60);
    let said = [("h", h.into()), ("min", min.into()), ("s", s.into())];
    let code = match (h, min, s) {
        (0, 0, _) => "prompt.length.s",
        (0, _, 0) => "prompt.length.min",
        (0, _, _) => "prompt.length.min_s",
        (_, 0, _) => "prompt.length.h",
        (_, _, _) => "prompt.length.h_min",
    };
    say(code, &said)
}

/// A length as a clock shows it: `1:12`, `1:02:03`.
pub fn clock(ms: u64) -> String {
    let seconds = ms / 1000;
    let (h, m, s) = (seconds / 3600, seconds % 3600 / 60, seconds % 60);
    if h > 0 { format!("{h}:{m:02}:{s:02}") } else { format!("{m}:{s:02}") }
}

/// A range with its unit; nothing where nothing is stated.
pub fn range(range: Range, unit: &str) -> Option<String> {
    let amount = |figure: u32| Arg::from(format!("{figure}{unit}"));
    let stated = match (range.min(), range.max()) {
        (Some(min), Some(max)) if min == max => format!("{min}{unit}"),
        (Some(min), Some(max)) => {
            say("prompt.range.between", &[("low", min.into()), ("high", amount(max))])
        }
        (Some(min), None) if range.open_ended() => {
            say("prompt.range.or_more", &[("amount", amount(min))])
        }
        (Some(min), None) => say("prompt.range.from", &[("amount", amount(min))]),
        (None, Some(max)) => say("prompt.range.up_to", &[("amount", amount(max))]),
        (None, None) => return range.default().map(|default| format!("{default}{unit}")),
    };
    let usual = range.default().filter(|_| range.min() != range.max());
    Some(match usual {
        Some(default) => {
            say("prompt.range.start", &[("range", stated.into()), ("start", default.into())])
        }
        None => stated,
    })
}

/// The seconds of a range that are played, with their unit.
fn seconds(range: Range) -> Option<String> {
    range.to_play().map(|secs| reader().seconds(secs))
}

/// A dose in one short line: what is played.
pub fn dose(dose: &Dose) -> String {
    let sets = dose.sets.to_play().filter(|sets| *sets > 1).map(|sets| format!("{sets} × "));
    let core = match dose.mode {
        Mode::Reps | Mode::Tempo => {
            let reps = dose.reps.to_play().map(|reps| counted("prompt.dose.reps", reps.into()));
            match (reps, seconds(dose.hold_s)) {
                (Some(reps), Some(hold)) => {
                    say("prompt.dose.reps_of", &[("reps", reps.into()), ("hold", hold.into())])
                }
                (Some(reps), None) => reps,
                (None, Some(hold)) => say("prompt.dose.any_reps_of", &[("hold", hold.into())]),
                (None, None) => plain("prompt.dose.reps_unstated"),
            }
        }
        Mode::Timed => match (dose.reps.to_play(), seconds(dose.hold_s)) {
            (Some(reps), Some(hold)) if reps != 1 => format!("{reps} × {hold}"),
            (_, Some(hold)) => hold,
            (_, None) => plain("dose.unstated"),
        },
        Mode::UntilEased => match seconds(dose.hold_s) {
            Some(hold) => say("prompt.dose.until_eased", &[("hold", hold.into())]),
            None => reader().name(&dose.mode),
        },
        Mode::Open => seconds(dose.hold_s).unwrap_or_else(|| reader().name(&dose.mode)),
        Mode::Tick | Mode::Slot | Mode::Test => reader().name(&dose.mode),
    };
    let tempo = if dose.tempo.is_empty() { String::new() } else { format!(", {}", tempo(dose)) };
    format!("{}{core}{tempo}", sets.unwrap_or_default())
}

/// A tempo: `push 3 s, lower 2 s`.
pub fn tempo(dose: &Dose) -> String {
    let phases: Vec<String> = dose
        .tempo
        .iter()
        .map(|phase| match phase.secs {
            Some(secs) => format!("{} {}", reader().name(phase), reader().seconds(secs)),
            None => reader().name(phase),
        })
        .collect();
    phases.join(", ")
}

/// A side before a noun or in a table: `left`, `right`, nothing.
pub fn side(side: Side) -> String {
    match side {
        Side::None => String::new(),
        Side::Left => plain("prompt.side.left"),
        Side::Right => plain("prompt.side.right"),
    }
}

/// The sides of a step.
pub fn side_rule(rule: SideRule) -> String {
    match rule {
        SideRule::NoSide => String::new(),
        rule => reader().name(&rule),
    }
}

/// Sources in brackets behind a fact: `[000, 003]`, `[ours]`.
pub fn cited(sources: &[SourceId], ours: bool) -> String {
    let mut cited: Vec<String> = sources.iter().map(ToString::to_string).collect();
    if ours {
        cited.push(plain("prompt.ours"));
    }
    if cited.is_empty() { String::new() } else { format!(" [{}]", cited.join(", ")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_read_like_speech() {
        assert_eq!(length(45_000), "45 s");
        assert_eq!(length(60_000), "1 min");
        assert_eq!(length(90_400), "1 min 30 s");
        assert_eq!(length(3_900_000), "1 h 5 min");
        assert_eq!(clock(72_999), "1:12");
        assert_eq!(clock(3_723_000), "1:02:03");
    }

    #[test]
    fn a_range_says_what_is_stated_and_no_more() {
        let of = |min, default, max, open| Range::new(min, default, max, open).unwrap();
        assert_eq!(range(Range::UNSTATED, " s"), None);
        assert_eq!(range(Range::exactly(90), " s").as_deref(), Some("90 s"));
        assert_eq!(
            range(of(Some(30), Some(60), Some(90), false), " s").as_deref(),
            Some("30 to 90 s, 60 to start")
        );
        let floor = of(Some(5), None, None, true);
        assert_eq!(range(floor, " s").as_deref(), Some("5 s or more"));
    }
}
