//! What must be so once a world of people has healed: one membership everywhere; every member sees what its grant
//! reads, the same as everybody else who reads it, and nothing more; nothing acknowledged is lost, doubled or stuck;
//! nothing that was written too late counts; and silence.

use std::collections::{BTreeMap, BTreeSet};

use holdfast::views::StatusKind;
use holdfast::{Budget, ChartStanding, Engine};
use holdfast_protocol::ids::{Class, DeviceId, SpaceId};
use holdfast_protocol::membership::ChartState;

use super::circle::Circle;
use super::logs::Relay;
use super::readers::{self, Walk};
use crate::simulator::deeds::{history, request};
use crate::simulator::ledger::notes_of;
use crate::simulator::logs;
use crate::simulator::parts::{self, Parts};

/// Bytes of bodies that a sync may cost when there is nothing to say.
const SILENCE_BYTES: u64 = 200;

/// A chart as the relay's log has it.
struct Chart<'a> {
    owner: usize,
    id: SpaceId,
    state: &'a ChartState,
    walk: Walk,
}

/// All that is judged by.
struct Court<'a> {
    circle: &'a Circle,
    ids: BTreeMap<usize, (DeviceId, SpaceId)>,
    relay: &'a Relay,
    now_ms: u64,
}

impl Court<'_> {
    /// Whether a device still belongs to its account.
    fn is_active(&self, device: usize) -> bool {
        let (id, account) = self.ids[&device];
        let state = self.relay.states.get(&account).and_then(|state| state.as_account());
        state.is_some_and(|account| account.is_active(&id))
    }

    fn active(&self) -> impl Iterator<Item = usize> + '_ {
        self.ids.keys().copied().filter(|device| self.is_active(*device))
    }

    /// Whether a device acts for a member that may read a class now.
    fn reads(&self, chart: &Chart<'_>, device: usize, class: Class) -> bool {
        self.is_active(device) && chart.state.may_read_at(&self.ids[&device].1, class, self.now_ms)
    }

    fn is_member(&self, chart: &Chart<'_>, device: usize) -> bool {
        chart.state.members.contains_key(&self.ids[&device].1)
    }

    /// Whether the relay was set back to before the device's account came into one of the charts, and nobody said so
    /// again. What waits there says that it is not sent.
    fn is_forgotten(&self, charts: &[Chart<'_>], device: usize) -> bool {
        let id = self.ids[&device].0;
        charts
            .iter()
            .filter(|chart| !self.is_member(chart, device))
            .any(|chart| self.circle.given.iter().any(|given| (given.0, given.1) == (chart.id, id)))
    }

    fn view(&self, chart: &Chart<'_>, device: usize) -> Result<Option<Engine>, String> {
        let view = self.circle.view_of(device, &chart.id.to_hex())?;
        Ok(view.map(|(view, _)| view))
    }

    fn say(&self, chart: &Chart<'_>, device: usize) -> String {
        let (whose, who) = (self.circle.people[chart.owner].name, self.circle.name_of(device));
        format!("{whose}'s chart on {who}'s device {device}")
    }
}

/// Judges a healed world. Gives everything that is not as it must be.
pub fn judge(circle: &mut Circle) -> Vec<String> {
    let mut broken = Vec::new();
    if let Err(error) = judge_all(circle, &mut broken) {
        broken.push(error);
    }
    broken
}

fn judge_all(circle: &mut Circle, broken: &mut Vec<String>) -> Result<(), String> {
    let relay = circle.network.with_house(|house, _| Relay::read(house))?;
    {
        let court = Court {
            circle,
            ids: readers::device_ids(circle)?,
            relay: &relay,
            now_ms: circle.network.now_ms(),
        };
        let charts = charts(&court)?;
        same_logs(&court, &charts, broken)?;
        for chart in &charts {
            same_members(&court, chart, broken)?;
            if chart.state.closed {
                closed_for_all(&court, chart, broken)?;
                continue;
            }
            same_content(&court, chart, broken)?;
            promises(&court, chart, broken)?;
            too_late(&court, chart, broken)?;
            statuses(&court, chart, broken)?;
        }
        doctors(&court, &charts, broken);
        silence(&court, broken);
    }
    afterwards(circle, &relay, broken)?;
    let relay = circle.network.with_house(|house, _| Relay::read(house))?;
    let opened = readers::judge(circle, &relay, broken)?;
    if opened == 0 {
        broken.push("nobody could open anything at all".to_owned());
    }
    Ok(())
}

fn charts<'a>(court: &Court<'a>) -> Result<Vec<Chart<'a>>, String> {
    let of = court.ids.values().copied().collect();
    let mut charts = Vec::new();
    for (owner, person) in court.circle.people.iter().enumerate() {
        let id = SpaceId::from_hex(&person.chart).ok_or("no chart id")?;
        let state = court.relay.states.get(&id).and_then(|state| state.as_chart());
        let state = state.ok_or_else(|| format!("the relay lost the chart of {}", person.name))?;
        let log = court.relay.logs.get(&id).map_or(&[][..], Vec::as_slice);
        let walk = readers::walk(log, &court.relay.states, &of)?;
        charts.push(Chart { owner, id, state, walk });
    }
    Ok(charts)
}

/// Place by place, what the relay has is what each device has there, of the logs that it is to have.
fn same_logs(
    court: &Court<'_>,
    charts: &[Chart<'_>],
    broken: &mut Vec<String>,
) -> Result<(), String> {
    let there = court.circle.network.with_house(|house, _| logs::of_relay(house))?;
    for device in court.active() {
        let here = logs::of_device(&court.circle.devices[device])?;
        let account = court.ids[&device].1;
        let mine = charts.iter().filter(|chart| court.is_member(chart, device)).map(|c| c.id);
        for space in mine.chain([account]) {
            let name = &space.to_hex()[..8];
            match (there.get(space.as_bytes().as_slice()), here.get(space.as_bytes().as_slice())) {
                (Some(there), Some(here)) => {
                    let found = logs::compare_one(there, here);
                    broken.extend(found.into_iter().map(|what| {
                        let who = court.circle.name_of(device);
                        format!("{who}'s device {device}, log {name}: {what}")
                    }));
                }
                _ => broken.push(format!("device {device} or the relay lacks log {name}")),
            }
        }
        let engine = court.circle.devices[device].engine();
        let queued = engine.relay().ok().flatten().map_or(0, |relay| relay.queued);
        let ended = charts.iter().any(|c| c.walk.lost.contains(&account) || c.state.closed);
        if queued > 0 && !ended && !court.is_forgotten(charts, device) {
            broken.push(format!("device {device} has {queued} entries that are never sent"));
        }
    }
    Ok(())
}

/// Every member names the same members with the same grants, and nobody wants anything that is not in force.
fn same_members(
    court: &Court<'_>,
    chart: &Chart<'_>,
    broken: &mut Vec<String>,
) -> Result<(), String> {
    let there: BTreeMap<String, (BTreeMap<&str, &str>, bool)> = chart
        .state
        .members
        .iter()
        .map(|(account, member)| {
            let name = |class: &Class| match class {
                Class::Plan => "plan",
                Class::Log => "log",
                Class::Notes => "notes",
                Class::Prescription => "prescription",
                Class::Profile => "profile",
                Class::Membership | Class::Account => "?",
            };
            let access = |class| if member.grant.writes(class) { "write" } else { "read" };
            let grants =
                member.grant.classes.keys().map(|class| (name(class), access(*class))).collect();
            (account.to_hex(), (grants, member.waiting))
        })
        .collect();
    for device in court.active().filter(|device| court.is_member(chart, *device)) {
        let Some(view) = court.view(chart, device)? else {
            broken.push(format!("{}: it is not there", court.say(chart, device)));
            continue;
        };
        let members = view.members().map_err(|e| format!("members: {e}"))?;
        let pending = members.iter().filter(|one| one.pending.is_some() && !chart.state.closed);
        for one in pending {
            let what = format!("{:?} of {}", one.pending, one.name);
            broken.push(format!("{}: {what} never comes into force", court.say(chart, device)));
        }
        let here: BTreeMap<_, _> =
            members.into_iter().map(|one| (one.account, (one.grants, one.waiting))).collect();
        if here != there {
            let said = format!("members are {here:?}, and the log says {there:?}");
            broken.push(format!("{}: {said}", court.say(chart, device)));
        }
    }
    Ok(())
}

fn closed_for_all(
    court: &Court<'_>,
    chart: &Chart<'_>,
    broken: &mut Vec<String>,
) -> Result<(), String> {
    for device in court.active().filter(|device| court.is_member(chart, *device)) {
        let Some(view) = court.view(chart, device)? else { continue };
        let standing = view.current_chart().map_err(|e| format!("chart: {e}"))?.standing;
        if standing != ChartStanding::Closed {
            broken
                .push(format!("{}: it is closed, and {standing:?} here", court.say(chart, device)));
        }
        if view.log(&request(0, 30, "after the close")).is_ok() {
            broken.push(format!("{}: it is closed, and written", court.say(chart, device)));
        }
    }
    Ok(())
}

type Look = fn(&Engine) -> Result<Parts, String>;

const CLASSES: [(Class, Look); 3] = [
    (Class::Log, parts::of_log),
    (Class::Plan, parts::of_plan),
    (Class::Profile, parts::of_profile),
];

/// Everybody who reads a class sees the same of it, and a member who does not read it sees nothing.
fn same_content(
    court: &Court<'_>,
    chart: &Chart<'_>,
    broken: &mut Vec<String>,
) -> Result<(), String> {
    let lost = |device: usize| chart.walk.lost.contains(&court.ids[&device].1);
    let mut devices: Vec<usize> =
        court.active().filter(|device| court.is_member(chart, *device)).collect();
    // Whoever never lost anything says what it is to be like.
    devices.sort_by_key(|device| lost(*device));
    for (class, look) in CLASSES {
        let mut first: Option<(usize, Parts)> = None;
        for device in devices.iter().copied() {
            let Some(view) = court.view(chart, device)? else { continue };
            let mut seen = look(&view)?;
            if !court.reads(chart, device, class) {
                let holds = class == Class::Log && !seen.is_empty();
                let routines = seen.iter().any(|(name, _)| name.starts_with("routine "));
                // The own chart stays one's own to look at, whoever else owns it by now.
                if (holds || routines) && court.circle.of[device] != chart.owner {
                    broken.push(format!("{}: it shows {class:?}", court.say(chart, device)));
                }
                continue;
            }
            let Some((other, ours)) = &first else {
                first = Some((device, seen));
                continue;
            };
            let mut ours = ours.clone();
            if class == Class::Log && lost(device) {
                // What it had not sent when its right ended is on its own disk alone.
                let unsent = unsent(&view)?;
                for parts in [&mut ours, &mut seen] {
                    parts.retain(|(name, _)| !unsent.contains(name));
                    for (_, value) in parts.iter_mut() {
                        // How many doings there were of it counts those, too.
                        value.as_object_mut().map(|hold| hold.remove("doing"));
                    }
                }
            }
            let unsent_plan = class != Class::Log && lost(device);
            if let Some(how) = parts::difference(&ours, &seen).filter(|_| !unsent_plan) {
                let (one, two) = (court.say(chart, *other), court.say(chart, device));
                broken.push(format!("{one} and {two}: {class:?}: {how}"));
            }
        }
    }
    Ok(())
}

/// The parts of a log that a device keeps to itself, because nobody takes them any more.
fn unsent(view: &Engine) -> Result<BTreeSet<String>, String> {
    let holds = history(view)?.into_iter();
    let own = holds.filter(|hold| hold.status == StatusKind::Refused);
    Ok(own.map(|hold| format!("hold {}", hold.hold_id)).collect())
}

/// What was promised is there, once, for everybody who reads it.
fn promises(court: &Court<'_>, chart: &Chart<'_>, broken: &mut Vec<String>) -> Result<(), String> {
    let mut ledger = court.circle.ledgers[chart.owner].clone();
    // What somebody had not sent when their rights ended is their own.
    let lost = |device: usize| {
        let (id, account) = court.ids[&device];
        !court.is_active(device)
            || chart.walk.lost.contains(&account)
            || chart.walk.writes.get(&id) != Some(&chart.walk.end)
    };
    ledger.excuse(lost);
    let mut everybody: Option<Vec<String>> = None;
    for device in court.active().filter(|device| court.reads(chart, *device, Class::Log)) {
        let Some(view) = court.view(chart, device)? else { continue };
        let holds = history(&view)?;
        let found = ledger.judge(&holds);
        broken
            .extend(found.into_iter().map(|what| format!("{}: {what}", court.say(chart, device))));
        everybody.get_or_insert_with(|| holds.iter().flat_map(notes_of).collect());
    }
    let Some(everybody) = everybody.filter(|_| !court.circle.set_back) else { return Ok(()) };
    // Whatever became of whoever wrote it: what the relay has taken stays.
    for device in court.ids.keys().copied() {
        let Some(view) = court.view(chart, device)? else { continue };
        let id = court.ids[&device].0.to_hex();
        for hold in history(&view)?.iter().filter(|hold| hold.device == id) {
            let acknowledged = matches!(hold.status, StatusKind::Relayed | StatusKind::Seen);
            let notes = notes_of(hold);
            let [note] = &notes[..] else { continue };
            let record = ledger.records.get(note);
            let removed = record.is_none_or(|record| {
                record.removed.is_some()
                    || record.edited
                    || ledger.removals.iter().any(|(key, _)| *key == record.key)
            });
            if acknowledged && !removed && !everybody.contains(note) {
                let said = format!("\"{note}\" is said to be {:?}, and lost", hold.status);
                broken.push(format!("{}: {said}", court.say(chart, device)));
            }
        }
    }
    Ok(())
}

/// What was written after the right to it had ended counts for nobody.
fn too_late(court: &Court<'_>, chart: &Chart<'_>, broken: &mut Vec<String>) -> Result<(), String> {
    if court.circle.relay_set_back {
        return Ok(());
    }
    let late = court.circle.late.iter().filter(|late| late.chart == chart.owner);
    // Whoever was given the right again may send it then.
    let late: Vec<&str> = late
        .filter(|late| {
            let id = court.ids[&late.device].0;
            chart.walk.writes.get(&id).is_none_or(|last| *last <= late.at)
        })
        .map(|late| late.note.as_str())
        .collect();
    for device in court.active().filter(|device| court.reads(chart, *device, Class::Log)) {
        let Some(view) = court.view(chart, device)? else { continue };
        // What nobody takes is on the own disk, and counts there alone.
        let taken = history(&view)?.into_iter().filter(|hold| hold.status != StatusKind::Refused);
        let notes: Vec<String> = taken.flat_map(|hold| notes_of(&hold)).collect();
        let found = notes.iter().filter(|note| late.contains(&note.as_str()));
        broken.extend(found.map(|note| {
            format!("{}: \"{note}\" was written too late, and counts", court.say(chart, device))
        }));
    }
    Ok(())
}

/// Nothing waits for ever: it came to the relay, or it is said that it never will.
fn statuses(court: &Court<'_>, chart: &Chart<'_>, broken: &mut Vec<String>) -> Result<(), String> {
    for device in court.active() {
        let Some(view) = court.view(chart, device)? else { continue };
        let id = court.ids[&device].0.to_hex();
        let may_lose = chart.walk.lost.contains(&court.ids[&device].1) || court.circle.set_back;
        for hold in history(&view)?.iter().filter(|hold| hold.device == id) {
            let ends = match hold.status {
                StatusKind::Relayed | StatusKind::Seen => true,
                StatusKind::Refused => may_lose,
                StatusKind::Saved | StatusKind::Queued => false,
            };
            if !ends {
                let said = format!("{:?} is {:?}", notes_of(hold), hold.status);
                broken.push(format!("{}: {said}", court.say(chart, device)));
            }
        }
    }
    Ok(())
}

fn doctors(court: &Court<'_>, charts: &[Chart<'_>], broken: &mut Vec<String>) {
    for device in court.active() {
        // Whoever lost a right is told what could not be sent.
        let account = &court.ids[&device].1;
        let lost =
            charts.iter().any(|chart| chart.walk.lost.contains(account) || chart.state.closed)
                || court.is_forgotten(charts, device);
        match court.circle.devices[device].engine().doctor(false) {
            Ok(report) => {
                let found = report.findings.iter().filter(|finding| {
                    finding.code != "disk"
                        && !(lost && matches!(finding.code, "not_sendable" | "unsent"))
                });
                let found: Vec<_> = found.map(|f| format!("{}: {}", f.code, f.sentence)).collect();
                if !report.ok || !found.is_empty() {
                    let who = court.circle.name_of(device);
                    broken.push(format!("{who}'s device {device}: doctor finds {found:?}"));
                }
            }
            Err(error) => broken.push(format!("device {device}: doctor: {error}")),
        }
    }
}

fn silence(court: &Court<'_>, broken: &mut Vec<String>) {
    for device in court.active() {
        court.circle.network.begin_step((1 << 33) + device as u64);
        match court.circle.devices[device].engine().sync_once(&Budget::default()) {
            Ok(report) => {
                let bytes = report.bytes_sent + report.bytes_received;
                if report.round_trips != 1 || bytes > SILENCE_BYTES {
                    let needs = format!("{} round trips and {bytes} bytes", report.round_trips);
                    broken.push(format!("device {device} has nothing to say, and needs {needs}"));
                }
            }
            Err(error) => broken.push(format!("device {device}: the last sync: {error}")),
        }
    }
}

/// What is written now reaches everybody who reads the log, and nobody else.
fn afterwards(circle: &mut Circle, relay: &Relay, broken: &mut Vec<String>) -> Result<(), String> {
    let note = |owner: usize| format!("for those who are left in {owner}");
    let mut wrote = Vec::new();
    let mut readers = BTreeMap::new();
    {
        let court = Court {
            circle,
            ids: readers::device_ids(circle)?,
            relay,
            now_ms: circle.network.now_ms(),
        };
        for chart in charts(&court)?.iter().filter(|chart| !chart.state.closed) {
            let own = |device: &usize| circle.of[*device] == chart.owner;
            let may = |device: &usize| {
                court.reads(chart, *device, Class::Log)
                    && chart.state.may_write(&court.ids[device].1, Class::Log)
            };
            let writer = court.active().filter(may);
            let Some(writer) = writer.max_by_key(|device| (own(device), usize::MAX - device))
            else {
                broken.push(format!(
                    "nobody can write in {}'s chart",
                    circle.people[chart.owner].name
                ));
                continue;
            };
            if let Some(view) = court.view(chart, writer)? {
                let done = view.log(&request(0, 30, &note(chart.owner)));
                done.map_err(|e| format!("{}: log: {e}", court.say(chart, writer)))?;
            }
            wrote.push(chart.owner);
            let read = court.ids.keys().copied().filter(|d| court.reads(chart, *d, Class::Log));
            readers.insert(chart.owner, read.collect::<Vec<usize>>());
        }
    }
    for _ in 0..2 {
        for device in 0..circle.devices.len() {
            circle.network.begin_step((1 << 34) + device as u64);
            circle.sync_to_the_end(device)?;
        }
    }
    for owner in wrote {
        for device in 0..circle.devices.len() {
            let view = circle.view_of(device, &circle.people[owner].chart)?;
            let notes: Vec<String> = match view {
                Some((view, _)) => history(&view)?.iter().flat_map(notes_of).collect(),
                None => Vec::new(),
            };
            let (has, reads) = (notes.contains(&note(owner)), readers[&owner].contains(&device));
            if has != reads {
                let (who, whose) = (circle.name_of(device), circle.people[owner].name);
                let said = if has { "reads on and may not" } else { "may read on and does not" };
                broken.push(format!("{who}'s device {device} in {whose}'s chart: {said}"));
            }
        }
    }
    Ok(())
}
