//! The full-screen player. The terminal is given back on every way out: the end, an error, a signal,
//! a panic.

mod digits;
mod face;
mod keys;
mod rating;

use std::time::Duration;

use holdfast::domain::player::{
    Action, At, Effect, Importance, Input, PainWhen, StageView, StopReason, Tone,
};
use holdfast::domain::record::{PainRating, Reporter};
use holdfast::domain::units::Nrs;
use ratatui::DefaultTerminal;
use ratatui::crossterm::event::{self, Event, KeyEvent, KeyEventKind};

use self::face::Face;
use self::keys::Meant;
use self::rating::{Rated, Rating};
use super::voice::Voice;
use super::{Conducted, Page, attend, entry, said};
use crate::failure::{Failure, Outcome};
use crate::output::words;

/// How long a spoken cue stays on the screen before the exercise's own words come back.
const CUE_STAYS_MS: u64 = 6_000;
/// How long each of the exercise's own words stays.
const WORDS_STAY_MS: u64 = 15_000;
/// The longest time without drawing.
const REDRAW: Duration = Duration::from_millis(200);

/// What the screen is shown with.
pub struct Setting<'a> {
    /// What speaks and rings.
    pub voice: Voice,
    /// What is to be read before the session begins.
    pub before: Vec<Page>,
    /// Whether colours may be used.
    pub colours: bool,
    /// Whether the process has been asked to end.
    pub stop: &'a dyn Fn() -> bool,
}

/// Conducts the session on the screen until it is over or left.
pub fn run(session: &mut dyn Conducted, setting: Setting<'_>) -> Outcome {
    let failed = |error: std::io::Error| {
        let why = [("why", error.to_string().into())];
        Failure::state("terminal", words::say("prompt.player.no_screen", &why))
            .hint(words::plain("prompt.player.try_plain"))
    };
    let mut terminal = GivenBack(ratatui::try_init().map_err(failed)?);
    let mut screen = Screen::new(session, setting);
    while !screen.left {
        terminal.0.draw(|frame| face::draw(frame, &screen.face())).map_err(failed)?;
        if event::poll(screen.patience()).map_err(failed)? {
            match event::read().map_err(failed)? {
                Event::Key(key) if key.kind != KeyEventKind::Release => screen.press(key),
                _ => {}
            }
        }
        screen.pass();
    }
    drop(terminal);
    screen.setting.voice.finish();
    Ok(())
}

/// Puts the terminal back whatever happens. A panic's own hook does so too, before its message.
struct GivenBack(DefaultTerminal);

impl Drop for GivenBack {
    fn drop(&mut self) {
        ratatui::restore();
    }
}

/// What a rating is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Asked {
    Before,
    After,
    Hurts,
}

struct Screen<'a> {
    session: &'a mut dyn Conducted,
    setting: Setting<'a>,
    now: At,
    view: holdfast::domain::player::View,
    cue: String,
    cue_since: u64,
    shown: String,
    notice: String,
    rating: Option<(Asked, Rating)>,
    pages_read: usize,
    rated_before: bool,
    rated_after: bool,
    ending: bool,
    left: bool,
}

impl<'a> Screen<'a> {
    fn new(session: &'a mut dyn Conducted, setting: Setting<'a>) -> Self {
        let now = session.now();
        let view = session.view(now);
        let fresh = view.stage == StageView::Ready;
        let mut screen = Self {
            session,
            setting,
            now,
            view,
            cue: String::new(),
            cue_since: 0,
            shown: String::new(),
            notice: String::new(),
            rating: None,
            pages_read: 0,
            rated_before: !fresh,
            rated_after: false,
            ending: false,
            left: false,
        };
        screen.look();
        screen
    }

    fn face(&self) -> Face<'_> {
        Face {
            view: &self.view,
            cue: &self.shown,
            notice: &self.notice,
            rating: self.rating.as_ref().map(|(asked, rating)| (asked.code(), rating)),
            before: self.setting.before.get(self.pages_read),
            colours: self.setting.colours,
            follows: self.session.follows(),
        }
    }

    /// How long nothing will change by itself.
    fn patience(&self) -> Duration {
        let due = self.session.next_due(self.now).map(|due| self.session.until(due));
        due.unwrap_or(REDRAW).min(REDRAW)
    }

    /// Time has passed.
    fn pass(&mut self) {
        if (self.setting.stop)() {
            self.left = true;
            return;
        }
        self.now = self.session.now();
        self.tell(&Input::unseeing(Action::Tick));
        if self.view.stage == StageView::Over && self.rating.is_none() {
            if self.rated_after || self.session.follows() {
                self.left = true;
            } else {
                self.rating = Some((Asked::After, Rating::default()));
            }
        }
    }

    fn press(&mut self, key: KeyEvent) {
        self.now = self.session.now();
        self.notice.clear();
        if let Some((asked, rating)) = &mut self.rating {
            let asked = *asked;
            let leave = matches!(keys::read(key, &self.view), Meant::Leave);
            match rating.key(key) {
                _ if leave => self.left = true,
                Rated::Done(number) => {
                    self.rating = None;
                    self.rated(asked, number);
                }
                Rated::Typing => {}
            }
            return;
        }
        let ending = std::mem::take(&mut self.ending);
        match keys::read(key, &self.view) {
            // Whoever leads begins it, and is asked.
            Meant::Do(Action::Start) if self.session.follows() => {
                self.tell(&Input::unseeing(Action::Start));
            }
            Meant::Do(Action::Start) if self.pages_read < self.setting.before.len() => {
                self.pages_read += 1;
                if self.pages_read == self.setting.before.len() {
                    self.rating = Some((Asked::Before, Rating::default()));
                }
            }
            Meant::Do(Action::Start) if !self.rated_before => {
                self.rating = Some((Asked::Before, Rating::default()));
            }
            Meant::Do(action) => self.tell(&Input::seeing(self.view.position, action)),
            Meant::Hurts => self.rating = Some((Asked::Hurts, Rating::default())),
            Meant::End if self.view.stage == StageView::Ready => self.left = true,
            Meant::End if ending => {
                self.tell(&Input::seeing(self.view.position, keys::ended_early()));
            }
            Meant::End => {
                self.ending = true;
                self.notice = words::plain(if self.session.follows() {
                    "prompt.together.press_again"
                } else {
                    "prompt.player.press_again"
                });
            }
            Meant::Leave => self.left = true,
            Meant::TakeOver => {
                if let Some(said) = self.session.take_over() {
                    self.notice = said;
                }
            }
            Meant::Nothing => {}
        }
    }

    fn rated(&mut self, asked: Asked, number: Option<Nrs>) {
        let rating =
            number.map(|nrs| PainRating { nrs, site: None, reported_by: Reporter::Subject });
        let say = |when| rating.clone().map(|rating| Action::RatePain { when, of: None, rating });
        match asked {
            Asked::Before => {
                self.rated_before = true;
                self.tell(&Input::unseeing(Action::Start));
                if let Some(rate) = say(PainWhen::Before) {
                    self.tell(&Input::unseeing(rate));
                }
            }
            Asked::After => {
                self.rated_after = true;
                if let Some(rate) = say(PainWhen::After) {
                    self.tell(&Input::unseeing(rate));
                }
            }
            Asked::Hurts => {
                let reason = StopReason::Pain { rating, site: None };
                self.tell(&Input::seeing(self.view.position, Action::Stop { reason }));
            }
        }
    }

    fn tell(&mut self, input: &Input) {
        for effect in attend(self.session, self.now, input) {
            match effect {
                Effect::Cue(cue) => {
                    let sentence = said(&cue);
                    if cue.importance != Importance::Quiet {
                        self.setting.voice.say(&sentence);
                        if cue.tone != Tone::Silent {
                            self.setting.voice.ring();
                        }
                        self.cue = sentence;
                        self.cue_since = self.now.since_boot_ms;
                    }
                }
                Effect::Ignored { reason, .. } => {
                    self.notice = words::reader().say(&reason.message());
                }
                _ => {}
            }
        }
        if let Some(trouble) = self.session.trouble() {
            self.notice = trouble;
        }
        self.look();
    }

    /// Sees how things stand, and picks the words to show.
    fn look(&mut self) {
        self.view = self.session.view(self.now);
        let fresh = self.now.since_boot_ms.saturating_sub(self.cue_since) < CUE_STAYS_MS;
        let own = match self.view.stage {
            StageView::Hold => own_words(&self.view),
            _ => None,
        };
        self.shown = match own {
            Some(own) if !fresh || self.cue.is_empty() => own,
            _ => self.cue.clone(),
        };
    }
}

/// What the catalogue says of how it is done, one sentence after the other.
fn own_words(view: &holdfast::domain::player::View) -> Option<String> {
    let cues = &entry(&view.exercise)?.cues;
    let count = u64::try_from(cues.len()).ok().filter(|count| *count > 0)?;
    let which = usize::try_from(view.elapsed.0 / WORDS_STAY_MS % count).ok()?;
    cues.get(which).map(|fact| words::plain(fact.code.as_str()))
}

impl Asked {
    const fn code(self) -> &'static str {
        match self {
            Self::Before => "prompt.player.pain_before",
            Self::After => "prompt.player.pain_now",
            Self::Hurts => "prompt.player.how_much",
        }
    }
}

#[cfg(test)]
mod tests;
