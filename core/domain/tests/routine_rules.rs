//! What the rules find in routines: the templates of the sources pass, broken orders do not.

#![allow(clippy::unwrap_used)]

mod routines;

use holdfast_domain::catalogue::Catalogue;
use holdfast_domain::ids::{ConditionId, RuleId};
use holdfast_domain::routine::{Choices, FromTemplate, Override, Place, Routine, StepChange};
use holdfast_domain::rules::{Concern, Finding, Profile, admit, admit_play, check, check_choices};
use holdfast_domain::vocabulary::{BlockOrder, ProfileField, Severity, Side, SideRule};
use holdfast_domain::words::Words;
use routines::{add, from, id_of, ids, named, routine_of};

fn found(routine: &Routine) -> Vec<Finding> {
    check(routine, Catalogue::built_in(), &Profile::default())
}

fn hard(routine: &Routine) -> Vec<(String, Option<Side>)> {
    let blocking = found(routine).into_iter().filter(Finding::blocks);
    blocking.map(|finding| (finding.rule.to_string(), finding.side)).collect()
}

fn severity_of(findings: &[Finding], rule: &str) -> Option<Severity> {
    findings.iter().find(|finding| finding.rule.as_str() == rule).map(|finding| finding.severity)
}

#[test]
fn every_template_passes_its_own_check_whatever_alternative_is_chosen() {
    let catalogue = Catalogue::built_in();
    let mut checked = 0;
    for template in catalogue.templates().iter().filter(|t| t.steps().next().is_some()) {
        let alternatives: Vec<Vec<ConditionId>> =
            template.blocks.iter().filter_map(|b| b.condition.clone()).map(|c| vec![c]).collect();
        for chosen in alternatives.into_iter().chain([vec![]]) {
            for realign_side in [None, Some(Side::Left), Some(Side::Right)] {
                let all: Vec<_> = template.steps().filter(|s| s.optional).collect();
                for include in [vec![], all.iter().map(|s| s.exercise.clone()).collect()] {
                    let options = FromTemplate {
                        chosen: chosen.clone(),
                        realign_side,
                        include,
                        ..FromTemplate::default()
                    };
                    let Ok(routine) =
                        Routine::from_template(template, catalogue, &options, &mut ids())
                    else {
                        // Only a condition of a block that has no alternatives is refused.
                        assert!(!options.chosen.is_empty(), "{}", template.id);
                        continue;
                    };
                    assert_eq!(hard(&routine), [], "{}", template.id);
                    checked += 1;
                }
            }
        }
    }
    assert!(checked >= 15 * 6, "{checked}");
}

#[test]
fn the_iliacus_hook_without_the_psoas_hook_before_it_is_hard() {
    let alone = routine_of(&["iliacus-release-hook"]);
    assert_eq!(hard(&alone), [("iliacus-after-psoas".to_owned(), None)]);
    let reversed = routine_of(&["iliacus-release-hook", "psoas-release-hook"]);
    assert_eq!(hard(&reversed), [("iliacus-after-psoas".to_owned(), None)]);
    let finding = &found(&alone)[0];
    assert_eq!(finding.sources.iter().map(|s| s.as_str()).collect::<Vec<_>>(), ["000", "001"]);
    assert!(finding.overridable && !finding.ours);
    let text = finding.text(Words::english());
    assert!(text.contains("lever") && text.contains("nothing of that kind"), "{text}");
}

#[test]
fn a_change_of_sides_inside_the_hook_pair_is_hard() {
    let pair = from("bedtime-10");
    assert_eq!(hard(&pair), []);
    let block = pair.blocks[0].id.clone();
    let torn = pair.with_order(&block, BlockOrder::StepMajor).unwrap();
    assert_eq!(hard(&torn), [("iliacus-after-psoas".to_owned(), None)]);
    let text = found(&torn)[0].text(Words::english());
    assert!(text.contains("change sides between"), "{text}");

    let one_side = |exercise: &str, side| {
        let change = StepChange { side: Some(side), ..StepChange::default() };
        pair.with_step_changed(&id_of(&pair, exercise), change, Catalogue::built_in()).unwrap()
    };
    assert_eq!(hard(&one_side("iliacus-release-hook", SideRule::Left)), []);
    let psoas_left = one_side("psoas-release-hook", SideRule::Left);
    assert_eq!(hard(&psoas_left), [("iliacus-after-psoas".to_owned(), Some(Side::Right))]);
}

#[test]
fn sides_that_differ_are_found_when_they_are_said() {
    let catalogue = Catalogue::built_in();
    let mut routine = from("bedtime-10");
    for exercise in ["psoas-release-hook", "iliacus-release-hook"] {
        let ask = StepChange { side: Some(SideRule::Ask), ..StepChange::default() };
        routine = routine.with_step_changed(&id_of(&routine, exercise), ask, catalogue).unwrap();
    }
    assert_eq!(hard(&routine), [], "a side nobody has said is no fault");
    let say = |psoas, iliacus| Choices {
        sides: [
            (id_of(&routine, "psoas-release-hook"), psoas),
            (id_of(&routine, "iliacus-release-hook"), iliacus),
        ]
        .into(),
        ..Choices::default()
    };
    let profile = Profile::default();
    let ruled = |choices: &Choices| {
        let findings = check_choices(&routine, catalogue, &profile, choices);
        severity_of(&findings, "iliacus-after-psoas")
    };
    assert_eq!(ruled(&say(Side::Left, Side::Left)), None);
    assert_eq!(ruled(&say(Side::Left, Side::Right)), Some(Severity::Hard));
}

#[test]
fn something_between_the_pair_on_the_same_side_is_a_warning() {
    let pair = from("bedtime-10");
    let after = Place::After(id_of(&pair, "psoas-release-hook"));
    let (routine, _) = add(&pair, "pigeon", &after);
    let findings = found(&routine);
    assert_eq!(severity_of(&findings, "iliacus-after-psoas"), Some(Severity::Soft));
    assert_eq!(hard(&routine), []);
}

#[test]
fn realignment_before_a_front_release_is_hard_and_without_one_a_warning() {
    let early = routine_of(&["pelvic-realign-supine", "psoas-release-ball"]);
    assert_eq!(hard(&early), [("realign-after-front-release".to_owned(), None)]);
    let between =
        routine_of(&["psoas-release-ball", "pelvic-realign-supine", "iliopsoas-trigger-point"]);
    assert_eq!(hard(&between), [("realign-after-front-release".to_owned(), None)]);
    let alone = routine_of(&["pelvic-realign-supine"]);
    assert_eq!(hard(&alone), []);
    assert_eq!(severity_of(&found(&alone), "realign-wants-release"), Some(Severity::Soft));
}

#[test]
fn realignment_on_both_sides_is_hard_and_nothing_overrides_it() {
    let catalogue = Catalogue::built_in();
    let routine = from("bedtime-10");
    let step = id_of(&routine, "pelvic-realign-supine");
    let both = StepChange { side: Some(SideRule::Both), ..StepChange::default() };
    let routine = routine.with_step_changed(&step, both, catalogue).unwrap();
    assert_eq!(hard(&routine), [("realign-one-side".to_owned(), None)]);
    let decided = Override {
        rule: RuleId::new("realign-one-side").unwrap(),
        step: None,
        reason: "I want to".to_owned(),
        author: None,
    };
    let routine = routine.with_override(decided, catalogue).unwrap();
    assert_eq!(hard(&routine).len(), 1);
    // Two steps with one side each are both sides too.
    let mut two =
        routine_of(&["psoas-release-ball", "pelvic-realign-supine", "pelvic-realign-supine"]);
    for (step, side) in [(1, SideRule::Left), (2, SideRule::Right)] {
        let id = two.steps().nth(step).unwrap().id.clone();
        let change = StepChange { side: Some(side), ..StepChange::default() };
        two = two.with_step_changed(&id, change, catalogue).unwrap();
    }
    assert_eq!(hard(&two).len(), 2);
}

#[test]
fn the_upper_trapezius_needs_both_of_the_others_first() {
    let rule = [("upper-trap-third".to_owned(), None)];
    assert_eq!(hard(&routine_of(&["upper-trap-release"])), rule);
    assert_eq!(hard(&routine_of(&["pec-minor-release", "upper-trap-release"])), rule);
    let whole = ["pec-minor-release", "suboccipital-release", "upper-trap-release"];
    assert_eq!(hard(&routine_of(&whole)), []);
}

#[test]
fn only_steps_that_are_played_count() {
    let catalogue = Catalogue::built_in();
    let whole = ["pec-minor-release", "suboccipital-release", "upper-trap-release"];
    let routine = routine_of(&whole);
    let off = StepChange { included: Some(false), ..StepChange::default() };
    let first = id_of(&routine, whole[0]);
    let without = routine.with_step_changed(&first, off, catalogue).unwrap();
    assert_eq!(hard(&without), [("upper-trap-third".to_owned(), None)]);
    let choices = Choices { include: [first].into(), ..Choices::default() };
    assert!(check_choices(&without, catalogue, &Profile::default(), &choices).is_empty());
}

#[test]
fn rules_with_a_scope_hold_only_for_their_template() {
    let order = ["glute-activation-warmup", "hip-mobility-first"];
    assert_eq!(hard(&routine_of(&order)), []);
    let template = from("runner-three-stage");
    let place = Place::After(id_of(&template, order[0]));
    let catalogue = Catalogue::built_in();
    let moved = template
        .with_step_moved(&id_of(&template, order[1]), &place, catalogue, &mut ids())
        .unwrap();
    assert_eq!(hard(&moved), [("runner-mobility-first".to_owned(), None)]);
}

#[test]
fn strength_before_relaxing_is_a_warning_and_a_stretch_afterwards_is_not() {
    let soft = |order: &[&str]| severity_of(&found(&routine_of(order)), "relax-before-strength");
    assert_eq!(soft(&["supine-march", "kneeling-hip-flexor"]), Some(Severity::Soft));
    assert_eq!(soft(&["psoas-release-ball", "supine-march", "kneeling-hip-flexor"]), None);
    assert_eq!(soft(&["supine-march"]), None, "only where both are there");
}

#[test]
fn the_easier_exercise_is_pointed_out() {
    let info = |order: &[&str]| severity_of(&found(&routine_of(order)), "dead-bug-after-march");
    assert_eq!(info(&["dead-bug"]), Some(Severity::Info));
    assert_eq!(info(&["supine-march", "dead-bug"]), None);
}

#[test]
fn what_nobody_has_said_of_the_person_is_asked_and_never_refused() {
    let catalogue = Catalogue::built_in();
    let routine = routine_of(&["supine-march"]);
    let with = |hip_flexor_pain| {
        let profile = Profile { hip_flexor_pain, ..Profile::default() };
        let findings = check(&routine, catalogue, &profile);
        severity_of(&findings, "pain-before-strength")
    };
    assert_eq!(with(None), Some(Severity::Info));
    assert_eq!(with(Some(false)), None);
    assert_eq!(with(Some(true)), Some(Severity::Hard));
    let asked = found(&routine);
    let asked = asked.iter().find(|f| f.rule.as_str() == "pain-before-strength").unwrap();
    assert!(asked.text(Words::english()).contains("Your hip flexors hurt"));
    let twice = found(&routine_of(&["supine-march", "standing-march"]));
    let asked = twice.iter().filter(|f| f.rule.as_str() == "pain-before-strength");
    assert_eq!(asked.count(), 1, "a question is asked once, not at every step");
    for template in catalogue.templates().iter().filter(|t| t.steps().next().is_some()) {
        let routine = from(template.id.as_str());
        assert!(found(&routine).iter().all(|f| f.severity != Severity::Hard), "{}", template.id);
    }
}

#[test]
fn a_gate_stops_play_until_acknowledged_and_no_edit() {
    let catalogue = Catalogue::built_in();
    let routine = routine_of(&["psoas-release-ball"]);
    let known = |doctor_ok_front_pressure| Profile {
        pregnant: Some(true),
        doctor_ok_front_pressure,
        can_lie_prone: Some(true),
        ask_first_any: Some(false),
        ..Profile::default()
    };
    let gate = RuleId::new("front-pressure-in-pregnancy").unwrap();
    let play = |profile: &Profile, acks: &[RuleId]| {
        admit_play(&routine, catalogue, profile, &Choices::default(), acks)
    };
    let stopped = play(&known(Some(false)), &[]).unwrap_err();
    assert_eq!(stopped.findings[0].rule, gate);
    assert_eq!(stopped.findings[0].concern, Concern::Person);
    assert!(play(&known(Some(false)), std::slice::from_ref(&gate)).is_ok());
    assert!(play(&known(Some(true)), &[]).is_ok());
    // Nobody has asked the doctor yet: that is asked, and play waits for it.
    let unknown = play(&known(None), &[]).unwrap_err();
    let asks = unknown.findings.iter().find(|finding| finding.rule == gate).unwrap();
    assert_eq!(asks.severity, Severity::Info);
    assert_eq!(asks.asks, Some(ProfileField::DoctorOkFrontPressure));
    assert!(play(&known(None), std::slice::from_ref(&gate)).is_ok());
    assert!(admit(None, &routine, catalogue, &known(Some(false))).is_ok());
}

#[test]
fn a_run_of_more_than_ninety_minutes_asks_for_a_walk_before_stretching() {
    let catalogue = Catalogue::built_in();
    let after = |minutes, order: &[&str]| {
        let profile = Profile { last_run_min_over: Some(minutes), ..Profile::default() };
        severity_of(&check(&routine_of(order), catalogue, &profile), "walk-after-long-run")
    };
    assert_eq!(after(90, &["pigeon"]), None);
    assert_eq!(after(91, &["pigeon"]), Some(Severity::Hard));
    assert_eq!(after(91, &["pre-stretch-walk", "pigeon"]), None);
}

#[test]
fn an_override_with_a_reason_turns_a_hard_finding_into_an_acknowledged_one() {
    let catalogue = Catalogue::built_in();
    let routine = routine_of(&["iliacus-release-hook"]);
    let refused = admit(None, &routine, catalogue, &Profile::default()).unwrap_err();
    assert!(refused.to_string().contains("(iliacus-after-psoas)"), "{refused}");
    let decided = |reason: &str| Override {
        rule: RuleId::new("iliacus-after-psoas").unwrap(),
        step: Some(id_of(&routine, "iliacus-release-hook")),
        reason: reason.to_owned(),
        author: Some("ana".to_owned()),
    };
    assert!(routine.with_override(decided("  "), catalogue).is_err());
    let routine = routine.with_override(decided("my therapist does the psoas"), catalogue).unwrap();
    let findings = admit(None, &routine, catalogue, &Profile::default()).unwrap();
    assert_eq!(findings[0].severity, Severity::Hard);
    assert_eq!(findings[0].overridden.as_ref().unwrap().author.as_deref(), Some("ana"));
    // Without the step the decision goes too.
    let (routine, _) = add(&routine, "pigeon", &Place::End);
    let gone = routine.without_step(&id_of(&routine, "iliacus-release-hook")).unwrap();
    assert!(gone.overrides.is_empty());
}

#[test]
fn an_edit_is_refused_only_for_what_it_breaks_itself() {
    let catalogue = Catalogue::built_in();
    let profile = Profile::default();
    let broken = routine_of(&["iliacus-release-hook"]);
    let (longer, _) = add(&broken, "pigeon", &Place::End);
    assert!(admit(Some(&broken), &longer, catalogue, &profile).is_ok());
    let (worse, _) = add(&broken, "upper-trap-release", &Place::End);
    let refused = admit(Some(&broken), &worse, catalogue, &profile).unwrap_err();
    let rules: Vec<_> = refused.findings.iter().map(|f| f.rule.as_str()).collect();
    assert_eq!(rules, ["upper-trap-third"]);
}

#[test]
fn a_warning_against_the_order_of_the_templates_own_source_becomes_information() {
    // The source of the pregnancy routine stretches first and presses afterwards; another says
    // that a muscle with knots is pressed first.
    let knots = Profile { knots: Some(true), ..Profile::default() };
    let ruled = |routine: &Routine| {
        let findings = check(routine, Catalogue::built_in(), &knots);
        severity_of(&findings, "release-before-stretch")
    };
    assert_eq!(ruled(&from("pregnancy-10")), Some(Severity::Info));
    let own = routine_of(&["half-pigeon", "piriformis-release-ball-supine"]);
    assert_eq!(ruled(&own), Some(Severity::Soft));
    // Moved by the person, it is the person's order.
    let bedtime = from("bedtime-10");
    let back = id_of(&bedtime, "back-of-hip-release-ball");
    let catalogue = Catalogue::built_in();
    let moved = bedtime.with_step_moved(&back, &Place::Start, catalogue, &mut ids()).unwrap();
    assert_eq!(severity_of(&found(&moved), "front-before-back"), Some(Severity::Soft));
    // Who is pregnant walks first, whatever a template says.
    let pregnant = Profile { pregnant: Some(true), ..Profile::default() };
    let hips = from("hip-opener-set");
    let findings = check(&hips, catalogue, &pregnant);
    assert_eq!(severity_of(&findings, "walk-first-pregnancy"), Some(Severity::Soft));
}

#[test]
fn every_finding_has_words() {
    let catalogue = Catalogue::built_in();
    let yes = Profile {
        pregnant: Some(true),
        knots: Some(true),
        hip_flexor_pain: Some(true),
        tight_hip_flexors: Some(true),
        strain: Some(true),
        impingement: Some(true),
        suspected_serious_injury: Some(true),
        doctor_ok_front_pressure: Some(false),
        last_run_min_over: Some(100),
        warm: Some(false),
        before_workout: Some(true),
        ..Profile::default()
    };
    let forwards: Vec<&str> = catalogue.exercises().iter().map(|e| e.id.as_str()).collect();
    let backwards: Vec<&str> = forwards.iter().rev().copied().collect();
    let mut rules = std::collections::BTreeSet::new();
    let cases = [(&yes, &forwards), (&yes, &backwards), (&Profile::default(), &backwards)];
    for (profile, everything) in cases {
        for finding in check(&named("all", everything), catalogue, profile) {
            let text = finding.text(Words::english());
            assert!(!text.contains(['{', '}']) && !text.contains("finding."), "{text}");
            rules.insert(finding.rule.clone());
        }
    }
    assert!(rules.len() >= 20, "{rules:?}");
}
