//! Where a block or step stands in its list: a text that sorts, so that a move on one device is one
//! small change and two devices that insert at the same place disturb nothing else.

use serde::{Deserialize, Deserializer, Serialize};

const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const TOP: usize = DIGITS.len();
/// The longest position that is read, in characters. Ours: lists are spread anew long before.
const MAX_CHARS: usize = 256;

/// A fraction between 0 and 1, its base-62 digits written after an implied point. Never ends in 0,
/// so there is always room on both sides. The empty one means "not placed yet" and sorts first.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize)]
#[serde(transparent)]
pub struct Position(String);

/// A text that is no position.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "\"{0}\" is not a position: it is up to {MAX_CHARS} of 0-9, A-Z, a-z and does not end in 0"
)]
pub struct BadPosition(pub String);

impl Position {
    /// Reads a position.
    ///
    /// # Errors
    /// [`BadPosition`] for another character, a last digit 0, or a text too long.
    pub fn new(text: impl Into<String>) -> Result<Self, BadPosition> {
        let text = text.into();
        let digits = text.bytes().all(|b| b.is_ascii_alphanumeric());
        if digits && !text.ends_with('0') && text.len() <= MAX_CHARS {
            Ok(Self(text))
        } else {
            Err(BadPosition(text))
        }
    }

    /// The position as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it says where.
    #[must_use]
    pub fn is_placed(&self) -> bool {
        !self.0.is_empty()
    }

    fn of(digits: &[usize]) -> Self {
        Self(digits.iter().map(|d| char::from(DIGITS[*d])).collect())
    }

    fn digits(&self) -> Vec<usize> {
        self.0
            .bytes()
            .map(|b| match b {
                b'0'..=b'9' => usize::from(b - b'0'),
                b'A'..=b'Z' => usize::from(b - b'A') + 10,
                _ => usize::from(b.saturating_sub(b'a')) + 36,
            })
            .collect()
    }
}

impl<'de> Deserialize<'de> for Position {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

/// A position after `low` and before `high`; at either end where there is none.
///
/// Adding at one end again and again costs one character in about 61 times, in the middle one in
/// about 5. Where `low` is not before `high`, the answer is only after `low`: the caller has two
/// equal neighbours and spreads the list with [`evenly`].
#[must_use]
pub fn between(low: Option<&Position>, high: Option<&Position>) -> Position {
    let placed = |p: Option<&Position>| p.filter(|p| p.is_placed()).map(Position::digits);
    let (low, high) = (placed(low), placed(high));
    Position::of(&match (low, high) {
        (None, None) => vec![TOP / 2],
        (Some(low), None) => after(&low),
        (None, Some(high)) => before(&high),
        (Some(low), Some(high)) if low >= high => after(&low),
        (Some(low), Some(high)) => inside(&low, &high),
    })
}

/// `count` positions in order, spread over the whole range with room between any two.
#[must_use]
pub fn evenly(count: usize) -> Vec<Position> {
    let mut width = 1;
    let mut room = TOP;
    while room <= count.saturating_mul(2) {
        width += 1;
        room = room.saturating_mul(TOP);
    }
    (1..=count)
        .map(|n| {
            let mut place = n * room / (count + 1);
            let mut digits = vec![0; width];
            for digit in digits.iter_mut().rev() {
                *digit = place % TOP;
                place /= TOP;
            }
            while digits.last() == Some(&0) {
                digits.pop();
            }
            Position::of(&digits)
        })
        .collect()
}

/// The next one up: the first digit with room rises by one and the rest falls away.
fn after(low: &[usize]) -> Vec<usize> {
    match low.iter().position(|d| d + 1 < TOP) {
        Some(i) => low[..i].iter().copied().chain([low[i] + 1]).collect(),
        None => low.iter().copied().chain([1]).collect(),
    }
}

/// The next one down: the first digit above 0 falls by one, or makes room behind it.
fn before(high: &[usize]) -> Vec<usize> {
    let zeros = high.iter().take_while(|d| **d == 0).count();
    let mut down = high[..zeros].to_vec();
    match high.get(zeros) {
        Some(&digit) if digit > 1 => down.push(digit - 1),
        Some(&digit) if high.len() > zeros + 1 => down.push(digit),
        _ => down.extend([0, TOP - 1]),
    }
    down
}

/// A short one between two that differ: `low` is read as if it went on with zeros.
fn inside(low: &[usize], high: &[usize]) -> Vec<usize> {
    let digit = |i: usize| low.get(i).copied().unwrap_or(0);
    let Some(i) = (0..high.len()).find(|&i| digit(i) != high[i]) else {
        return after(low);
    };
    let mut between = high[..i].to_vec();
    if high[i] - digit(i) > 1 {
        between.push(digit(i).midpoint(high[i]));
    } else if high.len() > i + 1 {
        between.push(high[i]);
    } else {
        between.push(digit(i));
        between.extend(upper_half(low.get(i + 1..).unwrap_or(&[])));
    }
    between
}

/// Half-way from `low` to the top.
fn upper_half(low: &[usize]) -> Vec<usize> {
    match low.iter().position(|d| d + 1 < TOP) {
        Some(i) => {
            let middle = (low[i] + 1).midpoint(TOP);
            low[..i].iter().copied().chain([middle.min(TOP - 1)]).collect()
        }
        None => low.iter().copied().chain([TOP / 2]).collect(),
    }
}

#[cfg(test)]
#[path = "position_tests.rs"]
mod tests;
