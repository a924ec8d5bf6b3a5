//! Names on the wire. Each is its own type, so that a device never stands where a space is meant.

use std::fmt;

use minicbor::{Decode, Encode};

macro_rules! byte_id {
    ($(#[$doc:meta])* $name:ident, $len:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
        #[cbor(transparent)]
        pub struct $name(#[cbor(with = "minicbor::bytes")] pub [u8; $len]);

        impl $name {
            /// All zeros: "none yet".
            pub const ZERO: Self = Self([0; $len]);

            /// Whether this is the "none yet" value.
            #[must_use]
            pub fn is_zero(&self) -> bool {
                *self == Self::ZERO
            }

            /// The bytes.
            #[must_use]
            pub const fn as_bytes(&self) -> &[u8; $len] {
                &self.0
            }

            /// Lower-case hex.
            #[must_use]
            pub fn to_hex(&self) -> String {
                data_encoding::HEXLOWER.encode(&self.0)
            }

            /// Reads lower-case hex of the right length.
            #[must_use]
            pub fn from_hex(text: &str) -> Option<Self> {
                let bytes = data_encoding::HEXLOWER.decode(text.as_bytes()).ok()?;
                bytes.try_into().ok().map(Self)
            }

            /// Takes a slice of the right length.
            #[must_use]
            pub fn from_slice(bytes: &[u8]) -> Option<Self> {
                bytes.try_into().ok().map(Self)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let hex = data_encoding::HEXLOWER.encode(&self.0[..self.0.len().min(6)]);
                write!(f, "{}({hex}…)", stringify!($name))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.to_hex())
            }
        }
    };
}

byte_id! {
    /// A device: its Ed25519 public key.
    DeviceId, 32
}
byte_id! {
    /// A space: the hash of its genesis entry. An account and a chart are both spaces.
    SpaceId, 32
}
byte_id! {
    /// The hash of one entry, see [`crate::entry::Entry::hash`].
    EntryHash, 32
}
byte_id! {
    /// The hash over a log up to one sequence number: `Rₙ = H(Rₙ₋₁ ‖ entry hash)`.
    RunningHash, 32
}
byte_id! {
    /// The author of CRDT changes, see [`crate::attest::actor_id`].
    ActorId, 16
}
byte_id! {
    /// One life of a relay's store. A restored relay starts a new one.
    Generation, 16
}
byte_id! {
    /// An invite: its Ed25519 public key.
    InviteId, 32
}
byte_id! {
    /// A session that several devices do together, live. Whoever leads it first makes it up.
    LiveId, 16
}

/// An account is a space of devices.
pub type AccountId = SpaceId;

/// A position in a space's log. The genesis entry has sequence 1.
pub type Seq = u64;

/// What a grant can give apart; each class has its own key per epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
#[cbor(index_only)]
pub enum Class {
    /// Who may do what. Readable by the relay, and signed.
    #[n(0)]
    Membership,
    /// The private document of an account: chart directory, contacts, settings.
    #[n(1)]
    Account,
    /// Routines, schedule, goals, own exercises.
    #[n(2)]
    Plan,
    /// Sessions, holds, self-tests, habits, events.
    #[n(3)]
    Log,
    /// Messages between members, private text.
    #[n(4)]
    Notes,
    /// Versions a therapist proposes.
    #[n(5)]
    Prescription,
    /// Pregnancy, conditions, affected side.
    #[n(6)]
    Profile,
}

impl Class {
    /// The classes of a chart that carry sealed content.
    pub const CHART: [Self; 5] =
        [Self::Plan, Self::Log, Self::Notes, Self::Prescription, Self::Profile];

    /// The class with this number.
    #[must_use]
    pub fn from_number(number: u8) -> Option<Self> {
        [&[Self::Membership, Self::Account], Self::CHART.as_slice()]
            .concat()
            .into_iter()
            .find(|class| *class as u8 == number)
    }
}
