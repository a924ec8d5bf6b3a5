//! What this account calls the accounts that write in its charts: by its own name for them, else as they said
//! themselves, else as they were invited. A name is not proven by anything. It is read once for as long as nobody changes it.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use holdfast_protocol::content::DocId;
use holdfast_protocol::ids::{AccountId, Class, InviteId, SpaceId};
use rusqlite::Connection;

use crate::Inner;
use crate::documents::account::{Account, Contact};
use crate::documents::name::DocName;
use crate::error::Result;
use crate::store::docs::{self, DocRow};
use crate::store::meta;
use crate::store::sync_tables::{greeted, spaces};

/// What the account's document said when it was read last.
#[derive(Default)]
pub(crate) struct Names(Mutex<Option<Kept>>);

struct Kept {
    row: Option<DocRow>,
    /// How many said their name themselves by then.
    greetings: u64,
    called: BTreeMap<AccountId, String>,
    invited: BTreeMap<InviteId, String>,
}

impl Names {
    fn kept(&self) -> MutexGuard<'_, Option<Kept>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn account_doc() -> DocId {
    DocName::Account.to_id().expect("the name of the account document is short")
}

impl Inner {
    /// What an account is called here; nothing where nobody said.
    pub(crate) fn called(&self, conn: &Connection, account: &str) -> Result<Option<String>> {
        if account == self.who.account.to_hex() {
            return Ok(meta::me(conn)?.map(|me| me.name));
        }
        let Some(account) = SpaceId::from_hex(account) else { return Ok(None) };
        let row = docs::row(conn, self.who.account, &account_doc())?;
        let greetings = greeted::count(conn)?;
        if self
            .names
            .kept()
            .as_ref()
            .is_none_or(|kept| kept.row != row || kept.greetings != greetings)
        {
            let reading = self.account_reading(conn)?;
            let contacts = reading.contacts.into_iter().map(|(id, one)| (id, one.name));
            let (called, invited) = (contacts.collect(), reading.invited);
            *self.names.kept() = Some(Kept { row, greetings, called, invited });
        }
        let known = self.names.kept().as_ref().and_then(|kept| kept.called.get(&account).cloned());
        if known.is_some() {
            return Ok(known);
        }
        let state = spaces::known_state(conn, self.who.chart)?;
        let chart = state.as_ref().and_then(|state| state.as_chart());
        let invite = chart.and_then(|chart| chart.members.get(&account)?.invite);
        let mut names = self.names.kept();
        let Some((kept, invite)) = names.as_mut().zip(invite) else { return Ok(None) };
        let name = kept.invited.get(&invite).cloned();
        // It stays theirs; who is not known yet may be tomorrow.
        kept.called.extend(name.clone().map(|name| (account, name)));
        Ok(name)
    }

    /// The same, with the beginning of the account where nobody said.
    pub(crate) fn called_somehow(&self, conn: &Connection, account: &str) -> Result<String> {
        let called = self.called(conn, account)?;
        Ok(called.unwrap_or_else(|| account.chars().take(12).collect()))
    }

    /// Writes down what somebody is called, so that it outlasts their time in the chart.
    pub(crate) fn keep_name(&self, account: &str) -> Result<()> {
        let Some(id) = SpaceId::from_hex(account).filter(|id| *id != self.who.account) else {
            return Ok(());
        };
        let found = self.store.read(|conn| {
            let known = self.account_reading(conn)?.contacts.contains_key(&id);
            if known { Ok(None) } else { self.called(conn, account) }
        })?;
        let Some(name) = found else { return Ok(()) };
        self.command_on(None, "name somebody", |tx, journal| {
            let space = self.who.account;
            journal.change(tx, space, Class::Account, account_doc(), |document| {
                let mut document = Account::from(document);
                let written = document.put_contact(id, &Contact::new(name))?;
                Ok((document.into(), written.into_iter().collect(), ()))
            })?;
            Ok(())
        })
    }
}
