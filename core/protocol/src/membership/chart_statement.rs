//! What is said in a chart's membership about people: invites, admissions, grants, removals. Every statement
//! that takes something away brings the new keys along, so that it is in force at once.

use minicbor::{Decode, Encode};

use super::grant::Grant;
use super::greeting::Greeting;
use super::statement::Cut;
use crate::epoch::{AccountWrap, ClassEpoch};
use crate::ids::{AccountId, Class, DeviceId, EntryHash, InviteId, SpaceId};
use crate::keys::{InviteKeys, ReceiveKey, Sig, Signed, verify};

/// Opens an invite into a chart. By an owner.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct InviteMember {
    /// The invite.
    #[n(0)]
    pub invite: InviteId,
    /// Its receiver, so that a rotation can wrap new keys for it.
    #[n(1)]
    pub receive: ReceiveKey,
    /// What it gives.
    #[n(2)]
    pub grant: Grant,
    /// When the invite itself ends, in milliseconds since 1970, by the relay's clock.
    #[n(3)]
    pub expires_at_ms: u64,
    /// Set when keys are given only after the owner has compared the safety phrase: then no key is ever
    /// wrapped for the invite.
    #[n(4)]
    pub confirm_first: bool,
    /// The account that opens it.
    #[n(5)]
    pub by: AccountId,
}

/// Ends an invite before it was used: taken back, or past its end. By an owner.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct CloseInvite {
    /// The invite.
    #[n(0)]
    pub invite: InviteId,
    /// New epochs of every class whose key was wrapped for it: a relay in league with the link's holder may
    /// have handed them out.
    #[n(1)]
    pub epochs: Vec<ClassEpoch>,
}

/// The word of an invite's holder for the account that comes in with it.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct MemberProof {
    /// The invite.
    #[n(0)]
    pub invite: InviteId,
    /// Its signature over chart, account and the device that says so.
    #[n(1)]
    pub signature: Sig,
}

impl MemberProof {
    /// Proves that the holder of the invite brings this account into this chart.
    #[must_use]
    pub fn sign(keys: &InviteKeys, chart: SpaceId, account: AccountId, device: DeviceId) -> Self {
        let parts: [&[u8]; 3] = [&chart.0, &account.0, &device.0];
        Self { invite: keys.id(), signature: keys.sign(Signed::MemberInvite, &parts) }
    }

    /// Whether it holds.
    #[must_use]
    pub fn is_valid(&self, chart: SpaceId, account: AccountId, device: DeviceId) -> bool {
        let parts: [&[u8]; 3] = [&chart.0, &account.0, &device.0];
        verify(&self.invite.0, Signed::MemberInvite, &parts, &self.signature)
    }
}

/// An account comes into a chart with an invite. Signed by a device of that account.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct AdmitMember {
    /// The account.
    #[n(0)]
    pub account: AccountId,
    /// The head of the account's own membership: what the owner sees of it must reach at least this far.
    #[n(1)]
    pub account_membership: EntryHash,
    /// The invite's proof.
    #[n(2)]
    pub proof: MemberProof,
    /// What it wants to be called, for those who take part; nothing where it says no name.
    #[n(3)]
    pub greetings: Option<Vec<Greeting>>,
}

/// A class key that an account keeps for its own devices.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct KeptKey {
    /// The class.
    #[n(0)]
    pub class: Class,
    /// The class's current epoch.
    #[n(1)]
    pub epoch: u32,
    /// The key, wrapped for the account that says this.
    #[n(2)]
    pub wrap: AccountWrap,
}

/// A member that came in with an invite wraps the keys it was handed for its own account, so that its other
/// devices find them where everybody finds theirs.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct KeepKeys {
    /// The keys.
    #[n(0)]
    pub keys: Vec<KeptKey>,
}

/// The owner has compared the safety phrase with a member that was admitted without keys, and gives them.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct ConfirmMember {
    /// The member.
    #[n(0)]
    pub account: AccountId,
    /// New epochs of every class that the member may read from now on.
    #[n(1)]
    pub epochs: Vec<ClassEpoch>,
}

/// Changes what a member may do. By an owner.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct ChangeGrant {
    /// The member.
    #[n(0)]
    pub account: AccountId,
    /// What it may do from now on.
    #[n(1)]
    pub grant: Grant,
    /// Where something is taken away: the last entry that counts of each device of the member that wrote here.
    #[n(2)]
    pub cuts: Vec<DeviceEnd>,
    /// New epochs of every class that the member begins or ceases to read.
    #[n(3)]
    pub epochs: Vec<ClassEpoch>,
}

/// Removes a member. By an owner.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct RemoveMember {
    /// The member.
    #[n(0)]
    pub account: AccountId,
    /// The last entry that counts of each of its devices that wrote here.
    #[n(1)]
    pub cuts: Vec<DeviceEnd>,
    /// New epochs of every class whose key it had, or an invite of its making.
    #[n(2)]
    pub epochs: Vec<ClassEpoch>,
}

/// A member goes of its own accord. New keys are the owner's to make: whoever leaves must not know them.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct Leave {
    /// The account that goes.
    #[n(0)]
    pub account: AccountId,
    /// The last entry that counts of each of its devices that wrote here.
    #[n(1)]
    pub cuts: Vec<DeviceEnd>,
}

/// Where the word of a device ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct DeviceEnd {
    /// The device.
    #[n(0)]
    pub device: DeviceId,
    /// Its last entry that counts.
    #[n(1)]
    pub cut: Cut,
}
