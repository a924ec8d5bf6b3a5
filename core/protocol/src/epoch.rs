//! Epochs: generations of a space's keys, and the wraps that hand them to those who may read.

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use minicbor::{Decode, Encode};

use crate::entropy::Entropy;
use crate::ids::{AccountId, Class, DeviceId, EntryHash};
use crate::keys::{
    DeviceCertificate, DeviceKeys, ReceiveKey, ReceiveSecret, WRAPPED_SECRET_BYTES, WrapError,
    Wrapped, wrap,
};
use crate::membership::Accounts;
use crate::secret::Secret32;

/// The previous epoch's key, sealed under the new one: who has the newest key can open the history.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(transparent)]
pub struct SealedKey(#[cbor(with = "minicbor::bytes")] pub Vec<u8>);

impl SealedKey {
    /// Whether it has the length of a sealed key: nonce, key, tag.
    pub(crate) fn has_fitting_length(&self) -> bool {
        self.0.len() == 24 + 32 + 16
    }

    fn seal(under: &Secret32, info: &[u8], key: &Secret32, entropy: &mut dyn Entropy) -> Self {
        let mut nonce = [0; 24];
        entropy.fill(&mut nonce);
        let sealed = XChaCha20Poly1305::new(under.derive(&[b"previous key"]).expose().into())
            .encrypt(&XNonce::from(nonce), Payload { msg: key.expose(), aad: info })
            .expect("sealing memory does not fail");
        let mut out = nonce.to_vec();
        out.extend_from_slice(&sealed);
        Self(out)
    }

    fn open(&self, under: &Secret32, info: &[u8]) -> Result<Secret32, WrapError> {
        let (nonce, sealed) = self.0.split_at_checked(24).ok_or(WrapError::DoesNotOpen)?;
        let nonce: [u8; 24] = nonce.try_into().map_err(|_| WrapError::DoesNotOpen)?;
        let plain = XChaCha20Poly1305::new(under.derive(&[b"previous key"]).expose().into())
            .decrypt(&XNonce::from(nonce), Payload { msg: sealed, aad: info })
            .map(zeroize::Zeroizing::new)
            .map_err(|_| WrapError::DoesNotOpen)?;
        Secret32::from_slice(&plain).ok_or(WrapError::DoesNotOpen)
    }
}

/// The account's secret, wrapped for one of its devices.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct DeviceWrap {
    /// The device.
    #[n(0)]
    pub device: DeviceId,
    /// The wrap.
    #[n(1)]
    pub wrapped: Wrapped,
}

/// One generation of an account's secret.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct AccountEpoch {
    /// Counted from 1.
    #[n(0)]
    pub number: u32,
    /// The account's key to receive chart keys in this epoch.
    #[n(1)]
    pub receive: ReceiveKey,
    /// Commitment to the secret.
    #[cbor(n(2), with = "minicbor::bytes")]
    pub commitment: [u8; 32],
    /// One wrap a device.
    #[n(3)]
    pub wraps: Vec<DeviceWrap>,
    /// The previous secret under this one; none in the first epoch.
    #[n(4)]
    pub previous: Option<SealedKey>,
}

/// An account's secret in one epoch. The class key and the receiver derive from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountSecret(pub Secret32);

impl AccountSecret {
    /// The key of the private `account` class.
    #[must_use]
    pub fn class_key(&self) -> Secret32 {
        self.0.derive(&[b"account class"])
    }

    /// The receiver of chart class keys.
    #[must_use]
    pub fn receive(&self) -> ReceiveSecret {
        ReceiveSecret::from_secret(&self.0.derive(&[b"account receive"]))
    }
}

fn account_info(number: u32, commitment: &[u8; 32]) -> Vec<u8> {
    let mut info = b"holdfast 1 account epoch".to_vec();
    info.extend_from_slice(&number.to_le_bytes());
    info.extend_from_slice(commitment);
    info
}

impl AccountEpoch {
    /// Makes an epoch for the devices that stay.
    ///
    /// # Errors
    /// [`WrapError::BadReceiver`] when a device's key is not usable.
    pub fn create(
        number: u32,
        secret: &AccountSecret,
        previous: Option<&AccountSecret>,
        devices: &[DeviceCertificate],
        entropy: &mut dyn Entropy,
    ) -> Result<Self, WrapError> {
        let commitment = secret.0.commitment();
        let info = account_info(number, &commitment);
        let wraps = devices
            .iter()
            .map(|d| {
                wrap(&d.receive, &info, secret.0.expose(), entropy)
                    .map(|wrapped| DeviceWrap { device: d.device, wrapped })
            })
            .collect::<Result<_, _>>()?;
        let previous = previous.map(|old| SealedKey::seal(&secret.0, &info, &old.0, entropy));
        Ok(Self { number, receive: secret.receive().public(), commitment, wraps, previous })
    }

    /// Opens this device's wrap and checks it against the commitment.
    ///
    /// # Errors
    /// [`WrapError::DoesNotOpen`] when there is none, or it holds another secret.
    pub fn open(&self, keys: &DeviceKeys) -> Result<AccountSecret, WrapError> {
        let mine =
            self.wraps.iter().find(|w| w.device == keys.id()).ok_or(WrapError::DoesNotOpen)?;
        let info = account_info(self.number, &self.commitment);
        self.check(keys.receive().unwrap_secret(&info, &mine.wrapped)?)
    }

    /// Opens the previous epoch's secret with this one's.
    ///
    /// # Errors
    /// [`WrapError::DoesNotOpen`].
    pub fn open_previous(&self, secret: &AccountSecret) -> Result<AccountSecret, WrapError> {
        let info = account_info(self.number, &self.commitment);
        self.previous
            .as_ref()
            .ok_or(WrapError::DoesNotOpen)?
            .open(&secret.0, &info)
            .map(AccountSecret)
    }

    /// Takes a secret from elsewhere (an invite's wrap) if it is the one committed to, and the receiver that
    /// the epoch publishes is the one derived from it: else others would wrap for a key that nobody here has.
    ///
    /// # Errors
    /// [`WrapError::DoesNotOpen`] when it is another.
    pub fn check(&self, secret: Secret32) -> Result<AccountSecret, WrapError> {
        let secret = AccountSecret(secret);
        if secret.0.commitment() == self.commitment && secret.receive().public() == self.receive {
            Ok(secret)
        } else {
            Err(WrapError::DoesNotOpen)
        }
    }

    /// Whether all keys in it have a key's length, and others can wrap for its receiver.
    pub(crate) fn has_fitting_keys(&self) -> bool {
        self.receive.is_usable()
            && self.wraps.iter().all(|w| w.wrapped.0.len() == WRAPPED_SECRET_BYTES)
            && self.previous.as_ref().is_none_or(SealedKey::has_fitting_length)
    }
}

/// A class key, wrapped for one account.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct AccountWrap {
    /// The account.
    #[n(0)]
    pub account: AccountId,
    /// The account's epoch whose receiver can open it.
    #[n(1)]
    pub account_epoch: u32,
    /// The account's membership that was known; the relay refuses a wrap made for an older one.
    #[n(2)]
    pub account_membership: EntryHash,
    /// The wrap.
    #[n(3)]
    pub wrapped: Wrapped,
}

impl AccountWrap {
    /// Whether it was made for the account as it is now. A revoked phone could open an older one.
    pub(crate) fn is_current(&self, accounts: &dyn Accounts) -> bool {
        accounts.account(&self.account).is_some_and(|space| {
            space.membership_head() == self.account_membership
                && space.as_account().is_some_and(|a| a.epoch().number == self.account_epoch)
        })
    }

    /// Whether it has a wrapped key's length.
    pub(crate) fn has_fitting_length(&self) -> bool {
        self.wrapped.0.len() == WRAPPED_SECRET_BYTES
    }
}

/// One generation of a class's key in a chart.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct ClassEpoch {
    /// The class.
    #[n(0)]
    pub class: Class,
    /// Counted from 1.
    #[n(1)]
    pub number: u32,
    /// Commitment to the key.
    #[cbor(n(2), with = "minicbor::bytes")]
    pub commitment: [u8; 32],
    /// One wrap for each account that reads the class.
    #[n(3)]
    pub wraps: Vec<AccountWrap>,
    /// The previous key under this one; none in the first epoch.
    #[n(4)]
    pub previous: Option<SealedKey>,
}

/// An account that a class key is wrapped for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reader {
    /// The account.
    pub account: AccountId,
    /// Its current epoch.
    pub epoch: u32,
    /// Its membership head.
    pub membership: EntryHash,
    /// Its receiver in that epoch.
    pub receive: ReceiveKey,
}

fn class_info(class: Class, number: u32, commitment: &[u8; 32]) -> Vec<u8> {
    let mut info = b"holdfast 1 class epoch".to_vec();
    info.push(class as u8);
    info.extend_from_slice(&number.to_le_bytes());
    info.extend_from_slice(commitment);
    info
}

impl ClassEpoch {
    /// Makes an epoch for the accounts that may read the class.
    ///
    /// # Errors
    /// [`WrapError::BadReceiver`] when an account's key is not usable.
    pub fn create(
        class: Class,
        number: u32,
        key: &Secret32,
        previous: Option<&Secret32>,
        readers: &[Reader],
        entropy: &mut dyn Entropy,
    ) -> Result<Self, WrapError> {
        let commitment = key.commitment();
        let info = class_info(class, number, &commitment);
        let wraps = readers
            .iter()
            .map(|r| {
                wrap(&r.receive, &info, key.expose(), entropy).map(|wrapped| AccountWrap {
                    account: r.account,
                    account_epoch: r.epoch,
                    account_membership: r.membership,
                    wrapped,
                })
            })
            .collect::<Result<_, _>>()?;
        let previous = previous.map(|old| SealedKey::seal(key, &info, old, entropy));
        Ok(Self { class, number, commitment, wraps, previous })
    }

    /// Whether all keys in it have a key's length.
    pub(crate) fn has_fitting_keys(&self) -> bool {
        self.wraps.iter().all(AccountWrap::has_fitting_length)
            && self.previous.as_ref().is_none_or(SealedKey::has_fitting_length)
    }

    /// Wraps this epoch's key for one more reader, who got it another way.
    ///
    /// # Errors
    /// [`WrapError::BadReceiver`] when the account's key is not usable.
    pub fn wrap_for(
        &self,
        key: &Secret32,
        reader: &Reader,
        entropy: &mut dyn Entropy,
    ) -> Result<AccountWrap, WrapError> {
        let info = class_info(self.class, self.number, &self.commitment);
        let wrapped = wrap(&reader.receive, &info, key.expose(), entropy)?;
        Ok(AccountWrap {
            account: reader.account,
            account_epoch: reader.epoch,
            account_membership: reader.membership,
            wrapped,
        })
    }

    /// Opens the wrap for `account` with the secret of the account's epoch it cites.
    ///
    /// # Errors
    /// [`WrapError::DoesNotOpen`].
    pub fn open(&self, account: AccountId, secret: &AccountSecret) -> Result<Secret32, WrapError> {
        let mine =
            self.wraps.iter().find(|w| w.account == account).ok_or(WrapError::DoesNotOpen)?;
        let info = class_info(self.class, self.number, &self.commitment);
        let key = secret.receive().unwrap_secret(&info, &mine.wrapped)?;
        if key.commitment() == self.commitment { Ok(key) } else { Err(WrapError::DoesNotOpen) }
    }

    /// Opens the previous epoch's key with this one's.
    ///
    /// # Errors
    /// [`WrapError::DoesNotOpen`].
    pub fn open_previous(&self, key: &Secret32) -> Result<Secret32, WrapError> {
        let info = class_info(self.class, self.number, &self.commitment);
        self.previous.as_ref().ok_or(WrapError::DoesNotOpen)?.open(key, &info)
    }
}
