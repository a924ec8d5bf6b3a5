//! Judging what is not membership: changes, packs and checkpoints. What is inside a sealed body is not known
//! here.

use super::refusal::{NotAccepted, Refusal};
use super::space::{Accepted, Accounts, Judge, SpaceKind, SpaceState};
use crate::checkpoint::Checkpoint;
use crate::entry::{Entry, Header, Kind, SeqRange};
use crate::ids::{AccountId, Class, DeviceId};

impl SpaceState {
    pub(super) fn check_content(
        &self,
        header: &Header,
        accounts: &dyn Accounts,
        judge: Judge,
    ) -> Result<Accepted, NotAccepted> {
        let account = self.author_account(&header.author, accounts, judge)?;
        self.check_is_machine(&header.author, account, accounts)?;
        self.check_class(header, account)?;
        let covers_fit = match header.kind {
            // One that covers nothing gives documents back to a relay that lost them.
            Kind::Pack => {
                SeqRange::are_tidy(&header.covers)
                    && header.covers.iter().all(|r| r.last <= self.head.seq)
            }
            _ => header.covers.is_empty(),
        };
        if !covers_fit {
            return Err(Refusal::BadCovers.into());
        }
        let current = self.epoch(header.class);
        if header.epoch > current || header.epoch == 0 {
            return Err(Refusal::UnknownEpoch.into());
        }
        if header.epoch < current {
            return Err(NotAccepted::Reseal { epoch: current });
        }
        self.check_chain(header)?;
        Ok(Accepted { act: None })
    }

    pub(super) fn check_checkpoint(
        &self,
        entry: &Entry,
        accounts: &dyn Accounts,
        judge: Judge,
    ) -> Result<Accepted, NotAccepted> {
        let header = entry.header();
        let account = self.author_account(&header.author, accounts, judge)?;
        self.check_is_machine(&header.author, account, accounts)?;
        if !self.is_owner(&account) {
            return Err(Refusal::NoWriteGrant.into());
        }
        let proper =
            header.class == Class::Membership && header.epoch == 0 && header.covers.is_empty();
        if !proper {
            return Err(Refusal::WrongClass.into());
        }
        let checkpoint =
            Checkpoint::from_bytes(entry.body()).map_err(|_| Refusal::BadCheckpoint)?;
        if checkpoint.at.seq == 0 || checkpoint.at.seq > self.head.seq {
            return Err(Refusal::BadCheckpoint.into());
        }
        self.check_chain(header)?;
        Ok(Accepted { act: None })
    }

    pub(super) fn check_class(
        &self,
        header: &Header,
        account: AccountId,
    ) -> Result<(), NotAccepted> {
        let may = match &self.kind {
            SpaceKind::Account(_) if header.class == Class::Account => true,
            SpaceKind::Chart(chart) if Class::CHART.contains(&header.class) => {
                chart.may_write(&account, header.class)
                    // An owner's device packs every class it reads; packs carry the authors' attestations.
                    || (header.kind == Kind::Pack
                        && self.is_owner(&account)
                        && chart.may_read(&account, header.class))
            }
            _ => return Err(Refusal::WrongClass.into()),
        };
        if !may || (header.kind == Kind::Pack && !self.is_owner(&account)) {
            return Err(Refusal::NoWriteGrant.into());
        }
        Ok(())
    }

    /// A recovery phrase signs membership statements of its account, never content.
    pub(super) fn check_is_machine(
        &self,
        author: &DeviceId,
        account: AccountId,
        accounts: &dyn Accounts,
    ) -> Result<(), NotAccepted> {
        let state = match &self.kind {
            SpaceKind::Account(state) => Some(state),
            SpaceKind::Chart(_) => accounts.account(&account).and_then(SpaceState::as_account),
        };
        if state.is_some_and(|state| state.is_paper(author)) {
            return Err(Refusal::NoWriteGrant.into());
        }
        Ok(())
    }
}
