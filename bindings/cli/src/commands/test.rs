//! `test`: self-tests and the questionnaire of signs.

use std::io::{BufRead as _, stdin};

use holdfast::domain::catalogue::SelfTest;
use holdfast::domain::record::TestAnswer;
use holdfast::domain::self_test;
use holdfast::domain::vocabulary::DayKind;
use holdfast::sharing::Class;
use holdfast::{TestRequest, TestView};
use serde_json::{Value, json};

use super::{catalog, log};
use crate::args::test::{Test, TestRecord};
use crate::context::Context;
use crate::failure::{Failure, Outcome};
use crate::output::{Output, self_test as shown, words};

/// Answers `test`.
pub fn run(args: Test, context: &Context, output: &Output) -> Outcome {
    match args {
        Test::List { test } => list(test.as_deref(), context, output),
        Test::Record(args) => record(*args, context, output),
        Test::History { test, since, until } => {
            let test = find(&test)?;
            let engine = context.open_for(Class::Log)?;
            let here = context.here_by(&engine)?;
            let day = |field, when: Option<_>| {
                let day = when.as_ref().map(|when| here.local_day(when)).transpose();
                day.map_err(|refused| Failure::bad_value(field, refused))
            };
            let (since, until) = (day("since", since)?, day("until", until)?);
            let history = engine.test_history(test.id.as_str(), since, until)?;
            output
                .answer(shown::history_json(test, &history), |o| shown::history(test, &history, o));
            Ok(())
        }
        Test::Remove { id } => {
            let gone = context.open_for(Class::Log)?.remove_day_record(Some(DayKind::Test), &id)?;
            output.confirm(json!({ "removed": gone.id }), |_| {
                let test = shown::name(gone.what.about());
                let day = gone.local_day.to_string();
                words::say("prompt.test.removed", &[("test", test.into()), ("day", day.into())])
            });
            Ok(())
        }
    }
}

/// The test of an id, or of the beginning of one.
fn find(text: &str) -> Outcome<&'static SelfTest> {
    let all: Vec<&SelfTest> = self_test::all().collect();
    let found = catalog::one_of("test", text, &all, |test| test.id.as_str());
    let listed = words::plain("prompt.test.listed");
    found.copied().map_err(|failure| failure.coded_if_unknown("unknown_test").and_hint(&listed))
}

fn list(test: Option<&str>, context: &Context, output: &Output) -> Outcome {
    let only = test.map(find).transpose()?;
    let mut tests: Vec<TestView> = context.open_for(Class::Log)?.tests()?;
    if let Some(only) = only {
        tests.retain(|view| view.test.id == only.id);
    }
    let body: Vec<Value> = tests.iter().map(shown::test_json).collect();
    output.answer(json!({ "tests": body }), |o| match (only, tests.first()) {
        (Some(_), Some(view)) => shown::test(view, o),
        _ => shown::tests(&tests, o),
    });
    Ok(())
}

fn record(args: TestRecord, context: &Context, output: &Output) -> Outcome {
    let test = find(&args.test)?;
    let mut typed: Vec<String> = args.result;
    typed.extend(args.value);
    if args.ask {
        typed.extend(asked(test, &typed, output)?);
    }
    let texts: Vec<&str> = typed.iter().map(String::as_str).collect();
    let answers = test.read(&texts, args.muscle.as_deref());
    let answers = answers.map_err(|refusal| {
        Failure::bad_value(refusal.field(), words::reader().say(&refusal.message()))
            .coded(refusal.code())
    })?;
    let engine = context.open_for(Class::Log)?;
    let here = context.here_by(&engine)?;
    let request = TestRequest {
        test: test.id.to_string(),
        side: args.side,
        answers,
        at: args.at.as_ref().map(|at| log::moment(at, &here)).transpose()?,
        note: args.note,
    };
    let made = engine.record_test(&request)?;
    let history = engine.test_history(&made.test, None, None)?;
    output.confirm(shown::recorded_json(test, &made, history.imbalance.as_ref()), |o| {
        shown::recorded(test, &made, history.imbalance.as_ref(), o)
    });
    Ok(())
}

/// Asks for what was not given yet, a line each; an empty line leaves it out.
fn asked(test: &SelfTest, given: &[String], output: &Output) -> Outcome<Vec<String>> {
    let unread =
        |_| Failure::state("unreadable_input", words::plain("prompt.test.input_unreadable"));
    let mut answers = Vec::new();
    let mut lines = stdin().lock().lines();
    for field in &test.fields {
        let said = |text: &String| text.split('=').next() == Some(field.id.as_str());
        if given.iter().any(said) {
            continue;
        }
        output.remark(&shown::question(field));
        let Some(line) = lines.next().transpose().map_err(unread)? else { break };
        // At once, so that a slip is told where it was made.
        if !line.trim().is_empty() {
            let text = format!("{}={}", field.id, line.trim());
            let read = test.read(&[&text], None).map(|mut read| read.remove(&field.id));
            if let Err(refusal) = &read {
                let said = words::reader().say(&refusal.message());
                return Err(Failure::bad_value("result", said).coded(refusal.code()));
            }
            let is_known = |answer: &TestAnswer| match answer {
                TestAnswer::Option(option) => field.options.iter().any(|o| o.id == *option),
                _ => true,
            };
            if read.is_ok_and(|answer| answer.as_ref().is_some_and(is_known)) {
                answers.push(text);
            } else {
                let text = shown::question(field);
                return Err(Failure::bad_value("result", text).coded("not_option"));
            }
        }
    }
    Ok(answers)
}
