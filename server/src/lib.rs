//! The relay: an append-only log per space that it cannot read, and the one place where the devices of an
//! account meet.
//!
//! It takes entries that are signed and sealed, judges them with the protocol crate's verifier, and hands
//! them out again in order. It knows devices, accounts, rights and sizes. It knows no key, no exercise and
//! no Automerge: it cannot read a document even by mistake.
//!
//! - [`Relay`] is the relay without a network: bytes in, bytes out, durable when it returns. With one caller,
//!   given instants and given entropy it is deterministic, so that a simulator can embed it.
//! - [`store`] says what a store must be able to do; SQLite is the one that is there.
//! - [`http`] is the thin shell: axum over HTTP/1.1 with limits on everything a stranger can hold on to.
//!
//! A log line never holds content, an address, or an id: accounts appear as tags of eight hex digits that are
//! keyed with a secret of the store, so that the lines of one account can be told apart and nothing more.

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod answer;
mod append;
mod auth;
mod checkpoints;
mod compaction;
mod config;
mod cursors;
mod effects;
pub mod http;
mod invites;
mod live;
mod pull;
mod pushed;
mod quota;
mod rates;
mod relay;
pub mod store;
mod sync;
mod watch;
mod working_set;

pub use answer::{Answer, Ask};
pub use config::{Limits, Rate, RelayConfig, Storage};
pub use http::{RunningRelay, StartError, serve};
pub use relay::{OpenError, Relay};
pub use watch::{Watch, WatchEvent};
