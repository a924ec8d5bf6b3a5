//! Writes the typed records of the catalogue in the form of the project's notes, texts by presence.

use std::fmt::Display;

use holdfast_domain::catalogue::*;
use holdfast_domain::dose::Range;
use holdfast_domain::ids::SourceId;
use holdfast_domain::safety::{AskFirst, RedFlag, SafetyRule};
use holdfast_domain::vocabulary::SideRule;
use holdfast_domain::words::Words;
use serde_json::{Map, Value, json};

fn ids<T: Display>(ids: &[T]) -> Value {
    ids.iter().map(|id| json!(id.to_string())).collect()
}

fn name<T: Display>(id: Option<&T>) -> Value {
    json!(id.map(ToString::to_string))
}

fn sources(sources: &[SourceId]) -> Value {
    whole_or_by_field(&ids(sources))
}

/// A list of sources is the general source, `*`.
pub fn whole_or_by_field(sources: &Value) -> Value {
    match sources {
        Value::Array(list) if list.is_empty() => Value::Null,
        Value::Array(list) => json!({ "*": list }),
        other => other.clone(),
    }
}

fn with(mut record: Value, provenance: &Provenance) -> Value {
    let entries = provenance.sources.entries();
    let by_field: Map<_, _> = entries.map(|(field, from)| (field.to_owned(), ids(from))).collect();
    record["sources"] = Value::Object(by_field);
    record["ours"] = match &provenance.ours {
        Ours::Whole(ours) => json!(ours),
        Ours::Fields(fields) => json!(fields),
    };
    record
}

fn fact(fact: &Fact) -> Value {
    json!({ "text": true, "sources": sources(&fact.sources), "ours": fact.ours })
}

fn range(range: Range) -> Value {
    if range == Range::UNSTATED {
        return Value::Null;
    }
    json!({
        "min": range.min(), "default": range.default(), "max": range.max(),
        "open_ended": range.open_ended(),
    })
}

fn frequency(frequency: Option<&Frequency>) -> Value {
    frequency.map_or(Value::Null, |f| {
        json!({
            "times": f.times, "per": name(f.per.as_ref()), "min": f.min, "max": f.max,
            "when": ids(&f.when), "note": f.note.is_some(),
        })
    })
}

pub fn exercise(e: &Exercise) -> Value {
    let d = &e.dose;
    let phases: Vec<Value> =
        d.tempo.iter().map(|phase| json!({ "name": phase.name, "s": phase.secs })).collect();
    assert!(d.rest_s.min().is_none() && d.rest_s.max().is_none(), "the notes have a lone figure");
    let record = json!({
        "id": e.id.as_str(), "kind": e.kind.as_str(), "name": true, "muscles": ids(&e.muscles),
        "region": name(e.region.as_ref()), "laterality": e.laterality.as_str(),
        "position": name(e.position.as_ref()), "tools": ids(&e.tools),
        "tools_optional": ids(&e.tools_optional), "mode": d.mode.as_str(),
        "hold_s": range(d.hold_s), "reps": range(d.reps), "sets": range(d.sets),
        "rest_s": d.rest_s.default(), "rest_note": e.rest_note.is_some(),
        "tempo": {
            "phases": phases, "example": e.tempo_example, "note": e.tempo_note.is_some(),
        },
        "frequency": frequency(e.frequency.as_ref()), "ease_check": e.ease_check,
        "cues": e.cues.iter().map(fact).collect::<Value>(),
        "pain_rule": name(e.pain_rule.as_ref()),
        "cautions": e.cautions.iter().map(fact).collect::<Value>(), "gates": ids(&e.gates),
        "assisted_possible": { "possible": !e.assisted.is_empty(), "who": ids(&e.assisted) },
        "tags": ids(&e.tags), "notes": e.note.is_some(), "uncertain": e.uncertain.len(),
    });
    with(record, &e.provenance)
}

/// The notes' word for a side rule; they say `bilateral` or `none` where a step has no sides.
fn side_word(step: &TemplateStep) -> &'static str {
    match step.sides {
        SideRule::Both => "both",
        SideRule::Ask => "one",
        SideRule::Affected => "affected",
        SideRule::Alternating => "alternating",
        SideRule::NoSide => {
            let exercise = Catalogue::built_in().exercise(&step.exercise).expect("an exercise");
            let habit = exercise.kind == holdfast_domain::vocabulary::Kind::Habit;
            if habit { "none" } else { "bilateral" }
        }
        SideRule::Left | SideRule::Right => panic!("no source prescribes a left or right"),
    }
}

fn step(s: &TemplateStep) -> Value {
    let dose = s.dose.map_or(Value::Null, |d| {
        assert!(![d.hold_s, d.reps, d.sets].iter().any(|range| range.open_ended()));
        json!({
            "hold_s": d.hold_s.default(), "hold_min_s": d.hold_s.min(),
            "hold_max_s": d.hold_s.max(), "reps": d.reps.default(), "reps_min": d.reps.min(),
            "reps_max": d.reps.max(), "sets": d.sets.default(),
        })
    });
    json!({
        "exercise": s.exercise.as_str(), "sides": side_word(s), "dose": dose,
        "optional": s.optional, "condition": name(s.condition.as_ref()),
        "sources": sources(&s.sources), "ours": s.ours,
    })
}

fn block(b: &TemplateBlock) -> Value {
    json!({
        "order": b.order.as_str(), "order_sources": ids(&b.order_sources),
        "order_ours": b.order_ours, "alt": b.alt, "condition": name(b.condition.as_ref()),
        "note": b.note.is_some(), "steps": b.steps.iter().map(step).collect::<Value>(),
    })
}

pub fn template(t: &Template) -> Value {
    let kind = match t.kind {
        TemplateKind::Sequence => "sequence",
        TemplateKind::Menu => "menu",
        TemplateKind::Principle => "principle",
    };
    let composition = match t.composition {
        Composition::Prescribed => "prescribed",
        Composition::Listed => "listed",
        Composition::Derived => "derived",
        Composition::Ours => "ours",
    };
    let stages: Vec<Value> = t
        .stages
        .iter()
        .map(|s| json!({ "label": true, "kinds": ids(&s.kinds), "exercises": ids(&s.exercises) }))
        .collect();
    let check = t.time_check.as_ref();
    let record = json!({
        "id": t.id.as_str(), "name": true, "kind": kind, "composition": composition,
        "blocks": t.blocks.iter().map(block).collect::<Value>(), "stages": stages,
        "stated_time_s": range(t.stated_time_s), "frequency": frequency(t.frequency.as_ref()),
        "time_check": check.map(|c| json!({ "computed_s": c.computed_s, "note": true })),
        "notes": t.note.is_some(), "uncertain": t.uncertain.len(),
    });
    with(record, &t.provenance)
}

fn selector(selector: Option<&Selector>) -> Value {
    selector.map_or(Value::Null, |s| {
        json!({
            "ids": ids(&s.ids), "kinds": ids(&s.kinds), "muscles": ids(&s.muscles),
            "match": if s.match_all { "all" } else { "any" },
        })
    })
}

fn profile(profile: &ProfileCondition) -> Value {
    let fields = profile.0.iter().map(|(field, value)| {
        let value = match value {
            ProfileValue::Bool(yes) => json!(yes),
            ProfileValue::Number(number) => json!(number),
        };
        (field.as_str().to_owned(), value)
    });
    Value::Object(fields.collect())
}

pub fn profile_kind(kind: ProfileKind) -> &'static str {
    match kind {
        ProfileKind::Bool => "bool",
        ProfileKind::Number => "number",
        ProfileKind::Minutes => "minutes",
    }
}

pub fn rule(r: &Rule) -> Value {
    let kind = match r.kind {
        RuleKind::Requires => "requires",
        RuleKind::AfterIfPresent => "after_if_present",
        RuleKind::OneSideOnly => "one_side_only",
        RuleKind::NotWith => "not_with",
        RuleKind::Gate => "gate",
        RuleKind::WalkFirst => "walk_first",
        RuleKind::Progression => "progression",
    };
    let condition = match &r.condition {
        None => Value::Null,
        Some(RuleCondition::Profile(fields)) => json!({ "profile": profile(fields) }),
        Some(RuleCondition::Person(id)) => json!({ "id": id.as_str() }),
    };
    let steps = r.params.ladder.len();
    let ladder = if steps == 0 { Value::Null } else { json!(steps) };
    let record = json!({
        "id": r.id.as_str(), "type": kind, "severity": r.severity.as_str(),
        "before": selector(r.before.as_ref()), "after": selector(r.after.as_ref()),
        "subject": selector(r.subject.as_ref()), "condition": condition, "scope": ids(&r.scope),
        "same_side": r.same_side, "same_muscle": r.same_muscle, "gate": name(r.gate.as_ref()),
        "params": { "sides": r.params.sides, "ladder": ladder }, "text": true,
    });
    with(record, &r.provenance)
}

pub fn gate(g: &Gate) -> Value {
    let action = match g.action {
        GateAction::Block => "block",
        GateAction::BlockUntilCleared => "block_until_cleared",
        GateAction::RequireBefore => "require_before",
        GateAction::Warn => "warn",
        GateAction::Prefer => "prefer",
        GateAction::Show => "show",
    };
    let mapping = match g.mapping {
        Mapping::Stated => "seed",
        Mapping::Ours => "ours",
    };
    let record = json!({
        "id": g.id.as_str(), "profile": profile(&g.profile), "severity": g.severity.as_str(),
        "action": action, "text": true, "applies_to": ids(&g.applies_to),
        "prefer": ids(&g.prefer), "mapping": mapping,
    });
    with(record, &g.provenance)
}

pub fn condition(c: &Condition) -> Value {
    with(json!({ "id": c.id.as_str(), "text": true, "values": c.values }), &c.provenance)
}

pub fn pain_rule(p: &PainRule) -> Value {
    let part = |part: &PainRulePart| {
        let from = sources(&part.sources);
        json!({ "id": part.id, "text": true, "stated_for": true, "sources": from })
    };
    let record = json!({
        "id": p.id.as_str(), "name": true, "ease_check_s": p.ease_check_s,
        "parts": p.parts.iter().map(part).collect::<Value>(), "note": p.note.is_some(),
    });
    with(record, &p.provenance)
}

fn test_field(f: &TestField) -> Value {
    let kind = match f.kind {
        FieldType::Bool => "bool",
        FieldType::Seconds => "seconds",
        FieldType::Degrees => "degrees",
        FieldType::Score => "score",
        FieldType::Enum => "enum",
        FieldType::Answers => "answers",
    };
    json!({
        "id": f.id, "type": kind, "optional": f.optional, "ours": f.ours, "min": f.min,
        "max": f.max, "options": f.options.iter().map(|o| json!(o.id)).collect::<Value>(),
    })
}

fn threshold(t: &Threshold) -> Value {
    let op = match t.op {
        Comparison::Equal => "==",
        Comparison::Less => "<",
        Comparison::AtMost => "<=",
        Comparison::More => ">",
        Comparison::AtLeast => ">=",
    };
    let value = match &t.value {
        TestValue::Bool(yes) => json!(yes),
        TestValue::Number(number) => json!(number),
        TestValue::Option(option) => json!(option),
    };
    let from = sources(&t.sources);
    json!({ "field": t.field, "op": op, "value": value, "meaning": true, "sources": from })
}

pub fn self_test(t: &SelfTest) -> Value {
    let record = json!({
        "id": t.id.as_str(), "per_side": t.per_side,
        "fields": t.fields.iter().map(test_field).collect::<Value>(),
        "thresholds": t.thresholds.iter().map(threshold).collect::<Value>(),
        "caveats": t.caveats.iter().map(fact).collect::<Value>(),
    });
    with(record, &t.provenance)
}

pub fn sign(s: &Sign) -> Value {
    let record = json!({ "id": s.id, "title": true, "note": true, "items": s.items.len() });
    with(record, &s.provenance)
}

pub fn conflict(c: &Conflict) -> Value {
    let says = |fact: &Fact| json!({ "says": true, "sources": sources(&fact.sources) });
    let record = json!({
        "id": c.id, "topic": true, "handling": true,
        "positions": c.positions.iter().map(says).collect::<Value>(),
    });
    with(record, &c.provenance)
}

pub fn figure(f: &Figure) -> Value {
    let unit = f.unit.as_ref().map(|unit| Words::english().plain(unit.as_str()));
    with(json!({ "id": f.id, "text": true, "values": f.values, "unit": unit }), &f.provenance)
}

pub fn tracked(t: &Tracked) -> Value {
    let kind = match t.kind {
        TrackedAs::Score => "score",
        TrackedAs::Seconds => "seconds",
        TrackedAs::Minutes => "minutes",
        TrackedAs::Hours => "hours",
        TrackedAs::Count => "count",
        TrackedAs::Bool => "bool",
        TrackedAs::Enum => "enum",
        TrackedAs::Text => "text",
        TrackedAs::Mixed => "mixed",
        TrackedAs::Computed => "computed",
    };
    let unit = t.unit.as_ref().map(|unit| Words::english().plain(unit.as_str()));
    let record =
        json!({ "id": t.id, "label": true, "type": kind, "unit": unit, "per_side": t.per_side });
    with(record, &t.provenance)
}

pub fn safety_rule(r: &SafetyRule) -> Value {
    let record = json!({ "id": r.id, "text": true, "applies_to": ids(&r.applies_to) });
    with(record, &r.provenance)
}

pub fn red_flag(f: &RedFlag) -> Value {
    let record = json!({
        "id": f.id, "text": true, "suspect": true, "action": true, "note": f.note.is_some(),
    });
    with(record, &f.provenance)
}

pub fn ask_first(card: &AskFirst) -> Value {
    let item = |item: &holdfast_domain::safety::AskFirstItem| {
        with(json!({ "id": item.id, "text": true }), &item.provenance)
    };
    let record = json!({
        "title": true, "applies_to": ids(&card.applies_to), "note": true,
        "items": card.items.iter().map(item).collect::<Value>(),
    });
    with(record, &card.provenance)
}
