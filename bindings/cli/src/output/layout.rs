//! Text in columns and paragraphs, by the width that characters take on a terminal.
//! It knows nothing of what the text says.

use unicode_width::UnicodeWidthStr as _;

use super::words;

/// The columns a text takes.
pub fn columns(text: &str) -> usize {
    text.width()
}

/// A paragraph broken at spaces so that no line is wider than `width`; every line but the first
/// starts with `indent` spaces. Line breaks in the text stay.
pub fn wrapped(text: &str, width: usize, indent: usize) -> String {
    let mut lines: Vec<String> = Vec::new();
    for paragraph in text.split('\n') {
        let mut line = if lines.is_empty() { String::new() } else { " ".repeat(indent) };
        let mut empty = true;
        for word in paragraph.split_whitespace() {
            if !empty && columns(&line) + 1 + columns(word) > width {
                lines.push(std::mem::replace(&mut line, " ".repeat(indent)));
                empty = true;
            }
            if !empty {
                line.push(' ');
            }
            line.push_str(word);
            empty = false;
        }
        lines.push(line.trim_end().to_owned());
    }
    lines.join("\n")
}

/// A paragraph behind a bullet or label, hanging under its first word.
pub fn hanging(label: &str, text: &str, width: usize) -> String {
    let indent = columns(label);
    let room = width.saturating_sub(indent).max(20);
    let body = wrapped(text, room, 0).replace('\n', &format!("\n{}", " ".repeat(indent)));
    format!("{label}{body}")
}

/// How a column lines up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Align {
    /// Text.
    Left,
    /// Numbers.
    Right,
}

/// The narrowest that a column of text is made before the lines grow too long.
const NARROWEST: usize = 12;

/// Rows under a header, two spaces between columns. Where they do not fit, the widest columns of
/// text wrap; the first column, which names the row, never does.
#[derive(Debug)]
pub struct Table {
    align: Vec<Align>,
    header: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table with these columns, headed by the sentences of their codes.
    pub fn new<const N: usize>(header: [(&str, Align); N]) -> Self {
        Self {
            align: header.iter().map(|(_, align)| *align).collect(),
            header: header.iter().map(|(name, _)| words::plain(name)).collect(),
            rows: Vec::new(),
        }
    }

    /// One more row.
    pub fn row<const N: usize>(&mut self, cells: [String; N]) {
        debug_assert_eq!(N, self.header.len(), "a row has as many cells as the header");
        self.rows.push(cells.into());
    }

    /// The table as text, columns that are empty throughout left out.
    pub fn text(&self, width: usize) -> String {
        let used: Vec<usize> = (0..self.header.len())
            .filter(|i| self.rows.iter().any(|row| !row[*i].is_empty()))
            .collect();
        let widths = self.widths(&used, width);
        let lines: Vec<String> = std::iter::once(&self.header)
            .chain(&self.rows)
            .map(|row| self.row_text(row, &used, &widths))
            .collect();
        lines.join("\n")
    }

    /// How wide each used column is: as wide as its widest cell, or less where that is too much.
    fn widths(&self, used: &[usize], width: usize) -> Vec<usize> {
        let widest = |i: usize| {
            let cells = self.rows.iter().chain([&self.header]);
            cells.map(|row| columns(&row[i])).max().unwrap_or(0)
        };
        let mut widths: Vec<usize> = used.iter().map(|i| widest(*i)).collect();
        let gaps = 2 * widths.len().saturating_sub(1);
        while widths.iter().sum::<usize>() + gaps > width {
            let wraps =
                |n: &usize| *n > 0 && self.align[used[*n]] == Align::Left && widths[*n] > NARROWEST;
            let Some(n) = (0..widths.len()).filter(wraps).max_by_key(|n| widths[*n]) else { break };
            widths[n] -= 1;
        }
        widths
    }

    fn row_text(&self, row: &[String], used: &[usize], widths: &[usize]) -> String {
        let cells: Vec<Vec<String>> = used
            .iter()
            .zip(widths)
            .map(|(i, width)| wrapped(&row[*i], *width, 0).split('\n').map(str::to_owned).collect())
            .collect();
        let height = cells.iter().map(Vec::len).max().unwrap_or(0);
        let lines: Vec<String> = (0..height)
            .map(|line| {
                let parts: Vec<String> = cells
                    .iter()
                    .zip(used.iter().zip(widths))
                    .map(|(cell, (i, width))| {
                        let text = cell.get(line).map_or("", String::as_str);
                        let pad = " ".repeat(width.saturating_sub(columns(text)));
                        match self.align[*i] {
                            Align::Left => format!("{text}{pad}"),
                            Align::Right => format!("{pad}{text}"),
                        }
                    })
                    .collect();
                parts.join("  ").trim_end().to_owned()
            })
            .collect();
        lines.join("\n")
    }
}

/// Names and values, the values in one column, empty values left out.
pub fn facts(pairs: &[(&str, String)], width: usize) -> String {
    let shown: Vec<(String, &String)> = pairs
        .iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(code, value)| (words::plain(code), value))
        .collect();
    let widest = shown.iter().map(|(name, _)| columns(name)).max().unwrap_or(0);
    let lines: Vec<String> = shown
        .iter()
        .map(|(name, value)| {
            let pad = " ".repeat(widest - columns(name));
            hanging(&format!("{name}{pad}  "), value, width)
        })
        .collect();
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_sentence_is_broken_at_spaces_and_hangs_under_its_label() {
        let text = hanging("- ", "one two three four five six seven", 22);
        assert_eq!(text, "- one two three four\n  five six seven");
    }

    #[test]
    fn numbers_line_up_on_the_right_and_empty_columns_disappear() {
        let mut table =
            Table::new([("held", Align::Right), ("tool", Align::Left), ("note", Align::Left)]);
        table.row(["9 s".into(), String::new(), "short".into()]);
        table.row(["120 s".into(), String::new(), "long".into()]);
        assert_eq!(table.text(80), " held  note\n  9 s  short\n120 s  long");
    }

    #[test]
    fn what_does_not_fit_wraps_inside_its_column() {
        let mut table = Table::new([("id", Align::Left), ("note", Align::Left)]);
        table.row(["3fa9".into(), "a note that is longer than the line".into()]);
        assert_eq!(
            table.text(24),
            "id    note\n3fa9  a note that is\n      longer than the\n      line"
        );
    }

    #[test]
    fn wide_characters_count_for_the_columns_they_take() {
        assert_eq!(columns("腰"), 2);
        assert_eq!(facts(&[("腰", "a".into()), ("abc", "b".into())], 40), "腰   a\nabc  b");
    }
}
