//! Membership statements as pure functions of keys, state and entropy: what founds an account and a
//! chart, what admits and revokes. Nothing here is sent or stored.

use holdfast_protocol::entropy::Entropy;
use holdfast_protocol::entry::{Entry, Header, Kind, Position};
use holdfast_protocol::epoch::{AccountEpoch, AccountSecret, ClassEpoch, Reader};
use holdfast_protocol::ids::{AccountId, Class, DeviceId, EntryHash, SpaceId};
use holdfast_protocol::keys::{DeviceKeys, DeviceKind, InviteKeys, WrapError, wrap};
use holdfast_protocol::membership::{
    AccountGenesis, Accounts, Act, AdmitDevice, ChartGenesis, Cut, InviteDevice, Judge,
    NotAccepted, RevokeDevice, SpaceState, Statement,
};
use holdfast_protocol::pairing::invite_wrap_info;
use holdfast_protocol::secret::Secret32;
use holdfast_protocol::sync::InviteWrap;

/// Why a statement cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NotMade {
    /// A member's key is not usable.
    #[error(transparent)]
    Wrap(#[from] WrapError),
    /// It would not be accepted: the state says otherwise.
    #[error(transparent)]
    NotAccepted(#[from] NotAccepted),
    /// A key that is needed to hand on the history is not here.
    #[error("the key of {class:?}, epoch {epoch}, is not on this device")]
    NoKey {
        /// The class.
        class: Class,
        /// The epoch.
        epoch: u32,
    },
    /// The membership of a member's account is not known here.
    #[error("the membership of account {0} is not known on this device")]
    UnknownAccount(AccountId),
}

/// Where an entry of this device stands in a space.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    /// Higher than every counter this device used there.
    pub(crate) counter: u64,
    /// Its last entry there that a relay acknowledged.
    pub(crate) prev: EntryHash,
    /// What it has seen of the space.
    pub(crate) seen: Position,
}

/// Who signs an entry, and where it stands.
#[derive(Debug, Clone, Copy)]
pub(crate) struct By<'a> {
    pub(crate) keys: &'a DeviceKeys,
    pub(crate) at: Place,
}

/// The header of an entry; author, version and body are filled in when it is signed.
pub(crate) fn header(space: SpaceId, class: Class, kind: Kind, epoch: u32, at: Place) -> Header {
    Header {
        version: holdfast_protocol::VERSION,
        space,
        class,
        kind,
        epoch,
        author: DeviceId::ZERO,
        counter: at.counter,
        prev: at.prev,
        seen: at.seen,
        covers: Vec::new(),
        body_hash: [0; 32],
        body_len: 0,
    }
}

/// Signs an act that follows the membership as `state` has it.
pub(crate) fn statement(state: &SpaceState, act: Act, by: By<'_>) -> Entry {
    let header = header(state.space(), Class::Membership, Kind::Membership, 0, by.at);
    Entry::sign(header, Statement { after: state.membership_head(), act }.to_bytes(), by.keys)
}

fn genesis(act: Act, keys: &DeviceKeys) -> Entry {
    let at = Place { counter: 1, prev: EntryHash::ZERO, seen: Position::START };
    let header = header(SpaceId::ZERO, Class::Membership, Kind::Membership, 0, at);
    Entry::sign(header, Statement { after: EntryHash::ZERO, act }.to_bytes(), keys)
}

/// A new account.
#[derive(Debug)]
pub(crate) struct FoundedAccount {
    pub(crate) genesis: Entry,
    pub(crate) state: SpaceState,
    pub(crate) secret: AccountSecret,
}

/// Founds an account of one device and its recovery phrase.
pub(crate) fn found_account(
    keys: &DeviceKeys,
    paper: &DeviceKeys,
    entropy: &mut dyn Entropy,
) -> Result<FoundedAccount, NotMade> {
    let secret = AccountSecret(Secret32::random(entropy));
    let devices = vec![keys.certificate(DeviceKind::Machine), paper.certificate(DeviceKind::Paper)];
    let epoch = AccountEpoch::create(1, &secret, None, &devices, entropy)?;
    let nonce = AccountGenesis::nonce_of(paper, keys.id());
    let act = Act::AccountGenesis(AccountGenesis { nonce, devices, epoch });
    let genesis = genesis(act, keys);
    let state = SpaceState::start(&genesis, &(), Judge::Member)?;
    Ok(FoundedAccount { genesis, state, secret })
}

/// A new chart, with the first key of every class.
#[derive(Debug)]
pub(crate) struct FoundedChart {
    pub(crate) genesis: Entry,
    pub(crate) state: SpaceState,
    pub(crate) keys: Vec<(Class, Secret32)>,
}

/// Founds the chart of the account's own person.
pub(crate) fn found_chart(
    keys: &DeviceKeys,
    account: &SpaceState,
    entropy: &mut dyn Entropy,
) -> Result<FoundedChart, NotMade> {
    let owner = account.space();
    let readers = [reader(owner, &Only(account))?];
    let class_keys: Vec<(Class, Secret32)> =
        Class::CHART.into_iter().map(|class| (class, Secret32::random(entropy))).collect();
    let epochs = class_keys
        .iter()
        .map(|(class, key)| ClassEpoch::create(*class, 1, key, None, &readers, entropy))
        .collect::<Result<_, _>>()?;
    let nonce = random(entropy);
    let act = Act::ChartGenesis(ChartGenesis { nonce, owner, subject: owner, epochs });
    let genesis = genesis(act, keys);
    let state = SpaceState::start(&genesis, &Only(account), Judge::Member)?;
    Ok(FoundedChart { genesis, state, keys: class_keys })
}

fn random<const N: usize>(entropy: &mut dyn Entropy) -> [u8; N] {
    let mut bytes = [0; N];
    entropy.fill(&mut bytes);
    bytes
}

/// One account and no other.
pub(crate) struct Only<'a>(pub(crate) &'a SpaceState);

impl Accounts for Only<'_> {
    fn account(&self, account: &AccountId) -> Option<&SpaceState> {
        (self.0.space() == *account).then_some(self.0)
    }
}

pub(crate) fn reader(account: AccountId, accounts: &dyn Accounts) -> Result<Reader, NotMade> {
    let space = accounts.account(&account).ok_or(NotMade::UnknownAccount(account))?;
    let state = space.as_account().ok_or(NotMade::UnknownAccount(account))?;
    let epoch = state.epoch();
    Ok(Reader {
        account,
        epoch: epoch.number,
        membership: space.membership_head(),
        receive: epoch.receive,
    })
}

/// Opens an invite for one more device. `secret` is the account's current one; the relay keeps it, sealed
/// to the invite, until a device is admitted with it.
pub(crate) fn invite_device(
    account: &SpaceState,
    secret: &AccountSecret,
    invite: &InviteKeys,
    expires_at_ms: u64,
    by: By<'_>,
    entropy: &mut dyn Entropy,
) -> Result<(Entry, InviteWrap), NotMade> {
    let receive = invite.receive().public();
    let info = invite_wrap_info(account.space(), invite.id());
    let wrapped = wrap(&receive, &info, secret.0.expose(), entropy)?;
    let act = Act::InviteDevice(InviteDevice { invite: invite.id(), receive, expires_at_ms });
    let entry = statement(account, act, by);
    Ok((entry, InviteWrap { invite: invite.id(), class: Class::Account, wrapped }))
}

/// A device admits itself with an invite. It has seen nothing of the log but its membership, and says so.
pub(crate) fn admit_self(account: &SpaceState, invite: &InviteKeys, keys: &DeviceKeys) -> Entry {
    let act = Act::AdmitDevice(AdmitDevice::by_invite(keys, invite, account.space()));
    let at = Place { counter: 1, prev: EntryHash::ZERO, seen: Position::START };
    statement(account, act, By { keys, at })
}

/// A device of the account admits another: the recovery phrase, on behalf of a new phone.
pub(crate) fn admit_device(account: &SpaceState, device: &DeviceKeys, by: By<'_>) -> Entry {
    statement(account, Act::AdmitDevice(AdmitDevice::by_consent(device, account.space())), by)
}

/// Revokes a device of the account: its word ends at its last entry, and the account gets a new secret,
/// which the invites that stay open get too.
pub(crate) fn revoke_device(
    account: &SpaceState,
    device: DeviceId,
    secret: &AccountSecret,
    by: By<'_>,
    entropy: &mut dyn Entropy,
) -> Result<(Entry, Vec<InviteWrap>), NotMade> {
    let state = account.as_account().ok_or(NotMade::UnknownAccount(account.space()))?;
    let staying: Vec<_> = state.active().filter(|d| d.device != device).cloned().collect();
    let next = AccountSecret(Secret32::random(entropy));
    let number = state.epoch().number + 1;
    let epoch = AccountEpoch::create(number, &next, Some(secret), &staying, entropy)?;
    let wraps = state
        .invites
        .iter()
        .filter(|(_, open)| open.by != device)
        .map(|(invite, open)| {
            let info = invite_wrap_info(account.space(), *invite);
            let wrapped = wrap(&open.receive, &info, next.0.expose(), entropy)?;
            Ok(InviteWrap { invite: *invite, class: Class::Account, wrapped })
        })
        .collect::<Result<_, WrapError>>()?;
    let cut: Cut = account.tip(&device);
    let act = Act::RevokeDevice(RevokeDevice { device, cut, epoch });
    Ok((statement(account, act, by), wraps))
}

/// The devices of an account that it has revoked and whose word a chart has not ended yet.
pub(crate) fn uncut<'a>(
    chart: &'a SpaceState,
    account: &'a SpaceState,
) -> impl Iterator<Item = DeviceId> + 'a {
    let cuts = chart.as_chart().map(|chart| &chart.cuts);
    account.as_account().into_iter().flat_map(|account| &account.devices).filter_map(
        move |(device, known)| {
            let cut = cuts.is_none_or(|cuts| cuts.contains_key(device));
            (known.revoked.is_some() && !cut).then_some(*device)
        },
    )
}
