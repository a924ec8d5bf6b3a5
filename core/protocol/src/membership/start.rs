//! Starting from a checkpoint instead of the whole log: what is judged then, and what is taken on the
//! checkpoint's word.

use super::refusal::{NotAccepted, Refusal};
use super::space::{Accounts, AuthorTip, SpaceKind, SpaceState};
use crate::checkpoint::{Checkpoint, CheckpointTip};
use crate::entry::{Entry, Header, Kind};
use crate::ids::Class;

impl SpaceState {
    /// Judges a content entry that a checkpoint retains, once every membership entry that the checkpoint
    /// speaks of is applied. Its place and its author's chain are the checkpoint's word; that its author
    /// belongs here, may write this, and wrote it before it was cut off, is judged again.
    ///
    /// # Errors
    /// [`NotAccepted::Never`].
    pub fn check_retained(
        &self,
        header: &Header,
        accounts: &dyn Accounts,
    ) -> Result<(), NotAccepted> {
        if header.space != self.space {
            return Err(Refusal::WrongSpace.into());
        }
        let is_content = header.kind != Kind::Checkpoint;
        let (account, cut) = match &self.kind {
            SpaceKind::Account(state) => {
                let device = state.devices.get(&header.author).ok_or(Refusal::NotAMember)?;
                if is_content {
                    self.check_class(header, self.space)?;
                }
                (self.space, device.revoked)
            }
            SpaceKind::Chart(chart) => {
                let account = chart.ever_account_of(&header.author, accounts);
                let account = account.ok_or(Refusal::NotAMember)?;
                // Packs and checkpoints are an owner's; what became of a right since then is in the record.
                let right =
                    if header.kind == Kind::Change { header.class } else { Class::Membership };
                if is_content && !Class::CHART.contains(&header.class) {
                    return Err(Refusal::WrongClass.into());
                }
                let cut = chart.cuts.get(&header.author).copied();
                let is_cut = cut.is_some_and(|cut| header.counter > cut.counter);
                if !is_cut && !chart.counts(&account, &header.author, right, header.counter) {
                    return Err(Refusal::NoWriteGrant.into());
                }
                (account, cut)
            }
        };
        if cut.is_some_and(|cut| header.counter > cut.counter) {
            return Err(Refusal::Revoked.into());
        }
        self.check_is_machine(&header.author, account, accounts)?;
        if is_content && (header.epoch == 0 || header.epoch > self.epoch(header.class)) {
            return Err(Refusal::UnknownEpoch.into());
        }
        Ok(())
    }

    /// Takes over a checkpoint's word for the log below it, once the caller has verified its root against the
    /// retained entries and has applied every membership entry up to it.
    pub fn start_from(&mut self, checkpoint: &Checkpoint) {
        self.head = checkpoint.at;
        self.gaps = false;
        self.authors = checkpoint
            .tips
            .iter()
            .map(|tip| {
                let citable = tip.citable.iter().copied().collect();
                (tip.author, AuthorTip { counter: tip.counter, citable })
            })
            .collect();
    }

    /// Takes over the tips of authors whose last entries were passed unseen: what is dropped lies below a
    /// checkpoint, so afterwards every tip is known again, and this device can cut a device off.
    pub(super) fn learn_tips(&mut self, entry: &Entry) {
        let Ok(checkpoint) = Checkpoint::from_bytes(entry.body()) else { return };
        for tip in checkpoint.tips {
            let known = self.authors.get(&tip.author).map_or(0, |known| known.counter);
            if known < tip.counter {
                let citable = tip.citable.into();
                self.authors.insert(tip.author, AuthorTip { counter: tip.counter, citable });
            }
        }
    }

    /// The authors' tips as a checkpoint at the current head must list them.
    #[must_use]
    pub fn checkpoint_tips(&self) -> Vec<CheckpointTip> {
        self.authors
            .iter()
            .map(|(author, tip)| CheckpointTip {
                author: *author,
                counter: tip.counter,
                citable: tip.citable.iter().copied().collect(),
            })
            .collect()
    }
}
