//! Draws the player: the digits are the screen. A function of what it is given; it reads no key and
//! no clock.

use holdfast::domain::player::{StageView, View};
use holdfast::domain::vocabulary::Side;
use ratatui::Frame;
use ratatui::layout::{Alignment, Constraint, Layout, Rect};
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Paragraph, Wrap};

use super::digits::large;
use super::keys;
use super::rating::Rating;
use crate::output::layout::hanging;
use crate::output::words;
use crate::player::{self, Page};

/// Everything that is on the screen.
#[derive(Debug)]
pub struct Face<'a> {
    /// The player's view.
    pub view: &'a View,
    /// What was said last, or how it is done.
    pub cue: &'a str,
    /// What pressing a key just came to.
    pub notice: &'a str,
    /// A pain rating that is being typed, and the code of what is asked.
    pub rating: Option<(&'a str, &'a Rating)>,
    /// What is to be read before the session begins.
    pub before: Option<&'a Page>,
    /// Whether colours may be used.
    pub colours: bool,
    /// Whether somebody else leads.
    pub follows: bool,
}

/// Draws it.
pub fn draw(frame: &mut Frame<'_>, face: &Face<'_>) {
    let area = frame.area();
    if let (StageView::Ready, Some(page), None) = (face.view.stage, face.before, &face.rating) {
        draw_page(frame, face, page, area);
        return;
    }
    // The digits have two fifths of the height before anything else has a row.
    let digits = (usize::from(area.height) * 2).div_ceil(5).max(1);
    let lines = large(&figures(face.view), usize::from(area.width), digits);
    let rows = u16::try_from(lines.len()).unwrap_or(area.height).min(area.height);
    let roomy = area.height >= rows + 9;
    let gap = u16::from(roomy);
    let [head, side, _, middle, _, bar, cue, next, _, foot] = Layout::vertical([
        Constraint::Length(1),
        Constraint::Length(1),
        Constraint::Length(gap),
        Constraint::Length(rows),
        Constraint::Length(gap),
        Constraint::Length(1),
        Constraint::Length(if roomy { 2 } else { 1 }),
        Constraint::Length(1),
        Constraint::Min(0),
        Constraint::Length(2),
    ])
    .areas(area);
    draw_head(frame, face, head);
    draw_side(frame, face, side);
    let figures: Vec<Line<'_>> = lines.into_iter().map(Line::from).collect();
    let style = accent(face);
    frame.render_widget(Paragraph::new(figures).alignment(Alignment::Center).style(style), middle);
    frame.render_widget(Paragraph::new(progress(face.view, bar.width)).style(style), bar);
    draw_words(frame, face, cue, next);
    draw_foot(frame, face, foot);
}

/// The time left, or the time run where a person ends it, or the repetitions where they count.
fn figures(view: &View) -> String {
    match (view.remaining, view.reps) {
        // A second is shown until it is over: 0:00 is the end and nothing else.
        (Some(left), _) => words::clock(left.0.div_ceil(1000) * 1000),
        (None, Some(reps)) if view.stage == StageView::Hold && view.target_reps.is_some() => {
            reps.to_string()
        }
        (None, _) => words::clock(view.elapsed.0),
    }
}

fn accent(face: &Face<'_>) -> Style {
    let colour = match face.view.stage {
        _ if !face.colours => return Style::new(),
        _ if face.view.paused.is_some() => Color::Yellow,
        StageView::Hold => Color::Cyan,
        StageView::BrokenOff => Color::Yellow,
        _ => Color::Blue,
    };
    Style::new().fg(colour)
}

fn draw_head(frame: &mut Frame<'_>, face: &Face<'_>, area: Rect) {
    let view = face.view;
    let place = words::say(
        "prompt.player.place",
        &[("n", view.step_no.into()), ("of", view.step_count.into())],
    );
    let name = Paragraph::new(player::name(&view.name)).style(Style::new().bold());
    frame.render_widget(name, area);
    frame.render_widget(Paragraph::new(place).alignment(Alignment::Right), area);
}

/// The side by word, by place and by shape.
fn draw_side(frame: &mut Frame<'_>, face: &Face<'_>, area: Rect) {
    let view = face.view;
    let word = player::side(view.side);
    let (text, place) = match view.side {
        Side::Left => (format!("◖ {word}"), Alignment::Left),
        Side::Right => (format!("{word} ◗"), Alignment::Right),
        Side::None => (String::new(), Alignment::Center),
    };
    frame.render_widget(Paragraph::new(text).alignment(place).style(Style::new().bold()), area);
    let mut going_on = match view.paused {
        Some(_) => words::plain("prompt.player.stage.paused"),
        None => player::stage(view.stage),
    };
    if view.stage == StageView::Hold {
        match (view.reps, view.target_reps) {
            (Some(done), Some(asked)) => {
                going_on = words::say(
                    "prompt.player.times_of",
                    &[("stage", going_on.into()), ("n", done.into()), ("of", asked.into())],
                );
            }
            (Some(done), None) => {
                let said = [("stage", going_on.into()), ("n", done.into())];
                going_on = words::say("prompt.player.times", &said);
            }
            _ => {}
        }
        if view.attempt > 1 {
            let said = [("stage", going_on.into()), ("n", view.attempt.into())];
            going_on = words::say("prompt.player.attempt", &said);
        }
    }
    frame.render_widget(Paragraph::new(going_on).alignment(Alignment::Center), area);
}

/// A bar that steps: done, then still to do, in shapes that need no colour.
fn progress(view: &View, width: u16) -> String {
    let Some(share) = view.progress else { return String::new() };
    let width = usize::from(width);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "0 to 1 of a width"
    )]
    let done = ((share * width as f64) as usize).min(width);
    format!("{}{}", "━".repeat(done), "·".repeat(width - done))
}

fn draw_words(frame: &mut Frame<'_>, face: &Face<'_>, cue: Rect, next: Rect) {
    let question = face.view.question.map(player::question);
    let (text, style) = match (&face.rating, question) {
        (Some((asked, rating)), _) => (rated(asked, rating), Style::new().bold()),
        (None, Some(question)) => {
            (question, Style::new().add_modifier(Modifier::REVERSED | Modifier::BOLD))
        }
        (None, None) => (face.cue.to_owned(), Style::new()),
    };
    let text = Paragraph::new(text).alignment(Alignment::Center).style(style);
    frame.render_widget(text.wrap(Wrap { trim: true }), cue);
    let after = match (&face.view.next, face.notice) {
        (_, notice) if !notice.is_empty() => notice.to_owned(),
        (Some(up), _) => {
            let code = match up.side {
                Side::Left => "prompt.player.next_left",
                Side::Right => "prompt.player.next_right",
                Side::None => "prompt.player.next",
            };
            words::say(code, &[("exercise", up.name.clone())])
        }
        (None, _) => String::new(),
    };
    let after = Paragraph::new(after).alignment(Alignment::Center);
    frame.render_widget(after.style(Style::new().add_modifier(Modifier::DIM)), next);
}

fn rated(asked: &str, rating: &Rating) -> String {
    let asked = words::plain(asked);
    match rating.number() {
        Some(number) => format!("{asked}  {number}  {}", words::plain(Rating::word(number))),
        None => format!("{asked}  {}", words::plain("prompt.pain.scale")),
    }
}

fn draw_foot(frame: &mut Frame<'_>, face: &Face<'_>, area: Rect) {
    let legend = match face.rating {
        Some(_) => vec![
            ("0-10", "prompt.key.how_much"),
            ("enter", "prompt.key.take_it"),
            ("esc", "prompt.key.leave_out"),
        ],
        None => keys::legend(face.view, face.follows),
    };
    let mut spans = Vec::new();
    for (key, does) in legend {
        // A key and what it does stay on one line.
        let key = match key {
            "enter" => words::plain("prompt.key.enter"),
            "space" => words::plain("prompt.key.space"),
            key => key.to_owned(),
        };
        spans.push(Span::styled(key, Style::new().bold()));
        spans.push(Span::raw(format!(" {}", words::plain(does)).replace(' ', "\u{a0}")));
        spans.push(Span::raw("   "));
    }
    let foot = Paragraph::new(Line::from(spans)).alignment(Alignment::Center);
    frame.render_widget(foot.wrap(Wrap { trim: true }), area);
}

/// A page to read before the session begins.
fn draw_page(frame: &mut Frame<'_>, face: &Face<'_>, page: &Page, area: Rect) {
    let [text, foot] = Layout::vertical([Constraint::Min(0), Constraint::Length(2)]).areas(area);
    let width = usize::from(text.width);
    let mut lines = vec![Line::styled(page.title.as_str(), Style::new().bold()), Line::default()];
    for sentence in &page.lines {
        let wrapped = hanging("· ", sentence, width);
        lines.extend(wrapped.lines().map(|line| Line::from(line.to_owned())));
    }
    lines.push(Line::default());
    lines.push(Line::from(words::plain("prompt.player.information")));
    frame.render_widget(Paragraph::new(lines), text);
    draw_foot(frame, face, foot);
}
