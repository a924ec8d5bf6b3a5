//! Everything a person sees on a device, part by part and class by class, as far as it does not depend on where and
//! when one looks.

use holdfast::domain::units::LocalDay;
use holdfast::{Engine, HoldfastError};
use serde_json::{Value, json};

use super::care;
use super::deeds::history;

/// Parts by their names.
pub type Parts = Vec<(String, Value)>;

fn said(what: &'static str) -> impl Fn(HoldfastError) -> String {
    move |error| format!("{what}: {error}")
}

/// What somebody with the class `log` sees: holds, and records of days.
///
/// # Errors
/// What the engine says.
pub fn of_log(engine: &Engine) -> Result<Parts, String> {
    let mut parts = Parts::new();
    for hold in history(engine)? {
        let mut value = serde_json::to_value(&hold).map_err(|e| e.to_string())?;
        // Who else has it is told from where one stands; checked apart. What people are called differs from
        // account to account; who they are does not.
        for told in ["seen_by", "status", "logged_by"] {
            value.as_object_mut().map(|hold| hold.remove(told));
        }
        parts.push((format!("hold {}", hold.hold_id), value));
    }
    for day in care::days(engine)? {
        let about = json!([day.kind, day.at, day.local_day, day.what, day.note, day.device]);
        parts.push((format!("day {}", day.id), about));
    }
    Ok(parts)
}

/// What somebody with the class `plan` sees: routines, pauses, own exercises, habits.
///
/// # Errors
/// What the engine says.
pub fn of_plan(engine: &Engine) -> Result<Parts, String> {
    let mut parts = Parts::new();
    for summary in engine.routines().map_err(said("routines"))? {
        let view = engine.routine(&summary.id).map_err(said("routine"))?;
        let conflicts: Vec<Value> = view
            .conflicts
            .iter()
            .map(|conflict| {
                let values: Vec<_> =
                    conflict.values.iter().map(|v| json!([v.value, v.stands])).collect();
                json!([conflict.step, conflict.field, values])
            })
            .collect();
        parts.push((format!("routine {}", summary.id), json!([view.routine, conflicts])));
    }
    let plan = engine.plan_view().map_err(said("plan"))?;
    parts.push(("pauses".to_owned(), json!([plan.pauses, plan.slots])));
    for own in engine.own_exercises(true).map_err(said("own exercises"))? {
        let about = json!([own.exercise, own.used_in, own.conflicts]);
        parts.push((format!("own exercise {}", own.exercise.id), about));
    }
    let day = LocalDay::EPOCH.plus(20_000);
    for habit in engine.habits(Some(day)).map_err(said("habits"))?.habits {
        parts.push((format!("habit {}", habit.habit), json!([habit.plan, habit.other_plans])));
    }
    Ok(parts)
}

/// What somebody with the class `profile` sees: answers.
///
/// # Errors
/// What the engine says.
pub fn of_profile(engine: &Engine) -> Result<Parts, String> {
    let profile = engine.profile().map_err(said("profile"))?;
    let answers = profile.answers.into_iter().map(|answer| {
        // An answer that lapsed here may not have lapsed where the clock is another.
        let value = answer.value.or(answer.lapsed);
        let about = json!([value, answer.said_on, answer.disputed]);
        (format!("answer {:?}", answer.key), about)
    });
    Ok(answers.collect())
}

/// All of the own chart, and the devices of the account.
///
/// # Errors
/// What the engine says.
pub fn whole(engine: &Engine) -> Result<Parts, String> {
    let mut parts = [of_log(engine)?, of_plan(engine)?, of_profile(engine)?].concat();
    let mut devices = engine.devices().map_err(said("devices"))?;
    devices.sort_by(|a, b| a.device.cmp(&b.device));
    for device in devices {
        let about = json!([device.name, device.paper, device.standing]);
        parts.push((format!("device {}", device.device), about));
    }
    Ok(parts)
}

/// How two differ, for people to read; nothing where they do not.
#[must_use]
pub fn difference(ours: &Parts, theirs: &Parts) -> Option<String> {
    let lacking = |all: &Parts, of: &Parts| -> Vec<String> {
        let lacking = of.iter().filter(|part| !all.contains(part));
        lacking.map(|(name, value)| format!("{name}: {value}")).collect()
    };
    (ours != theirs).then(|| {
        let (one, other) = (lacking(theirs, ours), lacking(ours, theirs));
        format!("only the first has {one:?}, only the second has {other:?}")
    })
}
