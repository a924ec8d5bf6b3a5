//! Charts that end: closed by their owner everywhere, left by a member, or taken away; what stays to be exported, and
//! what is erased so that no file has a word of it.
#![allow(clippy::unwrap_used)]

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use holdfast::audit::AuditQuery;
use holdfast::clock::FakeClock;
use holdfast::sharing::{Class, Role};
use holdfast::{
    Budget, ChartStanding, Config, Crash, Engine, ExportFormat, Faults, GrantRequest, Invitation,
    NewAccount,
};
use holdfast_relay::RelayConfig;
use holdfast_tests::near_relay::{NearRelay, URL};
use holdfast_tests::scene::{PAIR_MS, Scene, held, history_json, settle, sync};
use holdfast_tests::simulator::copy_files;
use holdfast_tests::two_people::of_another;
use proptest::prelude::*;

/// A word that stands in what is recorded, and nowhere in a program.
const WORD: &str = "Quittenmarmelade";
const DAY: i64 = 24 * 60 * 60 * 1000;

fn person(scene: &Scene, name: &str) -> Engine {
    let account = NewAccount {
        name: name.to_owned(),
        device_name: format!("{name}'s phone"),
        relay: Some(scene.url()),
    };
    Engine::create(Config::command_line(scene.home(name)), account).unwrap().0
}

fn let_in(owner: &Engine, guest: &Engine, name: &str, grant: GrantRequest) -> Engine {
    let invitation =
        Invitation { name: Some(name.to_owned()), grant, valid_ms: PAIR_MS, confirm_first: false };
    let invited = owner.invite(&invitation).unwrap();
    let chart = guest.accept_invite(&invited.link).unwrap();
    sync(owner);
    guest.chart(&chart.id).unwrap()
}

fn holds(engine: &Engine) -> usize {
    history_json(engine).as_array().unwrap().len()
}

fn standing(engine: &Engine) -> ChartStanding {
    engine.current_chart().unwrap().standing
}

/// The files of a home in which a word stands.
fn files_with(home: &Path, word: &str) -> Vec<String> {
    let has = |bytes: &[u8]| bytes.windows(word.len()).any(|window| window == word.as_bytes());
    let files = std::fs::read_dir(home).unwrap().map(Result::unwrap);
    let files = files.filter(|file| file.path().is_file());
    files
        .filter(|file| has(&std::fs::read(file.path()).unwrap()))
        .map(|file| file.file_name().to_string_lossy().into_owned())
        .collect()
}

/// Some holds whose notes have the word, in sessions, and with one put right afterwards.
fn write_a_lot(engine: &Engine) {
    for n in 0..40 {
        let mut request = held("childs-pose", 30 + n, &format!("{WORD} {n}"));
        request.session = Some(format!("abend-{}", n / 5));
        engine.log(&request).unwrap();
    }
}

#[test]
fn a_closed_chart_stays_to_be_exported_and_then_no_file_has_a_word_of_it() {
    let scene = Scene::new();
    let (ana, ben) = (person(&scene, "Ana"), person(&scene, "Ben"));
    ben.log(&held("childs-pose", 20, "Ben's own Birnenmus")).unwrap();
    write_a_lot(&ana);
    let bens = let_in(&ana, &ben, "Ben", GrantRequest::of(Role::Partner));
    bens.log(&held("childs-pose", 99, &format!("{WORD} by Ben"))).unwrap();
    settle(&[&ben, &ana]);
    assert_eq!(holds(&bens), 41);
    assert!(!files_with(&scene.home("Ben"), WORD).is_empty());

    ana.close_chart().unwrap();
    sync(&ana);
    sync(&ben);
    let view = bens.current_chart().unwrap();
    assert_eq!(view.standing, ChartStanding::Closed);
    assert!(view.erases_at_ms.is_some_and(|at| at > ben.now().utc_ms + 13 * DAY), "{view:?}");
    assert!(bens.log(&held("childs-pose", 10, "too late")).is_err());
    // Nothing is gone yet: it can be read, and exported.
    assert_eq!(holds(&bens), 41);
    let report = bens.export(ExportFormat::Json, &scene.room().join("bens.json")).unwrap();
    assert_eq!(report.observations, 41);
    sync(&ben);
    assert_eq!(holds(&bens), 41);

    bens.erase_chart().unwrap();
    assert_eq!(files_with(&scene.home("Ben"), WORD), Vec::<String>::new());
    assert_eq!(files_with(&scene.home("Ben"), "Birnenmus").len(), 1, "what is his own stays");
    assert!(ben.charts().unwrap().iter().all(|chart| chart.own), "it is listed no more");
    assert_eq!((holds(&bens), holds(&ben)), (0, 1));
    assert!(ben.doctor(false).unwrap().ok, "{:?}", ben.doctor(false));
    settle(&[&ana, &ben]);
    assert_eq!(holds(&bens), 0);
    drop((ben, bens));
    assert_eq!(files_with(&scene.home("Ben"), WORD), Vec::<String>::new());
    // The owner's own copy goes the same way.
    ana.erase_chart().unwrap();
    assert_eq!(files_with(&scene.home("Ana"), WORD), Vec::<String>::new());
    assert_eq!((holds(&ana), standing(&ana)), (0, ChartStanding::Closed));
    // Who closed it is still told.
    let events = ana.audit(&AuditQuery::default()).unwrap();
    assert!(events.iter().any(|event| event.event == "closed"), "{events:?}");
}

/// A relay in this process, with clocks that can be moved.
struct Near {
    dir: tempfile::TempDir,
    relay: Arc<NearRelay>,
}

impl Near {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let relay = NearRelay::in_directory(&dir.path().join("relay"));
        Self { dir, relay }
    }

    fn config(&self, name: &str) -> (Config, Arc<FakeClock>) {
        let clock = Arc::new(FakeClock::new(1_772_312_400_000, "Europe/Berlin"));
        let config = Config {
            clock: clock.clone(),
            transport: Some(self.relay.clone()),
            ..Config::command_line(self.dir.path().join(name))
        };
        (config, clock)
    }

    fn person(&self, name: &str) -> (Engine, Arc<FakeClock>) {
        let account = NewAccount {
            name: name.to_owned(),
            device_name: "phone".to_owned(),
            relay: Some(URL.to_owned()),
        };
        let (config, clock) = self.config(name);
        (Engine::create(config, account).unwrap().0, clock)
    }

    fn open(&self, name: &str) -> Engine {
        Engine::open(self.config(name).0).unwrap()
    }

    /// Copies the relay's files as they are now.
    fn back_up(&self, to: &str) {
        self.relay.replace(RelayConfig::in_memory(), false);
        copy_files(&self.dir.path().join("relay"), &self.dir.path().join(to));
        self.relay.replace(RelayConfig::in_directory(self.dir.path().join("relay")), false);
    }

    /// Sets the relay back to a copy of such a copy, and says so.
    fn set_back(&self, from: &str, to: &str) {
        copy_files(&self.dir.path().join(from), &self.dir.path().join(to));
        self.relay.replace(RelayConfig::in_directory(self.dir.path().join(to)), true);
    }
}

#[test]
fn a_closed_chart_goes_by_itself_after_fourteen_days_by_both_clocks() {
    let near = Near::new();
    let (ana, _) = near.person("Ana");
    let (ben, clock) = near.person("Ben");
    let bens = let_in(&ana, &ben, "Ben", GrantRequest::of(Role::Viewer));
    write_a_lot(&ana);
    settle(&[&ana, &ben]);
    ana.close_chart().unwrap();
    settle(&[&ana, &ben]);
    assert_eq!(holds(&bens), 40);
    // A clock that was set wrong erases nothing, with the relay or without it.
    clock.advance(15 * DAY.unsigned_abs());
    near.relay.set_down(true);
    let _ = ben.sync_once(&Budget::default());
    near.relay.set_down(false);
    sync(&ben);
    assert_eq!(holds(&bens), 40);
    near.relay.advance(13 * DAY);
    sync(&ben);
    assert_eq!(holds(&bens), 40);
    near.relay.advance(DAY + 60_000);
    sync(&ben);
    assert_eq!(holds(&bens), 0);
    assert_eq!(files_with(&near.dir.path().join("Ben"), WORD), Vec::<String>::new());
}

#[test]
fn nothing_but_an_owners_verified_closing_or_the_persons_own_word_erases_a_chart() {
    let near = Near::new();
    let (ana, _) = near.person("Ana");
    let (ben, clock) = near.person("Ben");
    write_a_lot(&ana);
    let bens = let_in(&ana, &ben, "Ben", GrantRequest::of(Role::Partner));
    settle(&[&ana, &ben]);
    assert!(bens.erase_chart().is_err(), "a member leaves first");
    // An empty relay under the same name knows of no chart, and of nobody.
    near.relay.replace(RelayConfig::in_memory(), false);
    let _ = ben.sync_once(&Budget::default());
    // One that lies says that he is out.
    near.relay.replace(RelayConfig::in_directory(near.dir.path().join("relay")), false);
    let id = bens.current_chart().unwrap().id;
    let chart = holdfast_protocol::ids::SpaceId::from_hex(&id).unwrap();
    holdfast_tests::two_people::meddle(&near.relay, move |response| response.gone = vec![chart]);
    write_a_lot(&ana);
    sync(&ana);
    let _ = ben.sync_once(&Budget::default());
    near.relay.stop_meddling();
    clock.advance(400 * DAY.unsigned_abs());
    near.relay.advance(400 * DAY);
    let _ = ben.sync_once(&Budget::default());
    assert!(holds(&bens) >= 40);
    // A member's own word closes nobody's chart.
    assert!(bens.close_chart().is_err());
}

#[test]
fn whoever_leaves_and_wants_it_keeps_nothing_on_any_device_and_may_come_back() {
    let scene = Scene::new();
    let (ana, ben) = (person(&scene, "Ana"), person(&scene, "Ben"));
    write_a_lot(&ana);
    let bens = let_in(&ana, &ben, "Ben", GrantRequest::of(Role::Partner));
    let tablet = scene.pair(&ben, "tablet");
    settle(&[&ben, &tablet, &ana]);
    assert_eq!(holds(&of_another(&tablet)), 40);

    bens.leave_and_erase().unwrap();
    assert_eq!(holds(&bens), 40, "not before he is out");
    settle(&[&ben, &ana, &tablet]);
    settle(&[&ben, &tablet]);
    for home in ["Ben", "tablet"] {
        assert_eq!(files_with(&scene.home(home), WORD), Vec::<String>::new(), "{home}");
    }
    assert_eq!(ana.members().unwrap().len(), 1);
    assert_eq!(holds(&ana), 40);

    let bens = let_in(&ana, &ben, "Ben", GrantRequest::of(Role::Partner));
    settle(&[&ben, &ana, &tablet, &ben, &tablet]);
    assert_eq!(holds(&bens), 40, "asked in again, he reads it again");
    assert_eq!(holds(&of_another(&tablet)), 40);
    // Leaving without that wish erases nothing.
    bens.leave().unwrap();
    settle(&[&ben, &ana, &tablet, &ben]);
    assert_eq!((holds(&bens), holds(&of_another(&tablet))), (40, 40));
}

#[test]
fn what_a_removed_member_had_not_sent_is_exported_alone_and_read_back_elsewhere() {
    let scene = Scene::new();
    let (ana, ben) = (person(&scene, "Ana"), person(&scene, "Ben"));
    ana.log(&held("childs-pose", 60, "hers")).unwrap();
    let bens = let_in(&ana, &ben, "Ben", GrantRequest::of(Role::Partner));
    bens.log(&held("childs-pose", 30, "sent")).unwrap();
    settle(&[&ben, &ana]);
    let file = scene.room().join("unsent.json");
    assert!(bens.export_unsent(&file).is_err(), "a relay has all of it");
    bens.log(&held("childs-pose", 45, "not sent")).unwrap();
    ana.remove_member("Ben").unwrap();
    sync(&ana);
    let _ = ben.sync_once(&Budget::default());
    assert_eq!(standing(&bens), ChartStanding::Gone);
    let left = bens.current_chart().unwrap().unsent;
    assert!(left >= 1, "{left}");
    let found = ben.doctor(false).unwrap().findings;
    let offered = found.iter().find(|one| one.code == "unsent").unwrap();
    assert!(offered.sentence.to_string().contains("--unsent"), "{found:?}");

    let report = bens.export_unsent(&file).unwrap();
    assert_eq!((report.observations, report.routines), (1, 0));
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(text.contains("not sent") && !text.contains("hers"), "{text}");
    let whole = bens.export(ExportFormat::Json, &scene.room().join("whole.json")).unwrap();
    assert_eq!(whole.observations, 3, "what he has read can still be exported");
    let carla = person(&scene, "Carla");
    assert_eq!(carla.import(&file, false).unwrap().refused, vec![]);
    assert_eq!(holds(&carla), 1);
    // It stays until he says otherwise.
    assert_eq!(holds(&bens), 3);
    bens.erase_chart().unwrap();
    assert_eq!(files_with(&scene.home("Ben"), "not sent"), Vec::<String>::new());
}

#[test]
fn an_export_holds_no_class_that_was_taken_away() {
    let scene = Scene::new();
    let (ana, cruz) = (person(&scene, "Ana"), person(&scene, "Cruz"));
    ana.log(&held("childs-pose", 60, WORD)).unwrap();
    ana.new_routine("Evening").unwrap();
    let hers = let_in(&ana, &cruz, "Cruz", GrantRequest::of(Role::Therapist));
    settle(&[&cruz, &ana]);
    let before = hers.export(ExportFormat::Json, &scene.room().join("before.json")).unwrap();
    assert_eq!((before.observations, before.routines), (1, 1));
    let narrow = GrantRequest { without: vec![Class::Log], ..GrantRequest::of(Role::Therapist) };
    ana.change_grant("Cruz", &narrow).unwrap();
    settle(&[&ana, &cruz]);
    for format in [ExportFormat::Json, ExportFormat::Automerge] {
        let path = scene.room().join(format!("{format:?}"));
        let after = hers.export(format, &path).unwrap();
        assert_eq!((after.observations, after.sessions, after.routines), (0, 0, 1));
        if path.is_file() {
            assert!(!std::fs::read_to_string(&path).unwrap().contains(WORD));
        } else {
            assert_eq!(files_with(&path, WORD), Vec::<String>::new());
        }
    }
    let tables = hers.export_tables(&scene.room().join("tables"), false).unwrap();
    assert_eq!((tables.holds, tables.sessions), (0, 0));
}

#[test]
fn a_relay_set_back_to_before_the_closing_brings_nothing_back_and_is_told_again() {
    let mut scene = Scene::new();
    let (ana, ben) = (person(&scene, "Ana"), person(&scene, "Ben"));
    write_a_lot(&ana);
    let bens = let_in(&ana, &ben, "Ben", GrantRequest::of(Role::Partner));
    settle(&[&ben, &ana]);
    let backup = scene.back_up_relay();
    ana.close_chart().unwrap();
    settle(&[&ana, &ben]);
    bens.erase_chart().unwrap();

    scene.set_relay_back(&backup, true);
    let _ = ben.sync_once(&Budget::default());
    let _ = ben.sync_once(&Budget::default());
    assert_eq!(holds(&bens), 0);
    assert_eq!(files_with(&scene.home("Ben"), WORD), Vec::<String>::new());
    // A device of his that comes only now knows from his account what this relay forgot.
    let tablet = scene.pair(&ben, "tablet");
    sync(&tablet);
    let chart = tablet.charts().unwrap().into_iter().find(|chart| !chart.own);
    assert!(chart.is_none_or(|chart| chart.standing == ChartStanding::Closed));
    // The owner's devices close it again there.
    settle(&[&ana, &ben]);
    settle(&[&ana, &ben, &tablet]);
    assert_eq!(standing(&ana), ChartStanding::Closed);
    assert!(ana.log(&held("childs-pose", 10, "too late")).is_err());
    let closed = ana.audit(&AuditQuery::default()).unwrap();
    assert!(closed.iter().any(|event| event.event == "closed" && event.at_ms.is_some()));
    assert_eq!(files_with(&scene.home("Ben"), WORD), Vec::<String>::new());
}

/// Stops the engine at the so-manieth point where it touches the disk, once it is armed.
fn fused(left: &Arc<AtomicI64>, config: Config) -> Config {
    let left = left.clone();
    let faults =
        Faults::new(
            move |_, _| {
                if left.fetch_sub(1, Ordering::SeqCst) == 0 { Err(Crash) } else { Ok(()) }
            },
        );
    Config { faults, ..config }
}

#[test]
fn stopped_at_any_write_of_an_erasure_the_next_opening_finishes_it() {
    let near = Near::new();
    let (ana, _) = near.person("Ana");
    let (ben, _) = near.person("Ben");
    write_a_lot(&ana);
    let bens = let_in(&ana, &ben, "Ben", GrantRequest::of(Role::Partner));
    bens.log(&held("childs-pose", 99, &format!("{WORD} never sent"))).unwrap();
    settle(&[&ana]);
    ana.close_chart().unwrap();
    settle(&[&ana]);
    let _ = ben.sync_once(&Budget::default());
    let id = bens.current_chart().unwrap().id;
    drop((ben, bens));
    let home = near.dir.path().join("Ben");
    let before = near.dir.path().join("before");
    copy_files(&home, &before);
    for at in 0.. {
        let _ = std::fs::remove_dir_all(&home);
        copy_files(&before, &home);
        let left = Arc::new(AtomicI64::new(i64::MAX));
        let ben = Engine::open(fused(&left, near.config("Ben").0)).unwrap();
        let bens = ben.chart(&id).unwrap();
        left.store(at, Ordering::SeqCst);
        let done = bens.erase_chart();
        drop((ben, bens));
        let burnt = left.load(Ordering::SeqCst) < 0;
        let ben = near.open("Ben");
        let listed = ben.charts().unwrap().iter().any(|chart| !chart.own);
        if listed {
            // It had not begun: nothing is missing.
            assert!(done.is_err(), "stopped at write {at}");
            assert!(holds(&ben.chart(&id).unwrap()) >= 40, "stopped at write {at}");
            continue;
        }
        assert_eq!(files_with(&home, WORD), Vec::<String>::new(), "stopped at write {at}");
        assert!(ben.doctor(false).unwrap().ok, "stopped at write {at}: {:?}", ben.doctor(false));
        if !burnt {
            assert!(at > 20, "an erasure has more writes than {at}");
            break;
        }
    }
}

#[derive(Debug, Clone)]
enum Step {
    SetBack,
    AnaSyncs,
    BenSyncs,
    AnaWrites,
    BenOpensAgain,
    Erase,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        2 => Just(Step::SetBack),
        3 => Just(Step::AnaSyncs),
        4 => Just(Step::BenSyncs),
        1 => Just(Step::AnaWrites),
        1 => Just(Step::BenOpensAgain),
        1 => Just(Step::Erase),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    /// Once a device has verified the closing, no order of what relays, owners and the device itself do afterwards opens
    /// the chart again there, or brings back what was erased.
    #[test]
    fn a_closing_stands_in_any_order_of_what_comes_after(steps in prop::collection::vec(step(), 1..9)) {
        let near = Near::new();
        let (ana, _) = near.person("Ana");
        let (mut ben, _) = near.person("Ben");
        ana.log(&held("childs-pose", 60, WORD)).unwrap();
        let mut bens = let_in(&ana, &ben, "Ben", GrantRequest::of(Role::Partner));
        settle(&[&ana, &ben]);
        near.back_up("backup");
        ana.log(&held("childs-pose", 61, WORD)).unwrap();
        ana.close_chart().unwrap();
        settle(&[&ana, &ben]);
        let id = bens.current_chart().unwrap().id;
        let (mut erased, mut lives) = (false, 0);
        let had = holds(&bens);
        for step in steps {
            match step {
                Step::SetBack => {
                    lives += 1;
                    near.set_back("backup", &format!("relay-{lives}"));
                }
                Step::AnaSyncs => drop(ana.sync_once(&Budget::default()).unwrap()),
                Step::BenSyncs => drop(ben.sync_once(&Budget::default()).unwrap()),
                Step::AnaWrites => prop_assert!(ana.log(&held("childs-pose", 9, WORD)).is_err()),
                Step::BenOpensAgain if !erased => {
                    drop((ben, bens));
                    ben = near.open("Ben");
                    bens = ben.chart(&id).unwrap();
                }
                Step::Erase if !erased => {
                    bens.erase_chart().unwrap();
                    erased = true;
                }
                Step::BenOpensAgain | Step::Erase => {}
            }
            if erased {
                prop_assert_eq!(holds(&bens), 0);
                prop_assert_eq!(files_with(&near.dir.path().join("Ben"), WORD), Vec::<String>::new());
                prop_assert!(ben.charts().unwrap().iter().all(|chart| chart.own));
            } else {
                prop_assert_eq!(standing(&bens), ChartStanding::Closed);
                prop_assert_eq!(holds(&bens), had);
            }
            prop_assert!(bens.log(&held("childs-pose", 9, "never")).is_err());
        }
    }
}
