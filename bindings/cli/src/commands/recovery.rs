//! `recovery`: what is known of the twelve words, and whether somebody still has them. It never shows them: they
//! are kept nowhere.

use holdfast::{Engine, HoldfastError, PhraseView};
use serde_json::{Value, json};

use crate::args::people::Recovery;
use crate::context::Context;
use crate::failure::{Failure, Outcome};
use crate::output::layout::wrapped;
use crate::output::people::time;
use crate::output::{Output, words};
use crate::secret_line;

/// Answers `recovery`.
pub fn run(args: &Recovery, context: &Context, output: &Output) -> Outcome {
    let engine = context.open_account()?;
    let zone = context.here_by(&engine)?.zone();
    match args {
        Recovery::Show => show(&engine, &zone, output),
        Recovery::Check => {
            let asked = format!("{} ", words::plain("prompt.init.phrase_asked"));
            let typed = secret_line::read(&asked)?;
            let checked = engine.check_phrase(&typed).map_err(about_phrase)?;
            let mut body = body(&checked, &zone);
            body["right"] = true.into();
            output.answer(body, |o| wrapped(&right(&checked), o.width, 0));
            Ok(())
        }
    }
}

fn about_phrase(error: HoldfastError) -> Failure {
    let failure = Failure::from(error);
    match failure.code() {
        "other_account" => failure.hint(words::plain("prompt.people.other_phrase")),
        _ => failure.field("phrase"),
    }
}

fn body(view: &PhraseView, zone: &str) -> Value {
    let checked = view.checked_at_ms.and_then(|at| u64::try_from(at).ok());
    json!({
        "kept": false,
        "device": view.device,
        "relay": view.relay,
        "checked_at": checked.map(|at| time(at, zone)),
    })
}

fn right(view: &PhraseView) -> String {
    let right = words::plain("prompt.people.phrase_right");
    match &view.relay {
        Some(relay) => {
            let with =
                words::say("prompt.people.phrase_relay", &[("relay", relay.as_str().into())]);
            format!("{right} {with}")
        }
        None => format!("{right} {}", words::plain("prompt.people.phrase_alone")),
    }
}

fn show(engine: &Engine, zone: &str, output: &Output) -> Outcome {
    let view = engine.recovery()?;
    output.answer(body(&view, zone), |o| {
        let mut said = vec![words::plain("prompt.people.phrase_kept_nowhere")];
        said.push(match &view.relay {
            Some(relay) => {
                words::say("prompt.people.phrase_relay", &[("relay", relay.as_str().into())])
            }
            None => words::plain("prompt.people.phrase_alone"),
        });
        said.push(match view.checked_at_ms.and_then(|at| u64::try_from(at).ok()) {
            Some(at) => {
                words::say("prompt.people.phrase_checked", &[("time", time(at, zone).into())])
            }
            None => words::plain("prompt.people.phrase_unchecked"),
        });
        wrapped(&said.join(" "), o.width, 0)
    });
    Ok(())
}
