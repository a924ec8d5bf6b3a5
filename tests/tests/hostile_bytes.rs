//! A hacked client with valid keys of the account pushes what no honest one would, through a real relay that
//! cannot look inside. Each such entry is put aside alone, `doctor` shows it, and the record stays writable.

#![allow(clippy::unwrap_used)]

use std::time::{Duration, Instant};

use holdfast::Engine;
use holdfast_protocol::attest::actor_id;
use holdfast_protocol::content::{DocChanges, DocId};
use holdfast_protocol::entry::Kind;
use holdfast_protocol::ids::{ActorId, Class, DeviceId};
use holdfast_protocol::sync::Outcome;
use holdfast_tests::bare_client::BareClient;
use holdfast_tests::forge::{ForgedChange, chunk};
use holdfast_tests::scene::{PAIR_MS, Scene, carry, held, history_json, settle, sync};

/// What a hacked client sends, and the name it is reported under.
struct Attack {
    name: &'static str,
    class: Class,
    content: Vec<u8>,
}

fn changes(hacker: &BareClient, doc: &str, change: &ForgedChange) -> Vec<u8> {
    let (bytes, hash) = change.chunk();
    raw_changes(hacker, doc, bytes, change.seq, hash)
}

fn raw_changes(
    hacker: &BareClient,
    doc: &str,
    changes: Vec<u8>,
    seq: u64,
    hash: [u8; 32],
) -> Vec<u8> {
    let doc = DocId::new(doc).unwrap();
    let attestation = hacker.attest(&doc, seq, hash);
    DocChanges { doc, changes, attestation }.to_bytes()
}

fn attacks(hacker: &BareClient, victim: DeviceId) -> Vec<Attack> {
    let actor = hacker.actor();
    let me = hacker.keys.id().to_hex();
    let own = |n: u32| format!("session/hacked-{n}/{me}");
    let honest = ForgedChange::honest(actor);
    let log = |name, content| Attack { name, class: Class::Log, content };
    let plan = |name, content| Attack { name, class: Class::Plan, content };
    let bomb = vec![b'a'; 8 << 20];
    let deflated = {
        let mut document =
            automerge::AutoCommit::new().with_actor(automerge::ActorId::from(&actor.0));
        let text = String::from_utf8(bomb.clone()).unwrap();
        automerge::transaction::Transactable::put(&mut document, automerge::ROOT, "k", text)
            .unwrap();
        document.commit();
        let mut change = document.get_last_local_change().unwrap();
        (change.bytes().to_vec(), change.hash().0)
    };
    assert!(deflated.0.len() < 100_000, "the bomb is packed: {} bytes", deflated.0.len());
    vec![
        log(
            "a forged actor",
            changes(
                hacker,
                &own(1),
                &ForgedChange { actor: actor_id(victim, 1), ..honest.clone() },
            ),
        ),
        log(
            "an unknown actor",
            changes(hacker, &own(2), &ForgedChange { actor: ActorId([7; 16]), ..honest.clone() }),
        ),
        log(
            "another device's strand",
            changes(hacker, &format!("session/hacked-3/{victim}"), &honest),
        ),
        log("another device's day", changes(hacker, &format!("day/2026-03-01/{victim}"), &honest)),
        log("a day spelled otherwise", changes(hacker, &format!("day/2026-3-1/{me}"), &honest)),
        log(
            "a huge start_op",
            changes(hacker, &own(4), &ForgedChange { start_op: u64::MAX >> 1, ..honest.clone() }),
        ),
        plan(
            "a huge start_op in the plan",
            changes(hacker, "plan", &ForgedChange { start_op: 1 << 40, ..honest.clone() }),
        ),
        log(
            "a run-length bomb",
            changes(hacker, &own(5), &ForgedChange { count: 1 << 30, ..honest.clone() }),
        ),
        plan(
            "a run-length bomb in the plan",
            changes(hacker, "plan", &ForgedChange { count: 1 << 30, ..honest.clone() }),
        ),
        log(
            "deflated columns",
            changes(hacker, &own(6), &ForgedChange { deflated: true, ..honest.clone() }),
        ),
        log("a deflate bomb", raw_changes(hacker, &own(7), deflated.0, 1, deflated.1)),
        log("a zstd bomb", vec![0; 64 << 20]),
        log("bytes that mean nothing", b"\x00\x01 nothing at all".to_vec()),
        log("no change at all", raw_changes(hacker, &own(8), Vec::new(), 1, [0; 32])),
        log(
            "a chunk of a kind that does not exist",
            raw_changes(hacker, &own(9), chunk(9, b"x").0, 1, chunk(9, b"x").1),
        ),
        log(
            "an attestation for another change",
            raw_changes(hacker, &own(10), honest.chunk().0, 1, [9; 32]),
        ),
        log("a document without a proper name", changes(hacker, "../../etc/passwd", &honest)),
        plan("a record where the plan should be", changes(hacker, &own(11), &honest)),
    ]
}

fn doctor_shows(engine: &Engine) -> usize {
    let report = engine.doctor(false).unwrap();
    report.findings.iter().filter(|finding| finding.code.contains("quarantine")).count()
}

#[test]
fn hostile_change_bytes_are_quarantined_alone_and_the_record_stays_writable() {
    let scene = Scene::new();
    let (first, second) = scene.two_devices();
    first.log(&held("childs-pose", 30, "before the attack")).unwrap();
    let routine = first.new_routine("Tonight").unwrap().routine.id.to_string();
    settle(&[&first, &second]);
    let mut carry = carry(&scene.url());
    let link = first.pair(PAIR_MS).unwrap().link.to_string();
    let mut hacker = BareClient::join(&link, &mut carry).unwrap();
    settle(&[&first, &second]);
    let before = history_json(&first);

    let victim = DeviceId::from_hex(&first.identity().unwrap().device).unwrap();
    let mut shown = 0;
    for Attack { name, class, content } in attacks(&hacker, victim) {
        let entry = hacker.seal_bytes(class, &content, Kind::Change);
        let outcome = hacker.push(&mut carry, vec![entry.to_bytes()]).unwrap().remove(0);
        assert!(matches!(outcome, Outcome::Stored { .. }), "{name}: the relay says {outcome:?}");
        for engine in [&first, &second] {
            let begun = Instant::now();
            sync(engine);
            assert!(begun.elapsed() < Duration::from_secs(3), "{name}: {:?}", begun.elapsed());
        }
        let now = doctor_shows(&first);
        assert!(now > shown, "{name}: doctor shows nothing new");
        shown = now;
        first.log(&held("childs-pose", 31, name)).unwrap();
        first.rename_routine(&routine, name).unwrap();
    }
    let honest = ForgedChange::honest(hacker.actor());
    let ok = changes(&hacker, &format!("session/hacked-20/{}", hacker.keys.id()), &honest);
    let entry = hacker.seal_bytes(Class::Log, &ok, Kind::Change);
    hacker.push(&mut carry, vec![entry.to_bytes()]).unwrap();
    settle(&[&first, &second]);
    assert_eq!(doctor_shows(&first), shown, "what an honest one sends is taken");

    let (here, there) = (history_json(&first), history_json(&second));
    let count = |history: &serde_json::Value| history.as_array().unwrap().len();
    assert_eq!(count(&here), count(&before) + attacks(&hacker, victim).len());
    assert_eq!(count(&here), count(&there));
    let name = |engine: &Engine| engine.routine(&routine).unwrap().routine.name.clone();
    assert_eq!(name(&first), name(&second));
    // Opened again, it is the same: nothing hostile is on the disk to fall over later.
    drop(first);
    let again = Engine::open(holdfast::Config::command_line(scene.home("first"))).unwrap();
    assert_eq!(history_json(&again), here);
    again.log(&held("childs-pose", 32, "after all of it")).unwrap();
    let third = scene.pair(&again, "third");
    settle(&[&third, &again]);
    assert_eq!(count(&history_json(&third)), count(&here) + 1, "a new device reads it too");
}

#[test]
fn a_device_of_another_account_pushes_nothing_into_the_chart() {
    let scene = Scene::new();
    let first = scene.create("first");
    sync(&first);
    let mut carry = carry(&scene.url());
    let mut stranger = BareClient::found(&mut carry).unwrap();
    let link = first.pair(PAIR_MS).unwrap().link.to_string();
    let member = BareClient::join(&link, &mut carry).unwrap();
    stranger.chart = member.chart;
    stranger.class_keys = member.class_keys.clone();
    let entry = stranger.seal_bytes(Class::Log, b"anything", Kind::Change);
    let outcome = stranger.push(&mut carry, vec![entry.to_bytes()]).unwrap().remove(0);
    assert!(matches!(outcome, Outcome::Never { .. }), "{outcome:?}");
}
