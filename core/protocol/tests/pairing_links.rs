//! A pairing link in both its forms.

#![allow(clippy::unwrap_used)]

use holdfast_protocol::ids::{EntryHash, SpaceId};
use holdfast_protocol::link::{BadLink, Link};
use holdfast_protocol::pairing::PairingLink;
use holdfast_protocol::secret::Secret32;

fn link() -> PairingLink {
    PairingLink {
        secret: Secret32::from_bytes([10; 32]),
        account: SpaceId([11; 32]),
        membership: EntryHash([12; 32]),
        relay: "https://relay.example".into(),
        expires_at_ms: 1_800_000_000_000,
    }
}

#[test]
fn both_forms_read_back_as_the_same_link() {
    let link = link();
    assert_eq!(PairingLink::parse(&link.to_text()), Ok(link.clone()));
    assert_eq!(PairingLink::parse(&format!(" {}\n", *link.to_capitals())), Ok(link));
}

#[test]
fn the_form_in_capitals_has_only_what_a_small_code_can_hold() {
    let allowed = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || "$%*+-./: ".contains(c);
    assert!(link().to_capitals().chars().all(allowed));
}

#[test]
fn a_form_cut_off_anywhere_is_damaged_and_never_another_link() {
    for text in [link().to_text(), link().to_capitals()] {
        for cut in 15..text.len() {
            assert_eq!(PairingLink::parse(&text[..cut]), Err(BadLink::Damaged), "{cut}");
        }
    }
}
