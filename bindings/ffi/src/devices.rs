//! The devices of an account.

use crate::carried::carried;
use crate::engine::EngineHandle;
use crate::failure::Failure;

/// A device.
#[derive(Debug, Clone, PartialEq, serde::Deserialize, uniffi::Record)]
#[cfg_attr(test, serde(deny_unknown_fields))]
pub struct Device {
    /// Its id, as hex.
    pub device: String,
    /// What it is called; for the recovery phrase, what it is.
    pub name: String,
    /// Whether it is the recovery phrase.
    pub paper: bool,
    /// Whether it is this one.
    #[serde(rename = "this")]
    pub this_device: bool,
    /// `active`, `removal_pending` or `removed`.
    pub standing: String,
}

/// A link that admits one device. It holds a secret: show it, never log it.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct PairingLink {
    /// The link.
    pub link: String,
    /// The same in capitals and digits alone, for a smaller code to scan.
    pub scan: String,
    /// When it ends, in milliseconds since 1970, by the relay's clock.
    pub expires_at_ms: u64,
}

impl std::fmt::Debug for PairingLink {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PairingLink").field("expires_at_ms", &self.expires_at_ms).finish()
    }
}

/// What is known of the recovery phrase. Its words are kept nowhere.
#[derive(Debug, Clone, PartialEq, serde::Deserialize, uniffi::Record)]
#[cfg_attr(test, serde(deny_unknown_fields))]
pub struct RecoveryPhrase {
    /// The device that the phrase stands for, as hex.
    pub device: String,
    /// The relay that is needed besides the phrase; nothing where none is set: then the phrase alone gets nothing back.
    pub relay: Option<String>,
    /// When one of the account's devices last saw the words typed right, in milliseconds since 1970.
    pub checked_at_ms: Option<i64>,
}

#[uniffi::export]
impl EngineHandle {
    /// What is known of the recovery phrase.
    pub async fn recovery(&self) -> Result<RecoveryPhrase, Failure> {
        self.run(|engine| carried(&engine.recovery()?)).await
    }

    /// Checks the words somebody typed against the recovery phrase, and notes that they were right.
    pub async fn check_phrase(&self, phrase: String) -> Result<RecoveryPhrase, Failure> {
        self.run(move |engine| carried(&engine.check_phrase(&phrase)?)).await
    }

    /// The devices of the account, this one first.
    pub async fn devices(&self) -> Result<Vec<Device>, Failure> {
        self.run(|engine| carried(&engine.devices()?)).await
    }

    /// Makes a link that admits one device, valid for so many milliseconds. Needs the relay.
    pub async fn pair(&self, valid_ms: u64) -> Result<PairingLink, Failure> {
        self.run(move |engine| {
            let pairing = engine.pair(valid_ms)?;
            let (link, scan) = (pairing.link.to_string(), pairing.to_scan().to_string());
            Ok(PairingLink { link, scan, expires_at_ms: pairing.expires_at_ms })
        })
        .await
    }

    /// Gives a device a name.
    pub async fn name_device(&self, device: String, name: String) -> Result<(), Failure> {
        self.run(move |engine| engine.name_device(&device, &name)).await
    }

    /// Removes a device from the account.
    pub async fn revoke_device(&self, device: String) -> Result<(), Failure> {
        self.run(move |engine| engine.revoke_device(&device)).await
    }
}
