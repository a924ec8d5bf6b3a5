//! A link that carries something whole, to be copied: no secret, no relay, nobody's name. What is in it is
//! packed by whoever made it, and not known here.

use minicbor::{Decode, Encode};

use crate::link::Link;

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

impl Link for CopyLink {
    const PREFIX: &'static str = "holdfast:routine#";
    const CAPITALS: &'static str = "HOLDFAST:ROUTINE:";
    const MAX_BYTES: usize = MAX_CHARS;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::link::BadLink;

    #[test]
    fn a_link_reads_in_both_forms_and_a_mangled_one_in_neither() {
        let link = CopyLink { form: 1, content: b"anything at all".to_vec() };
        for text in [link.to_text(), link.to_capitals()] {
            assert_eq!(CopyLink::parse(&format!(" {}\n", *text)), Ok(link.clone()));
            for end in CopyLink::CAPITALS.len()..text.len() {
                assert_eq!(CopyLink::parse(&text[..end]), Err(BadLink::Damaged), "{end}");
            }
        }
        let long = format!("{}{}", CopyLink::PREFIX, "A".repeat(MAX_CHARS));
        assert_eq!(CopyLink::parse(&long), Err(BadLink::Damaged));
        assert!(matches!(CopyLink::parse("routine"), Err(BadLink::NotALink { .. })));
    }
}
