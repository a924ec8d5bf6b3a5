//! `init`: makes a record here, joins one, or gets one back. The recovery phrase is printed once and kept nowhere.

use holdfast::{Engine, HoldfastError, Inspection, NewAccount, inspect};
use serde::Serialize;

use crate::args::account::Init;
use crate::context::Context;
use crate::failure::{Failure, Outcome};
use crate::output::layout::{facts, wrapped};
use crate::output::{Output, people, record, words};
use crate::secret_line;

/// What `init` answers with.
#[derive(Serialize)]
struct Made {
    home: String,
    account: String,
    device: String,
    zone: String,
    relay: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    recovery_phrase: Option<String>,
}

/// Answers `init`.
pub fn run(args: Init, context: &Context, output: &Output) -> Outcome {
    let device_name = args.device.unwrap_or_else(machine);
    let config = context.config();
    if let Some(name) = args.how.name {
        let account = NewAccount { name, device_name, relay: args.relay };
        let (engine, phrase) = Engine::create(config, account)?;
        return answer(&engine, Some(phrase.words()), output);
    }
    let engine = match (args.how.pair, args.relay) {
        (Some(link), _) => {
            if let Some(host) = adds_a_device(&link)? {
                let leads = [("host", host.into())];
                output.remark(&words::say("prompt.sharing.leads_to", &leads));
            }
            output.progress(&words::plain("prompt.init.joining"));
            let joined = Engine::join(config, &link, &device_name);
            joined.map_err(|error| about(error, "pair"))
        }
        (None, relay) => {
            let phrase =
                secret_line::read(&format!("{} ", words::plain("prompt.init.phrase_asked")))?;
            output.progress(&words::plain("prompt.init.fetching"));
            let relay = relay.unwrap_or_default();
            let recovered = Engine::recover(config, &phrase, &relay, &device_name);
            recovered.map_err(|error| about(error, "phrase"))
        }
    };
    output.progress("");
    answer(&engine?, None, output)
}

/// Refuses a link of another kind before anything is made or asked; else gives the host of its relay, to name it
/// before it is contacted.
fn adds_a_device(link: &str) -> Outcome<Option<String>> {
    let (code, said) = match inspect(link) {
        Ok(Inspection::Invite(_)) => ("chart_link", "prompt.sharing.chart_link"),
        Ok(Inspection::Routine(_)) => ("routine_link", "prompt.sharing.routine_link"),
        Ok(Inspection::Pairing { relay, .. }) => return Ok(Some(people::host(&relay))),
        _ => return Ok(None),
    };
    let failure = Failure::bad_value("pair", words::plain(said)).coded(code);
    Err(failure.hint(words::plain("prompt.sharing.accept_it")))
}

/// The same, about the argument that was given.
fn about(error: HoldfastError, field: &str) -> Failure {
    match error {
        HoldfastError::Link { .. } | HoldfastError::Phrase { .. } => {
            Failure::from(error).field(field)
        }
        error => error.into(),
    }
}

fn answer(engine: &Engine, phrase: Option<&str>, output: &Output) -> Outcome {
    let who = engine.identity()?;
    let made = Made {
        home: engine.home().display().to_string(),
        account: who.account,
        device: who.device,
        zone: who.zone,
        relay: who.relay,
        recovery_phrase: phrase.map(str::to_owned),
    };
    output.answer(&made, |o| {
        let about = facts(
            &[
                ("prompt.field.home", made.home.clone()),
                ("prompt.field.name", who.name.clone()),
                ("prompt.field.account", record::short(&made.account).to_owned()),
                (
                    "prompt.field.device",
                    format!("{} ({})", who.device_name, record::short(&made.device)),
                ),
                ("prompt.field.zone", made.zone.clone()),
                (
                    "prompt.field.relay",
                    made.relay.clone().unwrap_or_else(|| words::plain("prompt.init.no_relay")),
                ),
            ],
            o.width,
        );
        match phrase {
            Some(phrase) => format!("{about}\n\n{}", keeping(phrase, o)),
            None => about,
        }
    });
    Ok(())
}

/// The phrase, and plain words on keeping it.
fn keeping(phrase: &str, output: &Output) -> String {
    let words: Vec<String> =
        (1..).zip(phrase.split(' ')).map(|(n, word)| format!("{n:>2} {word:<12}")).collect();
    let rows: Vec<String> =
        words.chunks(4).map(|row| format!("  {}", row.join("  ").trim_end())).collect();
    format!(
        "{}\n\n{}\n\n{}",
        output.bold(&words::plain("prompt.init.phrase")),
        rows.join("\n"),
        wrapped(&words::plain("prompt.init.phrase_advice"), output.width, 0)
    )
}

/// What the machine is called, for a device that nobody named.
fn machine() -> String {
    let file = std::fs::read_to_string("/etc/hostname").ok();
    let set = || std::env::var("HOSTNAME").or_else(|_| std::env::var("COMPUTERNAME")).ok();
    let name = file.or_else(set).map(|name| name.trim().to_owned());
    name.filter(|name| !name.is_empty()).unwrap_or_else(|| words::plain("prompt.init.this_device"))
}
