use super::{Catalogue, RuleKind, Selector};
use crate::dose::Range;
use crate::ids::{ExerciseId, MuscleId, TemplateId};
use crate::vocabulary::{BlockOrder, Kind, Mode, SideRule};

fn exercise(id: &str) -> &'static super::Exercise {
    Catalogue::built_in().exercise(&ExerciseId::new(id).unwrap()).unwrap()
}

fn ids<'a>(found: impl IntoIterator<Item = &'a super::Exercise>) -> Vec<&'a str> {
    found.into_iter().map(|exercise| exercise.id.as_str()).collect()
}

#[test]
fn the_whole_catalogue_reads() {
    let catalogue = Catalogue::built_in();
    assert_eq!(catalogue.exercises().len(), 84);
    assert_eq!(catalogue.templates().len(), 17);
    assert_eq!(catalogue.rules().len(), 33);
    assert_eq!(catalogue.gates().len(), 17);
    assert_eq!(catalogue.conditions().len(), 12);
    assert_eq!(catalogue.self_tests().len(), 8);
    assert_eq!(catalogue.pain_rules().len(), 3);
    assert_eq!(catalogue.signs().len(), 6);
    assert_eq!(catalogue.conflicts().len(), 14);
    assert_eq!(catalogue.sources().len(), 5);
}

#[test]
fn a_dose_keeps_its_range_and_what_nobody_stated_stays_unstated() {
    let hook = exercise("psoas-release-hook");
    assert_eq!(hook.dose.hold_s, Range::new(Some(30), Some(90), None, true).unwrap());
    assert_eq!(hook.dose.reps, Range::UNSTATED);
    let lunge = exercise("lunge-stretch");
    assert_eq!((lunge.dose.mode, lunge.dose.hold_s), (Mode::Open, Range::UNSTATED));
}

#[test]
fn a_field_has_its_own_sources_before_those_of_the_record() {
    let upper_trap = exercise("upper-trap-release");
    let sources = |field: &str| {
        upper_trap.sources_of(field).iter().map(crate::ids::SourceId::as_str).collect::<Vec<_>>()
    };
    assert_eq!(sources("hold_s.min"), ["000"]);
    assert_eq!(sources("hold_s.default"), ["000", "001"]);
    assert_eq!(sources("cues"), ["000"]);
    assert!(upper_trap.is_ours("pain_rule"));
    assert!(!upper_trap.is_ours("tools"));
    assert!(exercise("psoas-release-ball").is_ours("hold_s.default"));
    assert!(!exercise("psoas-release-ball").is_ours("hold_s.min"));
}

#[test]
fn a_search_finds_by_word_kind_and_muscle_and_groups_stand_for_their_members() {
    let catalogue = Catalogue::built_in();
    let muscle = |id: &str| MuscleId::new(id).unwrap();
    assert_eq!(catalogue.search("", None, None).len(), 84);
    let flexors = catalogue.search("", Some(Kind::Release), Some(&muscle("hip-flexors")));
    assert!(ids(flexors.iter().copied()).contains(&"psoas-release-hook"));
    assert!(!ids(flexors.iter().copied()).contains(&"ql-release"));
    let psoas = catalogue.search("", Some(Kind::Strength), Some(&muscle("psoas")));
    assert!(
        ids(psoas.iter().copied()).contains(&"dead-bug"),
        "a hip-flexor exercise works the psoas"
    );
    assert_eq!(ids(catalogue.search("LEVER hook", None, None)), ["iliacus-release-hook"]);
    let by_tool = ids(catalogue.search("hook-shaped", None, None));
    assert!(
        by_tool.contains(&"psoas-release-hook") && by_tool.contains(&"iliopsoas-trigger-point")
    );
    assert!(catalogue.search("no-such-thing", None, None).is_empty());
}

#[test]
fn a_selector_picks_by_id_and_by_kind_narrowed_to_muscles() {
    let rule = |id: &str| {
        Catalogue::built_in().rules().iter().find(|rule| rule.id.as_str() == id).unwrap()
    };
    let strength = rule("pain-before-strength").after.as_ref().unwrap();
    assert!(strength.matches(exercise("supine-march")));
    assert!(strength.matches(exercise("dead-bug")));
    assert!(!strength.matches(exercise("calf-raise")));
    assert!(!strength.matches(exercise("kneeling-hip-flexor")));
    assert!(rule("upper-trap-third").before.as_ref().unwrap().match_all);
    assert_eq!(rule("realign-one-side").kind, RuleKind::OneSideOnly);
    assert!(!Selector::default().matches(exercise("dead-bug")));
}

#[test]
fn the_hook_pair_is_one_side_major_block_and_the_realignment_asks_for_its_side() {
    let bedtime = Catalogue::built_in().template(&TemplateId::new("bedtime-10").unwrap()).unwrap();
    let pair = &bedtime.blocks[0];
    assert_eq!(pair.order, BlockOrder::SideMajor);
    let steps: Vec<&str> = pair.steps.iter().map(|step| step.exercise.as_str()).collect();
    assert_eq!(steps, ["psoas-release-hook", "iliacus-release-hook"]);
    let realign = bedtime.steps().last().unwrap();
    assert_eq!(
        (realign.exercise.as_str(), realign.sides),
        ("pelvic-realign-supine", SideRule::Ask)
    );
}

#[test]
fn what_a_template_states_is_laid_over_the_dose_of_the_exercise() {
    let quick =
        Catalogue::built_in().template(&TemplateId::new("stiff-neck-quick").unwrap()).unwrap();
    let step = quick.steps().next().unwrap();
    let dose = step.dose_for(exercise(step.exercise.as_str()));
    assert_eq!(dose.hold_s, Range::new(Some(30), Some(60), Some(90), false).unwrap());
    let bedtime = Catalogue::built_in().template(&TemplateId::new("bedtime-10").unwrap()).unwrap();
    let hook = &bedtime.blocks[0].steps[0];
    let dose = hook.dose_for(exercise(hook.exercise.as_str()));
    assert_eq!(dose.hold_s, Range::new(Some(30), Some(90), None, true).unwrap());
}

#[test]
fn everything_a_record_names_is_there() {
    let catalogue = Catalogue::built_in();
    let vocabulary = catalogue.vocabulary();
    let exercises_there = |ids: &[ExerciseId]| {
        for id in ids {
            assert!(catalogue.exercise(id).is_some(), "no exercise {id}");
        }
    };
    for exercise in catalogue.exercises() {
        let id = &exercise.id;
        assert!(exercise.muscles.iter().all(|m| vocabulary.muscles.contains(m)), "{id}");
        assert!(
            exercise.region.as_ref().is_some_and(|region| vocabulary.regions.contains(region)),
            "{id}"
        );
        let mut tools = exercise.tools.iter().chain(&exercise.tools_optional);
        assert!(tools.all(|tool| vocabulary.tools.contains(tool)), "{id}");
        assert!(exercise.gates.iter().all(|gate| catalogue.gate(gate).is_some()), "{id}");
        assert!(exercise.pain_rule.as_ref().is_none_or(|r| catalogue.pain_rule(r).is_some()));
        for source in exercise.provenance.sources.all() {
            assert!(catalogue.source(source).is_some(), "{id}: no source {source}");
        }
    }
    for template in catalogue.templates() {
        for block in &template.blocks {
            assert!(block.condition.as_ref().is_none_or(|c| catalogue.condition(c).is_some()));
            for step in &block.steps {
                exercises_there(std::slice::from_ref(&step.exercise));
                assert!(step.condition.as_ref().is_none_or(|c| catalogue.condition(c).is_some()));
            }
        }
        template.stages.iter().for_each(|stage| exercises_there(&stage.exercises));
    }
    for gate in catalogue.gates() {
        exercises_there(&gate.applies_to);
        exercises_there(&gate.prefer);
        for id in &gate.applies_to {
            let exercise = catalogue.exercise(id).unwrap();
            assert!(exercise.gates.contains(&gate.id), "{id} does not know gate {}", gate.id);
        }
    }
    for rule in catalogue.rules() {
        for selector in [&rule.before, &rule.after, &rule.subject].into_iter().flatten() {
            exercises_there(&selector.ids);
            assert!(selector.muscles.iter().all(|m| vocabulary.muscles.contains(m)));
        }
        assert!(rule.scope.iter().all(|id| catalogue.template(id).is_some()), "{}", rule.id);
        assert!(rule.gate.as_ref().is_none_or(|gate| catalogue.gate(gate).is_some()));
    }
}

#[test]
fn a_frequency_is_said_in_one_line_as_far_as_it_is_stated() {
    let words = crate::words::Words::english();
    let said = |id: &str| exercise(id).frequency.as_ref().and_then(|f| f.describe(words));
    assert_eq!(said("psoas-release-hook").as_deref(), Some("once a day"));
    assert_eq!(said("knee-to-chest").as_deref(), Some("1 to 2 times a day"));
    assert_eq!(said("foam-roll-recovery").as_deref(), Some("after a run"));
    assert_eq!(said("sit-break"), None);
    assert_eq!(said("pigeon"), None);
}
