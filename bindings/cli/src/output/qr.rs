//! A link as a code that a phone's camera reads, in half blocks. It knows nothing of the link.

use qrcode::render::unicode::Dense1x2;
use qrcode::{EcLevel, QrCode};

/// The code as lines of text; nothing where the text is too long for one.
///
/// On a styled terminal the code is black on white, whatever the terminal's colours; otherwise it
/// is drawn for light text on a dark ground.
pub fn code(text: &str, styled: bool) -> Option<String> {
    let code = QrCode::with_error_correction_level(text, EcLevel::L).ok()?;
    let mut renderer = code.render::<Dense1x2>();
    renderer.quiet_zone(true);
    if styled {
        let lines = renderer.build();
        let lines = lines.lines().map(|line| format!("\x1b[30;47m{line}\x1b[0m"));
        Some(lines.collect::<Vec<_>>().join("\n"))
    } else {
        renderer.dark_color(Dense1x2::Light).light_color(Dense1x2::Dark);
        Some(renderer.build())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pairing_link_fits_a_terminal_of_80_columns() {
        let link = format!("holdfast:pair#{}", "aB3-".repeat(50));
        let code = code(&link, false).unwrap();
        let widest = code.lines().map(|line| line.chars().count()).max().unwrap();
        assert!(widest <= 80, "{widest}");
        assert!(code.lines().count() <= 40);
    }

    #[test]
    fn capitals_and_figures_make_a_smaller_code() {
        let size = |text: String| code(&text, false).unwrap().lines().count();
        assert!(size("HF".repeat(60)) < size("hf".repeat(60)));
    }
}
