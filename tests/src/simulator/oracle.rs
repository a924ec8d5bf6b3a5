//! What must be so once a world has healed: the same state everywhere, nothing promised lost, nothing
//! doubled, nothing stuck, nothing damaged, nothing shown to who was removed, and silence.

use holdfast::clock::Clock;
use holdfast::views::StatusKind;
use holdfast::{Budget, ProgressQuery};
use serde_json::{Value, json};

use super::ledger::{Sure, notes_of};
use super::logs;
use super::parts;
use super::world::World;

/// Bytes of bodies that a sync may cost when there is nothing to say.
const SILENCE_BYTES: u64 = 200;

/// Judges a healed world. Gives everything that is not as it must be.
pub fn judge(world: &mut World) -> Vec<String> {
    let members = match world.members() {
        Ok(members) => members,
        Err(error) => return vec![error],
    };
    let mut broken = Vec::new();
    if members.is_empty() {
        broken.push("every device was removed".to_owned());
    }
    // What a removed device had not sent is its own: nobody else can have it.
    world.ledger.excuse(|device| !members.contains(&device));
    same_state(world, &members, &mut broken);
    promises(world, &members, &mut broken);
    statuses(world, &members, &mut broken);
    same_logs(world, &members, &mut broken);
    doctors(world, &members, &mut broken);
    silence(world, &members, &mut broken);
    removed_see_nothing_new(world, &members, &mut broken);
    same_view(world, &members, &mut broken);
    broken
}

/// Seen from the same place at the same time, all devices say the same of how it goes and what is due.
fn same_view(world: &World, members: &[usize], broken: &mut Vec<String>) {
    let now = members.iter().map(|d| Clock::wall_ms(&*world.devices[*d].clock)).max();
    let mut views = Vec::new();
    for device in members {
        let (engine, clock) = (world.devices[*device].engine(), &world.devices[*device].clock);
        clock.set_wall(now.unwrap_or_default());
        clock.set_zone("Europe/Berlin");
        let view = || -> Result<Value, holdfast::HoldfastError> {
            let progress = engine.progress(&ProgressQuery { days: Some(90), until: None })?;
            let mut habits = json!(engine.habits(None)?);
            without_travel(&mut habits);
            Ok(json!({"progress": progress, "due": engine.due(14)?, "habits": habits}))
        };
        match view() {
            Ok(view) => views.push((device, view)),
            Err(error) => broken.push(format!("device {device}: how it goes: {error}")),
        }
    }
    let Some((first, ours)) = views.first() else { return };
    for (device, theirs) in &views[1..] {
        for part in
            ["progress", "due", "habits"].iter().filter(|part| ours[**part] != theirs[**part])
        {
            broken.push(format!(
                "device {first} says of {part} {}, and device {device} {}",
                ours[*part], theirs[*part]
            ));
        }
    }
}

/// Takes out how far something has come: it is told from where one stands.
fn without_travel(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|name, _| name != "status" && name != "seen_by");
            fields.values_mut().for_each(without_travel);
        }
        Value::Array(items) => items.iter_mut().for_each(without_travel),
        _ => {}
    }
}

fn same_state(world: &World, members: &[usize], broken: &mut Vec<String>) {
    let mut states = Vec::new();
    for device in members {
        match parts::whole(world.devices[*device].engine()) {
            Ok(state) => states.push((device, state)),
            Err(error) => broken.push(format!("device {device}: {error}")),
        }
    }
    let Some((first, ours)) = states.first() else { return };
    for (device, theirs) in states.iter().skip(1) {
        if let Some(how) = parts::difference(ours, theirs) {
            broken.push(format!("device {first} and device {device} differ: {how}"));
        }
    }
}

fn promises(world: &World, members: &[usize], broken: &mut Vec<String>) {
    for device in members {
        if let Ok(history) = world.history(*device) {
            let found = world.ledger.judge(&history);
            broken.extend(found.into_iter().map(|what| format!("device {device}: {what}")));
        }
        let engine = world.devices[*device].engine();
        let days = super::care::days(engine).unwrap_or_default();
        let notes: Vec<&str> = days.iter().filter_map(|day| day.note.as_deref()).collect();
        let found = world.ledger.judge_days(&notes);
        broken.extend(found.into_iter().map(|what| format!("device {device}: {what}")));
        let own = engine.own_exercises(true).unwrap_or_default();
        for (id, (_, sure)) in &world.ledger.own {
            if *sure == Sure::Promised && !own.iter().any(|own| own.exercise.id.as_str() == id) {
                broken.push(format!("device {device}: the own exercise {id} is lost"));
            }
        }
        let routines = world.devices[*device].engine().routines().unwrap_or_default();
        for (id, sure) in &world.ledger.routines {
            if *sure == Sure::Promised && !routines.iter().any(|routine| routine.id == *id) {
                broken.push(format!("device {device}: the routine {id} is lost"));
            }
        }
    }
}

/// Place by place: what the relay has in every log is what every device has there, each derives the same
/// membership from it, and nothing is left to be sent.
fn same_logs(world: &World, members: &[usize], broken: &mut Vec<String>) {
    let there = match world.network.with_house(|house, _| logs::of_relay(house)) {
        Ok(there) => there,
        Err(error) => return broken.push(error),
    };
    for device in members {
        match logs::of_device(&world.devices[*device]) {
            Ok(here) => {
                let found = logs::compare(&there, &here);
                broken.extend(found.into_iter().map(|what| format!("device {device}: {what}")));
            }
            Err(error) => broken.push(format!("device {device}: {error}")),
        }
        let relay = world.devices[*device].engine().relay().ok().flatten();
        if let Some(queued) = relay.map(|relay| relay.queued).filter(|queued| *queued > 0) {
            broken.push(format!("device {device} has {queued} entries that are never sent"));
        }
    }
}

fn statuses(world: &World, members: &[usize], broken: &mut Vec<String>) {
    for device in members {
        for hold in world.history(*device).unwrap_or_default() {
            let come_far = match hold.status {
                StatusKind::Seen => true,
                // Nobody else may be there to see it.
                StatusKind::Relayed => members.len() < 2,
                _ => false,
            };
            if !come_far {
                broken.push(format!(
                    "device {device} says that hold {} is {:?}",
                    hold.hold_id, hold.status
                ));
            }
        }
    }
}

fn doctors(world: &World, members: &[usize], broken: &mut Vec<String>) {
    for device in members {
        match world.devices[*device].engine().doctor(false) {
            Ok(report) => {
                // How full this machine's disk is says nothing about the world.
                let found = report.findings.iter().filter(|f| f.code != "disk");
                let found: Vec<String> = found.map(|f| f.sentence.to_string()).collect();
                if !report.ok || !found.is_empty() {
                    broken.push(format!("device {device}: doctor finds {found:?}"));
                }
            }
            Err(error) => broken.push(format!("device {device}: doctor: {error}")),
        }
    }
}

fn silence(world: &mut World, members: &[usize], broken: &mut Vec<String>) {
    for device in members {
        world.network.begin_step((1 << 33) + *device as u64);
        match world.devices[*device].engine().sync_once(&Budget::default()) {
            Ok(report) => {
                let bytes = report.bytes_sent + report.bytes_received;
                if report.round_trips != 1 || bytes > SILENCE_BYTES {
                    broken.push(format!(
                        "device {device} has nothing to say, and needs {} round trips and {bytes} bytes for it",
                        report.round_trips
                    ));
                }
            }
            Err(error) => broken.push(format!("device {device}: the last sync: {error}")),
        }
    }
}

/// What is written after a removal came into force does not reach the removed device; it keeps what it had.
fn removed_see_nothing_new(world: &mut World, members: &[usize], broken: &mut Vec<String>) {
    let removed: Vec<usize> =
        (0..world.devices.len()).filter(|device| !members.contains(device)).collect();
    let Some(writer) = members.first().filter(|_| !removed.is_empty()) else { return };
    let note = "for those who stayed";
    if let Err(error) = world.write_note(*writer, note) {
        broken.push(error);
    }
    for device in members.iter().chain(&removed).chain(members) {
        if let Err(error) = world.devices[*device].engine().sync_once(&Budget::default()) {
            broken.push(format!("device {device}: a sync after a removal: {error}"));
        }
    }
    let has = |device: &usize| {
        let history = world.history(*device).unwrap_or_default();
        history.iter().flat_map(notes_of).any(|found| found == note)
    };
    broken.extend(
        removed.iter().filter(|d| has(d)).map(|d| format!("device {d} was removed and reads on")),
    );
    broken.extend(
        members.iter().filter(|d| !has(d)).map(|d| format!("device {d} stayed and reads nothing")),
    );
}
