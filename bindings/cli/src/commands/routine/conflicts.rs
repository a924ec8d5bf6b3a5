//! What two devices wrote at once, as text: the place, each value, and how to settle it. It settles nothing.

use holdfast::domain::dose::Dose;
use holdfast::domain::vocabulary::SideRule;
use holdfast::routine::ConflictView;
use serde_json::Value;

use super::show;
use crate::output::layout::{hanging, wrapped};
use crate::output::{Output, words};

/// One conflict of the routine of this name.
pub fn text(conflict: &ConflictView, routine: &str, output: &Output) -> String {
    let field = || ("field", conflict.field.replace('_', " ").into());
    let place = match conflict.step.as_deref() {
        Some(step) => words::say(
            "prompt.decisions.conflict_of_step",
            &[field(), ("step", show::short(step).into())],
        ),
        None => words::say("prompt.decisions.conflict", &[field()]),
    };
    let mut lines = vec![wrapped(&place, output.width, 0)];
    for (n, one) in (1..).zip(&conflict.values) {
        let mut said = value(&one.value);
        if one.stands {
            said = words::say("prompt.decisions.stands", &[("value", said.into())]);
        }
        lines.push(hanging(&format!("{n}. "), &said, output.width));
    }
    let args = [("routine", routine.into()), ("id", conflict.id.as_str().into())];
    lines.push(wrapped(&words::say("prompt.decisions.settle", &args), output.width, 0));
    lines.join("\n")
}

/// A value as it is said elsewhere; what nobody here knows how to say stays JSON.
fn value(value: &Value) -> String {
    let inner = value.get("value").unwrap_or(value);
    if let Ok(dose) = serde_json::from_value::<Dose>(inner.clone()) {
        return words::dose(&dose);
    }
    if let Some(side) = inner.as_str().and_then(|side| side.parse::<SideRule>().ok()) {
        return words::side_rule(side);
    }
    inner.as_str().map_or_else(|| inner.to_string(), str::to_owned)
}
