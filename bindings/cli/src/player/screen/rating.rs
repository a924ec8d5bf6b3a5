//! The line in which pain is rated, 0 to 10. It knows no player and no layout.

use holdfast::domain::units::Nrs;
use ratatui::crossterm::event::{KeyCode, KeyEvent};

/// What the rating came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rated {
    /// Still being typed.
    Typing,
    /// A number, or none given.
    Done(Option<Nrs>),
}

/// A rating while it is typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Rating {
    number: Option<u8>,
}

impl Rating {
    /// Takes a key: digits, arrows, backspace; enter takes it, escape leaves it out.
    pub fn key(&mut self, key: KeyEvent) -> Rated {
        match key.code {
            KeyCode::Char(digit @ '0'..='9') => {
                let digit = digit as u8 - b'0';
                // 1 and then 0 is ten; any other digit begins anew.
                let ten = self.number == Some(1) && digit == 0;
                self.number = Some(if ten { 10 } else { digit });
            }
            KeyCode::Right | KeyCode::Up | KeyCode::Char('+') => {
                self.number = Some(self.number.map_or(0, |n| (n + 1).min(10)));
            }
            KeyCode::Left | KeyCode::Down | KeyCode::Char('-') => {
                self.number = Some(self.number.map_or(0, |n| n.saturating_sub(1)));
            }
            KeyCode::Backspace => self.number = None,
            KeyCode::Enter => {
                return Rated::Done(self.number.and_then(|n| Nrs::try_from(n).ok()));
            }
            KeyCode::Esc => return Rated::Done(None),
            _ => {}
        }
        Rated::Typing
    }

    /// The number so far.
    pub const fn number(&self) -> Option<u8> {
        self.number
    }

    /// The code of a word for a number. The words, and where each begins, are ours.
    pub const fn word(number: u8) -> &'static str {
        match number {
            0 => "prompt.pain.none",
            1..=3 => "prompt.pain.mild",
            4..=6 => "prompt.pain.strong",
            7..=9 => "prompt.pain.very_strong",
            _ => "prompt.pain.worst",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(keys: &[KeyCode]) -> Rated {
        let mut rating = Rating::default();
        let mut rated = Rated::Typing;
        for key in keys {
            rated = rating.key(KeyEvent::from(*key));
        }
        rated
    }

    #[test]
    fn ten_can_be_typed_and_eleven_cannot() {
        let key = KeyCode::Char;
        let nrs = |n| Rated::Done(Nrs::try_from(n).ok());
        assert_eq!(typed(&[key('1'), key('0'), KeyCode::Enter]), nrs(10));
        assert_eq!(typed(&[key('1'), key('1'), KeyCode::Enter]), nrs(1));
        assert_eq!(typed(&[key('6'), key('3'), KeyCode::Enter]), nrs(3));
        assert_eq!(typed(&[KeyCode::Enter]), Rated::Done(None));
        assert_eq!(typed(&[key('6'), KeyCode::Esc]), Rated::Done(None));
    }
}
