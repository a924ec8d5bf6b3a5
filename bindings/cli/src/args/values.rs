//! Reads single values at the prompt: lengths, counts, pain, ranges, sides. Each refusal is a
//! sentence. It knows no command, no engine and no clock.

use holdfast::domain::dose::Range;
use holdfast::domain::habit::ClockTime;
use holdfast::domain::ids::Slot;
use holdfast::domain::record::{Amount, Load};
use holdfast::domain::schedule::TimeOfDay;
use holdfast::domain::units::{Millis, Nrs};
use holdfast::domain::vocabulary::Side;

use crate::output::words;

/// The longest time that can be typed in, one day. Ours: a bound, not a judgement.
const LONGEST: Millis = Millis::from_secs(24 * 3600);

/// Which sides a record is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sides {
    /// One.
    One(Side),
    /// The left and the right, each as long.
    Both,
}

/// What is known of easing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Eased {
    /// After so long.
    After(Millis),
    /// It did not.
    No,
}

/// A slot of the day, and its time where one was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SlotAt {
    /// Which.
    pub slot: Slot,
    /// When.
    pub at: Option<TimeOfDay>,
}

/// A slot: a name, or a name and its time with `=` between.
pub fn slot(text: &str) -> Result<SlotAt, String> {
    let (name, at) = match text.split_once('=') {
        Some((name, at)) => (name, Some(time_of_day(at)?)),
        None => (text, None),
    };
    let slot = Slot::new(name.trim())
        .map_err(|_| words::say("schedule.bad_slot", &[("slot", name.trim().into())]))?;
    Ok(SlotAt { slot, at })
}

/// A time of day.
pub fn time_of_day(text: &str) -> Result<TimeOfDay, String> {
    text.parse().map_err(|_| words::say("prompt.schedule.bad_time", &[("text", text.into())]))
}

/// Pain, NRS 0–10.
pub fn pain(text: &str) -> Result<Nrs, String> {
    let number = text.trim().parse::<u8>().ok();
    number
        .and_then(|n| Nrs::try_from(n).ok())
        .ok_or_else(|| words::say("prompt.value.pain", &[("text", text.into())]))
}

/// A length of time: seconds, or minutes and seconds with a colon.
pub fn seconds(text: &str) -> Result<Millis, String> {
    let refused = || words::say("prompt.value.seconds", &[("text", text.into())]);
    let bare = text.trim().trim_end_matches('s').trim_end();
    let millis = match bare.split_once(':') {
        Some((minutes, seconds)) => {
            let minutes: u64 = minutes.parse().map_err(|_| refused())?;
            let seconds: u64 = seconds.parse().map_err(|_| refused())?;
            if seconds > 59 {
                return Err(refused());
            }
            minutes.checked_mul(60).and_then(|m| m.checked_add(seconds)).map(Millis::from_secs)
        }
        None => scaled(bare, 1000.0),
    };
    bounded(millis.ok_or_else(refused)?, text)
}

/// A length of time in minutes.
pub fn minutes(text: &str) -> Result<Millis, String> {
    let millis = scaled(text.trim(), 60_000.0);
    let refused = || words::say("prompt.value.minutes", &[("text", text.into())]);
    bounded(millis.ok_or_else(refused)?, text)
}

fn scaled(text: &str, unit_ms: f64) -> Option<Millis> {
    let plain = text.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    let number: f64 = text.parse().ok().filter(|n: &f64| plain && n.is_finite() && *n >= 0.0)?;
    // In range: checked against u64 by the saturating cast, and bounded by the caller.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked above")]
    Some(Millis((number * unit_ms).round() as u64))
}

fn bounded(length: Millis, text: &str) -> Result<Millis, String> {
    if length <= LONGEST {
        Ok(length)
    } else {
        Err(words::say("prompt.value.too_long", &[("text", text.into())]))
    }
}

/// A span of time with its unit: `45s`, `30m`, `12h`, `7d`; in milliseconds.
pub fn span_ms(text: &str) -> Result<u64, String> {
    let text = text.trim();
    let cut = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(cut);
    let unit_ms: u64 = match unit {
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => 0,
    };
    let ms = number.parse().ok().and_then(|n: u64| n.checked_mul(unit_ms)).filter(|ms| *ms > 0);
    ms.ok_or_else(|| words::say("prompt.sharing.no_span", &[("text", text.into())]))
}

/// A number of repetitions, sets and the like.
pub fn count(text: &str) -> Result<u16, String> {
    text.trim().parse().map_err(|_| words::say("prompt.value.count", &[("text", text.into())]))
}

/// A whole number between two others, both included.
pub fn from_to<const LOW: u16, const HIGH: u16>(text: &str) -> Result<u16, String> {
    let number = text.trim().parse().ok().filter(|number| (LOW..=HIGH).contains(number));
    let args = || [("text", text.into()), ("low", LOW.into()), ("high", HIGH.into())];
    number.ok_or_else(|| words::say("prompt.value.between", &args()))
}

/// A whole number.
pub fn whole(text: &str) -> Result<u32, String> {
    let refused = |_| words::say("prompt.value.not_whole", &[("given", text.into())]);
    text.trim().parse().map_err(refused)
}

/// A number, with decimals where it has some.
pub fn amount(text: &str) -> Result<Amount, String> {
    let refused = || words::say("prompt.value.not_a_number", &[("given", text.into())]);
    let plain = text.trim().bytes().all(|b| b.is_ascii_digit() || b == b'.');
    let number = text.trim().parse().ok().filter(|_| plain);
    number.and_then(Amount::new).ok_or_else(refused)
}

/// Two times on the clock: `09:00-17:00`.
pub fn between(text: &str) -> Result<(ClockTime, ClockTime), String> {
    let read = text.split_once('-').and_then(|(from, to)| {
        Some((from.parse::<ClockTime>().ok()?, to.parse::<ClockTime>().ok()?))
    });
    read.ok_or_else(|| words::say("prompt.value.not_two_times", &[("given", text.into())]))
}

/// A range: `60`, `30-90`, `30-60-90` (the middle one is where to start), `60+`.
pub fn range(text: &str) -> Result<Range, String> {
    let refused = || words::say("prompt.value.range", &[("text", text.into())]);
    let (figures, open) = match text.trim().strip_suffix('+') {
        Some(figures) => (figures, true),
        None => (text.trim(), false),
    };
    let figures: Result<Vec<u32>, _> = figures.split('-').map(|f| f.trim().parse()).collect();
    let figures = figures.map_err(|_: std::num::ParseIntError| refused())?;
    let range = match (figures.as_slice(), open) {
        ([only], false) => Ok(Range::exactly(*only)),
        ([floor], true) => Range::new(Some(*floor), None, None, true),
        ([floor, start], true) => Range::new(Some(*floor), Some(*start), None, true),
        ([low, high], false) => Range::new(Some(*low), None, Some(*high), false),
        ([low, start, high], false) => Range::new(Some(*low), Some(*start), Some(*high), false),
        _ => return Err(refused()),
    };
    range.map_err(|bad| words::reader().say(&bad.message()))
}

/// `left`, `right` or `both`.
pub fn sides(text: &str) -> Result<Sides, String> {
    match text {
        "left" => Ok(Sides::One(Side::Left)),
        "right" => Ok(Sides::One(Side::Right)),
        "both" => Ok(Sides::Both),
        _ => Err(words::say("prompt.value.sides", &[("text", text.into())])),
    }
}

/// `left` or `right`.
pub fn side(text: &str) -> Result<Side, String> {
    match sides(text) {
        Ok(Sides::One(side)) => Ok(side),
        _ => Err(words::say("prompt.value.side", &[("text", text.into())])),
    }
}

/// When it eased, or `no`.
pub fn eased(text: &str) -> Result<Eased, String> {
    if text == "no" {
        return Ok(Eased::No);
    }
    seconds(text)
        .map(Eased::After)
        .map_err(|refused| words::say("prompt.value.eased", &[("refused", refused.into())]))
}

/// A weight or resistance: `20kg`, `2 band`.
pub fn load(text: &str) -> Result<Load, String> {
    let refused = || words::say("prompt.value.load", &[("text", text.into())]);
    let text = text.trim();
    let cut = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(cut);
    let value: f64 = number.parse().map_err(|_| refused())?;
    let unit = unit.trim();
    if !value.is_finite() || unit.is_empty() || unit.len() > 20 || unit.starts_with('-') {
        return Err(refused());
    }
    Ok(Load { value, unit: unit.to_owned() })
}

/// Seconds of each phase of one repetition: `3:2:1`.
pub fn tempo(text: &str) -> Result<Tempo, String> {
    let phases: Result<Vec<u32>, _> = text.split(':').map(|phase| phase.trim().parse()).collect();
    match phases {
        Ok(phases) if (1..=8).contains(&phases.len()) && phases.iter().all(|s| *s <= 600) => {
            Ok(Tempo(phases))
        }
        _ => Err(words::say("prompt.value.tempo", &[("text", text.into())])),
    }
}

/// Seconds of each phase of one repetition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tempo(pub Vec<u32>);

/// How many times faster than the clock.
pub fn speed(text: &str) -> Result<u32, String> {
    text.trim()
        .parse()
        .ok()
        .filter(|n| (1..=100_000).contains(n))
        .ok_or_else(|| words::say("prompt.value.speed", &[("text", text.into())]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pain_is_a_whole_number_from_0_to_10() {
        assert_eq!(pain("10").map(u8::from), Ok(10));
        for wrong in ["11", "-1", "3.5", "much", "", "256"] {
            let refused = pain(wrong).unwrap_err();
            assert!(refused.starts_with("Pain is a whole number from 0 to 10"), "{refused}");
        }
    }

    #[test]
    fn a_length_is_seconds_or_minutes_with_a_colon_and_never_negative() {
        assert_eq!(seconds("90"), Ok(Millis(90_000)));
        assert_eq!(seconds("7.5s"), Ok(Millis(7_500)));
        assert_eq!(seconds("1:30"), Ok(Millis(90_000)));
        assert_eq!(minutes("1.5"), Ok(Millis(90_000)));
        for wrong in ["-1", "1e9", "nan", "inf", "1:60", ":", "", "1:2:3", "86401", "9e400"] {
            assert!(seconds(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_span_has_a_unit_and_is_more_than_nothing() {
        assert_eq!((span_ms("7d"), span_ms("2s")), (Ok(604_800_000), Ok(2_000)));
        for wrong in ["", "7", "d", "0d", "-1d", "1.5h", "7 days", "99999999999999999999d"] {
            assert!(span_ms(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_reversed_range_is_refused_with_both_ends() {
        let range_of = |text| range(text).unwrap();
        assert_eq!(range_of("60"), Range::exactly(60));
        assert_eq!(range_of("30-60-90").default(), Some(60));
        assert!(range_of("60+").open_ended());
        let refused = range("90-30").unwrap_err();
        assert!(refused.contains("90 is above 30"), "{refused}");
        assert!(range("30-").is_err());
        assert!(range("1-2-3-4").is_err());
    }

    #[test]
    fn a_load_has_a_number_and_a_unit() {
        assert_eq!(load("20 kg"), Ok(Load { value: 20.0, unit: "kg".into() }));
        for wrong in ["20", "-3kg", "kg", "1.2.3kg"] {
            assert!(load(wrong).is_err(), "{wrong}");
        }
    }
}
