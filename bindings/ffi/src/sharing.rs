//! Giving a routine away, inviting, coming in, and who takes part.

use std::collections::HashMap;

use holdfast::domain::words::Message;
use holdfast::{GrantRequest as EngineGrant, HoldfastError, Inspection as EngineInspection};
use holdfast_protocol::ids::Class;
use holdfast_protocol::membership::{Access, Role};

use crate::carried::carried;
use crate::charts::Chart;
use crate::engine::EngineHandle;
use crate::failure::Failure;
use crate::given::bad;
use crate::routines::{Routine, RoutineImport, RoutineImportOptions};

/// A routine as a link and as a file.
#[derive(Debug, Clone, PartialEq, serde::Deserialize, uniffi::Record)]
#[cfg_attr(test, serde(deny_unknown_fields))]
pub struct RoutineCopy {
    /// Its name.
    pub name: String,
    /// The link.
    pub link: String,
    /// The same for a smaller code to scan.
    pub scan: String,
    /// The text of a file.
    pub file: String,
    /// How long the link is, in bytes.
    pub bytes: u64,
}

/// What a link is, read without any network.
#[derive(Debug, Clone, PartialEq, uniffi::Record)]
pub struct Inspection {
    /// `routine`, `invite` or `pairing`.
    pub what: String,
    /// The routine inside.
    pub routine: Option<Routine>,
    /// Exercises of it that nothing here knows.
    pub unknown: Vec<String>,
    /// Who invites.
    pub from_name: Option<String>,
    /// The account, as hex.
    pub account: Option<String>,
    /// The chart, as hex.
    pub chart: Option<String>,
    /// The relay it leads to: show it before it is contacted.
    pub relay: Option<String>,
    /// The role that is offered.
    pub role: Option<String>,
    /// What it may do, class by class.
    pub grants: HashMap<String, String>,
    /// When the grant ends, in milliseconds since 1970.
    pub until_ms: Option<u64>,
    /// When the link ends, in milliseconds since 1970.
    pub expires_at_ms: Option<u64>,
    /// Whether the owner confirms before anything can be read.
    pub confirm_first: bool,
}

impl Inspection {
    fn of(inside: EngineInspection) -> Result<Self, HoldfastError> {
        let nothing = |what: &str| Self {
            what: what.to_owned(),
            routine: None,
            unknown: Vec::new(),
            from_name: None,
            account: None,
            chart: None,
            relay: None,
            role: None,
            grants: HashMap::new(),
            until_ms: None,
            expires_at_ms: None,
            confirm_first: false,
        };
        Ok(match inside {
            EngineInspection::Routine(inside) => Self {
                routine: Some(carried(&inside.routine)?),
                unknown: inside.unknown,
                ..nothing("routine")
            },
            EngineInspection::Invite(inside) => Self {
                from_name: Some(inside.from),
                account: Some(inside.account),
                chart: Some(inside.chart),
                relay: Some(inside.relay),
                role: inside.role.map(str::to_owned),
                grants: texts(inside.grants),
                until_ms: inside.until_ms,
                expires_at_ms: Some(inside.expires_at_ms),
                confirm_first: inside.confirm_first,
                ..nothing("invite")
            },
            EngineInspection::Pairing { account, relay, expires_at_ms } => Self {
                account: Some(account),
                relay: Some(relay),
                expires_at_ms: Some(expires_at_ms),
                ..nothing("pairing")
            },
            _ => nothing("unknown"),
        })
    }
}

fn texts(
    grants: std::collections::BTreeMap<&'static str, &'static str>,
) -> HashMap<String, String> {
    grants.into_iter().map(|(class, access)| (class.to_owned(), access.to_owned())).collect()
}

/// What somebody is to be able to do: a role, less some of it, more by name, and until when.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct GrantRequest {
    /// `owner`, `partner`, `therapist` or `viewer`.
    pub role: String,
    /// Classes of it that are not given.
    #[uniffi(default = [])]
    pub without: Vec<String>,
    /// Classes that are given besides.
    #[uniffi(default = [])]
    pub besides: Vec<String>,
    /// Classes that are given in just this way: `read` or `write`.
    #[uniffi(default)]
    pub exactly: HashMap<String, String>,
    /// When it ends, in milliseconds since 1970, by the relay's clock.
    #[uniffi(default = None)]
    pub until_ms: Option<u64>,
}

impl GrantRequest {
    fn grant(&self) -> Result<EngineGrant, HoldfastError> {
        let classes = |field: &str, given: &[String]| -> Result<Vec<Class>, HoldfastError> {
            given.iter().map(|text| class(field, text)).collect()
        };
        Ok(EngineGrant {
            role: role(&self.role)?,
            without: classes("without", &self.without)?,
            with: classes("besides", &self.besides)?,
            until_ms: self.until_ms,
            exactly: self.exactly()?,
        })
    }

    fn exactly(&self) -> Result<Vec<(Class, Access)>, HoldfastError> {
        let given = self.exactly.iter().map(|(name, access)| {
            let access = match access.as_str() {
                "read" => Access::Read,
                "write" => Access::Write,
                other => return Err(not_listed("exactly", other, "read, write")),
            };
            Ok((class("exactly", name)?, access))
        });
        given.collect()
    }
}

fn not_listed(field: &str, text: &str, known: &str) -> HoldfastError {
    let message = Message::new("given.not_listed").with("text", text).with("known", known);
    bad(field, "not_listed", message)
}

fn role(text: &str) -> Result<Role, HoldfastError> {
    match text {
        "owner" => Ok(Role::Owner),
        "partner" => Ok(Role::Partner),
        "therapist" => Ok(Role::Therapist),
        "viewer" => Ok(Role::Viewer),
        _ => Err(not_listed("role", text, "owner, partner, therapist, viewer")),
    }
}

fn class(field: &str, text: &str) -> Result<Class, HoldfastError> {
    match text {
        "plan" => Ok(Class::Plan),
        "log" => Ok(Class::Log),
        "notes" => Ok(Class::Notes),
        "prescription" => Ok(Class::Prescription),
        "profile" => Ok(Class::Profile),
        _ => Err(not_listed(field, text, "plan, log, notes, prescription, profile")),
    }
}

/// An invitation to be made.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Invitation {
    /// What the one who is invited is called here.
    #[uniffi(default = None)]
    pub name: Option<String>,
    /// What they may do.
    pub grant: GrantRequest,
    /// For how many milliseconds it is open.
    pub valid_ms: u64,
    /// Whether nothing can be read before it is confirmed.
    #[uniffi(default = false)]
    pub confirm_first: bool,
}

/// An invitation that was made. The link holds a secret: show it, never log it.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct Invited {
    /// The link.
    pub link: String,
    /// The same for a smaller code to scan.
    pub scan: String,
    /// The invite, as hex.
    pub invite: String,
    /// When it ends, in milliseconds since 1970.
    pub expires_at_ms: u64,
}

impl std::fmt::Debug for Invited {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Invited").field("invite", &self.invite).finish_non_exhaustive()
    }
}

/// An invitation that is open.
#[derive(Debug, Clone, PartialEq, serde::Deserialize, uniffi::Record)]
#[cfg_attr(test, serde(deny_unknown_fields))]
pub struct Invite {
    /// The invite, as hex.
    pub invite: String,
    /// Who is invited.
    pub name: Option<String>,
    /// The role.
    pub role: Option<String>,
    /// What it may do, class by class.
    pub grants: HashMap<String, String>,
    /// When the grant ends, in milliseconds since 1970.
    pub until_ms: Option<u64>,
    /// When the invitation ends, in milliseconds since 1970.
    pub expires_at_ms: u64,
    /// Whether it is confirmed first.
    pub confirm_first: bool,
    /// Whether it is being taken back.
    pub ending: bool,
}

/// Somebody who takes part.
#[derive(Debug, Clone, PartialEq, serde::Deserialize, uniffi::Record)]
#[cfg_attr(test, serde(deny_unknown_fields))]
pub struct Member {
    /// The account, as hex.
    pub account: String,
    /// The name.
    pub name: String,
    /// How it was called in the invitation, where that differs.
    pub invited_as: Option<String>,
    /// Whether it is this account.
    pub me: bool,
    /// Whether it is the person whose body it is.
    pub subject: bool,
    /// The role.
    pub role: Option<String>,
    /// What it may do, class by class.
    pub grants: HashMap<String, String>,
    /// When that ends, in milliseconds since 1970.
    pub until_ms: Option<u64>,
    /// Whether the safety phrase was compared.
    pub verified: bool,
    /// Whether it waits to be confirmed.
    pub waiting: bool,
    /// How many devices it has.
    pub devices: Option<u64>,
    /// What was asked for and not said to the others yet: `removal`, `grant`, `confirmation`, `leaving`.
    pub pending: Option<String>,
}

/// Words two people compare to know that nobody is between them.
#[derive(Debug, Clone, PartialEq, serde::Deserialize, uniffi::Record)]
#[cfg_attr(test, serde(deny_unknown_fields))]
pub struct SafetyPhrase {
    /// The words.
    pub words: Vec<String>,
    /// With whom.
    #[serde(rename = "with")]
    pub with_whom: String,
    /// Whether they were compared.
    pub verified: bool,
}

/// Reads a link without any network.
#[uniffi::export(default(language = "en"))]
pub fn inspect_link(link: String, language: String) -> Result<Inspection, Failure> {
    let words = holdfast::domain::words::Words::for_language(&language);
    let inspected = holdfast::inspect(&link).and_then(Inspection::of);
    inspected.map_err(|error| Failure::of(&error, words))
}

#[uniffi::export]
impl EngineHandle {
    /// A routine as a link and as a file.
    pub async fn share_routine(&self, key: String) -> Result<RoutineCopy, Failure> {
        self.run(move |engine| carried(&engine.share_routine(&key)?)).await
    }

    /// Takes a routine in from a link.
    pub async fn accept_routine(
        &self,
        link: String,
        options: RoutineImportOptions,
    ) -> Result<RoutineImport, Failure> {
        self.run(move |engine| carried(&engine.accept_routine(&link, &options.options())?)).await
    }

    /// Comes into a chart with an invitation, under a name of one's own where one is given. Doing it again is
    /// nothing. Needs the relay.
    pub async fn accept_invite(
        &self,
        link: String,
        name: Option<String>,
    ) -> Result<Chart, Failure> {
        self.run(move |engine| carried(&engine.accept_invite_as(&link, name.as_deref())?)).await
    }

    /// Invites somebody into this chart. Needs the relay.
    pub async fn invite(&self, invitation: Invitation) -> Result<Invited, Failure> {
        self.run(move |engine| {
            let made = engine.invite(&holdfast::Invitation {
                name: invitation.name,
                grant: invitation.grant.grant()?,
                valid_ms: invitation.valid_ms,
                confirm_first: invitation.confirm_first,
            })?;
            Ok(Invited {
                link: made.link.to_string(),
                scan: made.scan.to_string(),
                invite: made.invite,
                expires_at_ms: made.expires_at_ms,
            })
        })
        .await
    }

    /// The invitations that are open.
    pub async fn invites(&self) -> Result<Vec<Invite>, Failure> {
        self.run(|engine| carried(&engine.invites()?)).await
    }

    /// Takes an invitation back.
    pub async fn revoke_invite(&self, invite: String) -> Result<Invite, Failure> {
        self.run(move |engine| carried(&engine.revoke_invite(&invite)?)).await
    }

    /// Who takes part in this chart.
    pub async fn members(&self) -> Result<Vec<Member>, Failure> {
        self.run(|engine| carried(&engine.members()?)).await
    }

    /// The words to compare with a member.
    pub async fn phrase_with(&self, member: String) -> Result<SafetyPhrase, Failure> {
        self.run(move |engine| carried(&engine.phrase_with(&member)?)).await
    }

    /// Says whether the words were the same: `verified`, `to_be_removed` or `leaving`.
    pub async fn verify(&self, member: String, same: bool) -> Result<String, Failure> {
        self.run(move |engine| carried(&engine.verify(&member, same)?)).await
    }

    /// Changes what a member may do.
    pub async fn change_grant(
        &self,
        member: String,
        grant: GrantRequest,
    ) -> Result<Member, Failure> {
        self.run(move |engine| carried(&engine.change_grant(&member, &grant.grant()?)?)).await
    }

    /// Removes a member.
    pub async fn remove_member(&self, member: String) -> Result<Member, Failure> {
        self.run(move |engine| carried(&engine.remove_member(&member)?)).await
    }
}
