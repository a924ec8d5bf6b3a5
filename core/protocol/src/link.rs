//! Links as text: a prefix that says what it is, then version, content and a check over both, so that a mangled
//! link says so instead of failing strangely. What is in them is not known here.

use minicbor::{Decode, Encode};
use zeroize::Zeroizing;

use crate::wire;

/// What can be written as a link.
pub trait Link: Encode<()> + for<'b> Decode<'b, ()> {
    /// What the text starts with. Everything after it is one base64url text.
    const PREFIX: &'static str;
    /// What the same link starts with in capitals, which make a smaller code to scan. Everything after it is one
    /// base32 text.
    const CAPITALS: &'static str;
    /// The longest text that is looked at, in bytes.
    const MAX_BYTES: usize;

    /// Whether what was read can be meant.
    fn is_fitting(&self) -> bool {
        true
    }

    /// The link as text. It may hold a secret: show it, never log it.
    #[must_use]
    fn to_text(&self) -> Zeroizing<String> {
        written(Self::PREFIX, &data_encoding::BASE64URL_NOPAD, &bytes(self))
    }

    /// The same link in capitals and digits alone: a code to scan holds more of them. It may hold a secret.
    #[must_use]
    fn to_capitals(&self) -> Zeroizing<String> {
        written(Self::CAPITALS, &data_encoding::BASE32_NOPAD, &bytes(self))
    }

    /// Whether a text looks like such a link.
    #[must_use]
    fn is_one(text: &str) -> bool {
        let text = text.trim();
        text.starts_with(Self::PREFIX) || text.starts_with(Self::CAPITALS)
    }

    /// Reads a link in either form, with any white space around it.
    ///
    /// # Errors
    /// [`BadLink`].
    fn parse(text: &str) -> Result<Self, BadLink> {
        let text = text.trim();
        let decoded = match (text.strip_prefix(Self::PREFIX), text.strip_prefix(Self::CAPITALS)) {
            (None, None) => return Err(BadLink::NotALink { prefix: Self::PREFIX }),
            _ if text.len() > Self::MAX_BYTES => return Err(BadLink::Damaged),
            (Some(rest), _) => data_encoding::BASE64URL_NOPAD.decode(rest.as_bytes()),
            (None, Some(rest)) => data_encoding::BASE32_NOPAD.decode(rest.as_bytes()),
        };
        let bytes = decoded.map(Zeroizing::new).map_err(|_| BadLink::Damaged)?;
        match bytes.first() {
            Some(version) if *version > crate::VERSION => return Err(BadLink::Newer),
            Some(&crate::VERSION) => {}
            _ => return Err(BadLink::Damaged),
        }
        let content = bytes.len().checked_sub(CHECK_BYTES).ok_or(BadLink::Damaged)?;
        let (said, checked) = bytes.split_at(content);
        if check(said) != checked {
            return Err(BadLink::Damaged);
        }
        let link: Self = wire::decode("link", &said[1..]).map_err(|_| BadLink::Damaged)?;
        if link.is_fitting() { Ok(link) } else { Err(BadLink::Damaged) }
    }
}

/// Why a text is not the link that is wanted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadLink {
    /// Another kind of text.
    #[error("this is not such a link; it would start with {prefix}")]
    NotALink {
        /// What it would start with.
        prefix: &'static str,
    },
    /// Cut off or changed on the way.
    #[error("the link is damaged: copy it whole, or make a new one")]
    Damaged,
    /// Made by a newer version.
    #[error("the link was made by a newer version; update this app")]
    Newer,
}

/// How many bytes of a hash stand at the end.
const CHECK_BYTES: usize = 4;

fn bytes(content: &(impl Encode<()> + ?Sized)) -> Zeroizing<Vec<u8>> {
    // Written without growing, so that no copy of a secret stays behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(1024));
    bytes.push(crate::VERSION);
    minicbor::encode(content, &mut *bytes).expect("encoding to memory does not fail");
    let check = check(&bytes);
    bytes.extend_from_slice(&check);
    bytes
}

fn check(bytes: &[u8]) -> [u8; CHECK_BYTES] {
    let full = crate::hash::hash(crate::hash::Purpose::Link, &[bytes]);
    [full[0], full[1], full[2], full[3]]
}

/// Prefix and encoded bytes in one string that never grows, so that no copy of the secret stays behind.
fn written(prefix: &str, encoding: &data_encoding::Encoding, bytes: &[u8]) -> Zeroizing<String> {
    let mut text =
        Zeroizing::new(String::with_capacity(prefix.len() + encoding.encode_len(bytes.len())));
    text.push_str(prefix);
    encoding.encode_append(bytes, &mut text);
    text
}
