//! Who may do what: signed statements, the state they add up to, and the one verifier that the relay and
//! the clients share. Authority is judged at a position of the log, never by wall clock.

mod account;
mod chart;
mod chart_acts;
mod chart_statement;
mod content;
mod grant;
mod greeting;
mod refusal;
mod space;
mod start;
mod statement;

pub use account::{AccountDevice, AccountState, MAX_OPEN_INVITES, OpenInvite};
pub use chart::{ChartState, Lost, MAX_EPOCHS, MAX_MEMBERS, Member, OpenMemberInvite};
pub use chart_statement::{
    AdmitMember, ChangeGrant, CloseInvite, ConfirmMember, DeviceEnd, InviteMember, KeepKeys,
    KeptKey, Leave, MemberProof, RemoveMember,
};
pub use grant::{Access, Grant, Grants, Role};
pub use greeting::{Greeting, MAX_GREETINGS};
pub use refusal::{NotAccepted, Refusal};
pub use space::{Accepted, Accounts, AuthorTip, Judge, MAX_UNCITED, SpaceKind, SpaceState};
pub use statement::{
    AccountGenesis, Act, AdmitDevice, ChartGenesis, Cut, DeviceCut, InviteDevice, InviteProof,
    RevokeDevice, Statement,
};
