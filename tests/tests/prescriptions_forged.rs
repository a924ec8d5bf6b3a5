//! What a client that does not keep to the rules can do about prescriptions, with the real keys of its member: over
//! real HTTP, and with a relay in league. Refused, put aside or ignored, and it is said by what.
#![allow(clippy::unwrap_used)]

use holdfast::documents::document::{Document, Written};
use holdfast::documents::prescription::PrescriptionStrand;
use holdfast::domain::ids::{DeviceName, PrescriptionId};
use holdfast::domain::prescription::Prescription;
use holdfast::domain::routine::Routine;
use holdfast::domain::units::Moment;
use holdfast::prescription::{AcceptOptions, Proposal, ProposedFrom};
use holdfast::routine::{StepPlace, StepRequest};
use holdfast::sharing::Role;
use holdfast::{Budget, Config, Engine, GrantRequest, HoldfastError, Invitation, NewAccount};
use holdfast_protocol::attest::{Attestation, actor_id};
use holdfast_protocol::content::{DocChanges, DocId};
use holdfast_protocol::entropy::SystemEntropy;
use holdfast_protocol::entry::{Entry, Kind, Position};
use holdfast_protocol::hash::next_running;
use holdfast_protocol::ids::Class;
use holdfast_protocol::membership::Grant;
use holdfast_protocol::secret::Secret32;
use holdfast_protocol::sync::{Item, Outcome, SpacePage};
use holdfast_tests::by_hand::Hand;
use holdfast_tests::scene::{Scene, sync};
use holdfast_tests::two_people::{Two, meddle, try_sync};

fn person(scene: &Scene, name: &str) -> Engine {
    let account = NewAccount {
        name: name.to_owned(),
        device_name: format!("{name}'s phone"),
        relay: Some(scene.url()),
    };
    Engine::create(Config::command_line(scene.home(name)), account).unwrap().0
}

fn let_in(owner: &Engine, guest: &Engine, name: &str, role: Role) -> Engine {
    let invitation = Invitation {
        name: Some(name.to_owned()),
        grant: GrantRequest::of(role),
        valid_ms: 3_600_000,
        confirm_first: false,
    };
    let link = owner.invite(&invitation).unwrap().link;
    let chart = guest.accept_invite(&link).unwrap();
    sync(owner);
    guest.chart(&chart.id).unwrap()
}

fn evening_hips(ana: &Engine) -> Routine {
    ana.new_routine("Evening hips").unwrap();
    let step = StepRequest { exercise: "childs-pose".to_owned(), ..StepRequest::default() };
    ana.add_step("Evening hips", &step, &StepPlace::End, &[]).unwrap().0.routine
}

/// A member with a client of their own making.
struct Hacker {
    hand: Hand,
    sent: u64,
}

impl Hacker {
    fn of(scene: &Scene, name: &str) -> Self {
        Self { hand: Hand::over_http(&scene.home(name), &scene.url()), sent: 0 }
    }

    fn device(&self) -> DeviceName {
        DeviceName::new(self.hand.keys.id().to_hex()).unwrap()
    }

    fn strand(&self) -> PrescriptionStrand {
        PrescriptionStrand::new(actor_id(self.hand.keys.id(), 1))
    }

    /// Seals a change of a document under a class of Ana's chart, with the key it has or a made-up one.
    fn entry(&mut self, owner: &Hand, class: Class, doc: &str, written: &Written) -> Entry {
        let state = self.hand.state(owner.chart);
        let epoch = state.epoch(class);
        let key = self.hand.key(owner.chart, class, epoch);
        let key = key.unwrap_or_else(|| Secret32::random(&mut SystemEntropy));
        let doc = DocId::new(doc).unwrap();
        let tip = written.tip;
        let attestation =
            Attestation::sign(&self.hand.keys, owner.chart, &doc, 1, tip.seq, tip.hash.0);
        let content = DocChanges { doc, changes: written.bytes.clone(), attestation }.to_bytes();
        let mut header = self.hand.header(&state, class, Kind::Change, epoch);
        self.sent += 1;
        header.counter += self.sent;
        Entry::seal(header, &key, &content, 3, &self.hand.keys, &mut SystemEntropy)
    }

    fn push(&mut self, owner: &Hand, class: Class, doc: &str, written: &Written) -> Outcome {
        let entry = self.entry(owner, class, doc, written);
        self.hand.push(&entry, vec![])
    }
}

/// A proposal about a routine, as nobody checked it.
fn said(routine: Routine) -> Prescription {
    Prescription {
        id: PrescriptionId::new("none").unwrap(),
        revision: 0,
        based_on: Some(routine.version),
        routine,
        based_on_digest: None,
        exercises: Vec::new(),
        reason: None,
        proposed_at: Moment { utc_ms: 1_772_312_400_000, offset_s: 0, zone: "Etc/UTC".into() },
        unknown: serde_json::Map::new(),
    }
}

fn named(routine: &Routine, name: &str) -> Routine {
    Routine { name: name.to_owned(), ..routine.clone() }
}

fn doctor_says(engine: &Engine, what: &str) -> usize {
    let report = engine.doctor(false).unwrap();
    assert!(report.ok, "{report:?}");
    report.findings.iter().filter(|one| one.sentence.to_string().contains(what)).count()
}

fn names(engine: &Engine) -> Vec<String> {
    engine.prescriptions().unwrap().into_iter().map(|one| one.name).collect()
}

#[test]
fn a_partners_client_has_no_key_to_prescribe_with_and_the_relay_refuses_what_it_makes_up() {
    let scene = Scene::new();
    let (ana, ben) = (person(&scene, "Ana"), person(&scene, "Ben"));
    let routine = evening_hips(&ana);
    sync(&ana);
    let_in(&ana, &ben, "Ben", Role::Partner);
    sync(&ben);
    let owner = Hand::over_http(&scene.home("Ana"), &scene.url());
    let mut hacker = Hacker::of(&scene, "Ben");
    let epoch = hacker.hand.state(owner.chart).epoch(Class::Prescription);
    assert!(epoch > 0 && hacker.hand.key(owner.chart, Class::Prescription, epoch).is_none());
    let device = hacker.device();
    let (_, written) = hacker.strand().say(said(named(&routine, "By Ben")), &device).unwrap();
    let doc = format!("prescriptions/{device}");
    let outcome = hacker.push(&owner, Class::Prescription, &doc, &written.unwrap());
    assert!(matches!(&outcome, Outcome::Never { .. }), "{outcome:?}");
    sync(&ana);
    assert!(names(&ana).is_empty());
}

#[test]
fn a_therapists_client_that_writes_the_plan_is_refused_by_the_relay() {
    let scene = Scene::new();
    let (ana, cruz) = (person(&scene, "Ana"), person(&scene, "Dr. Cruz"));
    evening_hips(&ana);
    sync(&ana);
    let_in(&ana, &cruz, "Dr. Cruz", Role::Therapist);
    sync(&cruz);
    let owner = Hand::over_http(&scene.home("Ana"), &scene.url());
    let mut hacker = Hacker::of(&scene, "Dr. Cruz");
    let mut plan: Document = hacker.strand().into();
    let written = plan.put("routine/forged/name", "\"Forged\"").unwrap().unwrap();
    let outcome = hacker.push(&owner, Class::Plan, "plan", &written);
    assert!(matches!(&outcome, Outcome::Never { .. }), "{outcome:?}");
    // Nor under the class that it may write.
    let outcome = hacker.push(&owner, Class::Prescription, "plan", &written);
    assert!(matches!(&outcome, Outcome::Stored { .. }), "the relay cannot look inside");
    ana.sync_once(&Budget::default()).unwrap();
    assert_eq!(doctor_says(&ana, "belongs to another class"), 1);
    assert_eq!(ana.routines().unwrap().len(), 1);
}

#[test]
fn a_therapists_client_that_rewrites_a_version_or_speaks_for_another_is_put_aside_and_said_so() {
    let scene = Scene::new();
    let (ana, cruz) = (person(&scene, "Ana"), person(&scene, "Dr. Cruz"));
    let dora = person(&scene, "Dora");
    let routine = evening_hips(&ana);
    sync(&ana);
    let_in(&ana, &cruz, "Dr. Cruz", Role::Therapist);
    let doras = let_in(&ana, &dora, "Dora", Role::Therapist);
    sync(&cruz);
    sync(&dora);
    let edits = vec![holdfast::prescription::RoutineEdit::Rename("Of Dora".into())];
    let about = Some("Evening hips".to_owned());
    let theirs = doras.propose(&Proposal { routine: about, edits, ..Proposal::default() }).unwrap();
    sync(&dora);
    sync(&ana);

    let owner = Hand::over_http(&scene.home("Ana"), &scene.url());
    let mut hacker = Hacker::of(&scene, "Dr. Cruz");
    let device = hacker.device();
    let doc = format!("prescriptions/{device}");
    // An honest version first, in which it calls Ana its author.
    let mut lying = said(named(&routine, "Slower hips"));
    lying.routine.author = Some(ana.identity().unwrap().account);
    let mut strand = hacker.strand();
    let (first, written) = strand.say(lying, &device).unwrap();
    let outcome = hacker.push(&owner, Class::Prescription, &doc, &written.unwrap());
    assert!(matches!(outcome, Outcome::Stored { .. }), "{outcome:?}");
    sync(&ana);
    let seen = ana.prescriptions().unwrap();
    let honest = seen.iter().find(|one| one.id == first.id.as_str()).unwrap();
    assert_eq!(honest.by_name.as_deref(), Some("Dr. Cruz"), "its signature says whose it is");

    // The same version, rewritten.
    let mut rewritten: Document = strand.into();
    let text = serde_json::to_string(&said(named(&routine, "Faster hips"))).unwrap();
    let bad = rewritten.put(&format!("rx:{}", first.id), &text).unwrap().unwrap();
    let outcome = hacker.push(&owner, Class::Prescription, &doc, &bad);
    assert!(matches!(outcome, Outcome::Stored { .. }), "the relay cannot look inside");
    // Dora's version under Dora's id, in the strand of Cruz, and in a strand of Dora's device.
    let mut other: Document = hacker.strand().into();
    let stolen = other.put(&format!("rx:{}", theirs.id), &text).unwrap().unwrap();
    let of_dora = Hand::over_http(&scene.home("Dora"), &scene.url()).keys.id();
    for doc in [doc.clone(), format!("prescriptions/{of_dora}")] {
        let outcome = hacker.push(&owner, Class::Prescription, &doc, &stolen);
        assert!(matches!(outcome, Outcome::Stored { .. }), "{outcome:?}");
    }
    let report = ana.sync_once(&Budget::default()).unwrap();
    assert!(report.problems.iter().any(|problem| problem.code == "quarantined"), "{report:?}");
    assert!(doctor_says(&ana, "a prescription is never changed") >= 1);
    assert_eq!(doctor_says(&ana, "may not write this document"), 1);
    let mut stands = names(&ana);
    stands.sort();
    assert_eq!(stands, ["Of Dora", "Slower hips"], "what was said stands as it was said");
    // The record stays writable, and another device of Ana's comes to the same.
    let tablet = scene.pair(&ana, "tablet");
    for engine in [&tablet, &ana, &tablet] {
        engine.sync_once(&Budget::default()).unwrap();
    }
    let mut there = names(&tablet);
    there.sort();
    assert_eq!(there, stands);
    ana.accept_prescription("Slower hips", &AcceptOptions::default()).unwrap();
}

#[test]
fn a_proposal_that_no_honest_client_would_send_is_shown_with_what_it_breaks_and_not_accepted() {
    let scene = Scene::new();
    let (ana, cruz) = (person(&scene, "Ana"), person(&scene, "Dr. Cruz"));
    let routine = evening_hips(&ana);
    sync(&ana);
    let_in(&ana, &cruz, "Dr. Cruz", Role::Therapist);
    sync(&cruz);
    let owner = Hand::over_http(&scene.home("Ana"), &scene.url());
    let mut hacker = Hacker::of(&scene, "Dr. Cruz");
    let device = hacker.device();
    let with = |name: &str, exercise: &str| {
        let mut changed = named(&routine, name);
        for step in changed.blocks.iter_mut().flat_map(|block| &mut block.steps) {
            step.exercise = exercise.parse().unwrap();
            step.side = "both".parse().unwrap();
        }
        changed
    };
    let mut strand = hacker.strand();
    let doc = format!("prescriptions/{device}");
    let mut propose = |what: Prescription| {
        let (said, written) = strand.say(what, &device).unwrap();
        let outcome = hacker.push(&owner, Class::Prescription, &doc, &written.unwrap());
        assert!(matches!(outcome, Outcome::Stored { .. }), "{outcome:?}");
        said.id.to_string()
    };
    let breaking = propose(said(with("Iliacus alone", "iliacus-release-hook")));
    let unknown = propose(Prescription {
        proposed_at: Moment { utc_ms: 1, offset_s: 0, zone: "Etc/UTC".into() },
        ..said(Routine { id: "other".parse().unwrap(), ..with("Nothing", "no-such-exercise") })
    });
    sync(&ana);
    let diff = ana.prescription_diff(&breaking).unwrap();
    assert!(!diff.breaks.is_empty() && !diff.differences.is_empty());
    let refused = ana.accept_prescription(&breaking, &AcceptOptions::default()).unwrap_err();
    assert!(matches!(refused, HoldfastError::Broken { .. }), "{refused:?}");
    let refused = ana.accept_prescription(&unknown, &AcceptOptions::default()).unwrap_err();
    assert_eq!(refused.code(), "unknown_exercise", "{refused}");
    assert!(ana.prescription_diff(&unknown).is_ok());
    assert_eq!(ana.routine("Evening hips").unwrap().routine, routine, "nothing was written");
    ana.keep_own(&breaking).unwrap();
}

/// A relay in league hands Ana an entry that it should have refused.
fn shown_to_ana(two: &Two, forged: &Entry) {
    let ana = two.hand("ana");
    let at = ana.state(ana.chart).head();
    let (chart, forged) = (ana.chart, forged.clone());
    meddle(&two.relay, move |response| {
        let running = next_running(at.running, forged.hash());
        response.spaces = vec![SpacePage {
            space: chart,
            starting_at: None,
            checkpoint: None,
            items: vec![Item::Entry { seq: at.seq + 1, bytes: forged.to_bytes() }],
            head: Position { seq: at.seq + 1, running },
            more: false,
            noted: Vec::new(),
        }];
    });
    let report = try_sync(&two.ana);
    assert!(report.problems.iter().any(|one| one.code == "quarantined"), "{report:?}");
}

#[test]
fn with_a_relay_in_league_neither_a_partners_prescription_nor_a_therapists_plan_is_taken() {
    for (role, class) in [(Role::Partner, Class::Prescription), (Role::Therapist, Class::Plan)] {
        let two = Two::new();
        let routine = evening_hips(&two.ana);
        sync(&two.ana);
        two.let_ben_in(Grant::preset(role));
        let mut hacker = Hacker { hand: two.hand("ben"), sent: 0 };
        let device = hacker.device();
        let doc = match class {
            Class::Plan => "plan".to_owned(),
            _ => format!("prescriptions/{device}"),
        };
        let (_, written) = hacker.strand().say(said(named(&routine, "Forged")), &device).unwrap();
        let forged = hacker.entry(&two.hand("ana"), class, &doc, &written.unwrap());
        shown_to_ana(&two, &forged);
        assert_eq!(doctor_says(&two.ana, "may not write this"), 1, "{role:?}");
        assert!(names(&two.ana).is_empty());
        assert_eq!(two.ana.routine("Evening hips").unwrap().routine, routine);
        let file = ProposedFrom::File(two.ana.routine_file("Evening hips").unwrap());
        let refused = two.anas().propose(&Proposal { from: file, ..Proposal::default() });
        assert!(refused.is_err(), "nor does an honest client of theirs: {role:?}");
    }
}
