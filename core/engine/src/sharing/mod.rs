//! Sharing: a routine handed on as a copy, and people who take part in a chart. What the membership allows is
//! the protocol's business, what goes over the wire is sync's.

mod accept;
mod arrival;
mod copy;
pub(crate) mod due;
mod grant;
pub(crate) mod greetings;
mod inspect;
mod invite;
mod links;
pub(crate) mod members;
mod peek;
mod statements;

pub use copy::{RoutineCopy, RoutineInside};
pub use grant::{GrantEdit, GrantEnd, GrantRequest};
pub use holdfast_protocol::ids::Class;
pub use holdfast_protocol::membership::{Access, Role};
pub use inspect::{Inspection, InviteInside, inspect};
pub use invite::{Invitation, InviteView, Invited, MAX_INVITE_MS};
pub(crate) use members::named_members;
pub use members::{Compared, MemberView, Pending, SafetyPhrase};
