//! `profile`: what the person says of themselves. Unknown is shown as unknown, with what it would decide.

use holdfast::domain::profile::{Change, ProfileRefusal, Question};
use holdfast::domain::rules::decided_by;
use holdfast::domain::vocabulary::Severity;
use holdfast::domain::words::{Arg, Named as _};
use holdfast::sharing::Class;
use holdfast::{AnswerView, PregnancyView, ProfileView};
use serde_json::Value;

use crate::args::profile::Profile;
use crate::context::Context;
use crate::failure::{Failure, Outcome};
use crate::output::layout::{hanging, wrapped};
use crate::output::{Output, words};

/// Answers `profile`.
pub fn run(args: &Profile, context: &Context, output: &Output) -> Outcome {
    match args {
        Profile::Show => {
            let view = context.open_for(Class::Profile)?.profile()?;
            output.answer(&view, |o| text(&view, o));
        }
        Profile::Set { answers } => {
            let changes = answers.iter().map(|given| answer(given)).collect::<Outcome<Vec<_>>>()?;
            let view = context.open_for(Class::Profile)?.set_profile(&changes)?;
            output.confirm(&view, |o| changed(&view, &changes, o));
        }
        Profile::Unset { keys } => {
            let questions: Vec<Question> = keys
                .iter()
                .map(|key| Change::question(key).map_err(|refused| failure(&refused)))
                .collect::<Outcome<_>>()?;
            let view = context.open_for(Class::Profile)?.unset_profile(&questions)?;
            let changes: Vec<Change> = questions.into_iter().map(Change::Unset).collect();
            output.confirm(&view, |o| changed(&view, &changes, o));
        }
    }
    Ok(())
}

/// Reads `key=value`.
fn answer(given: &str) -> Outcome<Change> {
    let (key, value) = given.split_once('=').ok_or_else(|| {
        let args = [("given", Arg::from(given))];
        Failure::bad_value("answers", words::say("prompt.profile.no_value", &args))
    })?;
    Change::parse(key, value).map_err(|refused| failure(&refused))
}

/// What the domain refuses, under its own code and at the key at fault.
fn failure(refused: &ProfileRefusal) -> Failure {
    let field = refused.question().map_or("key", Question::as_str);
    Failure::bad_value(field, words::reader().say(&refused.message())).coded(refused.code())
}

/// A value as people type it.
pub fn typed(value: &Value) -> String {
    match value {
        Value::Bool(true) => words::plain("prompt.profile.yes"),
        Value::Bool(false) => words::plain("prompt.profile.no"),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn asked(question: Question) -> String {
    words::plain(question.name_code().as_str())
}

fn text(view: &ProfileView, output: &Output) -> String {
    let mut parts = Vec::new();
    let known: Vec<String> = view.answers.iter().filter_map(known_line).collect();
    if !known.is_empty() {
        parts.push(list("prompt.profile.known", &known, output));
    }
    parts.extend(view.pregnancy.as_ref().map(|pregnancy| of_pregnancy(pregnancy, output)));
    let disputed: Vec<String> = view
        .answers
        .iter()
        .filter(|answer| !answer.disputed.is_empty())
        .map(|answer| {
            let said: Vec<String> = answer.disputed.iter().map(typed).collect();
            format!("{} {} ({})", asked(answer.key), said.join(", "), answer.key)
        })
        .collect();
    if !disputed.is_empty() {
        parts.push(list("prompt.profile.disputed", &disputed, output));
    }
    let unknown: Vec<String> = view.answers.iter().filter_map(unknown_line).collect();
    parts.push(list("prompt.profile.unknown", &unknown, output));
    let days = [
        ("start", Arg::from(view.day_start.as_str())),
        ("zone", Arg::from(view.time_zone.as_str())),
    ];
    parts.push(wrapped(&words::say("prompt.profile.days", &days), output.width, 0));
    parts.push(wrapped(&words::plain("prompt.profile.closing"), output.width, 0));
    parts.join("\n\n")
}

fn list(title: &str, lines: &[String], output: &Output) -> String {
    let lines: Vec<String> = lines.iter().map(|line| hanging("- ", line, output.width)).collect();
    format!("{}\n{}", output.bold(&words::plain(title)), lines.join("\n"))
}

fn known_line(answer: &AnswerView) -> Option<String> {
    let value = typed(answer.value.as_ref()?);
    Some(format!("{} {value} ({})", asked(answer.key), answer.key))
}

/// An unknown answer with the most serious thing it decides, in words, and the ids of the rest.
fn unknown_line(answer: &AnswerView) -> Option<String> {
    if answer.value.is_some() || !answer.disputed.is_empty() {
        return None;
    }
    let mut line = format!("{} ({})", asked(answer.key), answer.key);
    if let Some(lapsed) = &answer.lapsed {
        let day = answer.said_on.map(|day| day.to_string()).unwrap_or_default();
        let args = [("value", Arg::from(typed(lapsed))), ("day", Arg::from(day))];
        line.push(' ');
        line.push_str(&words::say("prompt.profile.lapsed", &args));
    }
    let decided = decided_by(answer.key);
    if let Some(first) = decided.first() {
        let args = [("what", Arg::code(first.text.clone()))];
        let code = match first.severity {
            Some(Severity::Hard) => "prompt.profile.decides_hard",
            _ => "prompt.profile.decides",
        };
        line.push('\n');
        line.push_str(&words::say(code, &args));
    }
    if decided.len() > 1 {
        let rest: Vec<&str> = decided.iter().skip(1).map(|one| one.id.as_str()).collect();
        let args = [("ids", Arg::from(rest.join(", ")))];
        line.push(' ');
        line.push_str(&words::say("prompt.profile.also", &args));
    }
    Some(line)
}

fn of_pregnancy(pregnancy: &PregnancyView, output: &Output) -> String {
    let line = match (pregnancy.week, pregnancy.trimester) {
        (Some(week), Some(trimester)) => {
            let args = [("week", Arg::from(week)), ("trimester", Arg::from(trimester))];
            words::say("prompt.profile.week", &args)
        }
        (_, Some(trimester)) => {
            words::say("prompt.profile.trimester", &[("trimester", Arg::from(trimester))])
        }
        _ => words::plain("prompt.profile.no_due_date"),
    };
    wrapped(&line, output.width, 0)
}

fn changed(view: &ProfileView, changes: &[Change], output: &Output) -> String {
    let line = |change: &Change| {
        let (Change::Set(question, _) | Change::Unset(question)) = change;
        let answer = view.answers.iter().find(|answer| answer.key == *question);
        let value = answer.and_then(|answer| answer.value.as_ref()).map(typed);
        let value = value.unwrap_or_else(|| words::plain("prompt.profile.not_known"));
        format!("{} {value}", asked(*question))
    };
    let mut lines: Vec<String> = changes.iter().map(line).collect();
    let about = |change: &Change| {
        matches!(
            change,
            Change::Set(Question::DueDate | Question::Trimester | Question::Pregnant, _)
        )
    };
    if changes.iter().any(about) {
        lines.extend(view.pregnancy.as_ref().map(|pregnancy| of_pregnancy(pregnancy, output)));
    }
    lines.join("\n")
}
