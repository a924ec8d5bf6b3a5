//! `event` and `pain`: what happened outside of sessions, written down, listed, taken back.

use std::collections::BTreeSet;

use holdfast::domain::ids::Site;
use holdfast::domain::record::Event as Happened;
use holdfast::domain::safety;
use holdfast::domain::units::Moment;
use holdfast::domain::vocabulary::Side;
use holdfast::sharing::Class;
use holdfast::{Engine, EventAdded, EventQuery, EventView};
use serde_json::json;

use super::habit::recovery_text;
use super::safety::flags_text;
use crate::args::day::{Event, EventAdd, EventKind, EventList, Outing, Pain};
use crate::context::Context;
use crate::failure::{self, Failure, Outcome};
use crate::output::layout::{Align, Table, wrapped};
use crate::output::{Output, record, words};
use crate::when::When;

/// How much of an id is shown: enough to tell two of one moment apart.
const ID_SHOWN: usize = 12;

/// Answers `event`.
pub fn run(args: Event, context: &Context, output: &Output) -> Outcome {
    match args {
        Event::Add(args) => add(args, context, output),
        Event::List(args) => list(&args, context, output),
        Event::Remove { id } => {
            let event = context.open_for(Class::Log)?.remove_event(&id)?;
            output.confirm(json!({ "removed": event.id }), |_| {
                let what = failure::sentence(&what(&event));
                words::say("prompt.event.removed", &[("what", what.into())])
            });
            Ok(())
        }
    }
}

/// Answers `pain`.
pub fn pain(args: Pain, context: &Context, output: &Output) -> Outcome {
    let site = Site::new(args.site.trim()).map_err(|bad| Failure::bad_value("site", bad))?;
    let side = args.side.unwrap_or(Side::None);
    let event = Happened::Pain { site, side, score: args.score };
    let engine = context.open_for(Class::Log)?;
    let at = when_of(args.at.as_ref(), context, &engine)?;
    let flags = match &event {
        // Where nothing hurts there is nothing to mind.
        Happened::Pain { site, score, .. } if u8::from(*score) > 0 => {
            safety::red_flags_for_site(site)
        }
        _ => Vec::new(),
    };
    let added = engine.add_event(event, at.as_ref(), args.note.as_deref())?;
    let mut body = json!(added);
    body["red_flags"] = flags.iter().map(|flag| flag.id.as_str()).collect();
    output.confirm(body, |o| {
        let said = added_text(&added, o);
        if flags.is_empty() { said } else { format!("{said}\n\n{}", flags_text(&flags, o)) }
    });
    Ok(())
}

/// When something happened, with the offset of here.
pub fn when_of(at: Option<&When>, context: &Context, engine: &Engine) -> Outcome<Option<Moment>> {
    at.map(|at| super::log::moment(at, &context.here_by(engine)?)).transpose()
}

fn add(args: EventAdd, context: &Context, output: &Output) -> Outcome {
    let minutes = args.minutes;
    let event = match args.what {
        Outing::Run => Happened::Run { minutes },
        Outing::Walk => Happened::Walk { minutes },
    };
    let engine = context.open_for(Class::Log)?;
    let at = when_of(args.at.as_ref(), context, &engine)?;
    let added = engine.add_event(event, at.as_ref(), args.note.as_deref())?;
    output.confirm(&added, |o| added_text(&added, o));
    Ok(())
}

fn added_text(added: &EventAdded, output: &Output) -> String {
    let id = added.event.id.get(..ID_SHOWN).unwrap_or(&added.event.id);
    let what = failure::sentence(&what(&added.event));
    let mut said =
        vec![words::say("prompt.event.added", &[("what", what.into()), ("id", id.into())])];
    if added.walk_first {
        said.push(words::plain("prompt.event.walk_first"));
    }
    if let Some(until) = &added.cool_down_until {
        let until = until.get(11..16).unwrap_or(until);
        said.push(words::say("prompt.event.cool_down", &[("until", until.into())]));
    }
    said.extend(added.recovery.as_ref().map(|recovery| recovery_text(recovery, None)));
    said.push(failure::sentence(&record::status(added.event.status, &BTreeSet::new())));
    wrapped(&said.join("\n"), output.width, 0)
}

/// What happened, in few words.
fn what(event: &EventView) -> String {
    let minutes = event.minutes.unwrap_or_default();
    match (event.kind.as_str(), event.site.as_ref(), event.score) {
        ("run", ..) => words::say("prompt.event.run", &[("minutes", minutes.into())]),
        ("walk", ..) => words::say("prompt.event.walk", &[("minutes", minutes.into())]),
        (_, Some(site), Some(score)) => {
            let mut place = words::plain(&format!("region.{site}"));
            if let Some(side) = event.side {
                place = format!("{place}, {}", words::plain(&format!("side.{side}")));
            }
            let args = [("place", place.into()), ("score", u8::from(score).into())];
            words::say("prompt.event.pain", &args)
        }
        (kind, ..) => kind.to_owned(),
    }
}

fn list(args: &EventList, context: &Context, output: &Output) -> Outcome {
    let engine = context.open_for(Class::Log)?;
    let here = context.here_by(&engine)?;
    let day = |when: Option<&When>, field| {
        let day = when.map(|when| here.local_day(when)).transpose();
        day.map_err(|refused| Failure::bad_value(field, refused))
    };
    let (since, until) = (day(args.since.as_ref(), "since")?, day(args.until.as_ref(), "until")?);
    if since.zip(until).is_some_and(|(since, until)| until < since) {
        return Err(Failure::bad_value("until", words::plain("prompt.event.until_before_since")));
    }
    let kind = args.only.map(|kind| match kind {
        EventKind::Run => "run",
        EventKind::Walk => "walk",
        EventKind::Pain => "pain",
    });
    let kind = kind.map(str::to_owned);
    let query = EventQuery { kind, since, until, limit: Some(args.limit.into()) };
    let events = engine.events(&query)?;
    output.answer(json!({ "events": events }), |o| {
        if events.is_empty() {
            return words::plain("prompt.event.none");
        }
        let mut parts = Vec::new();
        for day in events.chunk_by(|a, b| a.local_day == b.local_day) {
            let mut table = Table::new([
                ("", Align::Left),
                ("", Align::Left),
                ("", Align::Left),
                ("", Align::Left),
            ]);
            for event in day {
                table.row([
                    event.at.get(11..16).unwrap_or(&event.at).to_owned(),
                    event.id.get(..ID_SHOWN).unwrap_or(&event.id).to_owned(),
                    what(event),
                    event.note.clone().unwrap_or_default(),
                ]);
            }
            let table = table.text(o.width);
            let body = table.split_once('\n').map_or("", |(_, rows)| rows);
            parts.push(format!("{}\n{body}", o.bold(&day[0].local_day.to_string())));
        }
        parts.join("\n\n")
    });
    Ok(())
}
