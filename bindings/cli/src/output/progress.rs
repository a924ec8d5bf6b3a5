//! How it goes, for a person: bars, days and scales with their numbers beside them. It decides nothing
//! and judges nothing: the words for a change are the domain's.

use std::collections::BTreeMap;

use holdfast::domain::progress::{
    Change, DayKind, DaySum, Eased, Figure, Pain, PainPair, PerSide, Progress, TestSeries, Trend,
};
use holdfast::domain::running::Recovery;
use holdfast::domain::units::LocalDay;
use holdfast::domain::vocabulary::Side;

use super::charts::Glyphs;
use super::layout::{columns, wrapped};
use super::{Output, self_test, words};

/// Doings of pain that are listed one by one; more of them are put together by week.
const MOST_ROWS: usize = 14;

/// The widest bar.
const WIDEST: usize = 24;

/// Progress as text.
pub fn text(progress: &Progress, glyphs: Glyphs, output: &Output) -> String {
    let page = Page { glyphs, width: output.width };
    let days = words::counted("prompt.progress.days", progress.by_day.len() as u64);
    let (since, until) = (progress.since.to_string(), progress.until.to_string());
    let title = words::say(
        "prompt.progress.title",
        &[("days", days.into()), ("since", since.into()), ("until", until.into())],
    );
    let mut parts = vec![output.bold(&title)];
    if progress.counted_from.is_none() && progress.tests.is_empty() {
        parts.push(words::plain("prompt.progress.nothing"));
        return parts.join("\n\n");
    }
    parts.push(page.adherence(progress));
    parts.push(page.streak(progress));
    parts.push(page.calendar(&progress.by_day, output));
    parts.extend(page.pain(&progress.pain, output));
    parts.extend(page.sides(&progress.per_side, output));
    parts.extend(page.eased(progress.eased));
    parts.extend(page.tests(&progress.tests, output));
    parts.join("\n\n")
}

struct Page {
    glyphs: Glyphs,
    width: usize,
}

impl Page {
    /// A line for each figure: its name, a bar, done of due, percent.
    fn adherence(&self, progress: &Progress) -> String {
        let adherence = progress.adherence;
        let number = |n: u64| n.to_string();
        let seconds = |n: u64| words::length(n * 1000);
        let rows = [
            self.figure("prompt.progress.sessions", adherence.sessions, number),
            self.figure("prompt.progress.exercises", adherence.exercises, number),
            self.figure("prompt.progress.hold_time", adherence.hold_seconds, seconds),
            self.figure("prompt.progress.active_days", adherence.active_days, number),
        ];
        let mut said = self.bars(&rows);
        if adherence.sessions.due > 0 {
            said.push('\n');
            said.push_str(&wrapped(&words::plain("prompt.progress.exercises_note"), self.width, 0));
        }
        if let Some(day) = progress.counted_from.filter(|day| *day > progress.since) {
            let day = day.to_string();
            said.push('\n');
            said.push_str(&words::say("prompt.progress.counted_from", &[("day", day.into())]));
        }
        said
    }

    fn figure(&self, code: &str, figure: Figure, unit: impl Fn(u64) -> String) -> BarRow {
        let Figure { done, due, pct } = figure;
        let value = match pct {
            Some(pct) => {
                let of = words::say(
                    "prompt.progress.of",
                    &[("done", unit(done).into()), ("due", unit(due).into())],
                );
                let pct = u64::from(pct).into();
                format!("{of}  {}", words::say("prompt.progress.percent", &[("n", pct)]))
            }
            None => words::say("prompt.progress.unasked", &[("done", unit(done).into())]),
        };
        BarRow { name: words::plain(code), bar: pct.map(|_| (done, due)), value }
    }

    /// Bars under each other. Where the line is too narrow for one that says anything, only names and
    /// numbers stand.
    fn bars(&self, rows: &[BarRow]) -> String {
        let longest = |of: &dyn Fn(&BarRow) -> usize| rows.iter().map(of).max().unwrap_or(0);
        let name = longest(&|row| columns(&row.name));
        let value = longest(&|row| columns(&row.value));
        let room = self.width.saturating_sub(name + value + 4).min(WIDEST);
        let line = |row: &BarRow| {
            let pad = " ".repeat(name - columns(&row.name));
            let bar = match row.bar {
                _ if room < 6 => String::new(),
                Some((part, whole)) => format!("  {}", self.glyphs.bar(part, whole, room)),
                None => format!("  {}", " ".repeat(room)),
            };
            format!("{}{pad}{bar}  {}", row.name, row.value)
        };
        rows.iter().map(line).collect::<Vec<_>>().join("\n")
    }

    fn streak(&self, progress: &Progress) -> String {
        let streak = progress.streak;
        let mut said = vec![words::counted("prompt.progress.streak", streak.days.into())];
        if let Some(weeks) = streak.weeks.filter(|weeks| *weeks > 0) {
            said.push(words::counted("prompt.progress.weeks", weeks.into()));
        }
        said.push(match streak.rest_ok {
            true => words::plain("prompt.progress.rest_ok"),
            false => words::plain("prompt.progress.still_today"),
        });
        if progress.paused_days > 0 {
            said.push(words::counted("prompt.progress.paused", progress.paused_days.into()));
        }
        if progress.recovery_days > 0 {
            said.push(words::counted("prompt.progress.recovered", progress.recovery_days.into()));
        }
        let mut lines = vec![said.join(" ")];
        lines.extend(progress.recovery.iter().map(recovery_said));
        if !progress.recovery.is_empty() {
            lines.push(words::plain("prompt.progress.recovery_range"));
        }
        wrapped(&lines.join("\n"), self.width, 0)
    }

    /// A row a week, a mark a day.
    fn calendar(&self, days: &[DaySum], output: &Output) -> String {
        let glyphs = &self.glyphs;
        let mut weeks: BTreeMap<LocalDay, Vec<&DaySum>> = BTreeMap::new();
        for day in days {
            weeks.entry(day.day.monday()).or_default().push(day);
        }
        let mark = |day: &DaySum| match day.kind {
            _ if day.sessions > 0 => glyphs.done,
            DayKind::Asked => glyphs.idle,
            DayKind::Rest | DayKind::Recovery => glyphs.rest,
            DayKind::Paused => glyphs.paused,
            DayKind::Skipped => glyphs.skipped,
            DayKind::Unplanned => " ",
        };
        let row = |(monday, days): (&LocalDay, &Vec<&DaySum>)| {
            let marks: Vec<&str> = (0..7)
                .map(|n| {
                    let day = monday.plus(n);
                    days.iter().find(|sum| sum.day == day).map_or(" ", |sum| mark(sum))
                })
                .collect();
            let held: u64 = days.iter().map(|day| day.held_ms).sum();
            let held = if held > 0 { words::length(held) } else { String::new() };
            format!("{monday}  {}  {held}", marks.join(" ")).trim_end().to_owned()
        };
        let key = words::say(
            "prompt.progress.calendar_key",
            &[
                ("done", glyphs.done.into()),
                ("idle", glyphs.idle.into()),
                ("rest", glyphs.rest.into()),
                ("paused", glyphs.paused.into()),
                ("skipped", glyphs.skipped.into()),
            ],
        );
        let title = output.bold(&words::plain("prompt.progress.calendar"));
        let rows: Vec<String> = weeks.iter().map(row).collect();
        format!("{title}\n{}\n{}", rows.join("\n"), wrapped(&key, self.width, 0))
    }

    fn pain(&self, pain: &Pain, output: &Output) -> Option<String> {
        let (before, after, change) = (pain.before?, pain.after?, pain.change?);
        let said = words::say(
            "prompt.progress.pain_said",
            &[
                ("before", before.to_string().into()),
                ("after", after.to_string().into()),
                ("doings", words::counted("prompt.progress.doings", pain.n.into()).into()),
                ("change", words::plain(change_code(change)).into()),
            ],
        );
        let rows: Vec<String> = pain_rows(&pain.pairs)
            .into_iter()
            .map(|(name, before, after)| {
                let scale = self.glyphs.scale(before, after, 10);
                format!("{name}  0 {scale} 10  {before} {} {after}", self.glyphs.arrow)
            })
            .collect();
        let key = words::say(
            "prompt.progress.pain_key",
            &[("before", self.glyphs.before.into()), ("after", self.glyphs.after.into())],
        );
        Some(format!(
            "{}\n{}\n{}\n{key}\n{}",
            output.bold(&words::plain("prompt.progress.pain")),
            wrapped(&said, self.width, 0),
            rows.join("\n"),
            wrapped(&words::plain("prompt.progress.pain_size"), self.width, 0),
        ))
    }

    fn sides(&self, sides: &PerSide, output: &Output) -> Option<String> {
        let most = sides.left.held_ms.max(sides.right.held_ms);
        if sides.left.holds + sides.right.holds == 0 {
            return None;
        }
        let row = |code: &str, held_ms: u64, holds: u32| BarRow {
            name: words::plain(code),
            bar: (most > 0).then_some((held_ms, most)),
            value: words::say(
                "prompt.progress.side_said",
                &[
                    ("held", words::length(held_ms).into()),
                    ("holds", words::counted("prompt.progress.holds", holds.into()).into()),
                ],
            ),
        };
        let rows = [
            row("prompt.progress.left", sides.left.held_ms, sides.left.holds),
            row("prompt.progress.right", sides.right.held_ms, sides.right.holds),
        ];
        let mut said = output.bold(&words::plain("prompt.progress.sides"));
        said.push('\n');
        said.push_str(&self.bars(&rows));
        let difference = sides.difference_pct.filter(|difference| *difference > 0);
        if let Some((side, difference)) = sides.less.zip(difference) {
            let code = match side {
                Side::Left => "prompt.progress.less_left",
                Side::Right | Side::None => "prompt.progress.less_right",
            };
            said.push('\n');
            said.push_str(&words::say(code, &[("n", u64::from(difference).into())]));
        }
        Some(said)
    }

    fn eased(&self, eased: Eased) -> Option<String> {
        let median = words::length(eased.median_ms?);
        let holds = words::counted("prompt.progress.holds", eased.n.into());
        let mut said = words::say(
            "prompt.progress.eased",
            &[("median", median.into()), ("holds", holds.into())],
        );
        if let (Some(earlier), Some(later), Some(trend)) =
            (eased.earlier_ms, eased.later_ms, eased.trend)
        {
            said.push(' ');
            said.push_str(&words::say(
                "prompt.progress.eased_halves",
                &[
                    ("earlier", words::length(earlier).into()),
                    ("later", words::length(later).into()),
                    ("trend", words::plain(trend_code(trend)).into()),
                ],
            ));
        }
        Some(wrapped(&said, self.width, 0))
    }

    fn tests(&self, tests: &[TestSeries], output: &Output) -> Option<String> {
        if tests.is_empty() {
            return None;
        }
        let line = |series: &TestSeries| {
            let values: Vec<f64> = series.points.iter().map(|(_, value)| *value).collect();
            let (test, part) = (&series.test, series.part.as_deref());
            let mut name = self_test::series_name(test, part);
            if let Some(side) = series.side {
                name.push_str(&format!(", {}", words::side(side)));
            }
            let figure = |value| self_test::series_figure(test, part, value);
            let results = words::counted("prompt.progress.results", series.n.into());
            let said = if series.n == 1 {
                format!("{}, {results}", figure(series.last))
            } else {
                let (first, last) = (figure(series.first).into(), figure(series.last).into());
                let args = [("first", first), ("last", last), ("results", results.into())];
                words::say("prompt.progress.test_said", &args)
            };
            wrapped(&format!("{name}  {said}  {}", self.glyphs.line(&values)), self.width, 2)
        };
        let title = output.bold(&words::plain("prompt.progress.tests"));
        Some(format!("{title}\n{}", tests.iter().map(line).collect::<Vec<_>>().join("\n")))
    }
}

struct BarRow {
    name: String,
    bar: Option<(u64, u64)>,
    value: String,
}

/// A row a doing, or where those are many a row a week with the middle of each.
fn pain_rows(pairs: &[PainPair]) -> Vec<(String, f64, f64)> {
    if pairs.len() <= MOST_ROWS {
        let row = |p: &PainPair| (p.day.to_string(), f64::from(p.before), f64::from(p.after));
        return pairs.iter().map(row).collect();
    }
    let mut weeks: BTreeMap<LocalDay, Vec<&PainPair>> = BTreeMap::new();
    for pair in pairs {
        weeks.entry(pair.day.monday()).or_default().push(pair);
    }
    let middle = |pairs: &[&PainPair], get: fn(&PainPair) -> u8| {
        let mut values: Vec<f64> = pairs.iter().map(|pair| f64::from(get(pair))).collect();
        values.sort_by(f64::total_cmp);
        let upper = values[values.len() / 2];
        f64::midpoint(values[(values.len() - 1) / 2], upper)
    };
    let row = |(monday, pairs): (LocalDay, Vec<&PainPair>)| {
        let name = words::say("prompt.progress.week_of", &[("day", monday.to_string().into())]);
        (name, middle(&pairs, |pair| pair.before), middle(&pairs, |pair| pair.after))
    };
    weeks.into_iter().map(row).collect()
}

const fn change_code(change: Change) -> &'static str {
    match change {
        Change::MuchBetter => "prompt.progress.change.much_better",
        Change::SlightlyBetter => "prompt.progress.change.slightly_better",
        Change::AboutTheSame => "prompt.progress.change.about_the_same",
        Change::SlightlyWorse => "prompt.progress.change.slightly_worse",
        Change::MuchWorse => "prompt.progress.change.much_worse",
    }
}

const fn trend_code(trend: Trend) -> &'static str {
    match trend {
        Trend::Shorter => "prompt.progress.trend.shorter",
        Trend::AboutTheSame => "prompt.progress.trend.about_the_same",
        Trend::Longer => "prompt.progress.trend.longer",
    }
}

/// The days of recovery after a run, as the source states them.
pub fn recovery_said(recovery: &Recovery) -> String {
    words::say(
        "prompt.habit.recovery",
        &[
            ("day", recovery.run_day.to_string().into()),
            ("minutes", recovery.minutes.into()),
            ("from", recovery.from.to_string().into()),
            ("younger", recovery.to_younger.to_string().into()),
            ("older", recovery.to_older.to_string().into()),
            ("sources", words::cited(&recovery.sources, false).trim_start().into()),
        ],
    )
}
