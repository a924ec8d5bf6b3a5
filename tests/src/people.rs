//! People who share charts over a real relay, and what each of them sees.

use std::path::Path;
use std::sync::Arc;

use holdfast::sharing::Role;
use holdfast::sync::transport::Transport;
use holdfast::{
    ChartStanding, Config, Engine, GrantRequest, Invitation, MemberView, NewAccount, SyncReport,
};

use holdfast_protocol::ids::{Class, SpaceId};
use holdfast_protocol::membership::{ChartState, SpaceState};
use holdfast_protocol::wire;

use crate::near_relay::{NearRelay, URL, config};
use crate::scene::{Scene, history_json, sync};

/// An hour, in milliseconds.
pub const HOUR: u64 = 60 * 60 * 1000;

fn account(scene: &Scene, name: &str) -> NewAccount {
    NewAccount {
        name: name.to_owned(),
        device_name: format!("{name}'s phone"),
        relay: Some(scene.url()),
    }
}

/// Somebody with an account, in a home of their name.
///
/// # Panics
/// When it cannot be made.
#[must_use]
pub fn person(scene: &Scene, name: &str) -> Engine {
    let config = Config::command_line(scene.home(name));
    Engine::create(config, account(scene, name)).expect("an account is made").0
}

/// The same, with somebody between them and the relay.
///
/// # Panics
/// When it cannot be made.
#[must_use]
pub fn person_behind<T: Transport + 'static>(scene: &Scene, name: &str, by: &Arc<T>) -> Engine {
    let transport = Some(Arc::clone(by) as Arc<dyn Transport>);
    let config = Config { transport, ..Config::command_line(scene.home(name)) };
    Engine::create(config, account(scene, name)).expect("an account is made").0
}

/// Somebody at a relay in this process, where answers get lost.
///
/// # Panics
/// When the account cannot be made.
#[must_use]
pub fn near(dir: &Path, name: &str, relay: &Arc<NearRelay>) -> Engine {
    let account = NewAccount {
        name: name.to_owned(),
        device_name: format!("{name}'s phone"),
        relay: Some(URL.to_owned()),
    };
    Engine::create(config(&dir.join(name), relay), account).expect("an account is made").0
}

/// What a home knows of a chart's membership, read from its database.
///
/// # Panics
/// When it knows nothing of it.
#[must_use]
pub fn chart_in(home: &Path, chart: &str) -> ChartState {
    let database = rusqlite::Connection::open(home.join("holdfast.db")).expect("a database");
    let id = SpaceId::from_hex(chart).expect("an id");
    let sql = "SELECT state FROM space WHERE id = ?1";
    let bytes: Vec<u8> =
        database.query_row(sql, [id.as_bytes()], |row| row.get(0)).expect("a known chart");
    let state: SpaceState = wire::decode("space", &bytes).expect("a state");
    state.as_chart().expect("a chart").clone()
}

/// The current epochs of plan, log and notes.
#[must_use]
pub fn epochs(chart: &ChartState) -> [u32; 3] {
    [Class::Plan, Class::Log, Class::Notes].map(|class| chart.epoch(class))
}

/// An invite for an hour.
#[must_use]
pub fn invitation(name: &str, role: Role) -> Invitation {
    Invitation {
        name: Some(name.to_owned()),
        grant: GrantRequest::of(role),
        valid_ms: HOUR,
        confirm_first: false,
    }
}

/// Lets somebody into the own chart. Gives it as they see it.
///
/// # Panics
/// When it does not go well.
#[must_use]
pub fn let_in(owner: &Engine, guest: &Engine, name: &str, role: Role) -> Engine {
    let invited = owner.invite(&invitation(name, role)).expect("an invite is opened");
    let chart = guest.accept_invite(&invited.link).expect("the guest comes in");
    sync(owner);
    guest.chart(&chart.id).expect("the guest has the chart")
}

/// How many holds a view shows.
#[must_use]
pub fn holds(engine: &Engine) -> usize {
    history_json(engine).as_array().map_or(0, Vec::len)
}

/// A member by name.
///
/// # Panics
/// When the members cannot be read.
#[must_use]
pub fn member(engine: &Engine, name: &str) -> Option<MemberView> {
    let members = engine.members().expect("the members are read");
    members.into_iter().find(|member| member.name == name)
}

/// How the account stands in the chart that is looked at.
///
/// # Panics
/// When there is none.
#[must_use]
pub fn standing(engine: &Engine) -> ChartStanding {
    engine.current_chart().expect("a chart").standing
}

/// The codes of what was in a sync's way.
#[must_use]
pub fn codes(report: &SyncReport) -> Vec<&str> {
    report.problems.iter().map(|problem| problem.code.as_str()).collect()
}

/// Everything that `doctor` finds, as sentences; the home is sound all the same.
///
/// # Panics
/// When it is not.
#[must_use]
pub fn findings(engine: &Engine) -> Vec<String> {
    let report = engine.doctor(false).expect("doctor runs");
    assert!(report.ok, "{report:?}");
    report.findings.iter().map(|finding| finding.sentence.to_string()).collect()
}
