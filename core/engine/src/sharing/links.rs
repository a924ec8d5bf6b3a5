//! Why a link leads nowhere, in words.

use holdfast_domain::words::Message;
use holdfast_protocol::link::BadLink;

use crate::error::Error;

/// Cut off or changed on the way.
pub(super) fn damaged() -> Error {
    Error::Linked(Message::new("share.bad_link"))
}

/// Made by a newer version.
pub(super) fn newer() -> Error {
    Error::Linked(Message::new("share.newer_link"))
}

/// Another kind of text.
pub(super) fn no_link() -> Error {
    Error::Linked(Message::new("share.no_link"))
}

/// What a link that does not read is refused with.
pub(super) fn bad(bad: &BadLink) -> Error {
    match bad {
        BadLink::NotALink { .. } => no_link(),
        BadLink::Damaged => damaged(),
        BadLink::Newer => newer(),
    }
}
