//! Homes for tests: real directories and databases of one account's devices, and what goes between
//! them carried by hand.

use std::path::PathBuf;
use std::sync::Arc;

use holdfast_protocol::content::DocId;
use holdfast_protocol::ids::{AccountId, Class, DeviceId, SpaceId};

use crate::clock::FakeClock;
use crate::config::Config;
use crate::documents::plan::Plan;
use crate::home::NewHome;
use crate::open_documents::document_of;
use crate::plans::plan_doc;
use crate::store::meta::Me;
use crate::store::{Priority, docs, outbox};
use crate::{Engine, Faults, projection};

/// 2026-03-01 21:00 in Berlin.
pub(crate) const EVENING: i64 = 1_772_395_200_000;

/// One device's home.
pub(crate) struct Home {
    dir: PathBuf,
    pub(crate) clock: Arc<FakeClock>,
    /// Kept so that the directory stays while the test runs.
    _root: Arc<tempfile::TempDir>,
}

const ACCOUNT: AccountId = SpaceId([1; 32]);
const CHART: SpaceId = SpaceId([3; 32]);

/// Homes of so many devices of one account.
pub(crate) fn devices<const N: usize>() -> [Home; N] {
    let root = Arc::new(tempfile::tempdir().unwrap());
    let mut n = 0;
    [(); N].map(|()| {
        n += 1;
        let home = Home {
            dir: root.path().join(format!("device-{n}")),
            clock: Arc::new(FakeClock::new(EVENING, "Europe/Berlin")),
            _root: Arc::clone(&root),
        };
        let new = NewHome::prepare(&mut home.config(Faults::none())).unwrap();
        let me = Me {
            account: ACCOUNT.to_hex(),
            name: "Ana".to_owned(),
            device: DeviceId([100 + n; 32]).to_hex(),
            device_name: format!("device {n}"),
            chart: CHART.to_hex(),
            incarnation: new.incarnation,
        };
        new.store
            .write(Priority::User, "init", |tx| {
                new.found(tx, &me)?;
                for device in (1_u8..).take(N) {
                    let device = DeviceId([100 + device; 32]);
                    projection::know_author(tx, CHART, device, ACCOUNT, true)?;
                }
                Ok(())
            })
            .unwrap();
        home
    })
}

impl Home {
    fn config(&self, faults: Faults) -> Config {
        Config { clock: self.clock.clone(), faults, ..Config::command_line(&self.dir) }
    }

    /// Opens it, as another process would.
    pub(crate) fn open(&self) -> Engine {
        self.open_with(Faults::none())
    }

    /// Opens it with things that go wrong.
    pub(crate) fn open_with(&self, faults: Faults) -> Engine {
        Engine::open(self.config(faults)).unwrap()
    }
}

/// Carries the plan changes that one device made and the other does not have, as a sync would.
pub(crate) fn carry_plan(from: &Engine, to: &Engine) {
    let (chart, doc) = (from.inner.who.chart, plan_doc());
    let author = from.inner.who.actor;
    let changes = from.inner.store.read(|conn| outbox::pending(conn, chart, 10_000)).unwrap();
    let mine = |doc: &DocId| changes.iter().filter(|one| one.doc == *doc).collect::<Vec<_>>();
    let inner = &to.inner;
    inner
        .store
        .write(Priority::Sync, "apply", |tx| {
            for change in mine(&doc) {
                let mut plan = match docs::load(tx.reader(), chart, &doc)? {
                    Some(stored) => document_of(&doc, &stored, inner.who.actor)?.into(),
                    None => Plan::new(inner.who.actor),
                };
                if plan.apply_foreign(&change.change, author).unwrap() > 0 {
                    docs::append_foreign(tx, chart, Class::Plan, &doc, &change.change)?;
                    projection::refresh_plan(tx, chart, &doc, &plan.read())?;
                }
            }
            Ok(())
        })
        .unwrap();
}
