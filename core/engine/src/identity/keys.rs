//! The secrets of this device and its account, sealed at rest under the platform's key: kept, opened, and
//! learned from what the membership says.

use holdfast_protocol::entropy::Entropy;
use holdfast_protocol::epoch::AccountSecret;
use holdfast_protocol::ids::{AccountId, Class, SpaceId};
use holdfast_protocol::keys::DeviceKeys;
use holdfast_protocol::membership::SpaceState;
use holdfast_protocol::secret::Secret32;
use rusqlite::Connection;

use crate::error::{Error, Result};
use crate::store::docs::class_number;
use crate::store::sync_tables::secrets;
use crate::store::{Tx, meta};

const SEED: &str = "seed";
const SEED_PURPOSE: &[u8] = b"holdfast device seed";

fn purpose(space: SpaceId, class: Class, epoch: u32) -> Vec<u8> {
    let mut out = b"holdfast class key".to_vec();
    out.extend_from_slice(&space.0);
    out.extend_from_slice(&class_number(class).to_le_bytes());
    out.extend_from_slice(&epoch.to_le_bytes());
    out
}

fn secret_of(bytes: &[u8]) -> Option<Secret32> {
    bytes.try_into().ok().map(Secret32::from_bytes)
}

/// Keeps this device's seed.
pub(crate) fn keep_device(
    tx: &Tx<'_>,
    seal: &Secret32,
    keys: &DeviceKeys,
    entropy: &mut dyn Entropy,
) -> Result<()> {
    meta::put(tx, SEED, &seal.seal(SEED_PURPOSE, keys.seed().expose(), entropy))
}

/// This device's keys; nothing before they were made.
///
/// # Errors
/// [`Error::RecoveryNeeded`] when the platform's key does not open them.
pub(crate) fn device(conn: &Connection, seal: &Secret32) -> Result<Option<DeviceKeys>> {
    let Some(sealed) = meta::get(conn, SEED)? else { return Ok(None) };
    let seed = seal.open(SEED_PURPOSE, &sealed).and_then(|seed| secret_of(&seed));
    let seed = seed.ok_or(Error::RecoveryNeeded("key.not_own"))?;
    Ok(Some(DeviceKeys::from_seed(seed)))
}

/// Keeps an account's secret (class [`Class::Account`]) or a class key.
pub(crate) fn keep(
    tx: &Tx<'_>,
    seal: &Secret32,
    (space, class, epoch): (SpaceId, Class, u32),
    secret: &Secret32,
    entropy: &mut dyn Entropy,
) -> Result<()> {
    let sealed = seal.seal(&purpose(space, class, epoch), secret.expose(), entropy);
    secrets::put(tx, space, class, epoch, &sealed)
}

fn get(
    conn: &Connection,
    seal: &Secret32,
    space: SpaceId,
    class: Class,
    epoch: u32,
) -> Result<Option<Secret32>> {
    let Some(sealed) = secrets::get(conn, space, class, epoch)? else { return Ok(None) };
    let opened = seal.open(&purpose(space, class, epoch), &sealed).and_then(|s| secret_of(&s));
    opened.map(Some).ok_or(Error::RecoveryNeeded("key.not_records"))
}

/// The account's secret in an epoch.
pub(crate) fn account_secret(
    conn: &Connection,
    seal: &Secret32,
    account: AccountId,
    epoch: u32,
) -> Result<Option<AccountSecret>> {
    Ok(get(conn, seal, account, Class::Account, epoch)?.map(AccountSecret))
}

/// The key that seals bodies of a class in an epoch.
pub(crate) fn content(
    conn: &Connection,
    seal: &Secret32,
    space: SpaceId,
    class: Class,
    epoch: u32,
) -> Result<Option<Secret32>> {
    let secret = get(conn, seal, space, class, epoch)?;
    Ok(match class {
        Class::Account => secret.map(|secret| AccountSecret(secret).class_key()),
        _ => secret,
    })
}

/// Opens every key that a membership hands to this device and that it does not have yet, and keeps them.
/// Gives how many were new, and the newest epochs that would not open.
pub(crate) fn learn(
    tx: &Tx<'_>,
    seal: &Secret32,
    keys: &DeviceKeys,
    account: AccountId,
    state: &SpaceState,
    entropy: &mut dyn Entropy,
) -> Result<Learned> {
    let mut learned = Learned::default();
    let space = state.space();
    if let Some(own) = state.as_account() {
        if space != account {
            return Ok(learned);
        }
        let mut newer: Option<AccountSecret> = None;
        for (place, epoch) in own.epochs.iter().enumerate().rev() {
            let known = account_secret(tx.reader(), seal, account, epoch.number)?;
            let had = known.is_some();
            if let Some(known) = known.filter(|k| k.0.commitment() == epoch.commitment) {
                newer = Some(known);
                continue;
            }
            let chained = newer.as_ref().and_then(|newer| {
                let opened = own.epochs.get(place + 1)?.open_previous(newer).ok()?;
                epoch.check(opened.0).ok()
            });
            match epoch.open(keys).ok().or(chained) {
                Some(secret) => {
                    let name = (space, Class::Account, epoch.number);
                    keep(tx, seal, name, &secret.0, entropy)?;
                    learned.kept(Class::Account, epoch.number, had);
                    newer = Some(secret);
                }
                None => {
                    learned.miss(Class::Account, epoch.number, place + 1 == own.epochs.len());
                    newer = None;
                }
            }
        }
    }
    if let Some(chart) = state.as_chart() {
        for (class, epochs) in &chart.epochs {
            if !chart.may_read(&account, *class) {
                continue;
            }
            let mut newer: Option<Secret32> = None;
            for (place, epoch) in epochs.iter().enumerate().rev() {
                let known = get(tx.reader(), seal, space, *class, epoch.number)?;
                let had = known.is_some();
                if let Some(known) = known.filter(|k| k.commitment() == epoch.commitment) {
                    newer = Some(known);
                    continue;
                }
                let chained = newer.as_ref().and_then(|newer| {
                    let opened = epochs.get(place + 1)?.open_previous(newer).ok()?;
                    (opened.commitment() == epoch.commitment).then_some(opened)
                });
                let wrapped_for = epoch.wraps.iter().find(|wrap| wrap.account == account);
                let own = match wrapped_for {
                    Some(wrap) => account_secret(tx.reader(), seal, account, wrap.account_epoch)?,
                    None => None,
                };
                let opened = own.and_then(|own| epoch.open(account, &own).ok());
                match opened.or(chained) {
                    Some(key) => {
                        keep(tx, seal, (space, *class, epoch.number), &key, entropy)?;
                        learned.kept(*class, epoch.number, had);
                        newer = Some(key);
                    }
                    None => {
                        learned.miss(*class, epoch.number, place + 1 == epochs.len());
                        newer = None;
                    }
                }
            }
        }
    }
    Ok(learned)
}

/// What was learned of a space's keys.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Learned {
    /// How many keys are new.
    pub(crate) new: u32,
    /// Current keys that do not open: an owner must rotate again.
    pub(crate) bad: Vec<(Class, u32)>,
    /// Epochs that have another key than the one kept so far: a relay lost the rotation it was made in, and
    /// there was another.
    pub(crate) replaced: Vec<(Class, u32)>,
}

impl Learned {
    fn kept(&mut self, class: Class, epoch: u32, had_another: bool) {
        self.new += 1;
        if had_another {
            self.replaced.push((class, epoch));
        }
    }

    fn miss(&mut self, class: Class, epoch: u32, current: bool) {
        if current {
            self.bad.push((class, epoch));
        }
    }
}
