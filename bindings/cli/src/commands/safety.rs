//! `safety`: red flags, stop rules, and what to ask a clinician first. Information, not diagnosis.

use holdfast::domain::catalogue::{Catalogue, Exercise, Provenance};
use holdfast::domain::ids::{ExerciseId, Site};
use holdfast::domain::safety::{self, AskFirst, RedFlag, Safety, SafetyRule, Shown};
use holdfast::domain::vocabulary::EndedBy;
use holdfast::domain::words::Code;
use holdfast::views::HoldView;
use serde_json::{Value, json};

use crate::args::content;
use crate::commands::catalog;
use crate::failure::Outcome;
use crate::output::layout::{hanging, wrapped};
use crate::output::{Output, words};

/// Answers `safety`.
pub fn run(args: &content::Safety, output: &Output) -> Outcome {
    let all = Safety::built_in();
    let mut shown = Shown {
        rules: all.rules().iter().collect(),
        stop_rules: all.stop_rules().iter().collect(),
        red_flags: all.red_flags().iter().collect(),
        ask_first: Some(all.ask_first()),
    };
    let mut exercise: Option<&Exercise> = None;
    match args.topic.as_deref() {
        None => {}
        Some("redflags") => {
            shown = Shown { red_flags: shown.red_flags, ..Shown::default() };
        }
        Some("stop") => shown = Shown { stop_rules: shown.stop_rules, ..Shown::default() },
        Some("ask-first") => shown = Shown { ask_first: shown.ask_first, ..Shown::default() },
        Some(id) => {
            let found = catalog::find(id)?;
            shown = safety::for_exercise(found);
            exercise = Some(found);
        }
    }
    output.answer(body(&shown, exercise), |o| text(&shown, exercise, o));
    Ok(())
}

fn plain(code: &Code) -> String {
    words::plain(code.as_str())
}

fn sources(provenance: &Provenance) -> Value {
    json!(provenance.sources.all())
}

fn body(shown: &Shown, exercise: Option<&Exercise>) -> Value {
    let rule = |rule: &&SafetyRule| {
        json!({ "id": rule.id, "text": plain(&rule.text), "applies_to": rule.applies_to,
                "sources": sources(&rule.provenance), "ours": rule.provenance.is_ours("text") })
    };
    let flag = |flag: &&RedFlag| {
        json!({ "id": flag.id, "text": plain(&flag.text), "suspect": plain(&flag.suspect),
                "action": plain(&flag.action), "sites": flag.sites,
                "sources": sources(&flag.provenance), "ours": flag.provenance.is_ours("text") })
    };
    let card = |card: &AskFirst| {
        let items: Vec<Value> = card
            .items
            .iter()
            .map(|item| json!({ "id": item.id, "text": plain(&item.text) }))
            .collect();
        json!({ "title": plain(&card.title), "note": plain(&card.note), "items": items,
                "applies_to": card.applies_to, "ours": true })
    };
    let cautions = |exercise: &Exercise| -> Vec<Value> {
        let facts = exercise.cautions.iter();
        facts
            .map(|fact| json!({ "text": plain(&fact.code), "sources": fact.sources, "ours": fact.ours }))
            .collect()
    };
    let mut body = json!({
        "rules": shown.rules.iter().map(rule).collect::<Vec<_>>(),
        "stop_rules": shown.stop_rules.iter().map(rule).collect::<Vec<_>>(),
        "red_flags": shown.red_flags.iter().map(flag).collect::<Vec<_>>(),
        "ask_first": shown.ask_first.map(card),
    });
    if let Some(exercise) = exercise {
        body["exercise"] = json!(exercise.id);
        body["cautions"] = json!(cautions(exercise));
    }
    body
}

fn text(shown: &Shown, exercise: Option<&Exercise>, output: &Output) -> String {
    let mut parts: Vec<String> = Vec::new();
    if let Some(exercise) = exercise {
        parts.push(output.bold(&exercise.name(words::reader())));
        let cautions: Vec<String> = exercise
            .cautions
            .iter()
            .map(|f| format!("{}{}", plain(&f.code), words::cited(&f.sources, f.ours)))
            .collect();
        push_list(&mut parts, &words::plain("prompt.safety.mind_with_this"), &cautions, output);
    }
    push_list(
        &mut parts,
        &words::plain("prompt.safety.stop_when"),
        &said(&shown.stop_rules),
        output,
    );
    push_list(&mut parts, &words::plain("prompt.safety.mind"), &said(&shown.rules), output);
    let flags: Vec<String> = shown
        .red_flags
        .iter()
        .map(|flag| {
            let own: Vec<_> = flag.provenance.sources.all().into_iter().cloned().collect();
            let cited = words::cited(&own, flag.provenance.is_ours("text"));
            format!(
                "{}\n{}\n{}{cited}",
                plain(&flag.text),
                words::say("prompt.safety.may_be", &[("suspect", plain(&flag.suspect).into())]),
                plain(&flag.action)
            )
        })
        .collect();
    push_list(&mut parts, &words::plain("prompt.safety.see_somebody"), &flags, output);
    if let Some(card) = shown.ask_first {
        let items: Vec<String> = card.items.iter().map(|item| plain(&item.text)).collect();
        push_list(&mut parts, &plain(&card.title), &items, output);
        parts.push(wrapped(
            &format!("{} [{}]", plain(&card.note), words::plain("prompt.ours")),
            output.width,
            0,
        ));
    }
    parts.push(words::plain("prompt.safety.information"));
    parts.join("\n\n")
}

/// The sentences of rules, with their sources.
pub fn said(rules: &[&SafetyRule]) -> Vec<String> {
    rules
        .iter()
        .map(|rule| {
            let own: Vec<_> = rule.provenance.sources.all().into_iter().cloned().collect();
            format!("{}{}", plain(&rule.text), words::cited(&own, rule.provenance.is_ours("text")))
        })
        .collect()
}

fn push_list(parts: &mut Vec<String>, title: &str, items: &[String], output: &Output) {
    if !items.is_empty() {
        let lines: Vec<String> =
            items.iter().map(|item| hanging("- ", item, output.width)).collect();
        parts.push(format!("{}\n{}", output.bold(title), lines.join("\n")));
    }
}

/// The red flags of the places where a hold ended with pain, each once.
pub fn flags_of(holds: &[HoldView], known: &Catalogue) -> Vec<&'static RedFlag> {
    let mut flags: Vec<&'static RedFlag> = Vec::new();
    for hold in holds.iter().filter(|hold| hold.ended_by == EndedBy::Pain) {
        let site = site(hold, known).and_then(|site| Site::new(site).ok());
        let shown = match &site {
            Some(site) => safety::red_flags_for_site(site),
            // What nobody said where it is could be anywhere.
            None => Safety::built_in().red_flags().iter().collect(),
        };
        for flag in shown {
            if flags.iter().all(|known| known.id != flag.id) {
                flags.push(flag);
            }
        }
    }
    flags
}

/// Where a hold was: where it hurt, else where its exercise works.
pub fn site(hold: &HoldView, known: &Catalogue) -> Option<String> {
    let of_exercise = || {
        let id = ExerciseId::new(hold.exercise.as_str()).ok()?;
        Some(known.exercise(&id)?.region.as_ref()?.to_string())
    };
    hold.pain_site.clone().or_else(of_exercise)
}

/// Red flags where it hurt, with what to do and who says so.
pub fn flags_text(flags: &[&RedFlag], output: &Output) -> String {
    let say = |flag: &&RedFlag| {
        let own: Vec<_> = flag.provenance.sources.all().into_iter().cloned().collect();
        let cited = words::cited(&own, flag.provenance.is_ours("text"));
        let text = format!("{} {}{cited}", plain(&flag.text), plain(&flag.action));
        hanging("- ", &text, output.width)
    };
    let lines: Vec<String> = flags.iter().map(say).collect();
    let note = words::plain("prompt.player.information");
    format!("{}\n{}\n{note}", output.bold(&words::plain("prompt.play.it_hurt")), lines.join("\n"))
}
