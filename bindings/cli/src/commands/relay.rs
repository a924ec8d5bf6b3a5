//! `relay`: which relay carries what is written here, and whether it answers.

use holdfast::{Budget, SyncOutcome};
use serde_json::json;

use crate::args::account::Relay;
use crate::context::Context;
use crate::failure::{Failure, Outcome};
use crate::output::{Output, words};

/// How long a relay may take to answer before it counts as out of reach.
const PATIENCE_MS: u64 = 8_000;

/// Answers `relay`.
pub fn run(args: &Relay, context: &Context, output: &Output) -> Outcome {
    let engine = context.open_account()?;
    match args {
        Relay::Set { url } => {
            engine.set_relay(Some(url)).map_err(|error| Failure::from(error).field("url"))?;
            let set = engine.relay()?;
            let url = set.map_or_else(|| url.clone(), |relay| relay.url);
            output.confirm(json!({ "url": url }), |_| {
                words::say("prompt.relay.set", &[("url", url.as_str().into())])
            });
        }
        Relay::Show => {
            let set = engine.relay()?;
            // The surest question to ask of a relay is the one it is there for.
            let budget = Budget { max_ms: PATIENCE_MS, ..Budget::default() };
            let reachable = match &set {
                Some(_) => !matches!(engine.sync_once(&budget)?.outcome, SyncOutcome::Offline),
                None => false,
            };
            let url = set.as_ref().map(|relay| relay.url.clone());
            output.answer(json!({ "url": url, "reachable": reachable }), |_| match set {
                None => words::plain("prompt.relay.none"),
                Some(relay) if reachable => {
                    words::say("prompt.relay.answers", &[("url", relay.url.into())])
                }
                Some(relay) => {
                    let waiting = words::counted("prompt.count.waiting", relay.queued);
                    words::say(
                        "prompt.relay.silent",
                        &[("url", relay.url.into()), ("waiting", waiting.into())],
                    )
                }
            });
        }
        Relay::Unset => {
            engine.set_relay(None)?;
            output.confirm(json!({ "url": null }), |_| words::plain("prompt.relay.unset"));
        }
    }
    Ok(())
}
