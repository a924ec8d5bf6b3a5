//! Members of a chart who want more than they were given, and strangers with what is not theirs, over real HTTP and
//! real files; at times with a relay in league. Each is refused, put aside or noticed, and it is said by what.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use holdfast::sharing::{Class, Role};
use holdfast::{Budget, ChartStanding, Compared, Config, Engine, GrantRequest, HoldfastError};
use holdfast_protocol::attest::{Attestation, actor_id};
use holdfast_protocol::content::{DocChanges, DocId};
use holdfast_protocol::entropy::SystemEntropy;
use holdfast_protocol::entry::{Entry, Kind};
use holdfast_protocol::ids::{ActorId, SpaceId};
use holdfast_protocol::invitation::MemberLink;
use holdfast_protocol::link::Link;
use holdfast_protocol::membership::{Grant, Refusal};
use holdfast_protocol::secret::Secret32;
use holdfast_protocol::sync::{Item, Outcome};
use holdfast_tests::by_hand::Hand;
use holdfast_tests::forge::ForgedChange;
use holdfast_tests::liar::Liar;
use holdfast_tests::people::{
    codes, findings, holds, invitation, let_in, person, person_behind, standing,
};
use holdfast_tests::scene::{Scene, held, history_json, settle, sync};
use holdfast_tests::simulator::copy_files;

/// Ana, whose way to the relay somebody may lie on, and Ben, whose keys the test has.
struct Two {
    scene: Scene,
    ana: Engine,
    ben: Engine,
    hers: Engine,
    liar: Arc<Liar>,
}

fn two(role: Role) -> Two {
    let scene = Scene::new();
    let liar = Liar::before(&scene.url());
    let ana = person_behind(&scene, "Ana", &liar);
    let ben = person(&scene, "Ben");
    ana.log(&held("childs-pose", 60, "before")).unwrap();
    let hers = let_in(&ana, &ben, "Ben", role);
    settle(&[&ana, &ben]);
    Two { scene, ana, ben, hers, liar }
}

impl Two {
    fn hand(&self, home: &str) -> Hand {
        Hand::over_http(&self.scene.home(home), &self.scene.url())
    }

    /// Ana's chart.
    fn chart(&self) -> SpaceId {
        self.hand("Ana").chart
    }

    /// An entry of Ben's in Ana's chart, sealed with the newest key of a class that he has.
    fn bens(&self, class: Class, kind: Kind, content: &[u8]) -> Entry {
        let ben = self.hand("Ben");
        let state = ben.state(self.chart());
        let epoch = state.epoch(class);
        let key = ben.key(self.chart(), class, epoch).unwrap();
        let header = ben.header(&state, class, kind, epoch);
        Entry::seal(header, &key, content, 3, &ben.keys, &mut SystemEntropy)
    }

    /// The relay shows Ana an entry that it should never have taken. She does not take it, and says why.
    fn is_ignored(&self, what: &str, entry: &Entry, why: &str) {
        let before = history_json(&self.ana);
        let at = self.hand("Ana").state(self.chart()).head();
        self.liar.splice(self.chart(), at, &[entry.to_bytes()]);
        let report = self.ana.sync_once(&Budget::default()).unwrap();
        assert!(codes(&report).contains(&"quarantined"), "{what}: {report:?}");
        let found = findings(&self.ana).join("\n");
        assert!(found.contains(why), "{what}: {found}");
        assert_eq!(history_json(&self.ana), before, "{what}");
        self.ana.log(&held("childs-pose", 25, "she works on")).unwrap();
    }
}

#[test]
fn a_partner_who_writes_the_plan_is_refused_by_the_relay_and_by_every_reader() {
    let two = two(Role::Partner);
    let entry = two.bens(Class::Plan, Kind::Change, b"mine now");
    let outcome = two.hand("Ben").push(&entry, Vec::new());
    assert_eq!(outcome, Outcome::Never { why: Refusal::NoWriteGrant });
    two.is_ignored("a plan", &entry, "may not write this");
}

#[test]
fn a_partner_who_packs_or_sums_up_the_log_is_refused_by_the_relay_and_by_every_reader() {
    let two = two(Role::Partner);
    let entry = two.bens(Class::Log, Kind::Pack, b"all of it, rewritten");
    let outcome = two.hand("Ben").push(&entry, Vec::new());
    assert_eq!(outcome, Outcome::Never { why: Refusal::NoWriteGrant });
    two.is_ignored("a pack", &entry, "may not write this");
}

#[test]
fn a_partner_who_forges_an_actor_or_sends_bombs_spoils_nothing_and_keeps_nobody() {
    let two = two(Role::Partner);
    let (ana, ben, chart) = (two.hand("Ana"), two.hand("Ben"), two.chart());
    let doc = |of| DocId::new(format!("session/night/{of}")).unwrap();
    let own = doc(ben.keys.id());
    let content = |doc: &DocId, change: &ForgedChange| {
        let (chunk, hash) = change.chunk();
        let attestation = Attestation::sign(&ben.keys, chart, doc, 9, change.seq, hash);
        DocChanges { doc: doc.clone(), changes: chunk, attestation }.to_bytes()
    };
    let honest = ForgedChange::honest(actor_id(ben.keys.id(), 9));
    let forged: ActorId = actor_id(ana.keys.id(), 1);
    let attacks = [
        ("Ana's actor", content(&own, &ForgedChange { actor: forged, ..honest.clone() })),
        ("Ana's strand", content(&doc(ana.keys.id()), &honest)),
        ("a huge start", content(&own, &ForgedChange { start_op: 1 << 40, ..honest.clone() })),
        ("a claim of runs", content(&own, &ForgedChange { count: 1 << 40, ..honest.clone() })),
        ("deflated", content(&own, &ForgedChange { deflated: true, ..honest.clone() })),
        ("a bomb", vec![0; 60 << 20]),
        ("noise", b"nothing of the kind".to_vec()),
    ];
    let count = attacks.len();
    for (n, (what, content)) in (0..).zip(attacks) {
        let state = ben.state(chart);
        let key = ben.key(chart, Class::Log, state.epoch(Class::Log)).unwrap();
        let mut header = ben.header(&state, Class::Log, Kind::Change, state.epoch(Class::Log));
        header.counter += n;
        let entry = Entry::seal(header, &key, &content, 3, &ben.keys, &mut SystemEntropy);
        // The relay cannot look into it.
        let outcome = ben.push(&entry, Vec::new());
        assert!(matches!(outcome, Outcome::Stored { .. }), "{what}: {outcome:?}");
    }
    let began = Instant::now();
    let report = two.ana.sync_once(&Budget::default()).unwrap();
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
    let aside = codes(&report).iter().filter(|code| **code == "quarantined").count();
    assert_eq!(aside, count, "{report:#?}");
    assert_eq!(holds(&two.ana), 1);
    assert_eq!(findings(&two.ana).len(), count);
    two.ana.log(&held("childs-pose", 25, "she works on")).unwrap();
    let report = two.ana.sync_once(&Budget::default()).unwrap();
    assert_eq!((report.pushed, report.queued), (1, 0), "{report:?}");
}

/// Every sealed entry that the relay has of a chart, and every key that a home has: which classes open.
fn opened(scene: &Scene, hand: &Hand, chart: SpaceId) -> BTreeMap<Class, usize> {
    let db = rusqlite::Connection::open(scene.relay_directory().join("relay.sqlite3")).unwrap();
    let sql = "SELECT body FROM entry JOIN space ON no = place >> 32 WHERE id = ?1 AND mark <> 0";
    let mut found = db.prepare(sql).unwrap();
    let rows = found.query_map([chart.0], |row| row.get::<_, Vec<u8>>(0)).unwrap();
    let keys: Vec<Secret32> = Class::CHART
        .into_iter()
        .flat_map(|class| (1..6).filter_map(move |epoch| hand.key(chart, class, epoch)))
        .collect();
    let mut opened = BTreeMap::new();
    for bytes in rows {
        let entry = Entry::from_bytes(&bytes.unwrap()).unwrap();
        let opens = keys.iter().any(|key| entry.open(key).is_ok());
        *opened.entry(entry.header().class).or_default() += usize::from(opens);
    }
    opened
}

#[test]
fn a_viewer_in_league_with_the_relay_opens_no_note_with_any_key_it_has() {
    let two = two(Role::Viewer);
    let ana = two.hand("Ana");
    let state = ana.state(two.chart());
    let key = ana.key(two.chart(), Class::Notes, state.epoch(Class::Notes)).unwrap();
    let header = ana.header(&state, Class::Notes, Kind::Change, state.epoch(Class::Notes));
    let note = Entry::seal(header, &key, b"for Ana alone", 3, &ana.keys, &mut SystemEntropy);
    assert!(matches!(ana.push(&note, Vec::new()), Outcome::Stored { .. }));
    sync(&two.ben);
    let opened = opened(&two.scene, &two.hand("Ben"), two.chart());
    assert_eq!(opened.get(&Class::Notes), Some(&0), "{opened:?}");
    assert!(opened[&Class::Log] > 0, "what it may read opens: {opened:?}");
    // Nor does the relay hand them out to it.
    let db = rusqlite::Connection::open(two.scene.home("Ben").join("holdfast.db")).unwrap();
    let sql = "SELECT count(*) FROM entry WHERE hash = ?1 AND bytes IS NOT NULL";
    let whole: i64 = db.query_row(sql, [note.hash().0], |row| row.get(0)).unwrap();
    assert_eq!(whole, 0);
}

#[test]
fn a_removed_member_with_a_relay_in_league_adds_nothing_and_opens_nothing_new() {
    let two = two(Role::Partner);
    let dated_back = two.bens(Class::Log, Kind::Change, b"from before, he says");
    two.ana.remove_member("Ben").unwrap();
    sync(&two.ana);
    two.ana.log(&held("childs-pose", 61, "after the removal")).unwrap();
    sync(&two.ana);
    // The honest relay does not take it.
    let why = match two.hand("Ben").push(&dated_back, Vec::new()) {
        Outcome::Never { why } => why,
        other => panic!("{other:?}"),
    };
    // It tells him nothing, not even that there is such a chart.
    assert_eq!(why, Refusal::UnknownSpace);
    // In league it gives him every byte, and he has every key he ever had.
    let db = two.scene.relay_directory().join("relay.sqlite3");
    assert!(db.is_file());
    let all = opened(&two.scene, &two.hand("Ben"), two.chart());
    assert_eq!(all[&Class::Log], 1, "what was there when he was: {all:?}");
    // And it shows Ana what he dated back.
    two.is_ignored("dated back", &dated_back, "not a device of a member");
    assert_eq!(standing(&two.hers), ChartStanding::Active, "he was not even told yet");
}

#[test]
fn what_a_removed_member_slips_in_before_the_removal_is_noticed_by_whoever_reads_it() {
    let two = two(Role::Partner);
    let dated_back = two.bens(Class::Log, Kind::Change, b"from before, he says");
    let at = two.hand("Ana").state(two.chart()).head();
    two.ana.remove_member("Ben").unwrap();
    sync(&two.ana);
    let watcher = Liar::before(&two.scene.url());
    let link = two.ana.pair(600_000).unwrap().link;
    let (chart, slipped) = (two.chart(), dated_back.to_bytes());
    // A new device of Ana's reads all of it from the beginning.
    watcher.lie(move |response| {
        for page in response.spaces.iter_mut().filter(|page| page.space == chart) {
            let Some(from) = page.items.iter().position(|item| seq_of(item) == at.seq + 1) else {
                continue;
            };
            let mut log: Vec<Vec<u8>> = Vec::new();
            for item in page.items.drain(from..) {
                if let Item::Entry { bytes, .. } = item {
                    log.push(bytes);
                }
            }
            log.insert(0, slipped.clone());
            let forged = holdfast_tests::liar::page(chart, at, &log);
            page.items.extend(forged.items);
            page.head = forged.head;
        }
    });
    let home = Config::command_line(two.scene.home("tablet"));
    let config = Config { transport: Some(watcher), ..home };
    let tablet = Engine::join(config, &link, "tablet").unwrap();
    let report = tablet.sync_once(&Budget::default()).unwrap();
    let found = format!("{:?} {:?}", codes(&report), findings(&tablet));
    assert!(found.contains("quarantined") || found.contains("fork"), "{found}");
    let told = history_json(&tablet).to_string();
    assert!(told.contains("before") && !told.contains("from before, he says"), "{told}");
}

const fn seq_of(item: &Item) -> u64 {
    match item {
        Item::Entry { seq, .. } | Item::Stub { seq, .. } => *seq,
    }
}

fn link_code(refused: &HoldfastError) -> &str {
    match refused {
        HoldfastError::Link { code, .. } | HoldfastError::Relay { code, .. } => code,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_stolen_link_serves_once_in_time_and_for_what_it_was_made_for() {
    let scene = Scene::new();
    let (ana, ben, eve) = (person(&scene, "Ana"), person(&scene, "Ben"), person(&scene, "Eve"));
    // For another grant: the log says what it gives, not the link.
    let link = ana.invite(&invitation("Ben", Role::Viewer)).unwrap().link;
    let mut greedy = MemberLink::parse(&link).unwrap();
    greedy.grant = Grant::preset(Role::Owner);
    let refused = eve.accept_invite(&greedy.to_text()).unwrap_err();
    assert_eq!(link_code(&refused), "relay_untrusted");
    // Racing the person it is for: one of them comes in, and the other is told.
    let came: Vec<_> = std::thread::scope(|threads| {
        let link = link.as_str();
        let racing = [&ben, &eve].map(|guest| threads.spawn(move || guest.accept_invite(link)));
        racing.into_iter().map(|one| one.join().unwrap()).collect()
    });
    assert_eq!(came.iter().filter(|one| one.is_ok()).count(), 1, "{came:?}");
    let (first, second) = if came[0].is_ok() { (&ben, &eve) } else { (&eve, &ben) };
    let lost = came.iter().find_map(|one| one.as_ref().err()).unwrap();
    assert_eq!(link_code(lost), "link_used");
    // Twice.
    assert_eq!(link_code(&second.accept_invite(&link).unwrap_err()), "link_used");
    let again = first.accept_invite(&link).unwrap();
    assert!(
        came.iter().flatten().all(|one| one.id == again.id),
        "the same person again: nothing changes"
    );
    // Late: after the owner took it back, and after its time.
    let taken_back = ana.invite(&invitation("Cruz", Role::Viewer)).unwrap();
    ana.revoke_invite(&taken_back.invite).unwrap();
    sync(&ana);
    assert_eq!(link_code(&second.accept_invite(&taken_back.link).unwrap_err()), "link_gone");
    let short = holdfast::Invitation { valid_ms: 500, ..invitation("Cruz", Role::Viewer) };
    let short = ana.invite(&short).unwrap();
    std::thread::sleep(Duration::from_millis(700));
    assert_eq!(link_code(&second.accept_invite(&short.link).unwrap_err()), "link_ended");
    sync(&ana);
    assert_eq!(ana.members().unwrap().len(), 2);
    assert!(second.charts().unwrap().iter().all(|chart| chart.own));
}

fn others(engine: &Engine) -> Vec<holdfast::MemberView> {
    engine.members().unwrap().into_iter().filter(|member| !member.me).collect()
}

#[test]
fn somebody_else_s_key_at_the_admission_shows_in_the_words_and_goes_with_new_keys() {
    let scene = Scene::new();
    let (ana, ben, eve) = (person(&scene, "Ana"), person(&scene, "Ben"), person(&scene, "Eve"));
    let invited = ana.invite(&invitation("Ben", Role::Partner)).unwrap();
    // Eve had the link first, and stands there under Ben's name.
    let chart = eve.accept_invite(&invited.link).unwrap();
    let stolen = eve.chart(&chart.id).unwrap();
    sync(&ana);
    // What she is called there is what she says; who she is, the words tell.
    let stranger = others(&ana).pop().unwrap();
    assert!(!stranger.verified);
    // Ben cannot have come in: he is told, and has no words that would be the same.
    assert_eq!(link_code(&ben.accept_invite(&invited.link).unwrap_err()), "link_used");
    let again = ana.invite(&invitation("Ben, again", Role::Partner)).unwrap();
    let his = ben.accept_invite(&again.link).unwrap();
    let his = ben.chart(&his.id).unwrap();
    settle(&[&ana, &ben]);
    let bens = ben.identity().unwrap().account;
    let hers = ana.identity().unwrap().account;
    let read = his.phrase_with(&hers).unwrap().words;
    assert_ne!(ana.phrase_with(&stranger.account).unwrap().words, read);
    assert_eq!(ana.phrase_with(&bens).unwrap().words, read);
    assert_eq!(ana.verify(&stranger.account, false).unwrap(), Compared::ToBeRemoved);
    sync(&ana);
    ana.log(&held("childs-pose", 60, "for Ben alone")).unwrap();
    settle(&[&ana, &ben, &eve]);
    assert_eq!(standing(&stolen), ChartStanding::Gone);
    assert_eq!((holds(&stolen), holds(&his)), (0, 1));
}

#[test]
fn an_owner_s_client_that_packs_lies_about_another_s_record_is_put_aside() {
    let scene = Scene::new();
    let (ana, ben) = (person(&scene, "Ana"), person(&scene, "Ben"));
    let his = let_in(&ana, &ben, "Ben", Role::Owner);
    for n in 0..3 {
        ana.log(&held("childs-pose", 60 + n, "true")).unwrap();
    }
    settle(&[&ana, &ben]);
    let (hers, hand) = (
        Hand::over_http(&scene.home("Ana"), &scene.url()),
        Hand::over_http(&scene.home("Ben"), &scene.url()),
    );
    let (doc, saved, tips) = packed(&scene.home("Ben"), &hers.keys.id().to_string());
    let state = hand.state(hers.chart);
    let epoch = state.epoch(Class::Log);
    let key = hand.key(hers.chart, Class::Log, epoch).unwrap();
    let header = hand.header(&state, Class::Log, Kind::Pack, epoch);
    let content = holdfast_protocol::content::Pack {
        docs: vec![holdfast_protocol::content::PackedDoc { doc, saved, tips }],
    };
    let pack = Entry::seal(header, &key, &content.to_bytes(), 3, &hand.keys, &mut SystemEntropy);
    // An owner may pack, and the relay cannot look into it.
    let outcome = hand.push(&pack, Vec::new());
    assert!(matches!(outcome, Outcome::Stored { .. }), "{outcome:?}");
    let before = history_json(&ana);
    let report = ana.sync_once(&Budget::default()).unwrap();
    assert!(codes(&report).contains(&"quarantined"), "{report:?}");
    assert_eq!(history_json(&ana), before);
    let _ = his;
}

/// A document of one author as a home holds it, rewritten, with its author's own attestations.
fn packed(
    home: &Path,
    author: &str,
) -> (DocId, Vec<u8>, Vec<holdfast_protocol::content::AttestedTip>) {
    use automerge::ReadDoc;
    use automerge::transaction::Transactable;
    let db = rusqlite::Connection::open(home.join("holdfast.db")).unwrap();
    let sql = "SELECT id, name, saved FROM doc WHERE name LIKE '%' || ?1 ORDER BY id LIMIT 1";
    let (id, name, saved): (i64, String, Option<Vec<u8>>) =
        db.query_row(sql, [author], |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?))).unwrap();
    let mut all = saved.unwrap_or_default();
    let mut changes = db.prepare("SELECT bytes FROM doc_change WHERE doc = ?1 ORDER BY n").unwrap();
    for bytes in changes.query_map([id], |row| row.get::<_, Vec<u8>>(0)).unwrap() {
        all.extend(bytes.unwrap());
    }
    let mut tips = db.prepare("SELECT author, attestation FROM tip WHERE doc = ?1").unwrap();
    let tips = tips
        .query_map([&name], |row| Ok((row.get::<_, Vec<u8>>(0)?, row.get::<_, Vec<u8>>(1)?)))
        .unwrap()
        .map(|row| {
            let (author, attestation) = row.unwrap();
            holdfast_protocol::content::AttestedTip {
                author: holdfast_protocol::ids::DeviceId::from_slice(&author).unwrap(),
                attestation: holdfast_protocol::wire::decode("attestation", &attestation).unwrap(),
            }
        })
        .collect();
    let mut document = automerge::Automerge::load(&all).unwrap();
    let key = document.keys(automerge::ROOT).find(|key| key.starts_with("obs:")).unwrap();
    let mut transaction = document.transaction();
    transaction.put(automerge::ROOT, key.as_str(), "{\"held\":1}").unwrap();
    let _ = transaction.commit();
    (DocId::new(name).unwrap(), document.save_nocompress(), tips)
}

#[test]
fn a_cloned_phone_of_a_member_writes_on_as_another_incarnation_and_nothing_is_lost() {
    let two = two(Role::Partner);
    two.hers.log(&held("childs-pose", 30, "before the copy")).unwrap();
    settle(&[&two.ben, &two.ana]);
    let Two { scene, ana, ben, hers, .. } = two;
    let id = hers.current_chart().unwrap().id;
    drop((ben, hers));
    copy_files(&scene.home("Ben"), &scene.home("Ben's clone"));
    let open = |home: &str| Engine::open(Config::command_line(scene.home(home))).unwrap();
    let (one, other) = (open("Ben"), open("Ben's clone"));
    for (engine, note) in [(&one, "on the phone"), (&other, "on its clone")] {
        engine.chart(&id).unwrap().log(&held("childs-pose", 31, note)).unwrap();
        engine.sync_once(&Budget::default()).unwrap();
    }
    for _ in 0..4 {
        for engine in [&one, &other, &ana] {
            engine.sync_once(&Budget::default()).unwrap();
        }
    }
    let told = history_json(&ana).to_string();
    for note in ["before the copy", "on the phone", "on its clone"] {
        assert_eq!(
            told.matches(note).count(),
            told.matches("before the copy").count(),
            "{note}: {told}"
        );
    }
    for engine in [&one, &other] {
        assert_eq!(history_json(&engine.chart(&id).unwrap()), history_json(&ana));
        let report = engine.sync_once(&Budget::default()).unwrap();
        assert_eq!(report.queued, 0, "{report:?}");
    }
}

#[test]
fn a_member_whose_notes_were_taken_away_opens_no_later_one_though_the_relay_gives_them() {
    let two = two(Role::Partner);
    let wide = GrantRequest { with: vec![Class::Notes], ..GrantRequest::of(Role::Partner) };
    two.ana.change_grant("Ben", &wide).unwrap();
    settle(&[&two.ana, &two.ben]);
    let note = |content: &[u8]| {
        let ana = two.hand("Ana");
        let state = ana.state(two.chart());
        let epoch = state.epoch(Class::Notes);
        let key = ana.key(two.chart(), Class::Notes, epoch).unwrap();
        let header = ana.header(&state, Class::Notes, Kind::Change, epoch);
        let note = Entry::seal(header, &key, content, 3, &ana.keys, &mut SystemEntropy);
        assert!(matches!(ana.push(&note, Vec::new()), Outcome::Stored { .. }));
        two.ana.sync_once(&Budget::default()).unwrap();
    };
    note(b"he may read this");
    two.ana.change_grant("Ben", &GrantRequest::of(Role::Partner)).unwrap();
    two.ana.sync_once(&Budget::default()).unwrap();
    note(b"and not this");
    two.ben.sync_once(&Budget::default()).unwrap();
    assert_eq!(opened(&two.scene, &two.hand("Ben"), two.chart())[&Class::Notes], 1);
    assert_eq!(opened(&two.scene, &two.hand("Ana"), two.chart())[&Class::Notes], 2);
}
