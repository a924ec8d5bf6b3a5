//! What the protocol's errors say to a person, as codes of the words: the protocol itself knows none.
//! The one place where they are looked up; what only a developer can act on is passed on as a detail.

use holdfast_domain::words::Message;
use holdfast_protocol::keys::WrapError;
use holdfast_protocol::link::BadLink;
use holdfast_protocol::membership::{NotAccepted, Refusal};
use holdfast_protocol::phrase::{BadPhrase, WORDS};
use holdfast_protocol::sync::{Problem, ProblemCode};

use crate::identity::statements::NotMade;
use crate::key_provider::KeyError;
use crate::store::sync_tables::alarms::Alarm;
use crate::sync::transport::TransportError;

/// A link that is none.
pub(crate) fn link_message(bad: &BadLink) -> Message {
    match bad {
        BadLink::NotALink { prefix } => Message::new("pairing.no_link").with("prefix", *prefix),
        BadLink::Damaged => Message::new("pairing.damaged"),
        BadLink::Newer => Message::new("pairing.newer"),
    }
}

/// Words that are no recovery phrase.
pub(crate) fn phrase_message(bad: &BadPhrase) -> Message {
    match bad {
        BadPhrase::WordCount(found) => Message::new("phrase.word_count")
            .with("wanted", WORDS as u64)
            .with("found", *found as u64),
        BadPhrase::UnknownWord { position, word, nearest } => {
            let (at, word) = (*position as u64, word.as_str());
            match nearest {
                Some(near) => Message::new("phrase.unknown_word_near").with("near", near.as_str()),
                None => Message::new("phrase.unknown_word"),
            }
            .with("position", at)
            .with("word", word)
        }
        BadPhrase::Checksum => Message::new("phrase.does_not_add_up"),
    }
}

/// The platform's key store.
pub(crate) fn key_message(error: &KeyError) -> Message {
    match error {
        KeyError::LockedRetryLater => Message::new("key.locked"),
        KeyError::UserCancelled => Message::new("key.cancelled"),
        KeyError::Lost => Message::new("key.lost"),
        KeyError::OpenToOthers { path } => {
            Message::new("key.open_to_others").with("path", path.display().to_string())
        }
        KeyError::Other(detail) => Message::new("key.other").with("detail", detail.as_str()),
    }
}

/// A statement that was not made.
pub(crate) fn not_made(why: &NotMade) -> Message {
    match why {
        NotMade::Wrap(WrapError::BadReceiver) => Message::new("not_made.bad_receiver"),
        NotMade::Wrap(WrapError::DoesNotOpen) => Message::new("not_made.does_not_open"),
        NotMade::NotAccepted(why) => not_accepted(why),
        NotMade::NoKey { .. } => Message::new("not_made.no_key"),
        NotMade::UnknownAccount(account) => {
            Message::new("not_made.unknown_account").with("account", account.to_hex())
        }
    }
}

/// An entry that is not accepted now, or never.
pub(crate) fn not_accepted(why: &NotAccepted) -> Message {
    match why {
        NotAccepted::Never(why) => refusal(*why),
        NotAccepted::Reseal { .. } => Message::new("entry.reseal"),
        NotAccepted::StaleMembership { .. } => Message::new("entry.stale_membership"),
        NotAccepted::StaleCut => Message::new("entry.stale_cut"),
        NotAccepted::StaleWrap => Message::new("entry.stale_wrap"),
        NotAccepted::NeedsAccount(account) => {
            Message::new("entry.needs_account").with("account", account.to_hex())
        }
    }
}

/// An entry that is never accepted.
pub(crate) fn refusal(why: Refusal) -> Message {
    Message::new(match why {
        Refusal::Malformed => "entry.malformed",
        Refusal::TooLarge => "entry.too_large",
        Refusal::BadSignature => "entry.bad_signature",
        Refusal::WrongSpace => "entry.wrong_space",
        Refusal::UnknownSpace => "entry.unknown_space",
        Refusal::NotAMember => "entry.not_a_member",
        Refusal::Revoked => "entry.revoked",
        Refusal::NoWriteGrant => "entry.no_write_grant",
        Refusal::WrongClass => "entry.wrong_class",
        Refusal::UnknownEpoch => "entry.unknown_epoch",
        Refusal::Counter => "entry.counter",
        Refusal::Chain => "entry.chain",
        Refusal::Fork => "entry.fork",
        Refusal::UnknownStatement => "entry.unknown_statement",
        Refusal::BadStatement => "entry.bad_statement",
        Refusal::BadWraps => "entry.bad_wraps",
        Refusal::InviteGone => "entry.invite_gone",
        Refusal::InviteUsed => "entry.invite_used",
        Refusal::BadCovers => "entry.bad_covers",
        Refusal::BadCheckpoint => "entry.bad_checkpoint",
        Refusal::Quota => "entry.quota",
        Refusal::Closed => "entry.closed",
        Refusal::GrantEnded => "entry.grant_ended",
        Refusal::LastOwner => "entry.last_owner",
    })
}

/// What a relay says no with. Its own text is for whoever runs it.
pub(crate) fn problem_message(problem: &Problem) -> Message {
    Message::new(match problem.code {
        ProblemCode::Malformed => "relay_said.problem.malformed",
        ProblemCode::Unauthorized => "relay_said.problem.unauthorized",
        ProblemCode::UnknownDevice => "relay_said.problem.unknown_device",
        ProblemCode::TooMany => "relay_said.problem.too_many",
        ProblemCode::InviteGone => "relay_said.problem.invite_gone",
        ProblemCode::Internal => "relay_said.problem.internal",
        ProblemCode::Unavailable => "relay_said.problem.unavailable",
        ProblemCode::NotFound => "relay_said.problem.not_found",
        ProblemCode::Refused => "relay_said.problem.refused",
        ProblemCode::Version => "relay_said.problem.version",
        ProblemCode::InviteUsed => "relay_said.problem.invite_used",
    })
}

/// Why a relay gave no answer. What the network's own software says is passed on as it is.
pub(crate) fn transport_message(error: &TransportError) -> Message {
    let detailed = |code: &str, why: &str| Message::new(code).with("detail", why);
    match error {
        TransportError::BadAddress(why) => detailed("relay_said.bad_address", why),
        TransportError::Unreachable(why) => detailed("relay_said.unreachable", why),
        TransportError::TimedOut => Message::new("relay_said.timed_out"),
        TransportError::Broken(why) => detailed("relay_said.broken", why),
        TransportError::Cancelled => Message::new("relay_said.cancelled"),
    }
}

/// An answer that cannot be used.
pub(crate) fn garbled(detail: String) -> Message {
    Message::new("relay_said.garbled").with("detail", detail)
}

/// What an alarm says: a code, or a message as it is kept. One that an earlier version raised is a text of its own.
pub(crate) fn alarm_message(alarm: &Alarm) -> Message {
    match alarm.text.as_str() {
        code @ ("sync.alarm.device_revoked"
        | "sync.alarm.fork"
        | "sync.alarm.update_app"
        | "sync.alarm.bad_checkpoint"
        | "sync.alarm.relay_rolled_back"
        | "sync.alarm.account_rolled_back"
        | "sync.alarm.invite_key_missing"
        | "sync.key_missing"
        | "sync.key_missing_of_chart") => Message::new(code),
        text => kept(text),
    }
}

/// A message as it is kept in a column of the database.
pub(crate) fn keep(message: &Message) -> String {
    serde_json::to_string(message).expect("a message is JSON")
}

/// A message as it was kept; a text that an earlier version kept is said as it is.
pub(crate) fn kept(text: &str) -> Message {
    serde_json::from_str(text).unwrap_or_else(|_| Message::from(text.to_owned()))
}

/// What failed before anything was done.
pub(crate) fn unchanged(why: Message) -> Message {
    Message::new("relay_said.unchanged").with("why", why)
}
