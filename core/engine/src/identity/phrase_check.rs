//! Whether somebody still has the recovery phrase. It is kept nowhere, so it cannot be shown again: typed anew it is
//! compared with the paper device in the account's own log.

use holdfast_domain::words::Message;
use holdfast_protocol::ids::DeviceId;
use holdfast_protocol::phrase::Phrase;
use rusqlite::Connection;
use serde::Serialize;

use super::devices::{account_state, write_account};
use crate::error::{Error, HoldfastError, Result};
use crate::store::sync_tables::relay;
use crate::{Engine, Inner};

/// What is known of the recovery phrase, apart from its words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PhraseView {
    /// The device that the phrase stands for, as hex.
    pub device: String,
    /// The relay that is needed besides the phrase; nothing where none is set: then the phrase alone gets nothing back.
    pub relay: Option<String>,
    /// When one of the account's devices last saw the words typed right, in milliseconds since 1970.
    pub checked_at_ms: Option<i64>,
}

impl Engine {
    /// What is known of the recovery phrase. Its words are kept nowhere.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn recovery(&self) -> std::result::Result<PhraseView, HoldfastError> {
        self.guarded(|inner| inner.store.read(|conn| view(inner, conn)))
    }

    /// Compares words that somebody typed with the account's recovery phrase, and notes that they were right. Needs
    /// no network.
    ///
    /// # Errors
    /// [`HoldfastError::Phrase`] for words that are no phrase, with the word at fault where it can be told;
    /// [`HoldfastError::BadInput`] with the code `other_account` for the phrase of another account.
    pub fn check_phrase(&self, phrase: &str) -> std::result::Result<PhraseView, HoldfastError> {
        self.guarded(|inner| {
            let typed = Phrase::parse(phrase)?.device().id();
            let paper = inner.store.read(|conn| paper(inner, conn))?;
            if typed != paper {
                return Err(Error::bad_value("phrase", Message::new("phrase.other_account")));
            }
            let now = inner.clock.wall_ms();
            write_account(inner, |account| Ok(account.note_phrase_checked(now)?))?;
            inner.store.read(|conn| view(inner, conn))
        })
    }
}

fn paper(inner: &Inner, conn: &Connection) -> Result<DeviceId> {
    let state = account_state(inner, conn)?;
    let account = state.as_account();
    let paper = account.and_then(|account| {
        account.active().map(|device| device.device).find(|device| account.is_paper(device))
    });
    paper.ok_or_else(|| Error::Unreadable("the account's recovery phrase".to_owned()))
}

fn view(inner: &Inner, conn: &Connection) -> Result<PhraseView> {
    let set = relay::get(conn)?.filter(|relay| !relay.url.is_empty());
    Ok(PhraseView {
        device: paper(inner, conn)?.to_hex(),
        relay: set.map(|relay| relay.url),
        checked_at_ms: inner.account_reading(conn)?.phrase_checked_ms,
    })
}
