//! People who share a chart over a real relay: let in while the owner is away, compared, narrowed, at their end,
//! removed, gone of their own accord; and links that let nobody in.
#![allow(clippy::unwrap_used)]

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use holdfast::sharing::{Class, Role};
use holdfast::sync::transport::Answer;
use holdfast::{
    Budget, ChartStanding, Compared, Config, Engine, GrantRequest, HoldfastError, Inspection,
    Invitation, NewAccount, Pending, inspect,
};
use holdfast_protocol::entropy::SystemEntropy;
use holdfast_protocol::ids::{DeviceId, SpaceId};
use holdfast_protocol::invitation::MemberLink;
use holdfast_protocol::keys::wrap;
use holdfast_protocol::link::Link;
use holdfast_protocol::membership::{ChartState, Grant, SpaceState};
use holdfast_protocol::pairing::{JoinResponse, PeekResponse, member_wrap_info};
use holdfast_protocol::wire;
use holdfast_tests::near_relay::{NearRelay, URL, config};
use holdfast_tests::scene::{Scene, held, history_json, settle, sync};

const HOUR: u64 = 60 * 60 * 1000;

fn person(scene: &Scene, name: &str) -> Engine {
    let account = NewAccount {
        name: name.to_owned(),
        device_name: format!("{name}'s phone"),
        relay: Some(scene.url()),
    };
    Engine::create(Config::command_line(scene.home(name)), account).unwrap().0
}

fn invitation(name: &str, role: Role) -> Invitation {
    Invitation {
        name: Some(name.to_owned()),
        grant: GrantRequest::of(role),
        valid_ms: HOUR,
        confirm_first: false,
    }
}

/// Lets somebody into the own chart. Gives it as they see it.
fn let_in(owner: &Engine, guest: &Engine, name: &str, role: Role) -> Engine {
    let invited = owner.invite(&invitation(name, role)).unwrap();
    let chart = guest.accept_invite(&invited.link).unwrap();
    sync(owner);
    guest.chart(&chart.id).unwrap()
}

fn holds(engine: &Engine) -> usize {
    history_json(engine).as_array().unwrap().len()
}

fn member(engine: &Engine, name: &str) -> Option<holdfast::MemberView> {
    engine.members().unwrap().into_iter().find(|member| member.name == name)
}

fn standing(engine: &Engine) -> ChartStanding {
    engine.current_chart().unwrap().standing
}

/// The same over a relay in this process, where answers get lost.
fn near(dir: &Path, name: &str, relay: &Arc<NearRelay>) -> Engine {
    let account = NewAccount {
        name: name.to_owned(),
        device_name: format!("{name}'s phone"),
        relay: Some(URL.to_owned()),
    };
    Engine::create(config(&dir.join(name), relay), account).unwrap().0
}

#[test]
fn coming_in_goes_on_with_the_same_link_wherever_it_was_broken_off() {
    let mut whole = 0;
    for lost in 1..16 {
        let dir = tempfile::tempdir().unwrap();
        let relay = NearRelay::in_memory();
        let ana = near(dir.path(), "Ana", &relay);
        ana.log(&held("childs-pose", 60, "before")).unwrap();
        let link = ana.invite(&invitation("Ben", Role::Partner)).unwrap().link;
        let mut ben = near(dir.path(), "Ben", &relay);
        let mut asked = 0;
        relay.meddle(move |_, answer| {
            asked += 1;
            if asked >= lost && asked < lost + 4 {
                Err(holdfast::sync::transport::TransportError::TimedOut)
            } else {
                Ok(answer)
            }
        });
        let mut came = ben.accept_invite(&link);
        whole += u32::from(came.is_ok());
        for _ in 0..6 {
            match &came {
                Err(HoldfastError::Relay { .. }) => {
                    // The process died; another one opens the home.
                    drop(ben);
                    ben = Engine::open(config(&dir.path().join("Ben"), &relay)).unwrap();
                    came = ben.accept_invite(&link);
                }
                Err(HoldfastError::Link { code, .. }) if code == "already_in" => break,
                Err(other) => panic!("{lost}: {other:?}"),
                Ok(_) => break,
            }
        }
        relay.stop_meddling();
        ben.sync_once(&Budget::default()).unwrap();
        let charts = ben.charts().unwrap();
        let chart = charts.iter().find(|chart| !chart.own).unwrap_or_else(|| panic!("{lost}"));
        let hers = ben.chart(&chart.id).unwrap();
        assert_eq!(holds(&hers), 1, "{lost}");
        hers.log(&held("childs-pose", 45, "by Ben")).unwrap();
        settle(&[&ben, &ana]);
        assert_eq!((holds(&ana), ana.members().unwrap().len()), (2, 2), "{lost}");
    }
    assert!((1..15).contains(&whole), "some were broken off and some were not: {whole}");
}

#[test]
fn whoever_has_no_relay_yet_takes_the_one_of_the_link() {
    let scene = Scene::new();
    let ana = person(&scene, "Ana");
    let account =
        NewAccount { name: "Ben".to_owned(), device_name: "phone".to_owned(), relay: None };
    let home = Config::command_line(scene.home("Ben"));
    let ben = Engine::create(home, account).unwrap().0;
    ben.log(&held("childs-pose", 20, "own")).unwrap();
    let link = ana.invite(&invitation("Ben", Role::Partner)).unwrap().link;
    let mangled = format!("{}A", &*link);
    assert!(ben.accept_invite(&mangled).is_err() && ben.relay().unwrap().is_none());
    let chart = ben.accept_invite(&link).unwrap();
    assert_eq!(ben.relay().unwrap().unwrap().url, scene.url());
    ben.chart(&chart.id).unwrap().log(&held("childs-pose", 45, "hers")).unwrap();
    settle(&[&ben, &ana]);
    assert_eq!((holds(&ben), holds(&ana)), (1, 1));
}

#[test]
fn a_relay_that_shows_another_chart_than_the_link_is_not_believed() {
    let dir = tempfile::tempdir().unwrap();
    let relay = NearRelay::in_memory();
    let (ana, ben) = (near(dir.path(), "Ana", &relay), near(dir.path(), "Ben", &relay));
    let link = ana.invite(&invitation("Ben", Role::Partner)).unwrap().link;
    // It leaves out the statement that the link was made with.
    relay.meddle(|ask, answer| {
        if ask.path != "/v1/peek" || answer.status != 200 {
            return Ok(answer);
        }
        let mut seen: PeekResponse = wire::decode("peek", &answer.body).unwrap();
        seen.membership.pop();
        Ok(Answer { body: wire::encode(&seen), ..answer })
    });
    let refused = ben.accept_invite(&link).unwrap_err();
    assert_eq!(refused.code(), "relay_untrusted");
    relay.stop_meddling();
    // The link says more than the log gives.
    let mut greedy = MemberLink::parse(&link).unwrap();
    greedy.grant = Grant::preset(Role::Therapist);
    assert_eq!(ben.accept_invite(&greedy.to_text()).unwrap_err().code(), "relay_untrusted");
    assert_eq!(ben.charts().unwrap().len(), 1);
    ben.accept_invite(&link).unwrap();
}

#[test]
fn keys_that_the_chart_did_not_commit_to_are_not_taken() {
    let dir = tempfile::tempdir().unwrap();
    let relay = NearRelay::in_memory();
    let (ana, ben) = (near(dir.path(), "Ana", &relay), near(dir.path(), "Ben", &relay));
    ana.log(&held("childs-pose", 60, "before")).unwrap();
    let invited = ana.invite(&invitation("Ben", Role::Partner)).unwrap();
    let link = MemberLink::parse(&invited.link).unwrap();
    // Whoever has the link can seal any key to it.
    relay.meddle(move |ask, answer| {
        if ask.path != "/v1/join" || answer.status != 200 {
            return Ok(answer);
        }
        let mut said: JoinResponse = wire::decode("join", &answer.body).unwrap();
        for handed in &mut said.keys {
            let info = member_wrap_info(link.chart, link.keys().id(), handed.class);
            let receive = link.keys().receive().public();
            handed.wrapped = wrap(&receive, &info, &[7; 32], &mut SystemEntropy).unwrap();
        }
        Ok(Answer { body: wire::encode(&said), ..answer })
    });
    let chart = ben.accept_invite(&invited.link).unwrap();
    let hers = ben.chart(&chart.id).unwrap();
    assert_eq!(holds(&hers), 0);
    let report = ben.sync_once(&Budget::default()).unwrap();
    assert!(report.problems.iter().any(|problem| problem.code == "key_missing"), "{report:?}");
    // What is written meanwhile is not sealed under a key that somebody made up.
    hers.log(&held("childs-pose", 45, "waits")).unwrap();
    ben.sync_once(&Budget::default()).unwrap();
    sync(&ana);
    assert_eq!(holds(&ana), 1);
}

/// What a home knows of a chart's membership, read from its database.
fn chart_in(home: &Path, chart: &str) -> ChartState {
    let database = rusqlite::Connection::open(home.join("holdfast.db")).unwrap();
    let id = SpaceId::from_hex(chart).unwrap();
    let sql = "SELECT state FROM space WHERE id = ?1";
    let bytes: Vec<u8> = database.query_row(sql, [id.as_bytes()], |row| row.get(0)).unwrap();
    let state: SpaceState = wire::decode("space", &bytes).unwrap();
    state.as_chart().unwrap().clone()
}

/// The current epochs of plan, log and notes.
fn epochs(chart: &ChartState) -> [u32; 3] {
    [Class::Plan, Class::Log, Class::Notes].map(|class| chart.epoch(class))
}

fn link_code(error: &HoldfastError) -> &str {
    match error {
        HoldfastError::Link { code, .. } => code,
        other => panic!("{other:?}"),
    }
}

fn now_ms() -> u64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    u64::try_from(now.as_millis()).unwrap()
}

#[test]
fn somebody_is_let_in_while_the_owner_is_away_and_both_write_one_record() {
    let scene = Scene::new();
    let (ana, ben) = (person(&scene, "Ana"), person(&scene, "Ben"));
    ana.log(&held("childs-pose", 60, "before")).unwrap();
    let invited = ana.invite(&invitation("Ben", Role::Partner)).unwrap();
    let Inspection::Invite(inside) = inspect(&invited.scan).unwrap() else { panic!("an invite") };
    assert_eq!((inside.from.as_str(), inside.role), ("Ana", Some("partner")));
    assert_eq!(ana.invites().unwrap().len(), 1);

    // Ana's phone is off: it does not sync.
    let chart = ben.accept_invite(&invited.link).unwrap();
    assert_eq!((chart.owner_name.as_str(), chart.standing), ("Ana", ChartStanding::Active));
    assert_eq!(ben.charts().unwrap().len(), 2);
    let hers = ben.chart(&chart.id).unwrap();
    assert_eq!(holds(&hers), 1, "what was before is read");
    assert_eq!(holds(&ben), 0, "and is not in the own record");
    hers.log(&held("childs-pose", 45, "by Ben")).unwrap();
    settle(&[&ben, &ana]);
    assert_eq!(holds(&ana), 2);
    assert_eq!(history_json(&ana), history_json(&hers));
    let seen = member(&ana, "Ben").unwrap();
    assert_eq!((seen.role, seen.verified, seen.devices), (Some("partner"), false, Some(1)));
    assert!(member(&hers, "Ana").unwrap().subject);
    assert!(ana.invites().unwrap().is_empty());
    for engine in [&ana, &ben] {
        assert!(engine.doctor(false).unwrap().ok, "{:?}", engine.doctor(false).unwrap());
    }

    // Ben's next phone finds the keys where all his keys are.
    let tablet = scene.pair(&ben, "ben-tablet");
    let hers = tablet.chart(&chart.id).unwrap();
    settle(&[&tablet, &ana]);
    assert_eq!(history_json(&ana), history_json(&hers));
}

#[test]
fn whoever_is_to_be_compared_first_reads_and_writes_nothing_until_then() {
    let scene = Scene::new();
    let (ana, ben) = (person(&scene, "Ana"), person(&scene, "Ben"));
    ana.log(&held("childs-pose", 60, "before")).unwrap();
    let first = Invitation { confirm_first: true, ..invitation("Ben", Role::Partner) };
    let chart = ben.accept_invite(&ana.invite(&first).unwrap().link).unwrap();
    assert_eq!(chart.standing, ChartStanding::Waiting);
    let hers = ben.chart(&chart.id).unwrap();
    assert_eq!(holds(&hers), 0);
    assert!(hers.log(&held("childs-pose", 45, "early")).is_err());
    sync(&ana);
    assert!(member(&ana, "Ben").unwrap().waiting);
    let (one, other) = (ana.phrase_with("Ben").unwrap(), hers.phrase_with("Ana").unwrap());
    assert_eq!(one.words, other.words);
    assert_eq!(one.words.len(), 7);

    assert_eq!(ana.verify("Ben", true).unwrap(), Compared::Verified);
    assert_eq!(member(&ana, "Ben").unwrap().pending, Some(Pending::Confirmation));
    settle(&[&ana, &ben]);
    let seen = member(&ana, "Ben").unwrap();
    assert!(seen.verified && !seen.waiting && seen.pending.is_none(), "{seen:?}");
    assert!(!member(&hers, "Ana").unwrap().verified, "each compares for oneself");
    assert_eq!(hers.verify("Ana", true).unwrap(), Compared::Verified);
    assert!(member(&hers, "Ana").unwrap().verified);
    assert_eq!(holds(&hers), 1);
    hers.log(&held("childs-pose", 45, "now")).unwrap();
    settle(&[&ben, &ana]);
    assert_eq!(holds(&ana), 2);
}

#[test]
fn words_that_differ_remove_the_member_again() {
    let scene = Scene::new();
    let (ana, ben) = (person(&scene, "Ana"), person(&scene, "Ben"));
    let hers = let_in(&ana, &ben, "Ben", Role::Viewer);
    assert_eq!(ana.verify("Ben", false).unwrap(), Compared::ToBeRemoved);
    assert_eq!(member(&ana, "Ben").unwrap().pending, Some(Pending::Removal));
    sync(&ana);
    assert!(member(&ana, "Ben").is_none());
    ana.log(&held("childs-pose", 60, "afterwards")).unwrap();
    settle(&[&ana, &ben]);
    assert_eq!(standing(&hers), ChartStanding::Gone);
    assert_eq!(holds(&hers), 0);
}

#[test]
fn a_narrowed_member_keeps_what_is_left_and_loses_the_rest_at_once() {
    let scene = Scene::new();
    let (ana, ben) = (person(&scene, "Ana"), person(&scene, "Ben"));
    let hers = let_in(&ana, &ben, "Ben", Role::Partner);
    hers.log(&held("childs-pose", 45, "allowed")).unwrap();
    sync(&ben);
    sync(&ana);
    let narrowed = ana.change_grant("Ben", &GrantRequest::of(Role::Viewer)).unwrap();
    assert_eq!((narrowed.role, narrowed.pending), (Some("partner"), Some(Pending::Grant)));
    settle(&[&ana, &ben]);
    let seen = member(&ana, "Ben").unwrap();
    assert_eq!((seen.role, seen.pending), (Some("viewer"), None));
    assert!(hers.log(&held("childs-pose", 45, "too late")).is_err());
    ana.log(&held("childs-pose", 60, "still read")).unwrap();
    settle(&[&ana, &ben]);
    assert_eq!((holds(&ana), holds(&hers)), (2, 2));
    // And wider again.
    let wide = GrantRequest { with: vec![Class::Notes], ..GrantRequest::of(Role::Partner) };
    let own = ana.current_chart().unwrap().id;
    assert_eq!(epochs(&chart_in(&scene.home("Ana"), &own)), [1, 1, 1], "it read on all it had");
    ana.change_grant("Ben", &wide).unwrap();
    settle(&[&ana, &ben]);
    assert_eq!(epochs(&chart_in(&scene.home("Ana"), &own)), [1, 1, 2]);
    hers.log(&held("childs-pose", 45, "again")).unwrap();
    settle(&[&ben, &ana]);
    assert_eq!(holds(&ana), 3);
    assert_eq!(member(&ana, "Ben").unwrap().grants.get("notes"), Some(&"write"));
}

#[test]
fn what_was_given_for_a_time_ends_and_an_owner_makes_new_keys() {
    let scene = Scene::new();
    let (ana, ben) = (person(&scene, "Ana"), person(&scene, "Ben"));
    let past = GrantRequest { until_ms: Some(1), ..GrantRequest::of(Role::Viewer) };
    let refused = ana.invite(&Invitation { grant: past, ..invitation("Ben", Role::Viewer) });
    assert_eq!(refused.unwrap_err().code(), "end_in_the_past");
    let hers = let_in(&ana, &ben, "Ben", Role::Partner);
    let until_ms = Some(now_ms() + 1_500);
    let ending = GrantRequest { until_ms, ..GrantRequest::of(Role::Partner) };
    ana.change_grant("Ben", &ending).unwrap();
    settle(&[&ana, &ben]);
    assert_eq!(member(&ana, "Ben").unwrap().until_ms, until_ms);
    std::thread::sleep(Duration::from_millis(8_000));
    ana.log(&held("childs-pose", 60, "after the end")).unwrap();
    settle(&[&ana, &ben]);
    assert!(member(&ana, "Ben").is_none(), "an owner's device removes whose time is over");
    assert!(hers.log(&held("childs-pose", 45, "late")).is_err());
    assert_eq!(holds(&hers), 0);
}

#[test]
fn a_removed_member_reads_nothing_new_writes_nothing_and_is_told_so() {
    let scene = Scene::new();
    let (ana, ben) = (person(&scene, "Ana"), person(&scene, "Ben"));
    let hers = let_in(&ana, &ben, "Ben", Role::Partner);
    ana.log(&held("childs-pose", 60, "shared")).unwrap();
    settle(&[&ana, &ben]);
    hers.log(&held("childs-pose", 45, "not sent in time")).unwrap();
    let removed = ana.remove_member("Ben").unwrap();
    assert_eq!(removed.pending, Some(Pending::Removal), "not yet in force");
    assert!(ana.change_grant("Ben", &GrantRequest::of(Role::Viewer)).is_ok());
    assert_eq!(member(&ana, "Ben").unwrap().pending, Some(Pending::Removal), "removal beats it");
    sync(&ana);
    assert!(member(&ana, "Ben").is_none());
    ana.log(&held("childs-pose", 60, "after the removal")).unwrap();
    sync(&ana);
    for _ in 0..2 {
        ben.sync_once(&Budget::default()).unwrap();
    }
    sync(&ana);
    assert_eq!(standing(&hers), ChartStanding::Gone);
    let told = history_json(&hers).to_string();
    assert!(told.contains("shared") && !told.contains("after the removal"), "{told}");
    assert!(!history_json(&ana).to_string().contains("not sent in time"));
    assert!(hers.log(&held("childs-pose", 45, "later")).is_err());
    // Invited again, it reads on.
    let again = let_in(&ana, &ben, "Ben again", Role::Viewer);
    assert!(history_json(&again).to_string().contains("after the removal"));
    assert!(ana.remove_member("nobody").is_err());
    assert!(hers.remove_member("Ana").is_err());
}

#[test]
fn whoever_leaves_is_gone_and_the_last_owner_stays_or_closes() {
    let scene = Scene::new();
    let (ana, ben) = (person(&scene, "Ana"), person(&scene, "Ben"));
    let hers = let_in(&ana, &ben, "Ben", Role::Partner);
    assert_eq!(ana.leave().unwrap_err().code(), "last_owner");
    assert_eq!(hers.close_chart().unwrap_err().code(), "owners_only");
    let own = ana.current_chart().unwrap().id;
    let before = chart_in(&scene.home("Ana"), &own);
    hers.log(&held("childs-pose", 45, "the last thing")).unwrap();
    hers.leave().unwrap();
    settle(&[&ben, &ana]);
    assert_eq!(holds(&ana), 1, "what was written before is sent before");
    let after = chart_in(&scene.home("Ana"), &own);
    assert!(after.due.is_empty(), "an owner's device made new keys of what Ben had read");
    let [plan, log, notes] = epochs(&before);
    assert_eq!(epochs(&after), [plan + 1, log + 1, notes]);
    assert!(member(&ana, "Ben").is_none());
    assert_eq!(standing(&hers), ChartStanding::Gone);
    let cruz = person(&scene, "Cruz");
    let theirs = let_in(&ana, &cruz, "Cruz", Role::Therapist);
    ana.close_chart().unwrap();
    settle(&[&ana, &cruz]);
    assert_eq!(standing(&theirs), ChartStanding::Closed);
    assert_eq!(standing(&ana), ChartStanding::Closed);
    assert!(ana.invite(&invitation("Ben", Role::Viewer)).is_err());
}

#[test]
fn a_link_lets_in_one_person_once_in_time_at_its_own_relay() {
    let scene = Scene::new();
    let (ana, ben, cruz) = (person(&scene, "Ana"), person(&scene, "Ben"), person(&scene, "Cruz"));
    let refused = |guest: &Engine, link: &str| -> String {
        let refused = guest.accept_invite(link).unwrap_err();
        link_code(&refused).to_owned()
    };
    let invited = ana.invite(&invitation("Ben", Role::Viewer)).unwrap();
    assert_eq!(refused(&ana, &invited.link), "own_invite");
    assert_eq!(refused(&ben, &invited.link[..invited.link.len() - 2]), "bad_link");
    assert_eq!(refused(&ben, "holdfast:pair#AAAA"), "no_link");
    let elsewhere = Scene::new();
    let stranger = person(&elsewhere, "Dee");
    assert_eq!(refused(&stranger, &invited.link), "other_relay");
    ben.accept_invite(&invited.link).unwrap();
    assert_eq!(refused(&ben, &invited.link), "already_in");
    assert_eq!(refused(&cruz, &invited.link), "link_used");
    sync(&ana);

    let short = Invitation { valid_ms: 700, ..invitation("Cruz", Role::Viewer) };
    let late = ana.invite(&short).unwrap();
    std::thread::sleep(Duration::from_millis(900));
    assert_eq!(refused(&cruz, &late.link), "link_ended");

    let taken_back = ana.invite(&invitation("Cruz", Role::Viewer)).unwrap();
    assert!(ana.revoke_invite(&taken_back.invite[..8]).unwrap().ending);
    sync(&ana);
    assert!(ana.invites().unwrap().iter().all(|open| open.invite != taken_back.invite));
    assert_eq!(refused(&cruz, &taken_back.link), "link_gone");
    assert_eq!(cruz.charts().unwrap().len(), 1);

    // An invite that was open while keys were made anew gives the new ones.
    ana.log(&held("childs-pose", 60, "with new keys")).unwrap();
    let open = ana.invite(&invitation("Cruz", Role::Viewer)).unwrap();
    ana.remove_member("Ben").unwrap();
    ana.log(&held("childs-pose", 61, "with newer keys")).unwrap();
    sync(&ana);
    let chart = cruz.accept_invite(&open.link).unwrap();
    assert_eq!(holds(&cruz.chart(&chart.id).unwrap()), 2);
}

#[test]
fn two_people_who_race_for_one_link_come_in_once() {
    let scene = Scene::new();
    let ana = person(&scene, "Ana");
    let guests = [person(&scene, "Ben"), person(&scene, "Cruz")];
    let invited = ana.invite(&invitation("whoever", Role::Viewer)).unwrap();
    let came: Vec<_> = std::thread::scope(|threads| {
        let link = invited.link.as_str();
        let racing: Vec<_> =
            guests.iter().map(|guest| threads.spawn(move || guest.accept_invite(link))).collect();
        racing.into_iter().map(|one| one.join().unwrap()).collect()
    });
    assert_eq!(came.iter().filter(|one| one.is_ok()).count(), 1, "{came:?}");
    let lost = came.into_iter().find_map(Result::err).unwrap();
    assert_eq!(link_code(&lost), "link_used");
    sync(&ana);
    assert_eq!(ana.members().unwrap().len(), 2);
}

#[test]
fn two_devices_of_the_owner_that_change_the_members_at_once_come_to_one_membership() {
    let scene = Scene::new();
    let ana = person(&scene, "Ana");
    let tablet = scene.pair(&ana, "ana-tablet");
    let (ben, cruz, dee) = (person(&scene, "Ben"), person(&scene, "Cruz"), person(&scene, "Dee"));
    let_in(&ana, &ben, "Ben", Role::Partner);
    let_in(&ana, &cruz, "Cruz", Role::Partner);
    settle(&[&ana, &tablet]);
    // Neither has heard of what the other wants.
    let open = ana.invite(&invitation("Dee", Role::Viewer)).unwrap();
    ana.remove_member("Ben").unwrap();
    ana.change_grant("Cruz", &GrantRequest::of(Role::Viewer)).unwrap();
    tablet.remove_member("Ben").unwrap();
    tablet.remove_member("Cruz").unwrap();
    let chart = dee.accept_invite(&open.link).unwrap();
    std::thread::scope(|threads| {
        for engine in [&ana, &tablet] {
            threads.spawn(move || sync(engine));
        }
    });
    settle(&[&ana, &tablet, &ana, &tablet]);
    let names = |engine: &Engine| -> Vec<_> {
        engine.members().unwrap().into_iter().map(|member| (member.name, member.pending)).collect()
    };
    assert_eq!(names(&ana), [("Ana".to_owned(), None), ("Dee".to_owned(), None)]);
    assert_eq!(names(&tablet), names(&ana));
    ana.log(&held("childs-pose", 60, "for those who are left")).unwrap();
    settle(&[&ana, &tablet, &dee, &ben]);
    assert_eq!(history_json(&tablet), history_json(&ana));
    assert_eq!(holds(&dee.chart(&chart.id).unwrap()), 1);
    for engine in [&ana, &tablet, &dee] {
        assert!(sync(engine).problems.is_empty());
    }
}

#[test]
fn keys_that_two_devices_of_the_owner_would_renew_at_once_are_renewed_once() {
    let scene = Scene::new();
    let ana = person(&scene, "Ana");
    let tablet = scene.pair(&ana, "ana-tablet");
    let (ben, cruz) = (person(&scene, "Ben"), person(&scene, "Cruz"));
    let hers = let_in(&ana, &ben, "Ben", Role::Partner);
    let open = ana.invite(&invitation("Cruz", Role::Partner)).unwrap();
    settle(&[&ana, &tablet, &ben]);
    let own = ana.current_chart().unwrap().id;
    let before = epochs(&chart_in(&scene.home("Ana"), &own));
    hers.leave().unwrap();
    sync(&ben);
    std::thread::scope(|threads| {
        for engine in [&ana, &tablet] {
            threads.spawn(move || sync(engine));
        }
    });
    settle(&[&ana, &tablet]);
    let after = epochs(&chart_in(&scene.home("Ana"), &own));
    assert_eq!(after, [before[0] + 1, before[1] + 1, before[2]]);
    assert_eq!(after, epochs(&chart_in(&scene.home("ana-tablet"), &own)));

    // The tablet is lost: it is cut off with new keys, and the open invite gives those.
    let device = tablet.identity().unwrap().device;
    drop(tablet);
    ana.revoke_device(&device).unwrap();
    settle(&[&ana]);
    ana.log(&held("childs-pose", 60, "with the newest keys")).unwrap();
    sync(&ana);
    let chart = cruz.accept_invite(&open.link).unwrap();
    let hers = cruz.chart(&chart.id).unwrap();
    assert_eq!(holds(&hers), 1);
    // Whoever came in and hears other words goes again.
    assert_eq!(hers.verify("Ana", false).unwrap(), Compared::Leaving);
    settle(&[&cruz, &ana]);
    assert_eq!(ana.members().unwrap().len(), 1);
}

#[test]
fn an_invite_past_its_end_is_closed_with_new_keys_by_itself() {
    let dir = tempfile::tempdir().unwrap();
    let relay = NearRelay::in_memory();
    let ana = near(dir.path(), "Ana", &relay);
    ana.invite(&invitation("Ben", Role::Viewer)).unwrap();
    let first = Invitation { confirm_first: true, ..invitation("Cruz", Role::Viewer) };
    ana.invite(&first).unwrap();
    relay.advance(2 * HOUR as i64);
    for _ in 0..2 {
        sync(&ana);
    }
    assert!(ana.invites().unwrap().is_empty());
    let own = ana.current_chart().unwrap().id;
    let chart = chart_in(&dir.path().join("Ana"), &own);
    assert_eq!(epochs(&chart), [2, 2, 1], "for the one that had keys, and not for the other");
}

#[test]
fn a_revoked_phone_is_cut_off_in_all_thirty_charts_of_others_though_the_network_fails() {
    let dir = tempfile::tempdir().unwrap();
    let relay = NearRelay::in_memory();
    let cruz = near(dir.path(), "Cruz", &relay);
    let owners: Vec<Engine> =
        (0..30).map(|n| near(dir.path(), &format!("Patient {n}"), &relay)).collect();
    let charts: Vec<Engine> =
        owners.iter().map(|owner| let_in(owner, &cruz, "Cruz", Role::Therapist)).collect();
    let link = cruz.pair(HOUR).unwrap().link;
    let at = |owner: usize| {
        let id = owners[owner].current_chart().unwrap().id;
        chart_in(&dir.path().join(format!("Patient {owner}")), &id)
    };
    let touched = |owner: usize| at(owner).epochs.values().map(Vec::len).sum::<usize>();
    let before: Vec<usize> = (0..30).map(touched).collect();
    let lost = Engine::join(config(&dir.path().join("lost"), &relay), &link, "lost").unwrap();
    assert_eq!(lost.charts().unwrap().len(), 31);
    settle(&[&cruz, &lost]);
    let quiet = sync(&cruz);
    assert_eq!(quiet.round_trips, 1, "{quiet:?}");
    assert!(quiet.bytes_sent + quiet.bytes_received <= 200, "{quiet:?}");

    let device = lost.identity().unwrap().device;
    cruz.revoke_device(&device).unwrap();
    let mut asked = 0;
    relay.meddle(move |_, answer| {
        asked += 1;
        if asked % 3 == 0 {
            Err(holdfast::sync::transport::TransportError::TimedOut)
        } else {
            Ok(answer)
        }
    });
    for _ in 0..12 {
        // A little at a time, and each answer may be lost.
        let budget = Budget { max_bytes: 60_000, ..Budget::default() };
        cruz.sync_once(&budget).unwrap();
    }
    relay.stop_meddling();
    sync(&cruz);
    let device = DeviceId::from_hex(&device).unwrap();
    for (n, owner) in owners.iter().enumerate() {
        sync(owner);
        let chart = at(n);
        assert!(chart.cuts.contains_key(&device), "{n}");
        let keys: usize = chart.epochs.values().map(Vec::len).sum();
        assert_eq!(keys, before[n] + 3, "{n}: new keys of what Cruz reads, once");
        owner.log(&held("childs-pose", 60, "afterwards")).unwrap();
        sync(owner);
    }
    sync(&cruz);
    for theirs in &charts {
        assert_eq!(holds(theirs), 1);
    }
    lost.sync_once(&Budget::default()).unwrap();
    for chart in lost.charts().unwrap() {
        assert_eq!(holds(&lost.chart(&chart.id).unwrap()), 0);
    }
}
