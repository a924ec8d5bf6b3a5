//! The screen as a person sees it, drawn into memory and driven by keys.

use holdfast::domain::catalogue::Catalogue;
use holdfast::domain::ids::{RoutineId, TemplateId};
use holdfast::domain::player::{BootId, Player, Timing, View};
use holdfast::domain::routine::{Choices, FromTemplate, Routine};
use holdfast::domain::vocabulary::Side;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::crossterm::event::{KeyCode, KeyEvent};

use super::*;

struct Bare(Player);

impl Conducted for Bare {
    fn now(&self) -> At {
        ZERO
    }
    fn until(&self, _: At) -> Duration {
        Duration::ZERO
    }
    fn apply(&mut self, at: At, input: &Input) -> Vec<Effect> {
        self.0.apply(at, input)
    }
    fn view(&self, at: At) -> View {
        self.0.view(at)
    }
    fn next_due(&self, at: At) -> Option<At> {
        self.0.next_due(at)
    }
    fn trouble(&self) -> Option<String> {
        None
    }
}

const ZERO: At = At { boot: BootId(1), since_boot_ms: 1_000, wall_ms: 1_772_000_000_000 };

fn bedtime() -> Bare {
    let catalogue = Catalogue::built_in();
    let template = catalogue.template(&TemplateId::new("bedtime-10").unwrap()).unwrap();
    let options = FromTemplate { realign_side: Some(Side::Right), ..FromTemplate::default() };
    let mut n = 0;
    let mut ids = || {
        n += 1;
        format!("id{n}")
    };
    let routine = Routine::from_template(template, catalogue, &options, &mut ids).unwrap();
    let _: &RoutineId = &routine.id;
    let playable = routine.to_plan(catalogue, &Choices::default(), Timing::default()).unwrap();
    Bare(Player::new(playable.plan, ZERO))
}

/// Runs a session attentively to `ms` after the beginning.
fn at(session: &mut Bare, ms: u64) -> At {
    attend(session, ZERO, &Input::unseeing(Action::Start));
    let (end, mut now) = (ZERO.plus(ms), ZERO);
    while let Some(due) = session.next_due(now).filter(|due| due.since_boot_ms <= end.since_boot_ms)
    {
        now = due;
        attend(session, now, &Input::unseeing(Action::Tick));
    }
    end
}

fn drawn(face: &Face<'_>, width: u16, height: u16) -> Vec<String> {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    terminal.draw(|frame| face::draw(frame, face)).unwrap();
    let buffer = terminal.backend().buffer();
    let row = |y| (0..width).map(|x| buffer[(x, y)].symbol()).collect::<String>();
    (0..height).map(row).collect()
}

fn face(view: &View) -> Face<'_> {
    Face {
        view,
        cue: "Let it sink in.",
        notice: "",
        rating: None,
        before: None,
        colours: true,
        follows: false,
    }
}

#[test]
fn the_digits_take_two_fifths_of_the_screen_at_every_size() {
    let mut session = bedtime();
    let now = at(&mut session, 20_000);
    let view = session.view(now);
    assert_eq!(view.stage, StageView::Hold);
    for (width, height) in [(80, 24), (40, 24), (120, 40), (60, 15), (200, 60)] {
        let screen = drawn(&face(&view), width, height);
        let rows = screen.iter().filter(|row| row.contains('█')).count();
        let longest = screen.iter().position(|row| row.contains('█')).unwrap();
        let last = screen.iter().rposition(|row| row.contains('█')).unwrap();
        assert!(rows > 0 && (last - longest + 1) * 5 >= usize::from(height) * 2, "{screen:#?}");
    }
}

#[test]
fn the_side_is_said_by_word_by_place_and_by_shape() {
    let mut session = bedtime();
    let now = at(&mut session, 20_000);
    let left = session.view(now);
    let screen = drawn(&face(&left), 80, 24).join("\n");
    assert!(screen.contains("◖ LEFT SIDE"), "{screen}");
    let right = View { side: Side::Right, ..left };
    let screen = drawn(&face(&right), 80, 24);
    assert!(screen[1].trim_end().ends_with("RIGHT SIDE ◗"), "{screen:#?}");
    assert!(screen[1].starts_with("     "), "{screen:#?}");
}

#[test]
fn at_thirty_seconds_of_a_release_the_question_and_its_keys_are_on_the_screen() {
    let mut session = bedtime();
    let now = at(&mut session, 36_000);
    let view = session.view(now);
    assert!(view.question.is_some(), "{view:?}");
    let screen = drawn(&face(&view), 80, 24).join("\n");
    for text in ["Is it easing?", "y yes", "m no: move the spot", "l no: lighten", "h it hurts"] {
        assert!(screen.replace("\u{a0}", " ").contains(text), "{text}\n{screen}");
    }
}

#[test]
fn every_key_of_the_legend_means_something_where_it_is_shown() {
    let mut session = bedtime();
    for ms in [0, 2_000, 20_000, 36_000, 95_000, 200_000] {
        let now = at(&mut session, ms);
        let view = session.view(now);
        for (key, does) in keys::legend(&view, false) {
            let code = match key {
                "enter" => KeyCode::Enter,
                "space" => KeyCode::Char(' '),
                key => KeyCode::Char(key.chars().next().unwrap()),
            };
            assert_ne!(keys::read(KeyEvent::from(code), &view), Meant::Nothing, "{key} {does}");
        }
    }
}

#[test]
fn the_stop_rules_stand_before_the_first_release() {
    let session = bedtime();
    assert!(super::super::has_release(session.0.plan(), Catalogue::built_in()));
    let view = session.view(ZERO);
    let page = Page { title: "Stop when".into(), lines: vec!["It goes numb. Stop.".into()] };
    let screen = drawn(&Face { before: Some(&page), ..face(&view) }, 80, 24).join("\n");
    assert!(screen.contains("Stop when") && screen.contains("It goes numb."), "{screen}");
    assert!(screen.replace("\u{a0}", " ").contains("enter begin"), "{screen}");
}
