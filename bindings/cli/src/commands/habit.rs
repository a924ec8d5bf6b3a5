//! `habit`: the habits of a day, ticks and plans of them.

use std::collections::BTreeSet;

use holdfast::domain::catalogue::{Catalogue, Fact};
use holdfast::domain::habit::{Given, Habit as Known, HabitRhythm};
use holdfast::domain::ids::HabitId;
use holdfast::domain::running::Recovery;
use holdfast::domain::units::LocalDay;
use holdfast::domain::vocabulary::{Laterality, Side};
use holdfast::sharing::Class;
use holdfast::{Engine, HabitPlanView, HabitView, HabitsView, RecoveryView};
use serde_json::{Value, json};

use super::event::when_of;
use crate::args::day::{Done, Habit, Plan};
use crate::context::Context;
use crate::failure::{self, Failure, Outcome};
use crate::output::layout::{Align, Table, facts, hanging, wrapped};
use crate::output::{Output, progress, record, words};
use crate::when::When;

/// How much of an id is shown: enough to tell two of one moment apart.
const ID_SHOWN: usize = 12;
/// How many of the next times are listed.
const NEXT_SHOWN: usize = 3;

/// Answers `habit`.
pub fn run(args: Habit, context: &Context, output: &Output) -> Outcome {
    match args {
        Habit::List { date } => {
            let engine = context.open_for(Class::Log)?;
            let habits = engine.habits(local_day(date.as_ref(), context, &engine)?)?;
            output.answer(&habits, |o| list_text(&habits, o));
        }
        Habit::Show { id, date } => {
            let engine = context.open_for(Class::Log)?;
            let habit = engine.habit(&id, local_day(date.as_ref(), context, &engine)?)?;
            let side = painless_side(&habit, &engine)?;
            let body = json!({ "habit": habit, "how": how(&habit), "side_without_pain": side });
            output.answer(body, |o| {
                let said = full_text(&habit, o);
                let Some(side) = side else { return said };
                let side = [("side", words::side(side).into())];
                let line = words::say("prompt.habit.side_without_pain", &side);
                format!("{said}\n\n{}", wrapped(&line, o.width, 0))
            });
        }
        Habit::Done(args) => done(args, context, output)?,
        Habit::Undo { entry } => {
            let (tick, habit) = context.open_for(Class::Log)?.undo_tick(&entry)?;
            output.confirm(json!({ "removed": tick.id, "habit": habit }), |_| {
                let args = [("habit", name(&habit).into()), ("day", day_text(tick.local_day))];
                let said = words::say("prompt.habit.undone", &args);
                format!("{said}\n{}", kept(&habit))
            });
        }
        Habit::Plan(args) => plan(args, context, output)?,
        Habit::Unplan { id } => {
            let habit = context.open_for(Class::Log)?.unplan_habit(&id)?;
            output.confirm(json!({ "habit": habit }), |_| {
                words::say("prompt.habit.unplanned", &[("habit", name(&habit).into())])
            });
        }
    }
    Ok(())
}

fn local_day(date: Option<&When>, context: &Context, engine: &Engine) -> Outcome<Option<LocalDay>> {
    let Some(date) = date else { return Ok(None) };
    let day = context.here_by(engine)?.local_day(date);
    day.map(Some).map_err(|refused| Failure::bad_value("date", refused))
}

fn done(args: Done, context: &Context, output: &Output) -> Outcome {
    let given = match (args.count, args.value) {
        (Some(count), _) => Given::Count(count),
        (None, Some(value)) => Given::Value(value),
        (None, None) => Given::Done,
    };
    let engine = context.open_for(Class::Log)?;
    let at = when_of(args.at.as_ref(), context, &engine)?;
    let ticked = engine.tick_habit(&args.id, given, at.as_ref(), args.note.as_deref())?;
    output.confirm(&ticked, |_| {
        let habit = &ticked.habit;
        let args = [
            ("habit", name(habit).into()),
            ("day", day_text(ticked.tick.local_day)),
            ("id", shown(&ticked.tick.id).into()),
        ];
        let said = if ticked.already {
            words::say("prompt.habit.already", &args)
        } else {
            words::say("prompt.habit.ticked", &args)
        };
        let due = due(habit);
        let due = if due.is_empty() { String::new() } else { failure::sentence(&due) };
        let status = failure::sentence(&record::status(ticked.tick.status, &BTreeSet::new()));
        format!("{said}\n{} {due}\n{status}", kept(habit)).replace(" \n", "\n")
    });
    Ok(())
}

fn plan(args: Plan, context: &Context, output: &Output) -> Outcome {
    let rhythm = match (args.often.per_day, args.often.every, args.between) {
        (Some(times), ..) => HabitRhythm::PerDay(times),
        (None, Some(minutes), Some((from, to))) => HabitRhythm::Every { minutes, from, to },
        (None, ..) => return Err(Failure::usage(words::plain("prompt.habit.say_how_often"))),
    };
    let habit = context.open_for(Class::Log)?.plan_habit(&args.id, rhythm)?;
    output.confirm(json!({ "habit": habit }), |o| {
        let plan = habit.plan.as_ref().map(planned).unwrap_or_default();
        let args = [("habit", name(&habit).into()), ("plan", plan.into())];
        let mut said = vec![words::say("prompt.habit.planned", &args)];
        if !habit.frequency_stated {
            let every = habit.plan.as_ref().is_some_and(|plan| plan.every_min.is_some());
            let code = if every { "prompt.habit.no_interval" } else { "prompt.habit.no_frequency" };
            said.push(words::plain(code));
        }
        let due = due(&habit);
        if !due.is_empty() {
            said.push(failure::sentence(&due));
        }
        wrapped(&said.join("\n"), o.width, 0)
    });
    Ok(())
}

/// What a habit is called: as its person wrote it, else in the reader's language.
fn name(habit: &HabitView) -> String {
    let id = HabitId::new(habit.habit.as_str()).ok();
    let known = || id.and_then(|id| Known::find(Catalogue::built_in(), &id));
    match (&habit.name, known()) {
        (Some(own), _) => own.clone(),
        (None, Some(known)) => words::plain(known.name().as_str()),
        (None, None) => habit.habit.clone(),
    }
}

/// The side that does not hurt, as the profile has it, where a habit depends on it.
fn painless_side(habit: &HabitView, engine: &Engine) -> Outcome<Option<Side>> {
    let id = HabitId::new(habit.habit.as_str()).ok();
    let known = id.and_then(|id| Known::find(Catalogue::built_in(), &id));
    let entry = known.and_then(|known| known.exercise());
    if entry.is_none_or(|entry| entry.laterality != Laterality::AffectedSide) {
        return Ok(None);
    }
    Ok(match engine.profile()?.now.affected_side {
        Some(Side::Left) => Some(Side::Right),
        Some(Side::Right) => Some(Side::Left),
        Some(Side::None) | None => None,
    })
}

fn shown(id: &str) -> &str {
    id.get(..ID_SHOWN).unwrap_or(id)
}

fn day_text(day: LocalDay) -> holdfast::domain::words::Arg {
    day.to_string().into()
}

/// The time of day of an RFC 3339 text.
fn clock(rfc3339: &str) -> &str {
    rfc3339.get(11..16).unwrap_or(rfc3339)
}

fn planned(plan: &HabitPlanView) -> String {
    match (plan.per_day, plan.every_min, plan.from, plan.to) {
        (Some(n), ..) => words::counted("prompt.habit.per_day", n.into()),
        (None, Some(minutes), Some(from), Some(to)) => words::say(
            "prompt.habit.every",
            &[
                ("minutes", minutes.into()),
                ("from", from.to_string().into()),
                ("to", to.to_string().into()),
            ],
        ),
        _ => String::new(),
    }
}

/// How often it was kept, in few words.
fn count(habit: &HabitView) -> String {
    if let Some(value) = habit.value {
        return words::say("prompt.habit.hours", &[("hours", value.to_string().into())]);
    }
    let once = habit.counting != "adds_up";
    match (habit.done, habit.plan.as_ref().and_then(|plan| plan.per_day)) {
        (0, _) if once => String::new(),
        (_, _) if once => words::plain("prompt.habit.kept_once"),
        (0, None) => String::new(),
        (done, Some(of)) => {
            words::say("prompt.habit.count_of", &[("done", done.into()), ("of", of.into())])
        }
        (done, None) => done.to_string(),
    }
}

/// The same as a sentence.
fn kept(habit: &HabitView) -> String {
    let count = count(habit);
    if count.is_empty() {
        return words::plain("prompt.habit.not_yet");
    }
    words::say("prompt.habit.kept", &[("count", count.into())])
}

/// What is due, in few words; nothing where it is quiet.
fn due(habit: &HabitView) -> String {
    let next: Vec<&str> = habit.next.iter().take(NEXT_SHOWN).map(|at| clock(at)).collect();
    let more = if habit.next.len() > NEXT_SHOWN { ", …" } else { "" };
    let next = format!("{}{more}", next.join(", "));
    match (&habit.due_since, habit.next.is_empty()) {
        (Some(since), _) => words::say("prompt.habit.due_since", &[("time", clock(since).into())]),
        (None, false) => words::say("prompt.habit.next", &[("times", next.into())]),
        (None, true) if habit.left > 0 => words::counted("prompt.habit.left", habit.left.into()),
        (None, true) => String::new(),
    }
}

fn list_text(habits: &HabitsView, output: &Output) -> String {
    let mut parts = vec![output.bold(&habits.day.to_string())];
    let night = |habit: &&HabitView| matches!(habit.counting, "once_a_night" | "hours");
    let (nights, days): (Vec<&HabitView>, Vec<&HabitView>) = habits.habits.iter().partition(night);
    let groups = [("prompt.habit.by_day", days), ("prompt.habit.by_night", nights)];
    for (title, habits) in groups {
        let mut table = Table::new([
            ("", Align::Left),
            ("", Align::Left),
            ("", Align::Left),
            ("", Align::Left),
            ("", Align::Left),
        ]);
        for habit in habits {
            let plan = habit.plan.as_ref().map(planned).unwrap_or_default();
            table.row([habit.habit.clone(), name(habit), plan, count(habit), due(habit)]);
        }
        let table = table.text(output.width);
        let body = table.split_once('\n').map_or("", |(_, rows)| rows);
        parts.push(format!("{}\n{body}", output.bold(&words::plain(title))));
    }
    for habit in habits.habits.iter().filter(|habit| !habit.other_plans.is_empty()) {
        parts.push(wrapped(&conflict(habit), output.width, 0));
    }
    for recovery in &habits.recovery {
        parts.push(wrapped(&recovery_text(recovery, Some(habits.day)), output.width, 0));
    }
    parts.push(wrapped(&words::plain("prompt.habit.list_hint"), output.width, 0));
    parts.join("\n\n")
}

fn conflict(habit: &HabitView) -> String {
    let said = |plan: &Option<HabitPlanView>| match plan {
        Some(plan) => planned(plan),
        None => words::plain("prompt.habit.no_plan"),
    };
    let others: Vec<String> = habit.other_plans.iter().map(said).collect();
    let args = [
        ("habit", name(habit).into()),
        ("plan", said(&habit.plan).into()),
        ("others", others.join("; ").into()),
        ("id", habit.habit.as_str().into()),
    ];
    words::say("prompt.habit.two_plans", &args)
}

/// Days of recovery, and what a day is to them.
pub fn recovery_text(recovery: &RecoveryView, day: Option<LocalDay>) -> String {
    let mut said = progress::recovery_said(&Recovery {
        run_day: recovery.run_day,
        minutes: recovery.minutes,
        from: recovery.from,
        to_younger: recovery.to_younger,
        to_older: recovery.to_older,
        sources: recovery.sources.clone(),
    });
    if let Some(day) = day {
        let code = if recovery.taken.contains(&day) {
            "prompt.habit.recovery_taken"
        } else if day <= recovery.to_younger {
            "prompt.habit.recovery_day"
        } else {
            "prompt.habit.recovery_day_older"
        };
        said.push(' ');
        said.push_str(&words::plain(code));
    }
    said
}

fn facts_of(habit: &HabitView) -> (Vec<Fact>, Vec<Fact>) {
    let known = HabitId::new(habit.habit.as_str()).ok();
    let known = known.and_then(|id| Known::find(Catalogue::built_in(), &id));
    let exercise = known.and_then(|habit| habit.exercise());
    exercise.map(|entry| (entry.cues.clone(), entry.cautions.clone())).unwrap_or_default()
}

/// What the sources say of how it is done.
fn how(habit: &HabitView) -> Value {
    let (cues, cautions) = facts_of(habit);
    let said = |facts: &[Fact]| -> Vec<Value> {
        let one = |fact: &Fact| {
            let text = words::plain(fact.code.as_str());
            json!({ "text": text, "sources": fact.sources, "ours": fact.ours })
        };
        facts.iter().map(one).collect()
    };
    json!({ "cues": said(&cues), "cautions": said(&cautions) })
}

fn full_text(habit: &HabitView, output: &Output) -> String {
    let plan = habit.plan.as_ref().map(planned).unwrap_or_default();
    let label = |code: &str| words::plain(code);
    let counting = match habit.counting {
        "once_a_day" => label("prompt.habit.counting_once_a_day"),
        "once_a_night" => label("prompt.habit.counting_once_a_night"),
        "hours" => label("prompt.habit.counting_hours"),
        _ => label("prompt.habit.counting_adds_up"),
    };
    let (counted, plan_label) =
        (label("prompt.habit.label_counted"), label("prompt.habit.label_plan"));
    let (done, due_label) = (label("prompt.habit.label_done"), label("prompt.habit.label_due"));
    let pairs = [
        (counted.as_str(), counting),
        (plan_label.as_str(), plan),
        (done.as_str(), count(habit)),
        (due_label.as_str(), due(habit)),
    ];
    let head = output.bold(&name(habit));
    let mut parts = vec![format!("{head}\n{}", habit.habit), facts(&pairs, output.width)];
    let (cues, cautions) = facts_of(habit);
    for (title, facts) in [("prompt.habit.how", cues), ("prompt.habit.mind", cautions)] {
        if facts.is_empty() {
            continue;
        }
        let line = |fact: &Fact| {
            let cited = words::cited(&fact.sources, fact.ours);
            let text = format!("{}{cited}", words::plain(fact.code.as_str()));
            hanging("- ", &text, output.width)
        };
        let lines: Vec<String> = facts.iter().map(line).collect();
        parts.push(format!("{}\n{}", output.bold(&words::plain(title)), lines.join("\n")));
    }
    if !habit.ticks.is_empty() {
        let line = |tick: &holdfast::TickView| {
            let what = match (tick.value, tick.count) {
                (Some(value), _) => {
                    words::say("prompt.habit.hours", &[("hours", value.to_string().into())])
                }
                (None, 1) => String::new(),
                (None, count) => format!("× {count}"),
            };
            let note = tick.note.clone().unwrap_or_default();
            let parts = [clock(&tick.at), shown(&tick.id), &what, &note];
            parts.iter().filter(|part| !part.is_empty()).copied().collect::<Vec<_>>().join("  ")
        };
        let lines: Vec<String> = habit.ticks.iter().map(line).collect();
        let title = output.bold(&words::plain("prompt.habit.ticks"));
        parts.push(format!("{title}\n{}", lines.join("\n")));
    }
    if !habit.other_plans.is_empty() {
        parts.push(wrapped(&conflict(habit), output.width, 0));
    }
    parts.join("\n\n")
}
