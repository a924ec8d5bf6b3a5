//! Joining an account with a pairing link: a look at its membership, an admission signed by the invite and by
//! this device, the account's secret out of the relay's hands and checked against its commitment.

use holdfast_domain::words::Message;
use holdfast_protocol::VERSION;
use holdfast_protocol::entry::Entry;
use holdfast_protocol::epoch::AccountEpoch;
use holdfast_protocol::ids::Class;
use holdfast_protocol::keys::{DeviceKeys, Wrapped};
use holdfast_protocol::link::{BadLink, Link};
use holdfast_protocol::membership::{Refusal, SpaceState};
use holdfast_protocol::pairing::{
    JoinRequest, JoinResponse, PairingLink, PeekRequest, PeekResponse, invite_wrap_info,
};
use holdfast_protocol::sync::{Outcome, ProblemCode};

use super::arrive::{self, Joining};
use super::asking::{Asking, NoAnswer};
use super::{address, create, outline, statements};
use crate::Engine;
use crate::config::Config;
use crate::error::{Error, HoldfastError, Result};
use crate::home::NewHome;
use crate::protocol_words::link_message;
use crate::store::DATABASE;

/// How often a race with another change of the account is run again.
const RACES: u32 = 5;

impl Engine {
    /// Makes a home of one more device of an account, with a link made by [`Engine::pair`]. Fetches everything
    /// before it returns. When it is broken off, the same link goes on where it was.
    ///
    /// # Errors
    /// [`HoldfastError::Link`] for a link that is damaged, has ended, or was used;
    /// [`HoldfastError::Relay`] for a relay that cannot be used or shows a forged account.
    pub fn join(
        config: Config,
        link: &str,
        device_name: &str,
    ) -> std::result::Result<Self, HoldfastError> {
        Ok(join(config, link, device_name)?)
    }
}

fn bad_link(bad: &BadLink) -> Error {
    let code = match bad {
        BadLink::NotALink { .. } | BadLink::Damaged => "bad_link",
        BadLink::Newer => "newer_link",
    };
    Error::Link { code, message: link_message(bad) }
}

fn used() -> Error {
    Error::Link { code: "link_used", message: Message::new("pairing.used") }
}

fn gone() -> Error {
    Error::Link { code: "link_ended", message: Message::new("pairing.ended") }
}

fn join(mut config: Config, link: &str, device_name: &str) -> Result<Engine> {
    let link = PairingLink::parse(link).map_err(|bad| bad_link(&bad))?;
    let device_name = create::name("device", device_name)?;
    let relay = address::parse(&link.relay)
        .map_err(|error| Error::Link { code: "bad_link", message: error.message() })?;
    let transport = config.transport()?;
    let asking = Asking { transport: &*transport, relay: &relay };
    let by = link.keys().id().to_hex();

    // Nothing is written before the relay has shown an account that fits the link.
    let began = config.directory.join(DATABASE).exists();
    let mut prepared = if began { Some(NewHome::prepare(&mut config)?) } else { None };
    let pending = match &prepared {
        Some(home) => arrive::joining(home, &by)?,
        None => None,
    };
    if let (Some((joining, device)), Some(home)) = (&pending, prepared.take_if(|_| true)) {
        if joining.admitted {
            return arrive::arrive(config, home, &*transport, link.account, device, &device_name);
        }
        if !joining.wrapped.is_empty() {
            let (joining, device) = (joining.clone(), device.clone());
            return finish(config, home, &asking, &link, (joining, device), &device_name);
        }
        prepared = Some(home);
    }
    let (mut joining, device) = match pending {
        Some(pending) => pending,
        None => {
            let joining = Joining {
                by: by.clone(),
                account: link.account.to_hex(),
                relay: relay.clone(),
                admission: String::new(),
                wrapped: String::new(),
                admitted: false,
            };
            (joining, DeviceKeys::generate(&mut *config.entropy))
        }
    };
    for _ in 0..RACES {
        let state =
            match (look(&asking, &link), prepared.take_if(|_| !joining.admission.is_empty())) {
                (Ok(state), home) => {
                    prepared = prepared.or(home);
                    state
                }
                // Used, and perhaps by the admission that was broken off: sending it again tells.
                (Err(Error::Link { .. }), Some(home)) => {
                    return resume(config, home, &asking, &link, (joining, device), &device_name);
                }
                (Err(error), _) => return Err(error),
            };
        let home = match prepared.take() {
            Some(home) => home,
            None => NewHome::prepare(&mut config)?,
        };
        let entry = statements::admit_self(&state, &link.keys(), &device);
        joining.admission = hex::encode(entry.to_bytes());
        arrive::keep_joining(&home, &joining, &device, &mut *config.entropy)?;
        match send(&asking, &link, &entry)? {
            Sent::Admitted(response) => {
                let wrapped = response.key(Class::Account).cloned();
                take_secret(&mut config, &home, &mut joining, &link, &state, wrapped)?;
                let account = link.account;
                return arrive::arrive(config, home, &*transport, account, &device, &device_name);
            }
            // The membership moved since it was looked at.
            Sent::LostRace => prepared = Some(home),
            Sent::Refused(error) => {
                discard(&config, home)?;
                return Err(error);
            }
        }
    }
    Err(Error::Relay { code: "relay_busy", message: Message::new("relay_said.changes") })
}

/// The account as the relay shows it to the holder of the link.
fn look(asking: &Asking<'_>, link: &PairingLink) -> Result<SpaceState> {
    let request = PeekRequest::sign(&link.keys(), link.account);
    let response: PeekResponse = match asking.ask("/v1/peek", &request, None) {
        Ok(response) => response,
        Err(NoAnswer::Refused(problem)) if problem.code == ProblemCode::InviteUsed => {
            return Err(used());
        }
        Err(NoAnswer::Refused(problem))
            if matches!(problem.code, ProblemCode::InviteGone | ProblemCode::NotFound) =>
        {
            return Err(gone());
        }
        Err(other) => return Err(other.into()),
    };
    outline::read(link.account, &response.membership, Some(link.membership))
        .map_err(|bad| Error::Relay { code: "relay_untrusted", message: bad.message() })
}

enum Sent {
    Admitted(JoinResponse),
    LostRace,
    Refused(Error),
}

fn send(asking: &Asking<'_>, link: &PairingLink, entry: &Entry) -> Result<Sent> {
    let request =
        JoinRequest { version: VERSION, account: link.account, admission: entry.to_bytes() };
    let mut last = None;
    // The same bytes are harmless however often they are sent.
    for _ in 0..3 {
        match asking.ask::<_, JoinResponse>("/v1/join", &request, None) {
            Ok(response) => {
                return Ok(match response.outcome {
                    Outcome::Stored { .. } | Outcome::Have { .. } => Sent::Admitted(response),
                    Outcome::Never { why: Refusal::InviteUsed } => Sent::Refused(used()),
                    Outcome::Never { why: Refusal::InviteGone } => Sent::Refused(gone()),
                    Outcome::StaleMembership { .. } => Sent::LostRace,
                    other => Sent::Refused(Error::Relay {
                        code: "relay_refused",
                        message: Message::new("relay_said.does_not_admit")
                            .with("outcome", format!("{other:?}")),
                    }),
                });
            }
            Err(NoAnswer::Refused(problem)) if problem.code == ProblemCode::InviteUsed => {
                return Ok(Sent::Refused(used()));
            }
            Err(NoAnswer::Refused(problem)) if problem.code == ProblemCode::InviteGone => {
                return Ok(Sent::Refused(gone()));
            }
            Err(other) => last = Some(other),
        }
    }
    Err(last.map_or_else(gone, Error::from))
}

fn no_key(why: &'static str) -> Error {
    Error::Relay { code: "no_key", message: Message::new(why) }
}

fn lost_key() -> Error {
    no_key("pairing.key_gone")
}

/// Opens the account's secret and keeps it, when it is the one that the account committed to.
fn take_secret(
    config: &mut Config,
    home: &NewHome,
    joining: &mut Joining,
    link: &PairingLink,
    state: &SpaceState,
    wrapped: Option<Wrapped>,
) -> Result<()> {
    let wrapped = wrapped.ok_or_else(lost_key)?;
    let epochs = &state.as_account().ok_or_else(gone)?.epochs;
    let info = invite_wrap_info(link.account, link.keys().id());
    // The newest as a rule; an older one where the account rotated since this device was admitted.
    let (number, secret) = link
        .keys()
        .receive()
        .unwrap_secret(&info, &wrapped)
        .ok()
        .and_then(|secret| {
            let fits = |epoch: &AccountEpoch| {
                epoch.check(secret.clone()).ok().map(|secret| (epoch.number, secret))
            };
            epochs.iter().rev().find_map(fits)
        })
        .ok_or_else(|| no_key("pairing.key_other"))?;
    let entropy = &mut *config.entropy;
    arrive::keep_admitted(home, joining, link.account, number, &secret, entropy)
}

/// The link counts as used, perhaps by the admission that was broken off: the relay answers that one again,
/// until the device it admitted has synced.
fn resume(
    config: Config,
    home: NewHome,
    asking: &Asking<'_>,
    link: &PairingLink,
    (mut joining, device): (Joining, DeviceKeys),
    device_name: &str,
) -> Result<Engine> {
    let entry = hex::decode(&joining.admission)
        .ok()
        .and_then(|bytes| Entry::from_bytes(&bytes).ok())
        .ok_or_else(used)?;
    match send(asking, link, &entry)? {
        Sent::Admitted(response) => {
            let wrapped = response.key(Class::Account).cloned().ok_or_else(lost_key)?;
            arrive::keep_answer(&home, &mut joining, &wrapped)?;
            finish(config, home, asking, link, (joining, device), device_name)
        }
        Sent::LostRace => Err(used()),
        Sent::Refused(error) => {
            discard(&config, home)?;
            Err(error)
        }
    }
}

/// Goes on from the relay's answer, which is kept: reading the account counts as this device's first sync, and
/// after that the relay does not repeat the answer.
fn finish(
    mut config: Config,
    home: NewHome,
    asking: &Asking<'_>,
    link: &PairingLink,
    (mut joining, device): (Joining, DeviceKeys),
    device_name: &str,
) -> Result<Engine> {
    let transport = config.transport()?;
    let wrapped = hex::decode(&joining.wrapped).ok().map(Wrapped);
    // The account's membership is read with the device's own eyes now that it belongs to it.
    let state = super::recover::read_account(asking, &device, link.account)?;
    take_secret(&mut config, &home, &mut joining, link, &state, wrapped)?;
    arrive::arrive(config, home, &*transport, link.account, &device, device_name)
}

/// Nothing came of it: no file of ours stays.
fn discard(config: &Config, home: NewHome) -> Result<()> {
    home.store.erase(|| config.keys.forget())
}
