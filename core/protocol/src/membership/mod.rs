//! Who may do what: signed statements, the state they add up to, and the one verifier that the relay and
//! the clients share. Authority is judged at a position of the log, never by wall clock.

mod account;
mod chart;
mod content;
mod refusal;
mod space;
mod start;
mod statement;

pub use account::{AccountDevice, AccountState, MAX_OPEN_INVITES, OpenInvite};
pub use chart::{Access, ChartState, Grants, Member};
pub use refusal::{NotAccepted, Refusal};
pub use space::{Accepted, Accounts, AuthorTip, Judge, MAX_UNCITED, SpaceKind, SpaceState};
pub use statement::{
    AccountGenesis, Act, AdmitDevice, ChartGenesis, Cut, DeviceCut, InviteDevice, InviteProof,
    RevokeDevice, Statement,
};
