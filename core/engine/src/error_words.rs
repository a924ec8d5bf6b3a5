//! What the engine's errors say, as codes and arguments: whoever shows one says it in the reader's
//! language. What only a developer can act on keeps its English text.

use std::path::Path;

use holdfast_domain::words::{Arg, Message};

use super::Error;

/// The sentence of an error.
pub(super) fn said(error: &Error) -> Message {
    match error {
        Error::Said { message, .. } | Error::AskFirst { message, .. } => message.clone(),
        Error::Linked(message) => message.clone(),
        Error::Record(refused) => refused.message(),
        Error::Day(refused) => refused.message(),
        Error::AlreadyAHome { path, name } => {
            at("error.already_a_home", path).with("name", name.as_str())
        }
        Error::HomeInUse { path, pid, command } => {
            at("error.home_in_use", path).with("pid", *pid).with("command", command.as_str())
        }
        Error::NewerData { path, found, known } => {
            at("error.newer_data", path).with("found", *found).with("known", *known)
        }
        Error::Damaged { path, detail } => {
            at("error.damaged", path).with("detail", detail.as_str())
        }
        Error::DiskFull { path } => at("error.disk_full", path),
        Error::ReadOnly { path } => at("error.read_only", path),
        Error::Suspended => Message::new("error.suspended"),
        Error::PlayInUse { pid } => Message::new("error.play_in_use").with("pid", *pid),
        Error::NotFound { what, id } => {
            Message::new("error.not_found").with("what", kind(what)).with("id", id.as_str())
        }
        Error::Unknown { what, id, near } if near.is_empty() => {
            Message::new("error.unknown").with("what", kind(what)).with("id", id.as_str())
        }
        Error::Unknown { what, id, near } => Message::new("error.unknown_near")
            .with("what", kind(what))
            .with("id", id.as_str())
            .with("near", Arg::list(near.iter().map(String::as_str))),
        Error::Ambiguous { id, candidates, .. } => Message::new("error.ambiguous")
            .with("id", id.as_str())
            .with("candidates", Arg::list(candidates.iter().map(String::as_str))),
        other => Message::from(other.to_string()),
    }
}

fn at(code: &str, path: &Path) -> Message {
    Message::new(code).with("path", path.display().to_string())
}

/// What is not there, as a word of its own.
fn kind(what: &str) -> Arg {
    match what {
        "hold" => Arg::code("error.what.hold"),
        "session" => Arg::code("error.what.session"),
        "routine" => Arg::code("error.what.routine"),
        "step" => Arg::code("error.what.step"),
        "block" => Arg::code("error.what.block"),
        "chart" => Arg::code("error.what.chart"),
        "device" => Arg::code("error.what.device"),
        "template" => Arg::code("error.what.template"),
        "invite" => Arg::code("error.what.invite"),
        "member" => Arg::code("error.what.member"),
        other => Arg::from(other),
    }
}
