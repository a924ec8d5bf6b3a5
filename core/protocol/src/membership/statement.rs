//! Membership statements: the readable, signed bodies that say who may do what. Each names the head it was
//! made on, so that a lost race is noticed and thought through again.

use minicbor::{Decode, Encode};
use subtle::ConstantTimeEq;

use super::chart_statement::{
    AdmitMember, ChangeGrant, CloseInvite, ConfirmMember, InviteMember, KeepKeys, Leave,
    RemoveMember,
};
use crate::epoch::{AccountEpoch, ClassEpoch};
use crate::ids::{AccountId, DeviceId, EntryHash, InviteId};
use crate::keys::{
    DeviceCertificate, DeviceKeys, DeviceKind, InviteKeys, ReceiveKey, Sig, Signed, verify,
};
use crate::wire::{Malformed, decode, encode};

/// Starts an account: its first device and the recovery phrase.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct AccountGenesis {
    /// See [`Self::nonce_of`].
    #[cbor(n(0), with = "minicbor::bytes")]
    pub nonce: [u8; 16],
    /// The devices: the one that signs, then the paper one.
    #[n(1)]
    pub devices: Vec<DeviceCertificate>,
    /// The first epoch.
    #[n(2)]
    pub epoch: AccountEpoch,
}

impl AccountGenesis {
    /// The nonce of the account that `author` founds with a recovery phrase: a code that only the phrase's
    /// holder can compute. Without it, a relay could found an account of its own around the phrase's public
    /// key and lead a recovered device into it.
    #[must_use]
    pub fn nonce_of(paper: &DeviceKeys, author: DeviceId) -> [u8; 16] {
        let code = paper.seed().derive(&[b"account nonce", &author.0]);
        let mut nonce = [0; 16];
        nonce.copy_from_slice(&code.expose()[..16]);
        nonce
    }

    /// Whether `author` founded this account together with the holder of this recovery phrase. A device that
    /// recovers must ask before it trusts the account it was led to.
    #[must_use]
    pub fn is_of(&self, paper: &DeviceKeys, author: DeviceId) -> bool {
        let expected = Self::nonce_of(paper, author);
        bool::from(expected.ct_eq(&self.nonce))
            && self.devices.iter().any(|d| d.device == paper.id())
    }
}

/// Opens an invite for one more device.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct InviteDevice {
    /// The invite.
    #[n(0)]
    pub invite: InviteId,
    /// Its receiver, so that a rotation can wrap the new secret for it.
    #[n(1)]
    pub receive: ReceiveKey,
    /// When it ends, in milliseconds since 1970, by the relay's clock.
    #[n(2)]
    pub expires_at_ms: u64,
}

/// The word of an invite's holder for the device it admits.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct InviteProof {
    /// The invite.
    #[n(0)]
    pub invite: InviteId,
    /// Its signature over account and device.
    #[n(1)]
    pub signature: Sig,
}

impl InviteProof {
    /// Proves that the holder of the invite admits this device.
    #[must_use]
    pub fn sign(keys: &InviteKeys, account: AccountId, device: DeviceId) -> Self {
        Self { invite: keys.id(), signature: keys.sign(Signed::Invite, &[&account.0, &device.0]) }
    }

    /// Whether it holds.
    #[must_use]
    pub fn is_valid(&self, account: AccountId, device: DeviceId) -> bool {
        verify(&self.invite.0, Signed::Invite, &[&account.0, &device.0], &self.signature)
    }
}

/// Admits a device. Signed by the device itself with an invite's proof, or by a device of the account.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct AdmitDevice {
    /// The device.
    #[n(0)]
    pub device: DeviceCertificate,
    /// The invite's proof, when the device admits itself.
    #[n(1)]
    pub proof: Option<InviteProof>,
    /// The device's own word that it belongs to this account, when another device admits it: else an account
    /// could claim somebody else's device, and with it what that device writes.
    #[n(2)]
    pub consent: Option<Sig>,
}

impl AdmitDevice {
    /// A device that admits itself with an invite.
    #[must_use]
    pub fn by_invite(keys: &DeviceKeys, invite: &InviteKeys, account: AccountId) -> Self {
        let proof = Some(InviteProof::sign(invite, account, keys.id()));
        Self { device: keys.certificate(DeviceKind::Machine), proof, consent: None }
    }

    /// A device that a device of the account is to admit.
    #[must_use]
    pub fn by_consent(keys: &DeviceKeys, account: AccountId) -> Self {
        let consent = Some(Self::consent(keys, account));
        Self { device: keys.certificate(DeviceKind::Machine), proof: None, consent }
    }

    fn consent(keys: &DeviceKeys, account: AccountId) -> Sig {
        keys.sign(Signed::Consent, &[&account.0])
    }

    /// Whether the device itself wants this.
    #[must_use]
    pub fn has_consent(&self, account: AccountId) -> bool {
        self.consent.as_ref().is_some_and(|consent| {
            verify(&self.device.device.0, Signed::Consent, &[&account.0], consent)
        })
    }
}

/// The last entry of a device that counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct Cut {
    /// Its counter; 0 when nothing of it counts.
    #[n(0)]
    pub counter: u64,
    /// Its hash; zero when nothing of it counts.
    #[n(1)]
    pub entry: EntryHash,
}

impl Cut {
    /// Nothing counts.
    pub const NOTHING: Self = Self { counter: 0, entry: EntryHash::ZERO };
}

/// Revokes a device of the account and rotates the account's secret.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct RevokeDevice {
    /// The device.
    #[n(0)]
    pub device: DeviceId,
    /// Its last entry in the account's space that counts.
    #[n(1)]
    pub cut: Cut,
    /// The new epoch, wrapped for the devices that stay.
    #[n(2)]
    pub epoch: AccountEpoch,
}

/// Starts a chart.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct ChartGenesis {
    /// Makes two charts of one owner different.
    #[cbor(n(0), with = "minicbor::bytes")]
    pub nonce: [u8; 16],
    /// The account that owns it.
    #[n(1)]
    pub owner: AccountId,
    /// The account of the person whose body it is.
    #[n(2)]
    pub subject: AccountId,
    /// The first epoch of every class.
    #[n(3)]
    pub epochs: Vec<ClassEpoch>,
}

/// In a chart, ends the word of a device that its account has revoked, and rotates what the account reads.
/// Any member may issue it for its own devices.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct DeviceCut {
    /// The device.
    #[n(0)]
    pub device: DeviceId,
    /// Its last entry in this chart that counts.
    #[n(1)]
    pub cut: Cut,
    /// New epochs of every class that the account reads.
    #[n(2)]
    pub epochs: Vec<ClassEpoch>,
}

/// What a statement says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    /// Starts an account.
    AccountGenesis(AccountGenesis),
    /// Opens an invite for a device.
    InviteDevice(InviteDevice),
    /// Ends an invite.
    RevokeInvite(InviteId),
    /// Admits a device.
    AdmitDevice(AdmitDevice),
    /// Revokes a device.
    RevokeDevice(RevokeDevice),
    /// Rotates the account's secret.
    RotateAccount(AccountEpoch),
    /// Starts a chart.
    ChartGenesis(ChartGenesis),
    /// Ends a device's word in a chart.
    DeviceCut(DeviceCut),
    /// Rotates keys of classes.
    RotateClasses(Vec<ClassEpoch>),
    /// Opens an invite into a chart.
    InviteMember(InviteMember),
    /// Ends an invite into a chart.
    CloseInvite(CloseInvite),
    /// An account comes into a chart.
    AdmitMember(AdmitMember),
    /// A member keeps the keys it was handed.
    KeepKeys(KeepKeys),
    /// Gives keys to a member after comparing.
    ConfirmMember(ConfirmMember),
    /// Changes what a member may do.
    ChangeGrant(ChangeGrant),
    /// Removes a member.
    RemoveMember(RemoveMember),
    /// A member goes.
    Leave(Leave),
    /// Ends the chart for everybody, for good.
    Close,
    /// A kind that this build does not know: writes freeze until the app is updated.
    Unknown(u16),
}

/// A membership statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// The membership head it was made on; zero in a genesis.
    pub after: EntryHash,
    /// What it says.
    pub act: Act,
}

#[derive(Encode, Decode)]
#[cbor(array)]
struct RawStatement {
    #[n(0)]
    kind: u16,
    #[n(1)]
    after: EntryHash,
    #[cbor(n(2), with = "minicbor::bytes")]
    payload: Vec<u8>,
}

impl Statement {
    /// The readable body.
    ///
    /// # Panics
    /// Never for statements that this build can make; [`Act::Unknown`] encodes without its payload.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let (kind, payload) = match &self.act {
            Act::AccountGenesis(x) => (1, encode(x)),
            Act::InviteDevice(x) => (2, encode(x)),
            Act::RevokeInvite(x) => (3, encode(x)),
            Act::AdmitDevice(x) => (4, encode(x)),
            Act::RevokeDevice(x) => (5, encode(x)),
            Act::RotateAccount(x) => (6, encode(x)),
            Act::ChartGenesis(x) => (32, encode(x)),
            Act::DeviceCut(x) => (33, encode(x)),
            Act::RotateClasses(x) => (34, encode(x)),
            Act::InviteMember(x) => (35, encode(x)),
            Act::CloseInvite(x) => (36, encode(x)),
            Act::AdmitMember(x) => (37, encode(x)),
            Act::KeepKeys(x) => (38, encode(x)),
            Act::ConfirmMember(x) => (39, encode(x)),
            Act::ChangeGrant(x) => (40, encode(x)),
            Act::RemoveMember(x) => (41, encode(x)),
            Act::Leave(x) => (42, encode(x)),
            Act::Close => (43, Vec::new()),
            Act::Unknown(kind) => (*kind, Vec::new()),
        };
        encode(&RawStatement { kind, after: self.after, payload })
    }

    /// Reads a body.
    ///
    /// # Errors
    /// [`Malformed`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Malformed> {
        let raw: RawStatement = decode("membership statement", bytes)?;
        let p = &raw.payload;
        let act = match raw.kind {
            1 => Act::AccountGenesis(decode("account genesis", p)?),
            2 => Act::InviteDevice(decode("device invite", p)?),
            3 => Act::RevokeInvite(decode("invite revocation", p)?),
            4 => Act::AdmitDevice(decode("device admission", p)?),
            5 => Act::RevokeDevice(decode("device revocation", p)?),
            6 => Act::RotateAccount(decode("account rotation", p)?),
            32 => Act::ChartGenesis(decode("chart genesis", p)?),
            33 => Act::DeviceCut(decode("device cut", p)?),
            34 => Act::RotateClasses(decode("class rotation", p)?),
            35 => Act::InviteMember(decode("member invite", p)?),
            36 => Act::CloseInvite(decode("invite closing", p)?),
            37 => Act::AdmitMember(decode("member admission", p)?),
            38 => Act::KeepKeys(decode("kept keys", p)?),
            39 => Act::ConfirmMember(decode("member confirmation", p)?),
            40 => Act::ChangeGrant(decode("grant change", p)?),
            41 => Act::RemoveMember(decode("member removal", p)?),
            42 => Act::Leave(decode("leaving", p)?),
            43 if p.is_empty() => Act::Close,
            43 => return Err(Malformed::NotCanonical("closing")),
            unknown => Act::Unknown(unknown),
        };
        Ok(Self { after: raw.after, act })
    }
}
