//! The state of an account: its devices, its epochs, its open invites.

use std::collections::{BTreeMap, BTreeSet};

use minicbor::{Decode, Encode};

use super::refusal::{NotAccepted, Refusal};
use super::space::Judge;
use super::statement::{AccountGenesis, Act, AdmitDevice, Cut};
use crate::epoch::AccountEpoch;
use crate::ids::{AccountId, DeviceId, InviteId};
use crate::keys::{DeviceCertificate, DeviceKind, ReceiveKey};

/// The most devices an account may ever have had.
pub const MAX_DEVICES: usize = 64;
/// The most invites that may be open at once.
pub const MAX_OPEN_INVITES: usize = 16;

/// A device of an account.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct AccountDevice {
    /// Its keys.
    #[n(0)]
    pub certificate: DeviceCertificate,
    /// Set once it was revoked: the last of its entries in the account's space that counts.
    #[n(1)]
    pub revoked: Option<Cut>,
}

/// An invite that no device has used yet.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct OpenInvite {
    /// Its receiver.
    #[n(0)]
    pub receive: ReceiveKey,
    /// When it ends, in milliseconds since 1970.
    #[n(1)]
    pub expires_at_ms: u64,
    /// The device that opened it. When that device is revoked, the invite is void: whoever stole the
    /// phone must not come back through an invite made on it.
    #[n(2)]
    pub by: DeviceId,
}

/// The membership of an account.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct AccountState {
    /// Every device it ever had.
    #[n(0)]
    pub devices: BTreeMap<DeviceId, AccountDevice>,
    /// Every epoch, in order; the last is current.
    #[n(1)]
    pub epochs: Vec<AccountEpoch>,
    /// Invites that are open.
    #[n(2)]
    pub invites: BTreeMap<InviteId, OpenInvite>,
    /// Invites that were used.
    #[n(3)]
    pub used: BTreeSet<InviteId>,
}

impl AccountState {
    pub(super) fn genesis(author: DeviceId, genesis: &AccountGenesis) -> Result<Self, NotAccepted> {
        // The one that signs and the paper one: counted before any signature is looked at.
        let kinds: Vec<_> = genesis.devices.iter().take(3).map(|d| d.kind).collect();
        if kinds != [DeviceKind::Machine, DeviceKind::Paper] {
            return Err(Refusal::BadStatement.into());
        }
        let mut devices = BTreeMap::new();
        for certificate in &genesis.devices {
            if !certificate.is_valid() {
                return Err(Refusal::BadStatement.into());
            }
            let device = AccountDevice { certificate: certificate.clone(), revoked: None };
            if devices.insert(certificate.device, device).is_some() {
                return Err(Refusal::BadStatement.into());
            }
        }
        let machine =
            devices.get(&author).is_some_and(|d| d.certificate.kind == DeviceKind::Machine);
        if !machine || genesis.epoch.previous.is_some() {
            return Err(Refusal::BadStatement.into());
        }
        let state =
            Self { devices, epochs: Vec::new(), invites: BTreeMap::new(), used: BTreeSet::new() };
        state.check_epoch(&genesis.epoch, None)?;
        Ok(Self { epochs: vec![genesis.epoch.clone()], ..state })
    }

    /// The current epoch.
    #[must_use]
    pub fn epoch(&self) -> &AccountEpoch {
        self.epochs.last().expect("an account starts with an epoch")
    }

    /// Whether a device may act for this account now.
    #[must_use]
    pub fn is_active(&self, device: &DeviceId) -> bool {
        self.devices.get(device).is_some_and(|d| d.revoked.is_none())
    }

    /// Whether a device is the recovery phrase, which signs membership statements of its account and nothing
    /// else: it admits a machine, and the machine goes on.
    #[must_use]
    pub fn is_paper(&self, device: &DeviceId) -> bool {
        self.devices.get(device).is_some_and(|d| d.certificate.kind == DeviceKind::Paper)
    }

    /// The devices that may act, the paper one among them.
    pub fn active(&self) -> impl Iterator<Item = &DeviceCertificate> {
        self.devices.values().filter(|d| d.revoked.is_none()).map(|d| &d.certificate)
    }

    /// A new epoch has the next number, a previous key, and a wrap for each device that stays, no more.
    fn check_epoch(
        &self,
        epoch: &AccountEpoch,
        leaving: Option<&DeviceId>,
    ) -> Result<(), NotAccepted> {
        let next = self.epochs.last().map_or(1, |e| e.number + 1);
        if epoch.number != next || epoch.previous.is_some() != (next > 1) {
            return Err(Refusal::BadStatement.into());
        }
        let staying: BTreeSet<_> =
            self.active().map(|d| d.device).filter(|d| Some(d) != leaving).collect();
        let wrapped: BTreeSet<_> = epoch.wraps.iter().map(|w| w.device).collect();
        let exact = staying == wrapped && wrapped.len() == epoch.wraps.len();
        if staying.is_empty() || !exact || !epoch.has_fitting_keys() {
            return Err(Refusal::BadWraps.into());
        }
        Ok(())
    }

    /// Whether a device that is not a member yet admits itself with an open invite.
    pub(super) fn check_self_admission(
        &self,
        account: AccountId,
        author: DeviceId,
        admit: &AdmitDevice,
        judge: Judge,
    ) -> Result<(), NotAccepted> {
        let proof = admit.proof.as_ref().ok_or(Refusal::NotAMember)?;
        if self.used.contains(&proof.invite) {
            return Err(Refusal::InviteUsed.into());
        }
        let invite = self.invites.get(&proof.invite).ok_or(Refusal::InviteGone)?;
        // Only the relay's clock decides about the end of an invite; at a log position there is no clock.
        if matches!(judge, Judge::Relay { now_ms } if now_ms >= invite.expires_at_ms) {
            return Err(Refusal::InviteGone.into());
        }
        if admit.device.device != author || !proof.is_valid(account, author) {
            return Err(Refusal::BadSignature.into());
        }
        self.check_new_device(&admit.device)
    }

    fn check_new_device(&self, certificate: &DeviceCertificate) -> Result<(), NotAccepted> {
        let fits = certificate.is_valid()
            && certificate.kind == DeviceKind::Machine
            && !self.devices.contains_key(&certificate.device)
            && self.devices.len() < MAX_DEVICES;
        if fits { Ok(()) } else { Err(Refusal::BadStatement.into()) }
    }

    /// Judges an act of an active device. `is_tip` says whether a cut names a device's last entry in this space,
    /// as far as the judge knows it.
    pub(super) fn check(
        &self,
        account: AccountId,
        act: &Act,
        author: DeviceId,
        is_tip: impl Fn(&DeviceId, Cut) -> bool,
    ) -> Result<(), NotAccepted> {
        match act {
            Act::InviteDevice(invite) => {
                let known =
                    self.invites.contains_key(&invite.invite) || self.used.contains(&invite.invite);
                if known
                    || self.invites.len() >= MAX_OPEN_INVITES
                    || self.is_paper(&author)
                    || !invite.receive.is_usable()
                {
                    return Err(Refusal::BadStatement.into());
                }
                Ok(())
            }
            Act::RevokeInvite(invite) if self.used.contains(invite) => {
                Err(Refusal::InviteUsed.into())
            }
            Act::RevokeInvite(invite) if !self.invites.contains_key(invite) => {
                Err(Refusal::InviteGone.into())
            }
            Act::RevokeInvite(_) => Ok(()),
            Act::AdmitDevice(admit) if admit.proof.is_none() => {
                if !admit.has_consent(account) {
                    return Err(Refusal::BadSignature.into());
                }
                self.check_new_device(&admit.device)
            }
            Act::RevokeDevice(revoke) => {
                if !self.is_active(&revoke.device) || revoke.device == author {
                    return Err(Refusal::BadStatement.into());
                }
                if !is_tip(&revoke.device, revoke.cut) {
                    return Err(NotAccepted::StaleCut);
                }
                self.check_epoch(&revoke.epoch, Some(&revoke.device))
            }
            Act::RotateAccount(epoch) => self.check_epoch(epoch, None),
            Act::Unknown(_) => Err(Refusal::UnknownStatement.into()),
            _ => Err(Refusal::BadStatement.into()),
        }
    }

    /// Applies an act of `author` that was judged good.
    pub(super) fn apply(&mut self, act: &Act, author: DeviceId) {
        match act {
            Act::InviteDevice(invite) => {
                let open = OpenInvite {
                    receive: invite.receive,
                    expires_at_ms: invite.expires_at_ms,
                    by: author,
                };
                self.invites.insert(invite.invite, open);
            }
            Act::RevokeInvite(invite) => {
                self.invites.remove(invite);
            }
            Act::AdmitDevice(admit) => {
                if let Some(proof) = &admit.proof {
                    self.invites.remove(&proof.invite);
                    self.used.insert(proof.invite);
                }
                let device = AccountDevice { certificate: admit.device.clone(), revoked: None };
                self.devices.insert(admit.device.device, device);
            }
            Act::RevokeDevice(revoke) => {
                if let Some(device) = self.devices.get_mut(&revoke.device) {
                    device.revoked = Some(revoke.cut);
                }
                self.invites.retain(|_, invite| invite.by != revoke.device);
                self.epochs.push(revoke.epoch.clone());
            }
            Act::RotateAccount(epoch) => self.epochs.push(epoch.clone()),
            _ => {}
        }
    }
}
