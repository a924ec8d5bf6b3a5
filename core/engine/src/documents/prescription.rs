//! Prescriptions: what one device of somebody proposes, each under an id that follows from the device and from
//! what is said. So a version can be neither changed nor said by another device: it would have another id.
//! What a proposal means, and what became of it, is not known here.

use holdfast_domain::ids::{DeviceName, PrescriptionId};
use holdfast_domain::prescription::Prescription;
use serde_json::Value;

use super::document::{Document, MIN_READER, WriteError, Written};
use super::foreign::Shape;
use super::kind::document_kind;

/// What the key of a prescription begins with; its id follows.
const SAID: &str = "rx:";

/// A prescription whose id does not follow from it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "the prescription {id} does not say what its id stands for: a prescription is never changed, and never another's"
)]
pub struct NotAsSaid {
    /// The id it was put under.
    pub id: String,
}

/// What stands at a key.
#[derive(Debug, Clone, PartialEq)]
pub enum Said {
    /// A prescription, with its text as it is stored.
    Prescription(Box<Prescription>, String),
    /// A key of a kind that only newer versions know. It is kept, and passed on, as it is.
    NewerKind,
    /// A prescription that does not read: it is kept and shown by `doctor`.
    Unreadable {
        /// Why.
        reason: String,
    },
}

/// What one device proposes in a chart.
#[derive(Debug, Clone)]
pub struct PrescriptionStrand(Document);

document_kind!(PrescriptionStrand, Shape::Strand);

impl PrescriptionStrand {
    /// Says a prescription as `device`. Gives it with the id that follows, and the change; no change where it was
    /// said before.
    ///
    /// # Errors
    /// [`WriteError`]; nothing is written then.
    pub fn say(
        &mut self,
        prescription: Prescription,
        device: &DeviceName,
    ) -> Result<(Prescription, Option<Written>), WriteError> {
        let text = text_of(&prescription)?;
        let id = id_of(device, &text);
        let written = self.0.put(&format!("{SAID}{id}"), &text)?;
        Ok((Prescription { id, ..prescription }, written))
    }

    /// Everything that stands here, in the order of the keys.
    #[must_use]
    pub fn all(&self) -> Vec<(String, Said)> {
        let keys = self.0.keys().filter(|key| key != MIN_READER);
        let read = |key: String| {
            let said = match key.strip_prefix(SAID) {
                None => Said::NewerKind,
                Some(id) => {
                    let text = self.0.get(&key).map(|held| held.text).unwrap_or_default();
                    read(id, text)
                }
            };
            (key, said)
        };
        keys.map(read).collect()
    }
}

/// Whether every prescription of a document says what its id stands for, clones of the device included. It depends
/// on no order: of two texts under one id at most one ever fits.
///
/// # Errors
/// [`NotAsSaid`]: what brought it is to be quarantined.
pub fn check(document: &Document, device: &DeviceName) -> Result<(), NotAsSaid> {
    for key in document.keys() {
        let Some(id) = key.strip_prefix(SAID) else { continue };
        let held = document.all(&key);
        let fits =
            held.iter().all(|held| !held.editable && id_of(device, &held.text).as_str() == id);
        if !fits || held.is_empty() {
            return Err(NotAsSaid { id: id.chars().take(64).collect() });
        }
    }
    Ok(())
}

/// The id of what a device says: 160 bits, so that nobody finds two texts for one.
fn id_of(device: &DeviceName, text: &str) -> PrescriptionId {
    let mut hasher = blake3::Hasher::new_derive_key("holdfast 1 id of a prescription");
    hasher.update(&(device.as_str().len() as u64).to_le_bytes());
    hasher.update(device.as_str().as_bytes()).update(text.as_bytes());
    let mut id = data_encoding::BASE32_NOPAD.encode(&hasher.finalize().as_bytes()[..20]);
    id.make_ascii_lowercase();
    PrescriptionId::new(id).expect("base32 is an id")
}

/// What is said, without its id.
fn text_of(prescription: &Prescription) -> Result<String, WriteError> {
    let failed = |error: serde_json::Error| WriteError::Automerge(error.to_string());
    let mut value = serde_json::to_value(prescription).map_err(failed)?;
    if let Some(map) = value.as_object_mut() {
        map.remove("id");
    }
    serde_json::to_string(&value).map_err(failed)
}

fn read(id: &str, text: String) -> Said {
    match prescription_of(id, &text) {
        Ok(prescription) => Said::Prescription(Box::new(prescription), text),
        Err(error) => Said::Unreadable { reason: error.to_string() },
    }
}

/// A prescription of its id and its text.
///
/// # Errors
/// When the text is none.
pub fn prescription_of(id: &str, text: &str) -> Result<Prescription, serde_json::Error> {
    let mut value: Value = serde_json::from_str(text)?;
    if let Some(map) = value.as_object_mut() {
        map.insert("id".to_owned(), Value::from(id));
    }
    serde_json::from_value(value)
}

#[cfg(test)]
mod tests {
    use holdfast_domain::routine::Routine;
    use holdfast_domain::units::Moment;

    use super::*;
    use crate::documents::actor::ActorId;
    use crate::documents::foreign;

    const PHONE: ActorId = ActorId([1; 16]);
    const CLONE: ActorId = ActorId([2; 16]);

    fn device(name: &str) -> DeviceName {
        DeviceName::new(name).unwrap()
    }

    fn proposal(name: &str) -> Prescription {
        Prescription {
            id: PrescriptionId::new("none").unwrap(),
            revision: 0,
            routine: Routine::new("r1".parse().unwrap(), name),
            based_on: Some(3),
            based_on_digest: None,
            exercises: Vec::new(),
            reason: Some("slower".into()),
            proposed_at: Moment { utc_ms: 7, offset_s: 0, zone: "Etc/UTC".into() },
            unknown: [("colour".to_owned(), Value::from("blue"))].into_iter().collect(),
        }
    }

    fn take(
        to: &mut PrescriptionStrand,
        written: &Written,
        author: ActorId,
    ) -> Result<(), NotAsSaid> {
        let known = to.0.max_op();
        let checked = foreign::check_changes(&written.bytes, author, known, Shape::Strand).unwrap();
        let mut draft = to.0.clone();
        draft.apply(&checked).unwrap();
        check(&draft, &device("phone"))?;
        to.0 = draft;
        Ok(())
    }

    #[test]
    fn what_is_said_reads_back_whole_under_an_id_that_follows_from_it() {
        let mut strand = PrescriptionStrand::new(PHONE);
        let (said, written) = strand.say(proposal("Hips"), &device("phone")).unwrap();
        assert!(written.is_some());
        let again = PrescriptionStrand::load(&strand.save_nocompress(), CLONE).unwrap();
        let all = again.all();
        assert!(matches!(&all[..], [(_, Said::Prescription(found, _))] if **found == said));
        assert_eq!(check(&again.0, &device("phone")), Ok(()));
        let (twice, nothing) = strand.say(proposal("Hips"), &device("phone")).unwrap();
        assert_eq!((twice.id, nothing), (said.id.clone(), None), "said again it is the same one");
        let mut other = PrescriptionStrand::new(PHONE);
        let (theirs, _) = other.say(proposal("Hips"), &device("tablet")).unwrap();
        assert_ne!(theirs.id, said.id, "another device's has another id");
        assert!(check(&other.0, &device("phone")).is_err());
    }

    #[test]
    fn a_version_that_was_rewritten_is_refused_in_whatever_order_it_comes() {
        let mut phone = PrescriptionStrand::new(PHONE);
        let (said, first) = phone.say(proposal("Hips"), &device("phone")).unwrap();
        let key = format!("{SAID}{}", said.id);
        // By the device itself, afterwards.
        let rewritten = phone.0.put(&key, "{}").unwrap().unwrap();
        let mut ana = PrescriptionStrand::new(ActorId([9; 16]));
        take(&mut ana, &first.clone().unwrap(), PHONE).unwrap();
        assert!(take(&mut ana, &rewritten, PHONE).is_err());
        assert_eq!(ana.all().len(), 1);
        // By a clone of it, at once: heard before or after the true one.
        let mut clone = PrescriptionStrand::new(CLONE);
        let forged = clone.0.put(&key, "{}").unwrap().unwrap();
        assert!(take(&mut ana, &forged, CLONE).is_err());
        let mut other = PrescriptionStrand::new(ActorId([9; 16]));
        assert!(take(&mut other, &forged, CLONE).is_err());
        take(&mut other, &first.unwrap(), PHONE).unwrap();
        assert_eq!(ana.all(), other.all());
    }

    #[test]
    fn what_does_not_read_and_what_is_newer_hide_nothing_else() {
        let mut phone = PrescriptionStrand::new(PHONE);
        phone.say(proposal("Hips"), &device("phone")).unwrap();
        let id = id_of(&device("phone"), "[1]");
        phone.0.put(&format!("{SAID}{id}"), "[1]").unwrap();
        phone.0.put("later:1", "x").unwrap();
        assert_eq!(check(&phone.0, &device("phone")), Ok(()));
        let all = phone.all();
        assert!(all.iter().any(|(_, said)| matches!(said, Said::NewerKind)));
        assert!(all.iter().any(|(_, said)| matches!(said, Said::Unreadable { .. })));
        assert!(all.iter().any(|(_, said)| matches!(said, Said::Prescription(..))));
    }
}
