//! Homes for tests: real directories and databases of one account's devices, and what goes between
//! them carried by hand.

use std::path::PathBuf;
use std::sync::Arc;

use holdfast_domain::profile::Change;
use holdfast_protocol::ids::{AccountId, Class, DeviceId, SpaceId};

use crate::clock::FakeClock;
use crate::config::{Config, Sharing};
use crate::documents::document::Document;
use crate::documents::foreign::check_changes;
use crate::documents::name::DocName;
use crate::documents::plan::Plan;
use crate::documents::strand::Strand;
use crate::home::NewHome;
use crate::open_documents::document_of;
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

    /// Opens it as an app does that has it to itself.
    pub(crate) fn open_alone(&self) -> Engine {
        let sharing = Sharing::OneProcess;
        Engine::open(Config { sharing, ..self.config(Faults::none()) }).unwrap()
    }

    /// Opens it with things that go wrong.
    pub(crate) fn open_with(&self, faults: Faults) -> Engine {
        Engine::open(self.config(faults)).unwrap()
    }
}

/// Says of the person what stands in the way of no routine.
pub(crate) fn nothing_stands_in_the_way(engine: &Engine) {
    let no = ["pregnant", "ask_first", "serious_injury", "strain", "hip_flexor_pain"];
    let mut changes: Vec<Change> = no.iter().map(|key| Change::parse(key, "no").unwrap()).collect();
    changes.push(Change::parse("tight_hip_flexors", "no").unwrap());
    changes.push(Change::parse("prone_ok", "yes").unwrap());
    engine.set_profile(&changes).unwrap();
}

/// Carries the changes that one device made and the other does not have, as a sync would.
pub(crate) fn carry(from: &Engine, to: &Engine) {
    let (chart, author) = (from.inner.who.chart, from.inner.who.actor);
    let changes =
        from.inner.store.read(|conn| outbox::pending(conn, chart, &Class::CHART, 10_000)).unwrap();
    let me = to.inner.who.actor;
    to.inner
        .store
        .write(Priority::Sync, "apply", |tx| {
            for one in &changes {
                let name: DocName = one.doc.as_str().parse().unwrap();
                let mut document = match docs::load(tx.reader(), chart, &one.doc)? {
                    Some(stored) => document_of(&one.doc, &stored, me)?,
                    None => Document::new(me, name.shape()),
                };
                let known = document.max_op();
                let checked = check_changes(&one.change, author, known, name.shape()).unwrap();
                if document.apply(&checked).unwrap() == 0 {
                    continue;
                }
                docs::append_foreign(tx, chart, one.class, &one.doc, &one.change)?;
                if name == DocName::Plan {
                    let plan = Plan::from(document);
                    projection::refresh_plan(tx, chart, &one.doc, &plan.read())?;
                } else {
                    let strand = Strand::from(document);
                    let how = projection::Travelled::Unknown;
                    projection::refresh_strand(tx, chart, &one.doc, &strand, how)?;
                }
            }
            Ok(())
        })
        .unwrap();
}
