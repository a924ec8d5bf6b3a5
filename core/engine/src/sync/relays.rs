//! What this device keeps of its relay: the account's genesis to register with, and a token that is sealed at
//! rest and good only for this boot's clock.

use holdfast_protocol::auth::TokenResponse;
use holdfast_protocol::ids::AccountId;
use rusqlite::Connection;

use super::site::Site;
use crate::error::{Error, Result};
use crate::store::Priority;
use crate::store::sync_tables::relay::{self, RelayRow};
use crate::store::sync_tables::{entries, sealed, spaces};

const PURPOSE: &[u8] = b"holdfast relay token";
/// A token is not used in its last minute, in milliseconds.
const MARGIN_MS: u64 = 60_000;

/// The token, where there is one that is still good.
pub(crate) fn token(site: &Site<'_>, relay: &RelayRow) -> Option<String> {
    let (sealed, boot, until) = relay.token.as_ref()?;
    // Since-boot times of another boot mean nothing.
    if *boot != site.clock.boot_id() || site.clock.since_boot_ms() + MARGIN_MS >= *until {
        return None;
    }
    let token = site.seal.open(PURPOSE, sealed)?;
    Some(data_encoding::BASE64URL_NOPAD.encode(&token))
}

/// Keeps a token. Gives it as it is sent.
pub(crate) fn keep_token(site: &Site<'_>, response: &TokenResponse) -> Result<String> {
    let sealed = site.with_entropy(|entropy| site.seal.seal(PURPOSE, &response.token, entropy));
    let lives = response.lives_ms.min(holdfast_protocol::auth::MAX_TOKEN_MS);
    let until = site.clock.since_boot_ms().saturating_add(lives);
    let boot = site.clock.boot_id();
    site.store
        .write(Priority::Sync, "sync", |tx| relay::set_token(tx, Some((&sealed, &boot, until))))?;
    Ok(data_encoding::BASE64URL_NOPAD.encode(&response.token))
}

/// The genesis of the account.
pub(crate) fn genesis(conn: &Connection, account: AccountId) -> Result<Vec<u8>> {
    let kept = match spaces::get(conn, account)? {
        Some(space) => entries::bytes_at(conn, space.no, 1)?,
        None => None,
    };
    match kept {
        Some(bytes) => Ok(bytes),
        None => sealed::genesis(conn, account)?.ok_or_else(|| {
            Error::Unreadable("the account's first entry is not on this device".to_owned())
        }),
    }
}
