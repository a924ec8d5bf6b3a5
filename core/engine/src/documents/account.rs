//! The account document: what a person's own devices share about the account and nobody else reads.
//! Charts, contacts, device names and settings at flat keys, each one atomic JSON value. It holds no keys and
//! no records.

use std::collections::BTreeMap;

use holdfast_protocol::ids::{AccountId, DeviceId, Generation, InviteId, SpaceId};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::document::{Document, MIN_READER, WriteError, Written};
use super::foreign::Shape;
use super::kind::document_kind;
pub use crate::audit::ExportNote;
pub use crate::erasure::Grave;

const CHART: &str = "chart/";
const CONTACT: &str = "contact/";
const VERIFIED: &str = "verified/";
const DEVICE: &str = "device/";
const INVITED: &str = "invited/";
const EXPORT: &str = "export/";
const GRAVE: &str = "grave/";
const RELAY_LIFE: &str = "relay_life/";
const NAME: &str = "setting/name";
const ZONE: &str = "setting/zone";
const DAY_START: &str = "setting/day_start";
const PHRASE_CHECKED: &str = "setting/phrase_checked";

/// A chart that the account takes part in. Key `chart/ID`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChartEntry {
    /// What the person calls it.
    pub name: String,
    /// What the account is there: `owner`, `partner`, `therapist`, `viewer`. For showing only; what
    /// counts is the chart's membership.
    pub role: String,
    /// Whose it is: an account as hex. For showing only, as the role.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub whose: Option<String>,
    /// Whether the account has left it, or put it away.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub hidden: bool,
    /// What a newer version wrote and this one does not know.
    #[serde(flatten)]
    pub unknown: serde_json::Map<String, Value>,
}

impl ChartEntry {
    /// A chart in use.
    #[must_use]
    pub fn new(name: impl Into<String>, role: impl Into<String>) -> Self {
        let unknown = serde_json::Map::new();
        Self { name: name.into(), role: role.into(), whose: None, hidden: false, unknown }
    }

    /// The chart of somebody else.
    #[must_use]
    pub fn of(name: impl Into<String>, role: impl Into<String>, whose: AccountId) -> Self {
        Self { whose: Some(whose.to_hex()), ..Self::new(name, role) }
    }
}

/// Somebody this account shares a chart with. Key `contact/ACCOUNT`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contact {
    /// What the person calls them.
    pub name: String,
    /// What a newer version wrote and this one does not know.
    #[serde(flatten)]
    pub unknown: serde_json::Map<String, Value>,
}

impl Contact {
    /// Somebody with whom nothing was compared yet.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), unknown: serde_json::Map::new() }
    }
}

/// That the safety phrase was compared with somebody in a chart, and the words were the same. It speaks of that chart
/// and of the invite that brought two people together, so each chart has a mark of its own. Key
/// `verified/ACCOUNT/CHART`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verified {
    /// The invite, as hex.
    pub invite: String,
    /// When, in milliseconds since 1970.
    pub at_ms: i64,
}

/// The account document as it stands. Where two devices wrote one value at once, one of them
/// stands, the same on every device.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AccountReading {
    /// The charts, by id.
    pub charts: BTreeMap<SpaceId, ChartEntry>,
    /// The people the account shares charts with, by account.
    pub contacts: BTreeMap<AccountId, Contact>,
    /// With whom the safety phrase was compared, and in which chart.
    pub verified: BTreeMap<(AccountId, SpaceId), Verified>,
    /// Whom the person made each invite for.
    pub invited: BTreeMap<InviteId, String>,
    /// What the person calls each device.
    pub device_names: BTreeMap<DeviceId, String>,
    /// The lives of relays' stores, but the first, that the account's devices met, and when that was first
    /// noted, in milliseconds since 1970: a log before one of them may have been another.
    pub relay_lives: BTreeMap<Generation, i64>,
    /// The charts that have ended, by id.
    pub graves: BTreeMap<SpaceId, Grave>,
    /// What the account's devices exported, by a random id.
    pub exports: BTreeMap<String, ExportNote>,
    /// What the person wants to be called; nothing until it is set.
    pub name: Option<String>,
    /// The zone the person lives in, as an IANA name; nothing until it is set.
    pub zone: Option<String>,
    /// When a day starts, in minutes after local midnight; nothing until it is set.
    pub day_start_min: Option<u16>,
    /// When one of the account's devices last saw the recovery phrase typed right, in milliseconds since 1970.
    pub phrase_checked_ms: Option<i64>,
    /// Keys that do not read, with the reason. They are kept as they are.
    pub unreadable: Vec<(String, String)>,
    /// How many keys are of kinds that only newer versions know. They are kept as they are.
    pub newer: usize,
}

/// The account document.
#[derive(Debug, Clone)]
pub struct Account(Document);

document_kind!(Account, Shape::Shared);

impl Account {
    /// Everything in it.
    #[must_use]
    pub fn read(&self) -> AccountReading {
        let mut reading = AccountReading::default();
        for key in self.0.keys().filter(|key| key != MIN_READER) {
            let Some(held) = self.0.get(&key) else { continue };
            if let Err(reason) = reading.take(&key, &held.text) {
                reading.unreadable.push((key, reason));
            }
        }
        reading
    }

    /// Writes a chart into the directory.
    ///
    /// # Errors
    /// [`WriteError`]; nothing is written then.
    pub fn put_chart(
        &mut self,
        chart: SpaceId,
        entry: &ChartEntry,
    ) -> Result<Option<Written>, WriteError> {
        self.put(&format!("{CHART}{chart}"), entry)
    }

    /// Writes down what somebody is called.
    ///
    /// # Errors
    /// [`WriteError`]; nothing is written then.
    pub fn put_contact(
        &mut self,
        account: AccountId,
        contact: &Contact,
    ) -> Result<Option<Written>, WriteError> {
        self.put(&format!("{CONTACT}{account}"), contact)
    }

    /// Writes down that the safety phrase was compared with somebody in a chart.
    ///
    /// # Errors
    /// [`WriteError`]; nothing is written then.
    pub fn put_verified(
        &mut self,
        (account, chart): (AccountId, SpaceId),
        verified: &Verified,
    ) -> Result<Option<Written>, WriteError> {
        self.put(&format!("{VERIFIED}{account}/{chart}"), verified)
    }

    /// Writes down whom an invite is for: an admission brings no name.
    ///
    /// # Errors
    /// [`WriteError`]; nothing is written then.
    pub fn note_invited(
        &mut self,
        invite: InviteId,
        name: &str,
    ) -> Result<Option<Written>, WriteError> {
        self.put(&format!("{INVITED}{invite}"), &name)
    }

    /// Names a device.
    ///
    /// # Errors
    /// [`WriteError`]; nothing is written then.
    pub fn name_device(
        &mut self,
        device: DeviceId,
        name: &str,
    ) -> Result<Option<Written>, WriteError> {
        self.put(&format!("{DEVICE}{device}"), &name)
    }

    /// Notes that a relay's store began another life.
    ///
    /// # Errors
    /// [`WriteError`]; nothing is written then.
    pub fn note_relay_life(
        &mut self,
        life: Generation,
        at_ms: i64,
    ) -> Result<Option<Written>, WriteError> {
        self.put(&format!("{RELAY_LIFE}{}", life.to_hex()), &at_ms)
    }

    /// Notes that a chart has ended.
    ///
    /// # Errors
    /// [`WriteError`]; nothing is written then.
    pub fn put_grave(
        &mut self,
        chart: SpaceId,
        grave: &Grave,
    ) -> Result<Option<Written>, WriteError> {
        self.put(&format!("{GRAVE}{chart}"), grave)
    }

    /// Notes an export.
    ///
    /// # Errors
    /// [`WriteError`]; nothing is written then.
    pub fn note_export(
        &mut self,
        id: &str,
        note: &ExportNote,
    ) -> Result<Option<Written>, WriteError> {
        self.put(&format!("{EXPORT}{id}"), note)
    }

    /// The id of the export that was noted longest ago.
    #[must_use]
    pub fn oldest_export(&self) -> Option<String> {
        let exports = self.read().exports;
        exports.into_iter().min_by_key(|(_, note)| note.at_ms).map(|(id, _)| id)
    }

    /// Sets what the person wants to be called.
    ///
    /// # Errors
    /// [`WriteError`]; nothing is written then.
    pub fn set_name(&mut self, name: &str) -> Result<Option<Written>, WriteError> {
        self.put(NAME, &name)
    }

    /// Sets the zone, an IANA name.
    ///
    /// # Errors
    /// [`WriteError`]; nothing is written then.
    pub fn set_zone(&mut self, zone: &str) -> Result<Option<Written>, WriteError> {
        self.put(ZONE, &zone)
    }

    /// Sets when a day starts, in minutes after local midnight.
    ///
    /// # Errors
    /// [`WriteError`]; nothing is written then.
    pub fn set_day_start(&mut self, minutes: u16) -> Result<Option<Written>, WriteError> {
        self.put(DAY_START, &minutes)
    }

    /// Notes that the recovery phrase was typed right.
    ///
    /// # Errors
    /// [`WriteError`]; nothing is written then.
    pub fn note_phrase_checked(&mut self, at_ms: i64) -> Result<Option<Written>, WriteError> {
        self.put(PHRASE_CHECKED, &at_ms)
    }

    fn put(&mut self, key: &str, value: &impl Serialize) -> Result<Option<Written>, WriteError> {
        let text =
            serde_json::to_string(value).map_err(|e| WriteError::Automerge(e.to_string()))?;
        self.0.put(key, &text)
    }
}

impl AccountReading {
    fn take(&mut self, key: &str, text: &str) -> Result<(), String> {
        fn json<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, String> {
            serde_json::from_str(text).map_err(|e| e.to_string())
        }
        if let Some(id) = key.strip_prefix(CHART) {
            let id = SpaceId::from_hex(id).ok_or("the key names no chart")?;
            self.charts.insert(id, json(text)?);
        } else if let Some(id) = key.strip_prefix(CONTACT) {
            let id = AccountId::from_hex(id).ok_or("the key names no account")?;
            self.contacts.insert(id, json(text)?);
        } else if let Some(pair) = key.strip_prefix(VERIFIED) {
            let pair = pair.split_once('/').and_then(|(account, chart)| {
                Some((AccountId::from_hex(account)?, SpaceId::from_hex(chart)?))
            });
            self.verified.insert(pair.ok_or("the key names no account in a chart")?, json(text)?);
        } else if let Some(id) = key.strip_prefix(DEVICE) {
            let id = DeviceId::from_hex(id).ok_or("the key names no device")?;
            self.device_names.insert(id, json(text)?);
        } else if let Some(id) = key.strip_prefix(INVITED) {
            let id = InviteId::from_hex(id).ok_or("the key names no invite")?;
            self.invited.insert(id, json(text)?);
        } else if let Some(id) = key.strip_prefix(GRAVE) {
            let id = SpaceId::from_hex(id).ok_or("the key names no chart")?;
            self.graves.insert(id, json(text)?);
        } else if let Some(id) = key.strip_prefix(EXPORT) {
            self.exports.insert(id.to_owned(), json(text)?);
        } else if let Some(life) = key.strip_prefix(RELAY_LIFE) {
            let life = Generation::from_hex(life).ok_or("the key names no life of a relay")?;
            self.relay_lives.insert(life, json(text)?);
        } else if key == NAME {
            self.name = Some(json(text)?);
        } else if key == ZONE {
            self.zone = Some(json(text)?);
        } else if key == DAY_START {
            let minutes: u16 = json(text)?;
            if minutes >= 24 * 60 {
                return Err(format!("a day cannot start {minutes} minutes after midnight"));
            }
            self.day_start_min = Some(minutes);
        } else if key == PHRASE_CHECKED {
            self.phrase_checked_ms = Some(json(text)?);
        } else {
            self.newer += 1;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::documents::actor::ActorId;

    const PHONE: ActorId = ActorId([1; 16]);
    const TABLET: ActorId = ActorId([2; 16]);

    fn exchange(a: &mut Account, b: &mut Account, from_a: &[Written], from_b: &[Written]) {
        for written in from_a {
            b.apply_foreign(&written.bytes, a.actor()).unwrap();
        }
        for written in from_b {
            a.apply_foreign(&written.bytes, b.actor()).unwrap();
        }
    }

    #[test]
    fn two_devices_share_charts_names_and_settings() {
        let (mut phone, mut tablet) = (Account::new(PHONE), Account::new(TABLET));
        let (chart, device) = (SpaceId([3; 32]), DeviceId([4; 32]));
        let mut entry = ChartEntry::new("Hips", "owner");
        entry.unknown.insert("colour".into(), Value::from("green"));
        let (hers, ana) = (SpaceId([5; 32]), SpaceId([6; 32]));
        let verified = Verified { invite: "07".repeat(32), at_ms: 1 };
        let contact = Contact::new("Ana");
        let a = [
            phone.put_chart(chart, &entry).unwrap().unwrap(),
            phone.set_zone("Europe/Berlin").unwrap().unwrap(),
        ];
        let b = [
            tablet.name_device(device, "Kitchen tablet").unwrap().unwrap(),
            tablet.set_day_start(180).unwrap().unwrap(),
            tablet.put_chart(hers, &ChartEntry::of("Ana", "partner", ana)).unwrap().unwrap(),
            tablet.put_contact(ana, &contact).unwrap().unwrap(),
            tablet.put_verified((ana, hers), &verified).unwrap().unwrap(),
        ];
        exchange(&mut phone, &mut tablet, &a, &b);
        let reading = phone.read();
        assert_eq!(reading, tablet.read());
        assert_eq!(reading.charts[&chart], entry);
        assert_eq!(reading.charts[&hers].whose, Some(ana.to_hex()));
        assert_eq!(reading.contacts[&ana], contact);
        assert_eq!(reading.verified[&(ana, hers)], verified);
        assert_eq!(reading.device_names[&device], "Kitchen tablet");
        assert_eq!(reading.zone.as_deref(), Some("Europe/Berlin"));
        assert_eq!(reading.day_start_min, Some(180));
        let again = Account::load(&phone.save_nocompress(), PHONE).unwrap();
        assert_eq!(again.read(), reading);
    }

    #[test]
    fn settings_written_at_once_stand_alike_everywhere_and_can_be_settled() {
        let (mut phone, mut tablet) = (Account::new(PHONE), Account::new(TABLET));
        let a = [phone.set_zone("Europe/Berlin").unwrap().unwrap()];
        let b = [tablet.set_zone("Asia/Tokyo").unwrap().unwrap()];
        exchange(&mut phone, &mut tablet, &a, &b);
        let stands = phone.read().zone.unwrap();
        assert_eq!(tablet.read().zone.as_ref(), Some(&stands));
        // Writing again what stands deletes the other: the checks let that pass.
        let settled = [phone.set_zone(&stands).unwrap().unwrap()];
        exchange(&mut phone, &mut tablet, &settled, &[]);
        assert_eq!(tablet.all(ZONE).len(), 1);
        assert_eq!(tablet.read().zone, Some(stands));
    }

    #[test]
    fn a_setting_changed_again_and_again_never_outgrows_what_is_taken_from_elsewhere() {
        let (mut phone, mut tablet) = (Account::new(PHONE), Account::new(TABLET));
        for n in 0..1_200 {
            let written = phone.set_day_start(n % 3 + 1).unwrap().unwrap();
            tablet.apply_foreign(&written.bytes, PHONE).unwrap();
        }
        assert!(phone.save_nocompress().len() < 4_000);
        assert_eq!(Account::load(&phone.save_nocompress(), PHONE).unwrap().read(), tablet.read());
    }

    #[test]
    fn what_does_not_read_is_named_and_the_rest_stands() {
        let mut phone = Account::new(PHONE);
        phone.set_zone("Europe/Berlin").unwrap();
        for (key, text) in
            [("chart/xyz", "{}"), (DAY_START, "9000"), ("device/00", "1"), ("mood", "1")]
        {
            phone.document_mut().put(key, text).unwrap();
        }
        let reading = phone.read();
        assert_eq!(reading.unreadable.len(), 3);
        assert_eq!((reading.newer, reading.zone.is_some()), (1, true));
    }
}
