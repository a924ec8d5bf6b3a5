//! What a link is and what it would give, told without any network and without taking it; and taking it.

use std::collections::BTreeMap;

use holdfast_protocol::copy::CopyLink;
use holdfast_protocol::invitation::MemberLink;
use holdfast_protocol::link::Link;
use holdfast_protocol::pairing::PairingLink;
use serde::Serialize;

use super::copy::{self, RoutineInside};
use super::links;
use crate::Engine;
use crate::charts::{ChartView, grant_names, role_name, role_of};
use crate::commands::routine::{ImportOptions, RoutineImport};
use crate::error::{HoldfastError, Result};

/// What is in a link.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "what", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Inspection {
    /// A copy of a routine.
    Routine(Box<RoutineInside>),
    /// An invite into somebody's chart.
    Invite(InviteInside),
    /// A link that admits one more device to an account.
    Pairing {
        /// The account, as hex.
        account: String,
        /// The relay.
        relay: String,
        /// When it ends, in milliseconds since 1970. The relay has the last word.
        expires_at_ms: u64,
    },
}

/// What an invite says of itself. The chart's log has the last word, and is compared when it is accepted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct InviteInside {
    /// Who invites, as they call themselves: said, not proven.
    pub from: String,
    /// Their account, as hex.
    pub account: String,
    /// The chart, as hex.
    pub chart: String,
    /// The relay. Accepting talks to it.
    pub relay: String,
    /// The role, where it is one of the presets.
    pub role: Option<&'static str>,
    /// What it gives, class by class: `read` or `write`.
    pub grants: BTreeMap<&'static str, &'static str>,
    /// When what it gives ends, in milliseconds since 1970.
    pub until_ms: Option<u64>,
    /// When the invite ends, in milliseconds since 1970. The relay has the last word.
    pub expires_at_ms: u64,
    /// Whether keys are given only after the safety phrase was compared.
    pub confirm_first: bool,
}

/// Tells what a link is and what it would give. Needs no home and no network.
///
/// # Errors
/// [`HoldfastError::Link`] with the code `no_link`, `bad_link`, `newer_link` or `too_many_steps`.
pub fn inspect(link: &str) -> std::result::Result<Inspection, HoldfastError> {
    Ok(look(link)?)
}

fn look(link: &str) -> Result<Inspection> {
    if MemberLink::is_one(link) {
        let link = MemberLink::parse(link).map_err(|bad| links::bad(&bad))?;
        return Ok(Inspection::Invite(InviteInside {
            from: link.name.clone(),
            account: link.from.to_hex(),
            chart: link.chart.to_hex(),
            relay: link.relay.clone(),
            role: role_of(&link.grant).map(role_name),
            grants: grant_names(&link.grant),
            until_ms: link.grant.until_ms,
            expires_at_ms: link.expires_at_ms,
            confirm_first: link.confirm_first,
        }));
    }
    if PairingLink::is_one(link) {
        let link = PairingLink::parse(link).map_err(|bad| links::bad(&bad))?;
        return Ok(Inspection::Pairing {
            account: link.account.to_hex(),
            relay: link.relay,
            expires_at_ms: link.expires_at_ms,
        });
    }
    let copy = CopyLink::parse(link).map_err(|bad| links::bad(&bad))?;
    copy::look_inside(&copy).map(|inside| Inspection::Routine(Box::new(inside)))
}

impl Engine {
    /// Takes in a copy of a routine: what [`Self::share_routine`] gives as a link or a code. The rules judge it like
    /// a file that is imported; the same link a second time changes nothing.
    ///
    /// # Errors
    /// [`HoldfastError::Link`] for what is no such link; else as [`Self::import_routine`].
    pub fn accept_routine(
        &self,
        link: &str,
        options: &ImportOptions,
    ) -> std::result::Result<RoutineImport, HoldfastError> {
        self.guarded(|inner| {
            let copy = CopyLink::parse(link).map_err(|bad| links::bad(&bad))?;
            inner.accept_copy(&copy, options)
        })
    }

    /// Whether it is this very link that the account takes part in its chart with, as far as this device knows.
    /// Accepting it again then changes nothing.
    ///
    /// # Errors
    /// [`HoldfastError::Link`] for what is no such link; when the home cannot be read.
    pub fn came_in_with(&self, link: &str) -> std::result::Result<bool, HoldfastError> {
        self.guarded(|inner| {
            let link = MemberLink::parse(link).map_err(|bad| links::bad(&bad))?;
            Ok(inner.came_in_with(&link)?.is_some())
        })
    }

    /// Comes into the chart that an invite leads to. Whoever invited need not be there. Broken off at any point, the
    /// same link goes on where it was; accepted before by this account, it gives the chart again and changes nothing,
    /// with no network. Where no relay is set, the link's becomes this account's. `name` is what the
    /// person wants to be called there, sealed for those who take part; nothing given, it is the account's own name.
    ///
    /// # Errors
    /// [`HoldfastError::Link`] with the code `no_link`, `bad_link`, `newer_link`, `other_relay`, `own_invite`,
    /// `already_in` (the chart is this account's already, through another link), `link_used`, `link_ended` or `link_gone`; [`HoldfastError::Relay`] for a relay that cannot be
    /// used now or shows a chart that does not fit the link; [`HoldfastError::BadInput`] for a name that cannot be.
    /// Nothing was changed then.
    pub fn accept_invite_as(
        &self,
        link: &str,
        name: Option<&str>,
    ) -> std::result::Result<ChartView, HoldfastError> {
        self.guarded(|inner| {
            let link = MemberLink::parse(link).map_err(|bad| links::bad(&bad))?;
            inner.accept_invite(&link, name)
        })
    }

    /// [`Self::accept_invite_as`] under the account's own name.
    ///
    /// # Errors
    /// As there.
    pub fn accept_invite(&self, link: &str) -> std::result::Result<ChartView, HoldfastError> {
        self.accept_invite_as(link, None)
    }
}
