//! Figures as large as the screen allows, made of blocks: readable from the floor. It knows no time.

/// Rows of a figure before it is scaled.
const ROWS: usize = 5;

/// The shape of a character: rows of `#`, all of one width.
const fn shape(figure: char) -> [&'static str; ROWS] {
    match figure {
        '0' => ["###", "# #", "# #", "# #", "###"],
        '1' => [" # ", "## ", " # ", " # ", "###"],
        '2' => ["###", "  #", "###", "#  ", "###"],
        '3' => ["###", "  #", "###", "  #", "###"],
        '4' => ["# #", "# #", "###", "  #", "  #"],
        '5' => ["###", "#  ", "###", "  #", "###"],
        '6' => ["###", "#  ", "###", "# #", "###"],
        '7' => ["###", "  #", "  #", "  #", "  #"],
        '8' => ["###", "# #", "###", "# #", "###"],
        '9' => ["###", "# #", "###", "  #", "###"],
        ':' => [" ", "#", " ", "#", " "],
        '-' => ["   ", "   ", "###", "   ", "   "],
        _ => ["   ", "   ", "   ", "   ", "   "],
    }
}

/// The text as lines of blocks, at least `height` rows high where `width` columns allow it.
/// Every figure is as wide as every other, so that nothing moves while it counts.
pub fn large(text: &str, width: usize, height: usize) -> Vec<String> {
    let units: usize = text.chars().map(|c| shape(c)[0].len()).sum::<usize>();
    let gaps = text.chars().count().saturating_sub(1);
    let tall = height.div_ceil(ROWS).max(1);
    // A cell is about twice as high as wide. A gap is as wide as a unit.
    let wide = (width / (units + gaps).max(1)).clamp(1, tall * 2);
    let mut lines = Vec::with_capacity(tall * ROWS);
    for row in 0..ROWS {
        let figures: Vec<String> = text
            .chars()
            .map(|c| {
                let cells = shape(c)[row].chars();
                cells.map(|cell| if cell == '#' { "█" } else { " " }.repeat(wide)).collect()
            })
            .collect();
        let line = figures.join(&" ".repeat(wide));
        lines.extend(std::iter::repeat_n(line, tall));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_is_as_high_as_asked_and_never_wider_than_the_screen() {
        for (width, height) in [(80, 10), (40, 10), (20, 6), (200, 24)] {
            for text in ["1:12", "10:00", "1:02:03"] {
                let lines = large(text, width, height);
                assert!(lines.len() >= height, "{text} {width}×{height}");
                let widest = lines.iter().map(|line| line.chars().count()).max().unwrap();
                assert!(widest <= width.max(27), "{text} {width}×{height}: {widest}");
            }
        }
    }

    #[test]
    fn counting_moves_nothing() {
        let width = |text| large(text, 80, 10)[0].chars().count();
        assert_eq!(width("1:11"), width("0:48"));
    }
}
