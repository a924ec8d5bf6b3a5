//! Coming into a chart over a real relay: while the owner is away, broken off anywhere, once, in time, with the
//! keys that the chart committed to and no others.
#![allow(clippy::unwrap_used)]

use std::time::Duration;

use holdfast::domain::words::Words;
use holdfast::sharing::Role;
use holdfast::sync::transport::Answer;
use holdfast::{
    Budget, ChartStanding, Config, Engine, HoldfastError, Inspection, Invitation, NewAccount,
    inspect,
};
use holdfast_protocol::entropy::SystemEntropy;
use holdfast_protocol::invitation::MemberLink;
use holdfast_protocol::keys::wrap;
use holdfast_protocol::link::Link;
use holdfast_protocol::membership::Grant;
use holdfast_protocol::pairing::{JoinResponse, PeekResponse, member_wrap_info};
use holdfast_protocol::wire;
use holdfast_tests::near_relay::{NearRelay, config};
use holdfast_tests::people::{HOUR, chart_in, epochs, holds, invitation, member, near, person};
use holdfast_tests::scene::{Scene, held, history_json, settle, sync};

fn link_code(error: &HoldfastError) -> &str {
    match error {
        HoldfastError::Link { code, .. } => code,
        other => panic!("{other:?}"),
    }
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
    let problem = report.problems.iter().find(|problem| problem.code == "key_missing").unwrap();
    let said = |tag| Words::for_language(tag).say(&problem.message);
    assert!(said("en").contains("belongs to the invite"), "{report:?}");
    assert!(said("de").contains("zur Einladung"), "{report:?}");
    // What is written meanwhile is not sealed under a key that somebody made up.
    hers.log(&held("childs-pose", 45, "waits")).unwrap();
    ben.sync_once(&Budget::default()).unwrap();
    sync(&ana);
    assert_eq!(holds(&ana), 1);
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
    assert!(!ben.came_in_with(&invited.link).unwrap());
    let came = ben.accept_invite(&invited.link).unwrap();
    assert!(ben.came_in_with(&invited.link).unwrap());
    // The same person again, however often, and on each of their devices: nothing changes.
    let tablet = scene.pair(&ben, "tablet");
    for again in [&ben, &tablet, &ben] {
        assert_eq!(again.accept_invite(&invited.link).unwrap().id, came.id);
    }
    assert_eq!(chart_in(&scene.home("Ben"), &came.id).members.len(), 2);
    let second = ana.invite(&invitation("Ben", Role::Viewer)).unwrap();
    assert_eq!(refused(&ben, &second.link), "already_in");
    ana.revoke_invite(&second.invite).unwrap();
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
fn a_key_that_was_damaged_on_the_way_is_asked_for_again() {
    let dir = tempfile::tempdir().unwrap();
    let relay = NearRelay::in_memory();
    let (ana, ben) = (near(dir.path(), "Ana", &relay), near(dir.path(), "Ben", &relay));
    ana.log(&held("childs-pose", 60, "before")).unwrap();
    let link = ana.invite(&invitation("Ben", Role::Partner)).unwrap().link;
    let mut damaged = 0;
    relay.meddle(move |ask, answer| {
        if ask.path != "/v1/join" || answer.status != 200 || damaged == 2 {
            return Ok(answer);
        }
        damaged += 1;
        let mut said: JoinResponse = wire::decode("join", &answer.body).unwrap();
        let last = said.keys[0].wrapped.0.len() - 1;
        said.keys[0].wrapped.0[last] ^= 1;
        Ok(Answer { body: wire::encode(&said), ..answer })
    });
    let chart = ben.accept_invite(&link).unwrap();
    assert_eq!(holds(&ben.chart(&chart.id).unwrap()), 1);
    assert!(sync(&ben).problems.is_empty());
}
