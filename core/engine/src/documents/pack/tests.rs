//! Packs made honestly, and by somebody who rewrites others.

use automerge::transaction::Transactable;
use automerge::{Automerge, ROOT};
use holdfast_protocol::attest::Attestation;
use holdfast_protocol::keys::DeviceKeys;

use super::*;
use crate::documents::actor::actor_id;
use crate::documents::foreign::Shape;

const SPACE: SpaceId = SpaceId([3; 32]);
const READER: ActorId = ActorId([77; 16]);

struct Author {
    keys: DeviceKeys,
    name: DocName,
    document: Document,
    tips: Vec<AttestedTip>,
}

fn keys(seed: u8) -> DeviceKeys {
    DeviceKeys::from_seed(holdfast_protocol::secret::Secret32::from_bytes([seed; 32]))
}

impl Author {
    fn new(seed: u8) -> Self {
        let keys = keys(seed);
        let device = DeviceName::new(keys.id().to_hex()).unwrap();
        let name = DocName::DayStrand { day: "2026-03-01".parse().unwrap(), device };
        let document = Document::new(actor_id(keys.id(), 1), Shape::Strand);
        Self { keys, name, document, tips: Vec::new() }
    }

    fn attest(&self, tip: Tip) -> AttestedTip {
        let doc = self.name.to_id().unwrap();
        let attestation = Attestation::sign(&self.keys, SPACE, &doc, 1, tip.seq, tip.hash.0);
        AttestedTip { author: self.keys.id(), attestation }
    }

    fn put(&mut self, key: &str, text: &str) {
        let written = self.document.put(key, text).unwrap().unwrap();
        let attested = self.attest(written.tip);
        self.tips.push(attested);
    }

    fn packed(&self) -> PackedDoc {
        let mut packing = Packing::new();
        packing.add(&self.name, &self.document, &self.tips).unwrap();
        Pack::from_bytes(&packing.finish().to_bytes()).unwrap().docs.remove(0)
    }
}

fn honest() -> Author {
    let mut author = Author::new(1);
    author.put("obs:1", "{\"held_ms\":60000}");
    author.put("obs:2", "{\"held_ms\":30000}");
    author
}

#[test]
fn a_packed_document_loads_as_its_author_wrote_it() {
    let author = honest();
    let verified = verify(SPACE, &author.packed(), READER).unwrap();
    assert_eq!(verified.name, author.name);
    assert_eq!(verified.authors, [author.keys.id()]);
    assert_eq!(verified.document.hashes(), author.document.hashes());
    assert_eq!(compare(&verified.document, &author.document), Comparison::Same);
    let mut again = Packing::new();
    again.add(&verified.name, &verified.document, &verified.tips).unwrap();
    assert_eq!(again.finish().docs, [author.packed()]);
}

#[test]
fn a_rewritten_snapshot_is_refused_though_automerge_loads_it() {
    let author = honest();
    // The same author, keys and number of changes; one hold is shorter.
    let mut forged =
        Automerge::new().with_actor(automerge::ActorId::from(&author.document.actor().0));
    for (key, text) in [("obs:1", "{\"held_ms\":60000}"), ("obs:2", "{\"held_ms\":10000}")] {
        forged
            .transact_with::<_, _, automerge::AutomergeError, _>(
                |_| automerge::transaction::CommitOptions::default().with_time(0),
                |t| t.put(ROOT, key, text),
            )
            .unwrap();
    }
    let packed = PackedDoc { saved: forged.save_nocompress(), ..author.packed() };
    assert!(Document::load(&packed.saved, READER, Shape::Strand).is_ok(), "it is a true document");
    let refused = verify(SPACE, &packed, READER).unwrap_err();
    assert!(matches!(refused, PackRefused::Rewritten { .. }), "{refused}");
}

#[test]
fn changes_that_nobody_attests_to_are_refused() {
    let mut author = honest();
    author.document.put("obs:3", "{}").unwrap();
    let packed = PackedDoc { saved: author.document.save_nocompress(), ..honest().packed() };
    let refused = verify(SPACE, &packed, READER).unwrap_err();
    assert!(matches!(refused, PackRefused::Rewritten { .. }), "{refused}");
    let nobody = PackedDoc { tips: Vec::new(), ..honest().packed() };
    let refused = verify(SPACE, &nobody, READER).unwrap_err();
    assert!(matches!(refused, PackRefused::Rewritten { .. }), "{refused}");
    let unattested = Packing::new().add(&author.name, &author.document, &author.tips);
    assert!(matches!(unattested, Err(NotPacked::NotAttested { .. })));
}

#[test]
fn an_attestation_counts_for_its_own_space_document_and_device_only() {
    let author = honest();
    let refused = verify(SpaceId([4; 32]), &author.packed(), READER).unwrap_err();
    assert!(matches!(refused, PackRefused::BadAttestation { .. }), "{refused}");

    let other_day = DocName::DayStrand {
        day: "2026-03-02".parse().unwrap(),
        device: author.name.only_author().unwrap().clone(),
    };
    let moved = PackedDoc { doc: other_day.to_id().unwrap(), ..author.packed() };
    let refused = verify(SPACE, &moved, READER).unwrap_err();
    assert!(matches!(refused, PackRefused::BadAttestation { .. }), "{refused}");

    let other = Author::new(2);
    let taken = PackedDoc { doc: other.name.to_id().unwrap(), ..author.packed() };
    let refused = verify(SPACE, &taken, READER).unwrap_err();
    assert!(matches!(refused, PackRefused::NotItsAuthor { .. }), "{refused}");

    let unknown = PackedDoc { doc: DocId::new("day/x").unwrap(), ..author.packed() };
    assert!(matches!(verify(SPACE, &unknown, READER), Err(PackRefused::UnknownName(_))));
}

#[test]
fn damage_and_bombs_in_a_pack_are_refused_document_by_document() {
    let author = honest();
    let good = author.packed();
    for at in 0..good.saved.len() {
        let mut saved = good.saved.clone();
        saved[at] ^= 0x55;
        assert!(verify(SPACE, &PackedDoc { saved, ..good.clone() }, READER).is_err(), "byte {at}");
    }
    for length in 0..good.saved.len() {
        let saved = good.saved[..length].to_vec();
        assert!(verify(SPACE, &PackedDoc { saved, ..good.clone() }, READER).is_err());
    }
}

#[test]
fn a_pack_that_hides_the_newest_changes_is_noticed_by_who_holds_them() {
    let mut author = honest();
    let older = verify(SPACE, &author.packed(), READER).unwrap().document;
    author.put("obs:3", "{}");
    let newest = author.document.tip().unwrap().hash;
    assert_eq!(
        compare(&older, &author.document),
        Comparison::Differs { only_packed: Vec::new(), only_held: vec![newest] }
    );
}
