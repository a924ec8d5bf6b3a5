//! Laws of the encoding: whatever a stranger sends is refused or is the one canonical form; no bytes panic.

#![allow(clippy::unwrap_used)]

mod logs;

use holdfast_protocol::attest::Attestation;
use holdfast_protocol::auth::{
    ChallengeRequest, ChallengeResponse, RegisterRequest, RegisterResponse, TokenRequest,
    TokenResponse,
};
use holdfast_protocol::checkpoint::{Checkpoint, CheckpointTip};
use holdfast_protocol::content::{
    AttestedTip, DocChanges, DocId, MAX_PACKED_DOCS, Pack, PackedDoc,
};
use holdfast_protocol::cursor::SignedCursor;
use holdfast_protocol::entry::{Entry, Header, Kind, Position, SeqRange};
use holdfast_protocol::epoch::{AccountEpoch, AccountSecret, ClassEpoch};
use holdfast_protocol::ids::{
    Class, DeviceId, EntryHash, Generation, LiveId, RunningHash, SpaceId,
};
use holdfast_protocol::invitation::MemberLink;
use holdfast_protocol::keys::{DeviceKeys, DeviceKind, InviteKeys, Wrapped};
use holdfast_protocol::link::Link as _;
use holdfast_protocol::live::{LiveHeader, LiveMessage, LiveOutcome, LiveResponse};
use holdfast_protocol::membership::{
    Act, AdmitDevice, AdmitMember, ChangeGrant, CloseInvite, ConfirmMember, Cut, DeviceCut,
    DeviceEnd, Grant, Greeting, InviteDevice, InviteMember, KeepKeys, KeptKey, Leave, MemberProof,
    Refusal, RemoveMember, RevokeDevice, Role, Statement,
};
use holdfast_protocol::pairing::{
    HandedKey, JoinRequest, JoinResponse, PairingLink, PeekRequest, PeekResponse,
};
use holdfast_protocol::phrase::Phrase;
use holdfast_protocol::secret::Secret32;
use holdfast_protocol::sync::{
    AccountOutline, Ack, InviteWrap, Item, MAX_PUSH, Noted, NotedCursor, Outcome, Problem,
    ProblemCode, Push, SpacePage, SyncRequest, SyncResponse, Want,
};
use holdfast_protocol::wire::{self, Malformed};
use logs::{Seeded, found, found_chart, header, reader};
use minicbor::{Decode, Encode};
use proptest::prelude::*;

/// One thing that crosses the wire: valid bytes, and a reader that gives what it read, encoded again.
struct Kept {
    name: &'static str,
    valid: Vec<u8>,
    again: fn(&[u8]) -> Option<Vec<u8>>,
}

fn decoded<T: Encode<()> + for<'b> Decode<'b, ()>>(bytes: &[u8]) -> Option<Vec<u8>> {
    wire::decode::<T>("sample", bytes).ok().map(|value| wire::encode(&value))
}

fn kept<T: Encode<()> + for<'b> Decode<'b, ()>>(name: &'static str, value: &T) -> Kept {
    Kept { name, valid: wire::encode(value), again: decoded::<T> }
}

fn entry_again(bytes: &[u8]) -> Option<Vec<u8>> {
    Entry::from_bytes(bytes).ok().map(|entry| entry.to_bytes())
}

fn statement_again(bytes: &[u8]) -> Option<Vec<u8>> {
    let statement = Statement::from_bytes(bytes).ok()?;
    // What a newer build wrote is kept by no one: it freezes writes.
    Some(if matches!(statement.act, Act::Unknown(_)) {
        bytes.to_vec()
    } else {
        statement.to_bytes()
    })
}

fn checkpoint_again(bytes: &[u8]) -> Option<Vec<u8>> {
    Checkpoint::from_bytes(bytes).ok().map(|c| c.to_bytes())
}

fn live_again(bytes: &[u8]) -> Option<Vec<u8>> {
    LiveMessage::from_bytes(bytes).ok().map(|message| message.to_bytes())
}

/// One of everything that is said about people.
fn about_members(e: &mut Seeded, class: &ClassEpoch, cut: Cut) -> Vec<Act> {
    let cruz = found(e);
    let account = cruz.id();
    let invite = InviteKeys::from_secret(&Secret32::random(e));
    let ending = Grant { until_ms: Some(1_800_000_000_000), ..Grant::preset(Role::Therapist) };
    let cuts = vec![DeviceEnd { device: cruz.phone.id(), cut }];
    let epochs = vec![class.clone()];
    let proof = MemberProof::sign(&invite, SpaceId([3; 32]), account, cruz.phone.id());
    let (own, key) = (reader(&cruz.state), Secret32::random(e));
    let wrap = class.wrap_for(&key, &own, e).unwrap();
    let account_membership = cruz.state.membership_head();
    let place = (SpaceId([3; 32]), invite.id(), account);
    let epoch = cruz.state.as_account().unwrap().epoch();
    let greeting = Greeting::seal(place, "Dr. Cruz", account, epoch, e).unwrap();
    vec![
        Act::InviteMember(InviteMember {
            invite: invite.id(),
            receive: invite.receive().public(),
            grant: ending.clone(),
            expires_at_ms: 1_800_000_000_000,
            confirm_first: true,
            by: account,
        }),
        Act::CloseInvite(CloseInvite { invite: invite.id(), epochs: epochs.clone() }),
        Act::AdmitMember(AdmitMember {
            account,
            account_membership,
            proof: proof.clone(),
            greetings: None,
        }),
        Act::AdmitMember(AdmitMember {
            account,
            account_membership,
            proof,
            greetings: Some(vec![greeting]),
        }),
        Act::KeepKeys(KeepKeys { keys: vec![KeptKey { class: Class::Log, epoch: 2, wrap }] }),
        Act::ConfirmMember(ConfirmMember { account, epochs: epochs.clone() }),
        Act::ChangeGrant(ChangeGrant {
            account,
            grant: ending,
            cuts: cuts.clone(),
            epochs: epochs.clone(),
        }),
        Act::RemoveMember(RemoveMember { account, cuts: cuts.clone(), epochs }),
        Act::Leave(Leave { account, cuts }),
        Act::Close,
    ]
}

fn member_link() -> MemberLink {
    MemberLink {
        secret: Secret32::from_bytes([10; 32]),
        chart: SpaceId([11; 32]),
        from: SpaceId([12; 32]),
        name: "Ana".into(),
        membership: EntryHash([13; 32]),
        relay: "https://relay.example".into(),
        grant: Grant { until_ms: Some(300), ..Grant::preset(Role::Partner) },
        expires_at_ms: 1_800_000_000_000,
        confirm_first: true,
    }
}

fn statements(e: &mut Seeded) -> Vec<Act> {
    let account = found(e);
    let tablet = DeviceKeys::generate(e);
    let invite = InviteKeys::from_secret(&Secret32::random(e));
    let next = AccountSecret(Secret32::random(e));
    let devices = [account.phone.certificate(DeviceKind::Machine)];
    let epoch = AccountEpoch::create(2, &next, Some(&account.secret), &devices, e).unwrap();
    let key = Secret32::random(e);
    let readers = [reader(&account.state)];
    let class = ClassEpoch::create(Class::Log, 2, &key, Some(&key), &readers, e).unwrap();
    let act_of = |entry: &Entry| Statement::from_bytes(entry.body()).unwrap().act;
    let cut = Cut { counter: 300, entry: EntryHash([7; 32]) };
    let about_members = about_members(e, &class, cut);
    let mut all = vec![
        act_of(&account.genesis),
        act_of(&found_chart(&account, e).0),
        Act::InviteDevice(InviteDevice {
            invite: invite.id(),
            receive: invite.receive().public(),
            expires_at_ms: 1_800_000_000_000,
        }),
        Act::RevokeInvite(invite.id()),
        Act::AdmitDevice(AdmitDevice::by_invite(&tablet, &invite, account.id())),
        Act::AdmitDevice(AdmitDevice::by_consent(&tablet, account.id())),
        Act::RevokeDevice(RevokeDevice { device: tablet.id(), cut, epoch: epoch.clone() }),
        Act::RotateAccount(epoch),
        Act::DeviceCut(DeviceCut { device: tablet.id(), cut, epochs: vec![class.clone()] }),
        Act::RotateClasses(vec![class.clone(), class]),
    ];
    all.extend(about_members);
    all
}

fn page(entry: &Entry) -> SpacePage {
    SpacePage {
        space: entry.space(),
        starting_at: Some(70_000),
        checkpoint: Some(entry.to_bytes()),
        items: vec![
            Item::Entry { seq: 24, bytes: entry.to_bytes() },
            Item::Stub { seq: 25, hash: entry.hash() },
        ],
        head: Position { seq: 300, running: RunningHash([5; 32]) },
        more: true,
        noted: vec![Noted { seq: 24, at_ms: 1_800_000_000_000 }],
    }
}

/// At least one of everything that is decoded anywhere.
fn everything() -> Vec<Kept> {
    let e = &mut Seeded::new(1);
    let account = found(e);
    let (_, chart, keys) = found_chart(&account, e);
    let phone = &account.phone;
    let doc = DocId::new("s:night.2026-11-20.bedtime:0101").unwrap();
    let attestation = Attestation::sign(phone, chart.space(), &doc, 1, 12, [6; 32]);
    let change = DocChanges { doc, changes: vec![1; 90], attestation: attestation.clone() };
    let head = Header { seen: chart.head(), ..header(chart.space(), Class::Log, Kind::Change, 1) };
    let entry = Entry::seal(head.clone(), &keys[&(Class::Log, 1)], b"content", 3, phone, e);
    let covers = SeqRange::from_sorted([3, 4, 5, 9, 1_000_000]);
    let pack = Entry::sign(Header { kind: Kind::Pack, covers, ..head }, vec![3; 40], phone);
    let packed = PackedDoc {
        doc: change.doc.clone(),
        saved: vec![7; 30],
        tips: vec![AttestedTip { author: phone.id(), attestation: attestation.clone() }],
    };
    let position = chart.head();
    let cursor = SignedCursor::sign(phone, chart.space(), Generation([3; 16]), position);
    let tip = CheckpointTip { author: phone.id(), counter: 9, citable: vec![EntryHash([1; 32])] };
    let checkpoint = Checkpoint {
        at: position,
        membership: chart.membership_head(),
        live_root: [4; 32],
        live_count: 1,
        tips: vec![tip],
    };
    let invite = InviteKeys::from_secret(&Secret32::random(e));
    let wrapped = Wrapped(vec![9; 80]);
    let push = Push {
        entry: entry.to_bytes(),
        invite_wraps: vec![InviteWrap {
            invite: invite.id(),
            class: Class::Log,
            wrapped: wrapped.clone(),
        }],
    };
    let outcomes = [
        Outcome::Stored { seq: 1 },
        Outcome::Have { seq: 300 },
        Outcome::RetryAfter { ms: 70_000 },
        Outcome::Reseal { epoch: 2 },
        Outcome::StaleMembership { head: EntryHash([1; 32]) },
        Outcome::StaleCut,
        Outcome::StaleWrap,
        Outcome::Never { why: Refusal::Chain },
    ];
    let request = SyncRequest {
        version: 1,
        feed: 5,
        push: vec![push],
        cursors: vec![cursor.clone()],
        want: vec![
            Want { space: chart.space(), after: 0, starting_at: None },
            Want { space: chart.space(), after: 5, starting_at: Some(24) },
        ],
        page_bytes: 1 << 20,
        accounts_feed: 0,
    };
    let item = Item::Entry { seq: 1, bytes: vec![4; 20] };
    let outline = AccountOutline { account: account.id(), membership: vec![item.clone()] };
    let response = SyncResponse {
        version: 1,
        generation: Generation([3; 16]),
        now_ms: 1_800_000_000_000,
        feed: 6,
        acks: outcomes.into_iter().map(|outcome| Ack { entry: entry.hash(), outcome }).collect(),
        spaces: vec![page(&entry)],
        cursors: vec![NotedCursor { cursor: cursor.clone(), at_ms: 70_000 }],
        more: false,
        accounts: vec![outline.clone()],
        accounts_feed: 6,
        gone: vec![chart.space()],
    };
    let said = LiveHeader {
        chart: chart.space(),
        session: LiveId([4; 16]),
        term: 2,
        sender: phone.id(),
        counter: 70_000,
        epoch: 1,
    };
    let said = LiveMessage::seal(said, &keys[&(Class::Log, 1)], b"pause", phone, e).unwrap();
    let live_outcomes = [
        LiveOutcome::Sent,
        LiveOutcome::Reseal { epoch: 3 },
        LiveOutcome::Never { why: Refusal::GrantEnded },
    ];
    let mut all = vec![
        Kept { name: "live message", valid: said.to_bytes(), again: live_again },
        kept("grant", &member_link().grant),
        kept("member link", &member_link()),
        Kept { name: "entry", valid: entry.to_bytes(), again: entry_again },
        Kept { name: "pack entry", valid: pack.to_bytes(), again: entry_again },
        Kept { name: "genesis entry", valid: account.genesis.to_bytes(), again: entry_again },
        Kept { name: "checkpoint", valid: checkpoint.to_bytes(), again: checkpoint_again },
        kept("header", pack.header()),
        kept("change", &change),
        kept("pack", &Pack { docs: vec![packed.clone(), packed] }),
        kept("attestation", &attestation),
        kept("certificate", &phone.certificate(DeviceKind::Machine)),
        kept("cursor", &cursor),
        kept("account state", &account.state),
        kept("chart state", &chart),
        kept("sync request", &request),
        kept("sync response", &response),
        kept("register request", &RegisterRequest { version: 1, genesis: vec![1; 40] }),
        kept("register response", &RegisterResponse { account: account.id() }),
        kept("challenge request", &ChallengeRequest { version: 1, device: phone.id() }),
        kept("challenge response", &ChallengeResponse { challenge: vec![2; 60] }),
        kept("token request", &TokenRequest::sign(phone, vec![2; 60], "https://relay.example")),
        kept(
            "token response",
            &TokenResponse { token: vec![3; 32], account: account.id(), lives_ms: 86_400_000 },
        ),
        kept("peek request", &PeekRequest::sign(&invite, account.id())),
        kept("peek response", &PeekResponse { membership: vec![item], accounts: vec![outline] }),
        kept(
            "join request",
            &JoinRequest { version: 1, account: account.id(), admission: vec![5; 30] },
        ),
        kept(
            "join response",
            &JoinResponse {
                outcome: Outcome::Stored { seq: 4 },
                keys: vec![HandedKey { class: Class::Log, wrapped }],
            },
        ),
        kept(
            "problem",
            &Problem {
                code: ProblemCode::TooMany,
                message: "too many requests".into(),
                retry_after_ms: Some(1000),
            },
        ),
    ];
    all.extend(live_outcomes.map(|outcome| {
        kept("live response", &LiveResponse { now_ms: 1_800_000_000_000, outcome })
    }));
    all.extend(statements(e).into_iter().map(|act| Kept {
        name: "statement",
        valid: Statement { after: EntryHash([2; 32]), act }.to_bytes(),
        again: statement_again,
    }));
    all
}

#[test]
fn what_is_encoded_reads_back_as_the_same_bytes() {
    for sample in everything() {
        assert_eq!((sample.again)(&sample.valid).as_ref(), Some(&sample.valid), "{}", sample.name);
    }
}

/// A change of bytes as accidents and attackers make them.
#[derive(Debug, Clone)]
enum Damage {
    Flip(usize, u8),
    Set(usize, u8),
    Insert(usize, Vec<u8>),
    Remove(usize, usize),
    Repeat(usize, usize),
}

fn damage() -> impl Strategy<Value = Damage> {
    let at = 0usize..8192;
    prop_oneof![
        (at.clone(), 0u8..8).prop_map(|(at, bit)| Damage::Flip(at, bit)),
        (at.clone(), prop::sample::select(EDGES)).prop_map(|(at, byte)| Damage::Set(at, byte)),
        (at.clone(), prop::collection::vec(any::<u8>(), 1..9))
            .prop_map(|(at, bytes)| Damage::Insert(at, bytes)),
        (at.clone(), 1usize..64).prop_map(|(at, len)| Damage::Remove(at, len)),
        (at, 1usize..64).prop_map(|(at, len)| Damage::Repeat(at, len)),
    ]
}

/// First bytes that change what follows most: lengths of all sizes, containers without end, tags, null.
const EDGES: &[u8] = &[
    0x00, 0x17, 0x18, 0x1b, 0x40, 0x5b, 0x5f, 0x60, 0x80, 0x81, 0x97, 0x98, 0x9b, 0x9f, 0xa0, 0xbf,
    0xc0, 0xdb, 0xf6, 0xf7, 0xfb, 0xff,
];

fn damaged(valid: &[u8], damages: &[Damage]) -> Vec<u8> {
    let mut bytes = valid.to_vec();
    for damage in damages {
        let len = bytes.len().max(1);
        match damage {
            Damage::Flip(at, bit) => {
                if let Some(byte) = bytes.get_mut(at % len) {
                    *byte ^= 1 << bit;
                }
            }
            Damage::Set(at, value) => {
                if let Some(byte) = bytes.get_mut(at % len) {
                    *byte = *value;
                }
            }
            Damage::Insert(at, more) => {
                let at = (at % len).min(bytes.len());
                bytes.splice(at..at, more.iter().copied());
            }
            Damage::Remove(at, count) => {
                let at = (at % len).min(bytes.len());
                bytes.drain(at..(at + count).min(bytes.len()));
            }
            Damage::Repeat(at, count) => {
                let at = (at % len).min(bytes.len());
                let part = bytes[at..(at + count).min(bytes.len())].to_vec();
                bytes.splice(at..at, part);
            }
        }
    }
    bytes
}

/// Bytes that look like CBOR more often than chance would have it.
fn cbor_like() -> impl Strategy<Value = Vec<u8>> {
    let part = prop_oneof![
        prop::collection::vec(prop::sample::select(EDGES), 1..6),
        prop::collection::vec(any::<u8>(), 0..40),
        (0u8..24, any::<u8>()).prop_map(|(n, b)| [vec![0x80 | n], vec![b]].concat()),
        any::<[u8; 32]>().prop_map(|b| [vec![0x58, 0x20], b.to_vec()].concat()),
        any::<[u8; 64]>().prop_map(|b| [vec![0x58, 0x40], b.to_vec()].concat()),
    ];
    prop::collection::vec(part, 0..20).prop_map(|parts| parts.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(256) })]

    #[test]
    fn any_bytes_are_refused_or_are_the_canonical_form_of_what_is_read(bytes in cbor_like()) {
        SAMPLES.with(|samples| {
            for sample in samples {
                if let Some(again) = (sample.again)(&bytes) {
                    assert_eq!(again, bytes, "{}", sample.name);
                }
            }
        });
        let _ = PairingLink::parse(&format!(
            "holdfast:pair#{}", data_encoding::BASE64URL_NOPAD.encode(&bytes)
        ));
        let _ = MemberLink::parse(&format!(
            "holdfast:join#{}", data_encoding::BASE64URL_NOPAD.encode(&bytes)
        ));
        let _ = LiveMessage::from_bytes(&bytes);
        let _ = holdfast_protocol::body::open(
            &header(SpaceId([1; 32]), Class::Log, Kind::Change, 1),
            &Secret32::from_bytes([1; 32]),
            &bytes,
        );
    }

    #[test]
    fn damaged_bytes_are_refused_or_are_the_canonical_form_of_something_else(
        damages in prop::collection::vec(damage(), 1..4)
    ) {
        SAMPLES.with(|samples| {
            for sample in samples {
                let bytes = damaged(&sample.valid, &damages);
                if let Some(again) = (sample.again)(&bytes) {
                    assert_eq!(again, bytes, "{}", sample.name);
                }
            }
        });
    }

    #[test]
    fn any_text_is_a_link_or_a_phrase_or_says_what_is_wrong(text in "\\PC{0,200}") {
        let _ = PairingLink::parse(&text);
        let _ = PairingLink::parse(&format!("holdfast:pair#{text}"));
        let _ = MemberLink::parse(&text);
        let _ = MemberLink::parse(&format!("HOLDFAST:JOIN:{text}"));
        let _ = Phrase::parse(&text);
        let _ = Phrase::parse(&[text.as_str(); 12].join(" "));
        let _ = DeviceId::from_hex(&text);
        let _ = DocId::new(text);
    }
}

thread_local! {
    static SAMPLES: Vec<Kept> = everything();
}

#[test]
fn every_other_way_to_write_the_same_is_refused() {
    for sample in everything() {
        let valid = &sample.valid;
        let refused = |bytes: &[u8], how: &str| {
            assert_eq!((sample.again)(bytes), None, "{}: {how}", sample.name);
        };
        refused(&[valid.as_slice(), &[0xf6]].concat(), "something after the end");
        refused(&valid[..valid.len() - 1], "cut off");
        refused(&[&[0xc1], valid.as_slice()].concat(), "a tag");
        // An array of n items as a longer head, and as one without a length.
        let count = valid[0] & 0x1f;
        refused(&[&[0x98, count], &valid[1..]].concat(), "a long head");
        refused(&[&[0x9f], &valid[1..], &[0xff]].concat(), "no length");
        refused(&[&[valid[0] + 1], &valid[1..], &[0xf6]].concat(), "a null more");
    }
}

#[test]
fn lengths_that_are_only_claimed_and_nesting_without_end_are_refused_before_anything_is_decoded() {
    let huge = [0x9b, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff];
    for (name, bytes) in [
        ("an array of 2⁶³ items", huge.to_vec()),
        ("such arrays in one another", huge.repeat(1_000)),
        ("bytes of 2⁶⁴ - 1", vec![0x5b, 255, 255, 255, 255, 255, 255, 255, 255]),
        ("a map of 2⁶³ pairs", vec![0xbb, 128, 0, 0, 0, 0, 0, 0, 0]),
        ("arrays in arrays", vec![0x81; 1 << 15]),
        ("arrays without end in arrays", [0x82, 0x9f].repeat(1 << 14)),
        ("nothing", vec![]),
    ] {
        for sample in everything() {
            assert_eq!((sample.again)(&bytes), None, "{}: {name}", sample.name);
            // Behind what a decoder would skip, too.
            let behind = [&[sample.valid[0] + 1], &sample.valid[1..], bytes.as_slice()].concat();
            assert_eq!((sample.again)(&behind), None, "{}: {name} behind it", sample.name);
        }
        let request = wire::encode(&ChallengeRequest { version: 1, device: DeviceId::ZERO });
        let behind = [&[request[0] + 1], &request[1..], bytes.as_slice()].concat();
        let refused = wire::decode::<ChallengeRequest>("challenge", &behind);
        assert_eq!(refused, Err(Malformed::NotCanonical("challenge")), "{name}");
    }
}

#[test]
fn a_list_longer_than_allowed_is_refused_before_its_first_element_is_read() {
    let request = |count: usize| {
        let push = vec![Push { entry: vec![], invite_wraps: vec![] }; count];
        wire::encode(&SyncRequest {
            version: 1,
            feed: 0,
            push,
            cursors: vec![],
            want: vec![],
            page_bytes: 0,
            accounts_feed: 0,
        })
    };
    assert!(decoded::<SyncRequest>(&request(MAX_PUSH)).is_some());
    let refused = wire::decode::<SyncRequest>("request", &request(MAX_PUSH + 1)).unwrap_err();
    assert!(refused.to_string().contains("a list is too long"), "{refused}");
    let pack = |count: usize| {
        let doc = DocId::new("d").unwrap();
        wire::encode(&Pack { docs: vec![PackedDoc { doc, saved: vec![], tips: vec![] }; count] })
    };
    assert!(Pack::from_bytes(&pack(MAX_PACKED_DOCS)).is_ok());
    assert!(Pack::from_bytes(&pack(MAX_PACKED_DOCS + 1)).is_err());
}
