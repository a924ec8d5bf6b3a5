//! People, roles and charts as they are shown: the same in every command, as JSON and as text.

use std::collections::BTreeMap;

use holdfast::views::rfc3339;
use holdfast::{ChartView, MemberView};
use serde_json::{Value, json};

use super::words;

/// A time by the relay's clock as RFC 3339, in the zone of here.
pub fn time(at_ms: u64, zone: &str) -> String {
    let at_ms = i64::try_from(at_ms).unwrap_or(i64::MAX);
    rfc3339(&holdfast::clock::moment(at_ms, zone))
}

/// A role as people call it; its own word where the grant is none of the presets.
pub fn role(role: Option<&str>) -> String {
    words::plain(match role {
        Some("owner") => "prompt.people.role.owner",
        Some("partner") => "prompt.people.role.partner",
        Some("therapist") => "prompt.people.role.therapist",
        Some("viewer") => "prompt.people.role.viewer",
        _ => "prompt.people.role.other",
    })
}

/// A grant in a line: `writes the log; reads the plan`.
pub fn grants(grants: &BTreeMap<&'static str, &'static str>) -> String {
    let of = |access: &str| -> Vec<String> {
        let these = grants.iter().filter(|(_, given)| **given == access);
        these.filter_map(|(class, _)| part(class)).map(words::plain).collect()
    };
    let mut said = Vec::new();
    let (written, read) = (of("write"), of("read"));
    if !written.is_empty() {
        said.push(words::say("prompt.people.writes", &[("parts", written.join(", ").into())]));
    }
    if !read.is_empty() {
        said.push(words::say("prompt.people.reads", &[("parts", read.join(", ").into())]));
    }
    said.join("; ")
}

fn part(class: &str) -> Option<&'static str> {
    Some(match class {
        "plan" => "prompt.people.part.plan",
        "log" => "prompt.people.part.log",
        "notes" => "prompt.people.part.notes",
        "prescription" => "prompt.people.part.prescription",
        "profile" => "prompt.people.part.profile",
        _ => return None,
    })
}

/// The host of a relay's address, which is what a person judges it by.
pub fn host(url: &str) -> String {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.split(['/', '?', '#']).next().unwrap_or(rest).to_owned()
}

/// A member as JSON has it.
pub fn member(one: &MemberView, zone: &str) -> Value {
    json!({
        "name": one.name,
        "invited_as": one.invited_as,
        "account": one.account,
        "me": one.me,
        "subject": one.subject,
        "role": one.role,
        "grants": one.grants,
        "until": one.until_ms.map(|until| time(until, zone)),
        "verified": one.verified,
        "waiting": one.waiting,
        "devices": one.devices,
        "pending": one.pending,
    })
}

/// A chart as JSON has it.
pub fn chart(view: &ChartView, zone: &str) -> Value {
    json!({
        "id": view.id,
        "name": view.name,
        "owner": view.owner,
        "owner_name": view.owner_name,
        "role": view.role,
        "grants": view.grants,
        "until": view.until_ms.map(|until| time(until, zone)),
        "own": view.own,
        "standing": view.standing,
        "erases_at": view.erases_at_ms.and_then(|at| u64::try_from(at).ok()).map(|at| time(at, zone)),
        "unsent": view.unsent,
    })
}
