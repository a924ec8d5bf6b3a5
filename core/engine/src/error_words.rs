//! What the engine's errors say, as codes and arguments: whoever shows one says it in the reader's
//! language. What only a developer can act on keeps its English text.

use std::path::Path;

use holdfast_domain::rules::Finding;
use holdfast_domain::words::{Arg, Message};

use super::Error;
use crate::documents::document::WriteError;
use crate::documents::foreign::{MAX_CHANGE_OPS, MAX_KEY_BYTES, MAX_VALUE_BYTES};
use crate::protocol_words::{key_message, not_made, phrase_message};

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
        Error::BadInput { message, .. }
        | Error::Forbidden { message, .. }
        | Error::Relay { message, .. }
        | Error::Link { message, .. } => message.clone(),
        Error::NotAHome { path, why } => at(why, path),
        Error::Io { doing, path, source } => at(doing, path).with("detail", source.to_string()),
        Error::Sqlite(error) => Message::new("error.sqlite").with("detail", error.to_string()),
        Error::Crashed => Message::new("error.crashed"),
        Error::RestartNeeded(detail) => {
            Message::new("error.restart_needed").with("detail", detail.as_str())
        }
        Error::Key(error) => key_message(error),
        Error::RecoveryNeeded(why) => Message::new(*why),
        Error::NotMade(why) => Message::new("not_made.at_all").with("why", not_made(why)),
        Error::Phrase(bad) => phrase_message(bad),
        Error::Document { doc, source } => Message::new("error.document")
            .with("doc", doc.as_str())
            .with("detail", source.to_string()),
        Error::Write(refused) => write_message(refused),
        Error::UnknownAuthor { doc, device } => Message::new("error.unknown_author")
            .with("doc", doc.as_str())
            .with("device", device.as_str()),
        Error::Unreadable(what) => Message::new("error.unreadable").with("detail", what.as_str()),
        Error::Broken { broken, .. } => {
            let findings = broken.findings.iter().map(|f| both(finding(f), rule(f)));
            findings.reduce(both).unwrap_or_else(|| Message::new("error.no_finding"))
        }
    }
}

/// One sentence after the other.
fn both(first: Message, second: Message) -> Message {
    Message::new("error.both").with("first", first).with("second", second)
}

/// What a rule asks, and what was found against it.
pub(crate) fn finding(finding: &Finding) -> Message {
    both(finding.sentence.clone(), finding.detail.clone())
}

fn rule(finding: &Finding) -> Message {
    Message::new("error.of_rule").with("rule", finding.rule.to_string())
}

fn write_message(refused: &WriteError) -> Message {
    match refused {
        WriteError::TooNew { needs } => Message::new("error.write.too_new").with("needs", *needs),
        WriteError::KeyTooLong { key } => Message::new("error.write.key_too_long")
            .with("key", key.as_str())
            .with("most", MAX_KEY_BYTES as u64),
        WriteError::ValueTooLong { key, bytes } => Message::new("error.write.value_too_long")
            .with("key", key.as_str())
            .with("bytes", *bytes as u64)
            .with("most", MAX_VALUE_BYTES),
        WriteError::Full => Message::new("error.write.full"),
        WriteError::TooManyOps => Message::new("error.write.too_many").with("most", MAX_CHANGE_OPS),
        WriteError::Automerge(detail) => {
            Message::new("error.write.failed").with("detail", detail.as_str())
        }
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
        "prescription" => Arg::code("error.what.prescription"),
        "tick" => Arg::code("error.what.tick"),
        "conflict" => Arg::code("error.what.conflict"),
        "removed exercise" => Arg::code("error.what.removed_exercise"),
        "removed routine" => Arg::code("error.what.removed_routine"),
        "value of this conflict" => Arg::code("error.what.conflict_value"),
        "step of this routine" => Arg::code("error.what.step_of_routine"),
        "exercise" => Arg::code("error.what.exercise"),
        "habit" => Arg::code("error.what.habit"),
        "event" => Arg::code("error.what.event"),
        "test" => Arg::code("error.what.test"),
        "result" => Arg::code("error.what.result"),
        other => Arg::from(other),
    }
}
