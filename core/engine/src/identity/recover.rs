//! Recovering an account from its phrase: the paper device signs in, opens the account's newest secret, and
//! admits a new device. A device recovered so cannot tell whether the relay shows it the newest of the account.

use holdfast_domain::words::Message;
use holdfast_protocol::VERSION;
use holdfast_protocol::entry::{Entry, Kind, Position};
use holdfast_protocol::ids::{AccountId, EntryHash, Seq};
use holdfast_protocol::keys::DeviceKeys;
use holdfast_protocol::membership::SpaceState;
use holdfast_protocol::phrase::Phrase;
use holdfast_protocol::sync::{Item, Outcome, ProblemCode, Push, SyncRequest, SyncResponse, Want};

use super::arrive::{self, Joining};
use super::asking::{Asking, NoAnswer};
use super::statements::{self, By, Place};
use super::{address, create, outline};
use crate::Engine;
use crate::config::Config;
use crate::error::{Error, HoldfastError, Result};
use crate::home::NewHome;
use crate::store::DATABASE;

/// How often a race with another change of the account is run again.
const RACES: u32 = 5;
/// Entries of the account's log fetched at once, in bytes.
const PAGE_BYTES: u32 = 256 * 1024;
/// More pages than any account's log has.
const MAX_PAGES: u32 = 4096;

impl Engine {
    /// Makes a home of one more device of an account with the recovery phrase, and fetches everything. The
    /// devices that were lost stay members until they are revoked.
    ///
    /// # Errors
    /// [`HoldfastError::Phrase`] for words that are no phrase, with the word at fault where it can be told;
    /// [`HoldfastError::Relay`] for a relay that cannot be used or does not know the phrase.
    pub fn recover(
        config: Config,
        phrase: &str,
        relay: &str,
        device_name: &str,
    ) -> std::result::Result<Self, HoldfastError> {
        Ok(recover(config, phrase, relay, device_name)?)
    }
}

fn recover(mut config: Config, phrase: &str, relay: &str, device_name: &str) -> Result<Engine> {
    let paper = Phrase::parse(phrase)?.device();
    let device_name = create::name("device", device_name)?;
    let relay = address::parse(relay)?;
    let transport = config.transport()?;
    let asking = Asking { transport: &*transport, relay: &relay };
    let by = paper.id().to_hex();

    let began = config.directory.join(DATABASE).exists();
    let mut prepared = if began { Some(NewHome::prepare(&mut config)?) } else { None };
    let pending = match &prepared {
        Some(home) => arrive::joining(home, &by)?,
        None => None,
    };
    let account = account_of(&asking, &paper)?;
    let mut device = None;
    if let Some((joining, keys)) = pending {
        if let Some(home) = prepared.take_if(|_| joining.admitted) {
            return arrive::arrive(config, home, &*transport, account, &keys, &device_name);
        }
        device = Some(keys);
    }
    for _ in 0..RACES {
        let membership = read_membership(&asking, &paper, account)?;
        let state = outline_of(account, &membership)?;
        if !outline::is_founded_with(&membership, &paper) {
            return Err(untrusted("phrase.not_founded_with"));
        }
        let secret = open_secret(&state, &paper)?;
        let device =
            device.get_or_insert_with(|| DeviceKeys::generate(&mut *config.entropy)).clone();
        let home = match prepared.take() {
            Some(home) => home,
            None => NewHome::prepare(&mut config)?,
        };
        let at = Place {
            counter: state.tip(&paper.id()).counter + 1,
            prev: EntryHash::ZERO,
            seen: Position::START,
        };
        let entry = statements::admit_device(&state, &device, By { keys: &paper, at });
        let mut joining = Joining {
            by: by.clone(),
            account: account.to_hex(),
            relay: relay.clone(),
            admission: hex::encode(entry.to_bytes()),
            wrapped: String::new(),
            admitted: false,
        };
        arrive::keep_joining(&home, &joining, &device, &mut *config.entropy)?;
        let is_member = state.as_account().is_some_and(|a| a.is_active(&device.id()));
        let outcome = if is_member {
            // An answer was lost on an earlier try.
            Outcome::Have { seq: 0 }
        } else {
            push(&asking, &paper, &entry)?
        };
        match outcome {
            Outcome::Stored { .. } | Outcome::Have { .. } => {
                let number = state.as_account().map_or(0, |account| account.epoch().number);
                let entropy = &mut *config.entropy;
                arrive::keep_admitted(&home, &mut joining, account, number, &secret, entropy)?;
                return arrive::arrive(config, home, &*transport, account, &device, &device_name);
            }
            Outcome::StaleMembership { .. } => prepared = Some(home),
            other => {
                home.store.erase(|| config.keys.forget())?;
                return Err(Error::Relay {
                    code: "relay_refused",
                    message: Message::new("relay_said.does_not_admit")
                        .with("outcome", format!("{other:?}")),
                });
            }
        }
    }
    Err(Error::Relay { code: "relay_busy", message: Message::new("relay_said.changes") })
}

fn account_of(asking: &Asking<'_>, paper: &DeviceKeys) -> Result<AccountId> {
    match asking.sign_in(paper) {
        Ok((_, response)) => Ok(response.account),
        Err(NoAnswer::Refused(problem)) if problem.code == ProblemCode::UnknownDevice => {
            Err(Error::Relay {
                code: "unknown_phrase",
                message: Message::new("phrase.unknown_here"),
            })
        }
        Err(other) => Err(other.into()),
    }
}

fn untrusted(why: &'static str) -> Error {
    Error::Relay { code: "relay_untrusted", message: Message::new(why) }
}

fn open_secret(
    state: &SpaceState,
    paper: &DeviceKeys,
) -> Result<holdfast_protocol::epoch::AccountSecret> {
    let account = state.as_account().ok_or_else(|| untrusted("phrase.no_account"))?;
    if !account.is_active(&paper.id()) {
        return Err(untrusted("phrase.not_a_device"));
    }
    account.epoch().open(paper).map_err(|_| untrusted("phrase.key_shut"))
}

/// Reads the membership of an account with the eyes of one of its devices.
pub(crate) fn read_account(
    asking: &Asking<'_>,
    keys: &DeviceKeys,
    account: AccountId,
) -> Result<SpaceState> {
    outline_of(account, &read_membership(asking, keys, account)?)
}

fn read_membership(
    asking: &Asking<'_>,
    keys: &DeviceKeys,
    account: AccountId,
) -> Result<Vec<Item>> {
    let (token, _) = asking.sign_in(keys)?;
    let mut membership: Vec<Item> = Vec::new();
    let mut want = Want { space: account, after: 0, starting_at: None };
    for _ in 0..MAX_PAGES {
        let request = SyncRequest {
            version: VERSION,
            feed: 0,
            push: Vec::new(),
            cursors: Vec::new(),
            want: vec![want],
            page_bytes: PAGE_BYTES,
            accounts_feed: 0,
        };
        let response: SyncResponse = asking.ask("/v1/sync", &request, Some(token.clone()))?;
        let Some(page) = response.spaces.into_iter().find(|page| page.space == account) else {
            break;
        };
        if page.checkpoint.is_some() && want.starting_at.is_some() {
            // A newer checkpoint came meanwhile: the relay began again.
            membership.clear();
        }
        let last = page.items.iter().map(seq_of).max();
        want.starting_at = page.starting_at;
        membership.extend(page.items.into_iter().filter(is_membership));
        match last {
            Some(last) if page.more => want.after = last,
            _ => break,
        }
    }
    Ok(membership)
}

fn outline_of(account: AccountId, membership: &[Item]) -> Result<SpaceState> {
    outline::read(account, membership, None)
        .map_err(|bad| Error::Relay { code: "relay_untrusted", message: bad.message() })
}

const fn seq_of(item: &Item) -> Seq {
    match item {
        Item::Entry { seq, .. } | Item::Stub { seq, .. } => *seq,
    }
}

fn is_membership(item: &Item) -> bool {
    match item {
        Item::Entry { bytes, .. } => Entry::from_trusted_bytes(bytes)
            .is_ok_and(|entry| entry.header().kind == Kind::Membership),
        Item::Stub { .. } => false,
    }
}

fn push(asking: &Asking<'_>, paper: &DeviceKeys, entry: &Entry) -> Result<Outcome> {
    let (token, _) = asking.sign_in(paper)?;
    let request = SyncRequest {
        version: VERSION,
        feed: 0,
        push: vec![Push { entry: entry.to_bytes(), invite_wraps: Vec::new() }],
        cursors: Vec::new(),
        want: Vec::new(),
        page_bytes: 0,
        accounts_feed: 0,
    };
    let response: SyncResponse = asking.ask("/v1/sync", &request, Some(token))?;
    let ack = response.acks.into_iter().find(|ack| ack.entry == entry.hash());
    ack.map(|ack| ack.outcome).ok_or_else(|| Error::Relay {
        code: "relay_garbled",
        message: Message::new("relay_said.silent"),
    })
}
