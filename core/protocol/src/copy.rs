//! A link that carries something whole, to be copied: no secret, no relay, nobody's name. What is in it is
//! packed by whoever made it, and not known here.

use minicbor::{Decode, Encode};

use crate::link::{self, BadLink, Form};

/// How a link that carries a routine is written.
const FORM: Form = Form { prefix: "holdfast:routine#", capitals: "HOLDFAST:ROUTINE:" };

/// The longest link that is looked at, in characters. A code to scan holds 4,296.
pub const MAX_CHARS: usize = 128 * 1024;

/// A link that carries a routine.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct CopyLink {
    /// How the content is packed.
    #[n(0)]
    pub form: u8,
    /// The content.
    #[cbor(n(1), with = "minicbor::bytes")]
    pub content: Vec<u8>,
}

impl CopyLink {
    /// The link as text.
    #[must_use]
    pub fn to_text(&self) -> String {
        link::text(FORM, self).to_string()
    }

    /// The same link in capitals and digits alone: a code to scan holds more of them.
    #[must_use]
    pub fn to_capitals(&self) -> String {
        link::capitals(FORM, self).to_string()
    }

    /// Whether a text looks like such a link.
    #[must_use]
    pub fn is_one(text: &str) -> bool {
        FORM.is_of(text)
    }

    /// Reads a link in either form, with any white space around it.
    ///
    /// # Errors
    /// [`BadLink`].
    pub fn parse(text: &str) -> Result<Self, BadLink> {
        if text.len() > MAX_CHARS {
            return Err(BadLink::Damaged);
        }
        link::parse(FORM, text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_reads_in_both_forms_and_a_mangled_one_in_neither() {
        let link = CopyLink { form: 1, content: b"anything at all".to_vec() };
        for text in [link.to_text(), link.to_capitals()] {
            assert_eq!(CopyLink::parse(&format!(" {text}\n")), Ok(link.clone()));
            for end in FORM.capitals.len()..text.len() {
                assert_eq!(CopyLink::parse(&text[..end]), Err(BadLink::Damaged), "{end}");
            }
        }
        let long = format!("{}{}", FORM.prefix, "A".repeat(MAX_CHARS));
        assert_eq!(CopyLink::parse(&long), Err(BadLink::Damaged));
        assert!(matches!(CopyLink::parse("routine"), Err(BadLink::NotALink { .. })));
    }
}
