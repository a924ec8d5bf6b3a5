//! Charts of characters: bars, scales and rows of marks. Shapes carry what they say, never a colour, and
//! each stands beside its number. They know nothing of what they show.

/// The characters that charts are drawn with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Glyphs {
    /// The filled part of a bar.
    pub full: &'static str,
    /// The rest of it.
    pub empty: &'static str,
    /// A day with something done.
    pub done: &'static str,
    /// A day that asked and was not done.
    pub idle: &'static str,
    /// A day of rest.
    pub rest: &'static str,
    /// A paused day.
    pub paused: &'static str,
    /// A date that travel skipped.
    pub skipped: &'static str,
    /// A figure before.
    pub before: &'static str,
    /// A figure after.
    pub after: &'static str,
    /// Both at one place.
    pub both: &'static str,
    /// A place on a scale.
    pub place: &'static str,
    /// From one to the other.
    pub arrow: &'static str,
    /// The steps of a line of figures, the lowest first.
    pub steps: &'static [&'static str],
}

/// Where the locale is UTF-8.
pub const UTF8: Glyphs = Glyphs {
    full: "█",
    empty: "░",
    done: "■",
    idle: "·",
    rest: "–",
    paused: "=",
    skipped: "»",
    before: "●",
    after: "○",
    both: "◉",
    place: "·",
    arrow: "→",
    steps: &["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"],
};

/// Everywhere else.
pub const ASCII: Glyphs = Glyphs {
    full: "#",
    empty: ".",
    done: "#",
    idle: ".",
    rest: "-",
    paused: "=",
    skipped: ">",
    before: "x",
    after: "o",
    both: "@",
    place: ".",
    arrow: "->",
    steps: &["_", ".", "-", "=", "*", "#"],
};

impl Glyphs {
    /// What the locale of the environment can show.
    pub fn of_the_terminal() -> Self {
        let set = |name: &&str| std::env::var(name).ok().filter(|value| !value.is_empty());
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].iter().find_map(set).unwrap_or_default();
        Self::of_locale(&locale)
    }

    /// What a locale can show.
    pub fn of_locale(locale: &str) -> Self {
        let locale = locale.to_ascii_lowercase();
        if locale.contains("utf-8") || locale.contains("utf8") { UTF8 } else { ASCII }
    }

    /// A bar `width` columns long, filled by `part` of `whole`. What is more than nothing shows.
    pub fn bar(&self, part: u64, whole: u64, width: usize) -> String {
        let whole = u128::from(whole.max(1));
        let part = u128::from(part).min(whole);
        let filled = usize::try_from(part * width as u128 / whole).unwrap_or(width);
        let filled = if part > 0 { filled.max(1) } else { 0 };
        format!("{}{}", self.full.repeat(filled), self.empty.repeat(width - filled))
    }

    /// Two figures on a scale of 0 to `most`, a place for each whole one.
    pub fn scale(&self, before: f64, after: f64, most: u8) -> String {
        let at = |place: u8, value: f64| (value - f64::from(place)).abs() < 0.5;
        let mut marks = String::new();
        for place in 0..=most {
            // A figure half-way between two places is drawn at the upper one.
            let (b, a) = (at(place, before.round()), at(place, after.round()));
            marks.push_str(match (b, a) {
                (true, true) => self.both,
                (true, false) => self.before,
                (false, true) => self.after,
                (false, false) => self.place,
            });
        }
        marks
    }

    /// Figures as a line of steps, one column each, from the lowest to the highest.
    pub fn line(&self, values: &[f64]) -> String {
        let low = values.iter().copied().fold(f64::INFINITY, f64::min);
        let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let top = self.steps.len() - 1;
        let step = |value: f64| {
            let share = if high > low { (value - low) / (high - low) } else { 0.5 };
            #[allow(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                clippy::cast_precision_loss,
                reason = "a place among a few steps"
            )]
            let place = (share * top as f64).round() as usize;
            self.steps[place.min(top)]
        };
        values.iter().map(|value| step(*value)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_is_as_long_as_asked_and_shows_the_least_part() {
        assert_eq!(ASCII.bar(6, 7, 14), "############..");
        assert_eq!(ASCII.bar(1, 1000, 5), "#....");
        assert_eq!(ASCII.bar(0, 0, 3), "...");
        assert_eq!(ASCII.bar(9, 7, 3), "###");
    }

    #[test]
    fn a_scale_goes_from_nought_to_ten_whatever_the_figures() {
        assert_eq!(ASCII.scale(6.0, 3.0, 10), "...o..x....");
        assert_eq!(ASCII.scale(2.0, 2.0, 10), "..@........");
        assert_eq!(ASCII.scale(5.5, 0.0, 10), "o.....x....");
    }

    #[test]
    fn a_locale_that_is_not_utf_8_gets_plain_characters() {
        assert_eq!(Glyphs::of_locale("C"), ASCII);
        assert_eq!(Glyphs::of_locale(""), ASCII);
        assert_eq!(Glyphs::of_locale("de_DE.UTF-8"), UTF8);
        assert!(ASCII.line(&[1.0, 5.0, 3.0]).is_ascii());
        assert_eq!(ASCII.line(&[1.0, 9.0]), "_#");
    }
}
