//! A device that was just admitted to an account: it keeps what it needs, reads the account and its charts,
//! and only then is its home one. Broken off, the same link or phrase goes on where it was.

use std::sync::Mutex;

use holdfast_domain::words::Message;
use holdfast_protocol::attest::actor_id;
use holdfast_protocol::entropy::{Entropy, SystemEntropy};
use holdfast_protocol::epoch::AccountSecret;
use holdfast_protocol::ids::{AccountId, Class, SpaceId};
use holdfast_protocol::keys::{DeviceKeys, Wrapped};
use serde::{Deserialize, Serialize};

use super::keys;
use crate::config::Config;
use crate::documents::account::{Account, AccountReading};
use crate::documents::name::DocName;
use crate::error::{Error, Result};
use crate::home::{self, NewHome};
use crate::open_documents::document_of;
use crate::store::meta::{self, Me};
use crate::store::sync_tables::{relay, spaces};
use crate::store::{Priority, Tx, docs};
use crate::sync::machine::Machine;
use crate::sync::report::Budget;
use crate::sync::run::drive;
use crate::sync::site::Site;
use crate::sync::transport::Transport;
use crate::{Engine, Inner};

const JOINING: &str = "joining";

/// An admission that was signed and may have been sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Joining {
    /// What admits: the invite, or the paper device, as hex.
    pub(crate) by: String,
    /// The account, as hex.
    pub(crate) account: String,
    /// The relay.
    pub(crate) relay: String,
    /// The admission entry's bytes, as hex: sent again verbatim.
    pub(crate) admission: String,
    /// What the relay answered to it, sealed to the invite, as hex: once this device has synced, the relay does
    /// not say it again.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) wrapped: String,
    /// Whether the relay has taken it and the account's secret is here.
    pub(crate) admitted: bool,
}

/// The admission that was broken off, with the keys of the device it is for.
pub(crate) fn joining(home: &NewHome, by: &str) -> Result<Option<(Joining, DeviceKeys)>> {
    home.store.read(|conn| {
        let Some(bytes) = meta::get(conn, JOINING)? else { return Ok(None) };
        let read: Option<Joining> = serde_json::from_slice(&bytes).ok();
        let Some(joining) = read.filter(|joining| joining.by == by) else { return Ok(None) };
        Ok(keys::device(conn, &home.key)?.map(|keys| (joining, keys)))
    })
}

/// Keeps an admission before it is sent, so that a lost answer does not lose the invite.
pub(crate) fn keep_joining(
    home: &NewHome,
    joining: &Joining,
    device: &DeviceKeys,
    entropy: &mut dyn Entropy,
) -> Result<()> {
    home.store.write(Priority::User, "init", |tx| {
        keys::keep_device(tx, &home.key, device, entropy)?;
        put_joining(tx, joining)
    })
}

/// The relay took the admission: keeps what it answered, before anything else is asked of it.
pub(crate) fn keep_answer(home: &NewHome, joining: &mut Joining, wrapped: &Wrapped) -> Result<()> {
    joining.wrapped = hex::encode(&wrapped.0);
    home.store.write(Priority::User, "init", |tx| put_joining(tx, joining))
}

fn put_joining(tx: &Tx<'_>, joining: &Joining) -> Result<()> {
    let bytes =
        serde_json::to_vec(joining).map_err(|error| Error::Unreadable(error.to_string()))?;
    meta::put(tx, JOINING, &bytes)
}

/// The relay took the admission: keeps the account's secret.
pub(crate) fn keep_admitted(
    home: &NewHome,
    joining: &mut Joining,
    account: AccountId,
    epoch: u32,
    secret: &AccountSecret,
    entropy: &mut dyn Entropy,
) -> Result<()> {
    joining.admitted = true;
    joining.wrapped.clear();
    home.store.write(Priority::User, "init", |tx| {
        spaces::number(tx, account)?;
        keys::keep(tx, &home.key, (account, Class::Account, epoch), &secret.0, entropy)?;
        meta::put(tx, meta::RELAY, joining.relay.as_bytes())?;
        relay::set(tx, &joining.relay, true)?;
        put_joining(tx, joining)
    })
}

/// Reads the account and its charts, and makes the home one.
pub(crate) fn arrive(
    mut config: Config,
    home: NewHome,
    transport: &dyn Transport,
    account: AccountId,
    device: &DeviceKeys,
    device_name: &str,
) -> Result<Engine> {
    let own_entropy = std::mem::replace(&mut config.entropy, Box::new(SystemEntropy));
    let entropy = Mutex::new(own_entropy);
    let actor = actor_id(device.id(), home.incarnation);
    let site = Site {
        store: &home.store,
        clock: &*config.clock,
        entropy: &entropy,
        seal: &home.key,
        account,
        keys: device,
        incarnation: home.incarnation,
        actor,
    };
    let budget = Budget::default();
    let report = drive(&site, transport, Machine::new(&site, budget.clone()), &budget)?;
    let id = DocName::Account.to_id().expect("the name of the account document is short");
    let stored = home.store.read(|conn| docs::load(conn, account, &id))?;
    let document = stored.as_ref().map(|stored| document_of(&id, stored, actor)).transpose()?;
    let mut document = document.map_or_else(|| Account::new(actor), Account::from);
    let reading = document.read();
    let Some(chart) = own_chart(&home, account, &reading)? else {
        let problem = report.problems.first();
        return Err(Error::Relay {
            code: "not_arrived",
            message: match problem {
                Some(problem) => {
                    Message::new("relay_said.not_arrived_why").with("why", problem.message.clone())
                }
                None => Message::new("relay_said.not_arrived"),
            },
        });
    };
    let me = Me {
        account: account.to_hex(),
        name: reading.name.unwrap_or_else(|| "me".to_owned()),
        device: device.id().to_hex(),
        device_name: device_name.to_owned(),
        chart: chart.to_hex(),
        incarnation: home.incarnation,
    };
    let named = document.name_device(device.id(), device_name)?;
    home.store.write(Priority::User, "init", |tx| {
        if let Some(written) = &named {
            docs::append_local(tx, account, Class::Account, &id, written, me.incarnation)?;
        }
        meta::remove(tx, JOINING)?;
        home.found(tx, &me)
    })?;
    // The name goes out, and the relay hears how far this device is. Offline, it does so later.
    drive(&site, transport, Machine::new(&site, budget.clone()), &budget)?;
    config.entropy = entropy.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    let NewHome { store, key, .. } = home;
    let sharing = config.sharing;
    let inner = Inner::assemble(config, store, key, &me)?;
    home::register(&inner, sharing);
    Ok(Engine { inner })
}

/// The chart of the account's own person, once its log is here.
fn own_chart(
    home: &NewHome,
    account: AccountId,
    reading: &AccountReading,
) -> Result<Option<SpaceId>> {
    home.store.read(|conn| {
        for (chart, entry) in &reading.charts {
            if entry.role != "owner" || entry.hidden {
                continue;
            }
            let state = spaces::get(conn, *chart)?;
            let own = state.as_ref().and_then(|row| row.settled()).is_some_and(|state| {
                state.as_chart().is_some_and(|chart| chart.subject == account)
            });
            if own {
                return Ok(Some(*chart));
            }
        }
        Ok(None)
    })
}
