//! Packs: several documents saved together in place of the changes they cover. Whoever packs them
//! cannot rewrite what others recorded: every author's newest change carries that author's own
//! attestation, and a document whose hashes come out otherwise is refused. Who may write in the
//! space at all is asked elsewhere, of the authors given here.

use std::collections::BTreeMap;

use holdfast_domain::ids::DeviceName;
use holdfast_protocol::content::{AttestedTip, DocId, Pack, PackedDoc};
use holdfast_protocol::ids::{DeviceId, SpaceId};

use super::actor::{ActorId, ChangeHash};
use super::document::{Document, Refused, Tip};
use super::foreign;
use super::name::DocName;

/// Why a document is not put into a pack.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotPacked {
    /// An author's newest change has no attestation at hand.
    #[error("{name} cannot be packed: change {} of actor {} is not attested", tip.seq, tip.actor)]
    NotAttested {
        /// The document.
        name: DocName,
        /// The change.
        tip: Tip,
    },
    /// The name is too long for the wire.
    #[error("{0} cannot be packed: its name is too long")]
    NameTooLong(DocName),
}

/// Why a packed document is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PackRefused {
    /// Its name is none of ours.
    #[error("\"{0}\" is not the name of a document")]
    UnknownName(String),
    /// The document itself.
    #[error("{name} is not taken from a pack: {reason}")]
    Document {
        /// The document.
        name: DocName,
        /// Why.
        reason: Refused,
    },
    /// A signature that does not fit.
    #[error("{name} is not taken from a pack: the attestation of {author} is not valid")]
    BadAttestation {
        /// The document.
        name: DocName,
        /// The device it is said to be of.
        author: DeviceId,
    },
    /// A device that may not write there.
    #[error("{name} is not taken from a pack: {author} may not write there")]
    NotItsAuthor {
        /// The document.
        name: DocName,
        /// The device.
        author: DeviceId,
    },
    /// Changes that nobody attests to, or an attestation to other changes than these.
    #[error("{name} is not taken from a pack: it is not what actor {actor} attests to")]
    Rewritten {
        /// The document.
        name: DocName,
        /// The author whose changes differ.
        actor: ActorId,
    },
}

/// A document out of a pack whose every author attests to it.
#[derive(Debug, Clone)]
pub struct VerifiedDoc {
    /// Its name.
    pub name: DocName,
    /// It, to be written as the actor given.
    pub document: Document,
    /// The devices that wrote in it: whether they may is judged at their place in the log.
    pub authors: Vec<DeviceId>,
    /// The attestations, for the next pack.
    pub tips: Vec<AttestedTip>,
}

/// How a document out of a pack compares to the one held here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Comparison {
    /// The same changes.
    Same,
    /// Changes that only one of them has.
    Differs {
        /// Only in the pack.
        only_packed: Vec<ChangeHash>,
        /// Only held here: a pack that claims to cover them hides them.
        only_held: Vec<ChangeHash>,
    },
}

/// The documents of a pack being made.
#[derive(Debug, Clone, Default)]
pub struct Packing(Vec<PackedDoc>);

impl Packing {
    /// An empty one.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a document. `attested` are the attestations at hand; the right ones are picked.
    ///
    /// # Errors
    /// [`NotPacked`]; the pack is as it was.
    pub fn add(
        &mut self,
        name: &DocName,
        document: &Document,
        attested: &[AttestedTip],
    ) -> Result<(), NotPacked> {
        let doc = name.to_id().ok_or_else(|| NotPacked::NameTooLong(name.clone()))?;
        let tips = document
            .tips()
            .map(|tip| {
                let fits = |a: &&AttestedTip| {
                    a.attestation.actor(a.author) == tip.actor
                        && a.attestation.seq == tip.seq
                        && a.attestation.change == tip.hash.0
                };
                attested
                    .iter()
                    .find(fits)
                    .cloned()
                    .ok_or_else(|| NotPacked::NotAttested { name: name.clone(), tip })
            })
            .collect::<Result<Vec<_>, NotPacked>>()?;
        self.0.push(PackedDoc { doc, saved: document.save_nocompress(), tips });
        Ok(())
    }

    /// How many bytes the documents have so far, before compression.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.0.iter().map(|doc| doc.saved.len()).sum()
    }

    /// The content to seal.
    #[must_use]
    pub fn finish(self) -> Pack {
        Pack { docs: self.0 }
    }
}

/// Verifies and loads one document of a pack, to be written as `actor`.
///
/// # Errors
/// [`PackRefused`]: this document is to be quarantined; others of the pack may be taken.
pub fn verify(
    space: SpaceId,
    packed: &PackedDoc,
    actor: ActorId,
) -> Result<VerifiedDoc, PackRefused> {
    let name: DocName = packed
        .doc
        .as_str()
        .parse()
        .map_err(|_| PackRefused::UnknownName(packed.doc.to_string()))?;
    let refused = |reason| PackRefused::Document { name: name.clone(), reason };
    let checked = foreign::check_document(&packed.saved, name.shape())
        .map_err(|bytes| refused(bytes.into()))?;

    let mut attested: BTreeMap<ActorId, (u64, ChangeHash)> = BTreeMap::new();
    for AttestedTip { author, attestation } in &packed.tips {
        let by = DeviceName::new(author.to_hex()).ok();
        if !by.is_some_and(|device| name.may_write(&device)) {
            return Err(PackRefused::NotItsAuthor { name, author: *author });
        }
        if !attestation.is_valid(*author, space, &packed.doc) {
            return Err(PackRefused::BadAttestation { name, author: *author });
        }
        let tip = (attestation.seq, ChangeHash(attestation.change));
        let actor = attestation.actor(*author);
        if attested.insert(actor, tip).is_some() {
            return Err(PackRefused::Rewritten { name, actor });
        }
    }
    // Before loading: only documents whose authors are known are worth Automerge's time.
    let unattested = checked.actors.iter().find(|actor| !attested.contains_key(actor));
    if let Some(actor) = unattested {
        return Err(PackRefused::Rewritten { name, actor: *actor });
    }
    let document = Document::load_checked(&checked, actor, name.shape()).map_err(refused)?;
    let tips: BTreeMap<ActorId, (u64, ChangeHash)> =
        document.tips().map(|tip| (tip.actor, (tip.seq, tip.hash))).collect();
    let differs = attested.iter().find(|(actor, tip)| tips.get(actor) != Some(tip));
    if let Some((actor, _)) = differs {
        return Err(PackRefused::Rewritten { name, actor: *actor });
    }
    let mut authors: Vec<DeviceId> = packed.tips.iter().map(|tip| tip.author).collect();
    authors.sort_unstable();
    authors.dedup();
    Ok(VerifiedDoc { name, document, authors, tips: packed.tips.clone() })
}

/// Compares a document out of a pack with the one held here, change by change.
#[must_use]
pub fn compare(packed: &Document, held: &Document) -> Comparison {
    let (theirs, ours) = (packed.hashes(), held.hashes());
    let only = |these: &[ChangeHash], those: &[ChangeHash]| -> Vec<ChangeHash> {
        these.iter().filter(|hash| those.binary_search(hash).is_err()).copied().collect()
    };
    let (only_packed, only_held) = (only(&theirs, &ours), only(&ours, &theirs));
    if only_packed.is_empty() && only_held.is_empty() {
        Comparison::Same
    } else {
        Comparison::Differs { only_packed, only_held }
    }
}

impl DocName {
    /// The name as it stands on the wire; nothing where it is too long for that.
    #[must_use]
    pub fn to_id(&self) -> Option<DocId> {
        DocId::new(self.to_string())
    }
}

#[cfg(test)]
mod tests;
