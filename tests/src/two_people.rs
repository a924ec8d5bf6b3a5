//! Two people with a relay between them, one of whom is let into the other's chart by hand.

use std::path::Path;
use std::sync::Arc;

use holdfast::sync::transport::Answer;
use holdfast::{Budget, Engine, NewAccount, SyncReport};
use holdfast_protocol::membership::Grant;
use holdfast_protocol::sync::SyncResponse;
use holdfast_protocol::wire;
use tempfile::TempDir;

use crate::by_hand::Hand;
use crate::near_relay::{NearRelay, URL, config, sync};

/// A relay, Ana with her chart, and Ben.
pub struct Two {
    /// Everybody's files.
    pub dir: TempDir,
    /// The relay.
    pub relay: Arc<NearRelay>,
    /// Whose chart it is. Her home is `ana`.
    pub ana: Engine,
    /// Who is let in. His home is `ben`.
    pub ben: Engine,
}

fn person(home: &Path, relay: &Arc<NearRelay>, name: &str) -> Engine {
    let account = NewAccount {
        name: name.to_owned(),
        device_name: format!("{name}'s phone"),
        relay: Some(URL.to_owned()),
    };
    Engine::create(config(home, relay), account).expect("an account is made").0
}

impl Default for Two {
    fn default() -> Self {
        Self::new()
    }
}

impl Two {
    /// Two people who know nothing of each other.
    ///
    /// # Panics
    /// When the machine gives no folder.
    #[must_use]
    pub fn new() -> Self {
        let dir = tempfile::tempdir().expect("a folder");
        let relay = NearRelay::in_directory(&dir.path().join("relay"));
        let ana = person(&dir.path().join("ana"), &relay, "Ana");
        let ben = person(&dir.path().join("ben"), &relay, "Ben");
        sync(&ana);
        sync(&ben);
        Self { dir, relay, ana, ben }
    }

    /// The keys of a home.
    #[must_use]
    pub fn hand(&self, home: &str) -> Hand {
        Hand::of(&self.dir.path().join(home), &self.relay)
    }

    /// Lets Ben into Ana's chart, and both hear of it.
    pub fn let_ben_in(&self, grant: Grant) {
        self.hand("ana").let_in(&self.hand("ben"), grant);
        sync(&self.ana);
        sync(&self.ben);
    }

    /// Ben's view of Ana's chart.
    #[must_use]
    pub fn anas(&self) -> Engine {
        of_another(&self.ben)
    }
}

/// The view of the one chart that is not the account's own.
///
/// # Panics
/// When there is none, or more than one.
#[must_use]
pub fn of_another(engine: &Engine) -> Engine {
    let charts = engine.charts().expect("the charts are listed");
    let other: Vec<_> = charts.iter().filter(|chart| !chart.own).collect();
    assert_eq!(other.len(), 1, "{charts:?}");
    engine.chart(&other[0].id[..10]).expect("a chart by the beginning of its id")
}

/// Syncs, whatever comes of it.
///
/// # Panics
/// When the engine fails.
pub fn try_sync(engine: &Engine) -> SyncReport {
    engine.sync_once(&Budget::default()).expect("the engine works")
}

/// Whether a sync met a problem.
#[must_use]
pub fn has_problem(report: &SyncReport, code: &str) -> bool {
    report.problems.iter().any(|problem| problem.code == code)
}

/// Changes what the relay answers to a sync.
pub fn meddle(relay: &Arc<NearRelay>, mut how: impl FnMut(&mut SyncResponse) + Send + 'static) {
    relay.meddle(move |ask, answer| {
        if ask.path != "/v1/sync" || answer.status != 200 {
            return Ok(answer);
        }
        let read = wire::decode::<SyncResponse>("sync answer", &answer.body);
        let mut response = read.expect("the relay's answer reads");
        how(&mut response);
        Ok(Answer { status: 200, body: wire::encode(&response) })
    });
}
