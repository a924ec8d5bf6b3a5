//! Founding an account and its own chart: all local, no network, one transaction. What it founds waits
//! among what is to be sent until a relay is there.

use holdfast_domain::words::Message;
use holdfast_protocol::attest::actor_id;
use holdfast_protocol::entropy::Entropy;
use holdfast_protocol::ids::{Class, SpaceId};
use holdfast_protocol::keys::DeviceKeys;
use holdfast_protocol::phrase::Phrase;

use super::statements::{self, FoundedAccount, FoundedChart};
use super::{address, keys};
use crate::config::Config;
use crate::documents::account::{Account, ChartEntry};
use crate::documents::document::{WriteError, Written};
use crate::documents::name::DocName;
use crate::error::{Error, HoldfastError, Result};
use crate::home::{self, NewHome};
use crate::store::meta::{self, Me};
use crate::store::sync_tables::entries::{self, Place, Standing, Whole};
use crate::store::sync_tables::{relay, sealed, spaces};
use crate::store::{Priority, Tx, docs};
use crate::{Engine, Inner, projection};

/// The longest name of a person or a device, in characters.
const MAX_NAME: usize = 80;
/// What the account's own chart is called at first.
const OWN_CHART: &str = "own";

/// What a new account starts with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewAccount {
    /// What the person wants to be called.
    pub name: String,
    /// What the person calls this device.
    pub device_name: String,
    /// The relay's address, where there is one already.
    pub relay: Option<String>,
}

/// Reads a name as a person types it.
pub(crate) fn name(field: &'static str, text: &str) -> Result<String> {
    let text = text.trim();
    if text.is_empty() {
        return Err(Error::bad(field, Message::new("input.no_name")));
    }
    if text.chars().count() > MAX_NAME || text.chars().any(char::is_control) {
        return Err(Error::bad(
            field,
            Message::new("input.long_name").with("most", MAX_NAME as u64),
        ));
    }
    Ok(text.to_owned())
}

impl Engine {
    /// Makes an account with its first device and its own chart in a new home. Nothing is sent: what was
    /// founded waits until there is a relay. The phrase is given once; it is kept nowhere.
    ///
    /// # Errors
    /// A name or an address that cannot be; a home that is one already; a folder that cannot be written.
    /// Nothing is half-made then.
    pub fn create(
        config: Config,
        account: NewAccount,
    ) -> std::result::Result<(Self, Phrase), HoldfastError> {
        Ok(create(config, &account)?)
    }
}

fn create(mut config: Config, account: &NewAccount) -> Result<(Engine, Phrase)> {
    let person = name("name", &account.name)?;
    let device_name = name("device", &account.device_name)?;
    let relay_url = account.relay.as_deref().map(address::parse).transpose()?;
    let home = NewHome::prepare(&mut config)?;
    let entropy = &mut *config.entropy;
    let device = DeviceKeys::generate(entropy);
    let phrase = Phrase::generate(entropy);
    let founded = statements::found_account(&device, &phrase.device(), entropy)?;
    let chart = statements::found_chart(&device, &founded.state, entropy)?;
    let me = Me {
        account: founded.state.space().to_hex(),
        name: person.clone(),
        device: device.id().to_hex(),
        device_name: device_name.clone(),
        chart: chart.state.space().to_hex(),
        incarnation: home.incarnation,
    };
    home.store.write(Priority::User, "init", |tx| {
        home.found(tx, &me)?;
        keys::keep_device(tx, &home.key, &device, entropy)?;
        keep_founded(tx, &home, &founded, &chart, entropy)?;
        let directory = Directory { chart: chart.state.space(), person: &person };
        write_account_document(tx, &me, &device, &founded, &directory, &device_name)?;
        if let Some(url) = &relay_url {
            set_relay(tx, url)?;
        }
        Ok(())
    })?;
    let NewHome { store, key, .. } = home;
    let sharing = config.sharing;
    let inner = Inner::assemble(config, store, key, &me)?;
    home::register(&inner, sharing);
    Ok((Engine { inner }, phrase))
}

fn set_relay(tx: &Tx<'_>, url: &str) -> Result<()> {
    meta::put(tx, meta::RELAY, url.as_bytes())?;
    relay::set(tx, url, false)
}

/// The logs of both spaces as they begin, the keys, and the chart's genesis among what is to be sent. The
/// account's own is sent when the account is registered.
fn keep_founded(
    tx: &Tx<'_>,
    home: &NewHome,
    account: &FoundedAccount,
    chart: &FoundedChart,
    entropy: &mut dyn Entropy,
) -> Result<()> {
    for (genesis, state) in [(&account.genesis, &account.state), (&chart.genesis, &chart.state)] {
        let no = spaces::number(tx, state.space())?;
        spaces::set_state(tx, no, state)?;
        spaces::next_counter(tx, no, 0)?;
        let header = genesis.header();
        let place = Place {
            seq: 1,
            hash: genesis.hash(),
            running: Some(state.head().running),
            entry: Some(Whole {
                kind: header.kind,
                class: header.class,
                author: header.author,
                doc: None,
                bytes: Some(&genesis.to_bytes()),
            }),
            standing: Standing::Applied,
            noted_ms: None,
        };
        entries::put(tx, no, &place)?;
        spaces::set_prev(tx, no, genesis.hash(), header.counter)?;
    }
    sealed::put(tx, &chart.genesis, None, &[])?;
    let own = (account.state.space(), Class::Account, 1);
    keys::keep(tx, &home.key, own, &account.secret.0, entropy)?;
    for (class, key) in &chart.keys {
        keys::keep(tx, &home.key, (chart.state.space(), *class, 1), key, entropy)?;
    }
    let (owner, device) = (account.state.space(), account.genesis.header().author);
    projection::know_author(tx, chart.state.space(), device, owner, true)
}

struct Directory<'a> {
    chart: SpaceId,
    person: &'a str,
}

/// The account document: what the person's other devices will read.
fn write_account_document(
    tx: &Tx<'_>,
    me: &Me,
    device: &DeviceKeys,
    account: &FoundedAccount,
    directory: &Directory<'_>,
    device_name: &str,
) -> Result<()> {
    let mut document = Account::new(actor_id(device.id(), me.incarnation));
    let writes: [std::result::Result<Option<Written>, WriteError>; 3] = [
        document.set_name(directory.person),
        document.put_chart(directory.chart, &ChartEntry::new(OWN_CHART, "owner")),
        document.name_device(device.id(), device_name),
    ];
    let id = DocName::Account.to_id().expect("the name of the account document is short");
    for written in writes {
        if let Some(written) = written? {
            docs::append_local(
                tx,
                account.state.space(),
                Class::Account,
                &id,
                &written,
                me.incarnation,
            )?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::outbox;
    use crate::store::tests::config;
    use crate::{Crash, FaultPoint, Faults};
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};

    fn ana() -> NewAccount {
        NewAccount { name: " Ana ".to_owned(), device_name: "phone".to_owned(), relay: None }
    }

    #[test]
    fn an_account_is_made_with_no_network_and_its_keys_open_again() {
        let dir = tempfile::tempdir().unwrap();
        let (engine, phrase) = Engine::create(config(dir.path(), Faults::none()), ana()).unwrap();
        assert_eq!(phrase.words().split(' ').count(), 12);
        assert_eq!(engine.identity().unwrap().name, "Ana");
        let who = engine.inner.who;
        drop(engine);
        let engine = Engine::open(config(dir.path(), Faults::none())).unwrap();
        let key = &engine.inner.key;
        let (device, chart, waiting, queued) = engine
            .inner
            .store
            .read(|conn| {
                Ok((
                    keys::device(conn, key)?,
                    spaces::known_state(conn, who.chart)?,
                    sealed::waiting(conn, 0, 9)?,
                    outbox::spaces(conn)?,
                ))
            })
            .unwrap();
        assert_eq!(device.unwrap().id(), who.device);
        assert_eq!(chart.unwrap().space(), who.chart);
        assert_eq!((waiting.len(), waiting[0].space), (1, who.chart));
        assert_eq!(queued, [who.account]);
        let log = engine
            .inner
            .store
            .read(|conn| keys::content(conn, key, who.chart, Class::Log, 1))
            .unwrap();
        assert!(log.is_some());
        let files: Vec<u8> = std::fs::read_dir(dir.path())
            .unwrap()
            .flat_map(|file| std::fs::read(file.unwrap().path()).unwrap())
            .collect();
        let seed = device_seed(&engine);
        assert!(!files.windows(32).any(|window| window == seed), "the seed lies open on the disk");
    }

    fn device_seed(engine: &Engine) -> [u8; 32] {
        let inner = &engine.inner;
        let keys = inner.store.read(|conn| keys::device(conn, &inner.key)).unwrap().unwrap();
        *keys.seed().expose()
    }

    #[test]
    fn broken_off_at_any_write_nothing_is_half_made_and_it_can_be_made_again() {
        for at in 0..40 {
            let dir = tempfile::tempdir().unwrap();
            let left = Arc::new(AtomicU32::new(at));
            let faults = Faults::new(move |point, _| {
                let fatal =
                    point != FaultPoint::AfterCommit && left.fetch_sub(1, Ordering::Relaxed) == 0;
                if fatal { Err(Crash) } else { Ok(()) }
            });
            let broken = Engine::create(config(dir.path(), faults), ana());
            let Err(_) = broken else { return assert!(at > 10, "{at}") };
            assert!(Engine::open(config(dir.path(), Faults::none())).is_err());
            Engine::create(config(dir.path(), Faults::none()), ana()).unwrap();
        }
        panic!("making an account never came to its end");
    }

    #[test]
    fn a_name_or_address_that_cannot_be_makes_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let home = dir.path().join("home");
        let mut bad = ana();
        bad.name = "  ".to_owned();
        let refused = Engine::create(config(&home, Faults::none()), bad).map(drop).unwrap_err();
        assert_eq!(refused.field(), Some("name"));
        let mut bad = ana();
        bad.relay = Some("http://relay.example".to_owned());
        assert!(Engine::create(config(&home, Faults::none()), bad).is_err());
        assert!(!home.exists());
    }
}
