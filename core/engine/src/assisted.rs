//! Who helped with a hold: whoever takes part in the chart is kept as an account, so that everybody sees the name
//! they know; anybody else as the words that were typed.

use std::cell::OnceCell;
use std::collections::BTreeMap;

use holdfast_domain::record::HELPER_ACCOUNT as ACCOUNT;
use holdfast_protocol::ids::AccountId;
use rusqlite::Connection;

use crate::Inner;
use crate::charts::name_of;
use crate::error::{Error, Result};
use crate::sharing::named_members;
use crate::store::meta;

/// How much of an account's id names it, in hexadecimal digits: less could be a word.
const LEAST_OF_ID: usize = 8;

/// Names that were looked up, for one page of records.
#[derive(Debug, Default)]
pub(crate) struct Names(OnceCell<BTreeMap<AccountId, String>>);

impl Inner {
    /// What is kept of a helper's name as it was typed: a member of the chart by its account.
    pub(crate) fn assistant(
        &self,
        conn: &Connection,
        typed: Option<String>,
    ) -> Result<Option<String>> {
        let Some(typed) = typed else { return Ok(None) };
        let lower = typed.trim().to_lowercase();
        // Whoever logs for another says of themselves that they helped.
        if lower == "me" && self.who.chart != self.me.chart {
            return Ok(Some(format!("{ACCOUNT}{}", self.who.account)));
        }
        let is_id = lower.len() >= LEAST_OF_ID && lower.bytes().all(|b| b.is_ascii_hexdigit());
        let fits: Vec<(AccountId, String)> = named_members(self, conn)?
            .into_iter()
            .filter(|(account, name)| {
                name.to_lowercase() == lower || (is_id && account.to_hex().starts_with(&lower))
            })
            .collect();
        match &fits[..] {
            [] => Ok(Some(typed)),
            [(account, _)] => Ok(Some(format!("{ACCOUNT}{account}"))),
            _ => Err(Error::Ambiguous {
                what: "member",
                id: typed,
                candidates: fits.iter().map(|(id, name)| format!("{id} ({name})")).collect(),
            }),
        }
    }

    /// A helper as people see it.
    pub(crate) fn assisted_by(
        &self,
        conn: &Connection,
        names: &Names,
        kept: String,
    ) -> Result<String> {
        let Some(account) = kept.strip_prefix(ACCOUNT).and_then(AccountId::from_hex) else {
            return Ok(kept);
        };
        let known = match names.0.get() {
            Some(known) => known,
            None => {
                let reading = self.account_reading(conn)?;
                let ids = reading.contacts.keys().copied();
                let mut known: BTreeMap<AccountId, String> =
                    ids.map(|id| (id, name_of(&reading, id))).collect();
                let me = meta::me(conn)?.map(|me| me.name).unwrap_or_default();
                known.insert(self.who.account, me);
                known.extend(named_members(self, conn)?);
                names.0.get_or_init(|| known)
            }
        };
        let short = || account.to_hex().chars().take(12).collect();
        Ok(known.get(&account).cloned().unwrap_or_else(short))
    }
}
