//! Small things said the same way everywhere: lengths of time, ranges, doses, sides.
//! English only for now; sentences of the catalogue come from the domain's words.

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
    match (seconds / 3600, seconds % 3600 / 60, seconds % 60) {
        (0, 0, s) => format!("{s} s"),
        (0, m, 0) => format!("{m} min"),
        (0, m, s) => format!("{m} min {s} s"),
        (h, 0, _) => format!("{h} h"),
        (h, m, _) => format!("{h} h {m} min"),
    }
}

/// A length as a clock shows it: `1:12`, `1:02:03`.
pub fn clock(ms: u64) -> String {
    let seconds = ms / 1000;
    let (h, m, s) = (seconds / 3600, seconds % 3600 / 60, seconds % 60);
    if h > 0 { format!("{h}:{m:02}:{s:02}") } else { format!("{m}:{s:02}") }
}

/// A range with its unit; nothing where nothing is stated.
pub fn range(range: Range, unit: &str) -> Option<String> {
    let stated = match (range.min(), range.max()) {
        (Some(min), Some(max)) if min == max => format!("{min}{unit}"),
        (Some(min), Some(max)) => format!("{min} to {max}{unit}"),
        (Some(min), None) if range.open_ended() => format!("{min}{unit} or more"),
        (Some(min), None) => format!("from {min}{unit}"),
        (None, Some(max)) => format!("up to {max}{unit}"),
        (None, None) => return range.default().map(|default| format!("{default}{unit}")),
    };
    let usual = range.default().filter(|_| range.min() != range.max());
    Some(match usual {
        Some(default) => format!("{stated}, {default} to start"),
        None => stated,
    })
}

/// The figure of a range that is played, with its unit.
fn figure(range: Range, unit: &str) -> Option<String> {
    range.to_play().map(|figure| format!("{figure}{unit}"))
}

/// A dose in one short line: what is played.
pub fn dose(dose: &Dose) -> String {
    let sets = dose.sets.to_play().filter(|sets| *sets > 1).map(|sets| format!("{sets} × "));
    let core = match dose.mode {
        Mode::Reps | Mode::Tempo => match (figure(dose.reps, " reps"), figure(dose.hold_s, " s")) {
            (Some(reps), Some(hold)) => format!("{reps} of {hold}"),
            (Some(reps), None) => reps,
            (None, Some(hold)) => format!("reps of {hold}"),
            (None, None) => "reps, not stated".to_owned(),
        },
        Mode::Timed => match (figure(dose.reps, " × "), figure(dose.hold_s, " s")) {
            (Some(reps), Some(hold)) if dose.reps.to_play() != Some(1) => format!("{reps}{hold}"),
            (_, Some(hold)) => hold,
            (_, None) => "not stated".to_owned(),
        },
        Mode::UntilEased => figure(dose.hold_s, " s")
            .map_or_else(|| "until it eases".to_owned(), |h| format!("until it eases, about {h}")),
        Mode::Open => figure(dose.hold_s, " s").unwrap_or_else(|| "open, counts up".to_owned()),
        Mode::Tick => "done or not".to_owned(),
        Mode::Slot => "choose an exercise".to_owned(),
        Mode::Test => "self-test".to_owned(),
    };
    let tempo = if dose.tempo.is_empty() { String::new() } else { format!(", {}", tempo(dose)) };
    format!("{}{core}{tempo}", sets.unwrap_or_default())
}

/// A tempo: `push 3 s, lower 2 s`.
pub fn tempo(dose: &Dose) -> String {
    let phase = |name: &str, secs: Option<u32>| match secs {
        Some(secs) => format!("{name} {secs} s"),
        None => name.to_owned(),
    };
    let phases: Vec<String> = dose.tempo.iter().map(|p| phase(&p.name, p.secs)).collect();
    phases.join(", ")
}

/// A side before a noun or in a table: `left`, `right`, nothing.
pub fn side(side: Side) -> &'static str {
    match side {
        Side::None => "",
        side => side.as_str(),
    }
}

/// The sides of a step.
pub fn side_rule(rule: SideRule) -> String {
    match rule {
        SideRule::NoSide => String::new(),
        rule => plain(&format!("side_rule.{rule}")),
    }
}

/// Sources in brackets behind a fact: `[000, 003]`, `[ours]`.
pub fn cited(sources: &[SourceId], ours: bool) -> String {
    let mut cited: Vec<&str> = sources.iter().map(SourceId::as_str).collect();
    if ours {
        cited.push("ours");
    }
    if cited.is_empty() { String::new() } else { format!(" [{}]", cited.join(", ")) }
}

/// `1 hold`, `2 holds`.
pub fn number_of(n: u64, one: &str, many: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { many })
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
