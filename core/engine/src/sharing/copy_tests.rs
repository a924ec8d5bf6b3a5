//! A routine handed on as a link: what it carries and what it does not, and everything that a link can be wrong by.

use holdfast_domain::dose::Range;
use holdfast_domain::vocabulary::{Kind, Laterality};
use sha2::{Digest, Sha256};

use super::super::{Inspection, inspect};
use super::*;
use crate::OwnRequest;
use crate::commands::routine::{
    DoseEdit, RoutineView, RuleOverride, StepPlace, StepRequest, TemplateOptions,
};
use crate::commands::testing::devices;

/// Twelve steps with doses of one's own and a note each, one of them of an own exercise, and a broken rule.
fn composed(engine: &Engine) -> RoutineView {
    let mut lean = OwnRequest::new("Wall lean", Kind::Stretch, Laterality::PerSide);
    lean.dose.hold_s = Some(Range::exactly(40));
    engine.add_exercise(&lean).unwrap();
    engine.new_routine("Evening, before bed").unwrap();
    let known = Catalogue::built_in().exercises().iter().map(|one| one.id.to_string());
    let mut count = 0_u32;
    for exercise in std::iter::once("Wall lean".to_owned()).chain(known) {
        let hold_s = Some(Range::exactly(31 + count));
        let step = StepRequest {
            exercise,
            dose: DoseEdit { hold_s, ..DoseEdit::default() },
            note: Some(format!("slowly, and stop {count} times to breathe")),
            ..StepRequest::default()
        };
        count +=
            u32::from(engine.add_step("Evening, before bed", &step, &StepPlace::End, &[]).is_ok());
        if count == 12 {
            break;
        }
    }
    let alone =
        StepRequest { exercise: "iliacus-release-hook".to_owned(), ..StepRequest::default() };
    let refused = engine.add_step("Evening, before bed", &alone, &StepPlace::End, &[]).unwrap_err();
    let HoldfastError::Broken { findings, .. } = refused else { panic!("{refused:?}") };
    let because = [RuleOverride {
        rule: findings[0].rule.to_string(),
        reason: "my secret reason".to_owned(),
    }];
    engine.add_step("Evening, before bed", &alone, &StepPlace::End, &because).unwrap();
    engine.routine("Evening, before bed").unwrap()
}

fn taken(engine: &Engine, link: &str) -> RoutineImport {
    let refused = match engine.accept_routine(link, &ImportOptions::default()) {
        Ok(taken) => return taken,
        Err(refused) => refused,
    };
    let HoldfastError::Broken { findings, .. } = &refused else { panic!("{refused:?}") };
    let because = |finding: &holdfast_domain::rules::Finding| RuleOverride {
        rule: finding.rule.to_string(),
        reason: "on my own account".to_owned(),
    };
    let overrides = findings.iter().filter(|f| f.blocks()).map(because).collect();
    engine.accept_routine(link, &ImportOptions { overrides, ..ImportOptions::default() }).unwrap()
}

fn code(link: &str) -> String {
    let [home] = devices();
    let engine = home.open();
    let refused = engine.accept_routine(link, &ImportOptions::default()).unwrap_err();
    assert!(
        engine.routines().unwrap().is_empty() && engine.own_exercises(true).unwrap().is_empty()
    );
    match &refused {
        HoldfastError::Link { code, .. } => code.clone(),
        other => other.code().to_owned(),
    }
}

fn packed(text: &str) -> CopyLink {
    let zstd = zstd::bulk::Compressor::with_dictionary(LEVEL, WORDS);
    CopyLink { form: FORM, content: zstd.unwrap().compress(text.as_bytes()).unwrap() }
}

#[test]
fn a_composed_routine_fits_one_code_and_is_the_same_elsewhere() {
    let ([home], [other]) = (devices(), devices());
    let (engine, other) = (home.open(), other.open());
    let made = composed(&engine);
    let copy = engine.share_routine("Evening, before bed").unwrap();
    assert!(copy.bytes <= 1000, "{} bytes", copy.bytes);
    // Alphanumeric characters that the largest code holds at its lowest correction.
    assert!(copy.scan.len() <= 4296);
    let came = taken(&other, &copy.link);
    assert!(came.added);
    assert_eq!(came.exercises_added, ["Wall lean"]);
    let told = |view: &RoutineView| -> Vec<_> {
        let steps = view.routine.steps();
        steps.map(|s| (s.dose.clone(), s.side, s.tool.clone(), s.note.clone())).collect()
    };
    assert_eq!(told(&came.view), told(&made));
    let names = |view: &RoutineView| view.routine.blocks.len();
    assert_eq!((&came.view.routine.name, names(&came.view)), (&made.routine.name, names(&made)));
    // Scanned after it was opened as a link, it is the one that is here already.
    let again = other.accept_routine(&copy.scan, &ImportOptions::default()).unwrap();
    assert!(!again.added);
    assert_eq!(other.routines().unwrap().len(), 1);
    let from_file = other.import_routine(&copy.file, &ImportOptions::default()).unwrap();
    assert!(!from_file.added, "link and file are one routine");
}

#[test]
fn every_template_as_it_is_makes_a_small_link() {
    let [home] = devices();
    let engine = home.open();
    for template in Catalogue::built_in().templates() {
        if template.steps().next().is_some() {
            let options = TemplateOptions::default();
            let made = engine.add_template(template.id.as_str(), &options).unwrap();
            let copy = engine.share_routine(made.routine.id.as_str()).unwrap();
            assert!(copy.bytes <= 1000, "{}: {} bytes", template.id, copy.bytes);
        }
    }
}

#[test]
fn a_copy_tells_nothing_of_the_person_it_is_from() {
    let [home] = devices();
    let engine = home.open();
    let made = composed(&engine);
    let copy = engine.share_routine("Evening, before bed").unwrap();
    let link = CopyLink::parse(&copy.link).unwrap();
    let mut zstd = zstd::bulk::Decompressor::with_dictionary(WORDS).unwrap();
    let carried = zstd.decompress(&link.content, MAX_UNPACKED).unwrap();
    let carried = String::from_utf8(carried).unwrap();
    let identity = engine.identity().unwrap();
    let mut private = vec![identity.account, identity.device, "secret reason".to_owned()];
    private.push(made.routine.id.to_string());
    private.extend(made.routine.blocks.iter().map(|block| block.id.to_string()));
    private.extend(made.routine.steps().map(|step| step.id.to_string()));
    private.extend(engine.own_exercises(false).unwrap().iter().map(|o| o.exercise.id.to_string()));
    for key in ["author", "created_at", "overrides", "version", "since", "\"schedules\""] {
        private.push(key.to_owned());
    }
    for told in &private {
        assert!(!carried.contains(told.as_str()), "{told} in {carried}");
        assert!(!copy.file.contains(told.as_str()), "{told} in the file");
    }
    // The same routine made by somebody else gives the very same link.
    let [other] = devices();
    let other = other.open();
    composed(&other);
    assert_eq!(other.share_routine("Evening, before bed").unwrap(), copy);
}

#[test]
fn a_link_says_what_is_inside_without_being_taken_in() {
    let [home] = devices();
    let engine = home.open();
    let made = composed(&engine);
    let copy = engine.share_routine("Evening, before bed").unwrap();
    let Inspection::Routine(inside) = inspect(&copy.scan).unwrap() else { panic!() };
    assert_eq!(inside.routine.name, "Evening, before bed");
    assert_eq!(inside.routine.steps().count(), made.routine.steps().count());
    assert_eq!(inside.exercises.len(), 1);
    assert!(inside.unknown.is_empty());
    let newer = packed(
        r#"{"routine":{"name":"New","blocks":[{"order":"step_major","steps":[
        {"exercise":"of-next-year","side":"no_side","dose":{"mode":"open"}}]}]}}"#,
    );
    let Inspection::Routine(inside) = inspect(&newer.to_text()).unwrap() else { panic!() };
    assert_eq!(inside.unknown, ["of-next-year"]);
    assert_eq!(code(&newer.to_text()), "unknown_exercise");
}

#[test]
fn a_link_that_is_mangled_cut_newer_or_hostile_is_refused_with_a_code() {
    let [home] = devices();
    let engine = home.open();
    composed(&engine);
    let copy = engine.share_routine("Evening, before bed").unwrap();
    assert_eq!(code(&copy.link[..copy.link.len() - 1]), "bad_link");
    let mut mangled = copy.scan.clone();
    mangled.replace_range(60..61, if &copy.scan[60..61] == "A" { "B" } else { "A" });
    assert_eq!(code(&mangled), "bad_link");
    for other in ["", "https://example.org", "holdfast:", "holdfast:join#AAAA"] {
        assert_eq!(code(other), "no_link", "{other}");
    }
    let newer = CopyLink { form: FORM + 1, content: vec![1, 2, 3] };
    assert_eq!(code(&newer.to_text()), "newer_link");
    let unknown = CopyLink { form: 0, content: vec![] };
    assert_eq!(code(&unknown.to_text()), "bad_link");
    // A kilobyte that unpacks to a gigabyte is not unpacked.
    let bomb = packed(&"a".repeat(64 << 20));
    assert!(bomb.content.len() < 8 << 10, "{}", bomb.content.len());
    assert_eq!(code(&bomb.to_text()), "bad_link");
    let deep = format!("{{\"routine\":{}1{}}}", "[".repeat(100_000), "]".repeat(100_000));
    assert_eq!(code(&packed(&deep).to_text()), "bad_link");
    for text in ["", "[]", "null", "{}", "{\"routine\":[]}", "{\"routine\":{}", "\u{0}"] {
        assert_eq!(code(&packed(text).to_text()), "bad_link", "{text}");
    }
    let step = r#"{"exercise":"side-sleep","side":"no_side","dose":{"mode":"tick"}},"#;
    let steps = step.repeat(MAX_STEPS + 1);
    let many = format!(
        r#"{{"routine":{{"name":"Many","blocks":[{{"order":"step_major","steps":[{}]}}]}}}}"#,
        steps.trim_end_matches(',')
    );
    assert_eq!(code(&packed(&many).to_text()), "too_many_steps");
    assert_eq!(code(&format!("holdfast:routine#{}", "A".repeat(1 << 20))), "bad_link");
    assert_eq!(code(&packed(r#"{"routine":{"name":"x","blocks":[{}]}}"#).to_text()), "bad_routine");
}

#[test]
fn the_words_that_links_are_packed_with_never_change() {
    let digest = hex::encode(Sha256::digest(WORDS));
    assert_eq!(digest, "5b725c39723e734f61db717d65c1e58eede34b5c6af3f35b2767de374db22822");
}
