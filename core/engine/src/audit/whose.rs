//! Whose a device is, and what people call it: out of the memberships, and the names that this account gave.

use std::collections::{BTreeMap, BTreeSet};

use holdfast_protocol::ids::{AccountId, DeviceId, InviteId, SpaceId};
use holdfast_protocol::membership::{Accounts, Act, ChartState, SpaceState};
use rusqlite::Connection;

use super::said;
use crate::Inner;
use crate::documents::account::AccountReading;
use crate::error::Result;
use crate::store::meta;
use crate::store::sync_tables::spaces;
use crate::sync::accounts::Known;
use crate::views::SeenBy;

/// Everybody that a chart speaks of, by what this account calls them.
pub(crate) struct People {
    known: Known,
    reading: AccountReading,
    chart: Option<ChartState>,
    /// With which invites those came in who went since and have no name here but the one of their invite.
    came: BTreeMap<AccountId, InviteId>,
    my_name: String,
    my_device_name: String,
    me: AccountId,
    my_device: DeviceId,
}

impl People {
    /// Reads the names and the memberships for one chart.
    pub(crate) fn of(inner: &Inner, conn: &Connection, space: SpaceId) -> Result<Self> {
        let me = meta::me(conn)?;
        let chart = spaces::known_state(conn, space)?.and_then(|state| state.as_chart().cloned());
        let reading = inner.account_reading(conn)?;
        let nameless = |chart: &ChartState| {
            chart.former.keys().any(|account| !reading.contacts.contains_key(account))
        };
        let mut came = BTreeMap::new();
        if chart.as_ref().is_some_and(nameless)
            && let Some(row) = spaces::get(conn, space)?
        {
            for one in said::all(conn, row.no)? {
                if let Act::AdmitMember(admit) = one.act {
                    came.insert(admit.account, admit.proof.invite);
                }
            }
        }
        Ok(Self {
            known: Known::load(conn, inner.who.account)?,
            reading,
            chart,
            came,
            my_name: me.as_ref().map(|me| me.name.clone()).unwrap_or_default(),
            my_device_name: me.map(|me| me.device_name).unwrap_or_default(),
            me: inner.who.account,
            my_device: inner.who.device,
        })
    }

    /// The chart that is spoken of, as its log has it.
    pub(crate) const fn chart(&self) -> Option<&ChartState> {
        self.chart.as_ref()
    }

    /// The account of a device.
    pub(crate) fn account_of(&self, device: &DeviceId) -> Option<AccountId> {
        let own = self.known.account(&self.me).and_then(SpaceState::as_account);
        if own.is_some_and(|own| own.devices.contains_key(device)) || *device == self.my_device {
            return Some(self.me);
        }
        self.chart.as_ref()?.ever_account_of(device, &self.known)
    }

    /// What an account is called here: itself by its own name, others as this account calls them.
    pub(crate) fn name_of(&self, account: AccountId) -> String {
        if account == self.me {
            return self.my_name.clone();
        }
        let invite = self
            .chart
            .as_ref()
            .and_then(|chart| chart.members.get(&account))
            .and_then(|member| member.invite)
            .or_else(|| self.came.get(&account).copied());
        let contact = self.reading.contacts.get(&account).map(|contact| contact.name.clone());
        contact
            .or_else(|| invite.and_then(|invite| self.invited(invite)))
            .unwrap_or_else(|| account.to_hex().chars().take(12).collect())
    }

    /// Whom an invite was made for, where this account made it.
    pub(crate) fn invited(&self, invite: InviteId) -> Option<String> {
        self.reading.invited.get(&invite).cloned()
    }

    /// What a device of this account is called. Those of others have no name here.
    pub(crate) fn device_name(&self, device: &DeviceId) -> Option<String> {
        let named = self.reading.device_names.get(device).cloned();
        named.or_else(|| (*device == self.my_device).then(|| self.my_device_name.clone()))
    }

    /// A device with whose it is; nothing where that is not known.
    pub(crate) fn seen_by(&self, device: &DeviceId) -> Option<SeenBy> {
        let account = self.account_of(device)?;
        let mine = account == self.me;
        Some(SeenBy {
            mine,
            name: self.name_of(account),
            device_name: self.device_name(device).filter(|_| mine),
            device: device.to_hex(),
            account: account.to_hex(),
        })
    }
}

impl Inner {
    /// Whose these devices are, in the chart that is looked at.
    pub(crate) fn whose(
        &self,
        conn: &Connection,
        devices: &BTreeSet<String>,
    ) -> Result<Vec<SeenBy>> {
        let people = People::of(self, conn, self.who.chart)?;
        let ids = devices.iter().filter_map(|device| DeviceId::from_hex(device));
        let unknown = |device: DeviceId| SeenBy {
            mine: false,
            name: device.to_hex().chars().take(12).collect(),
            device_name: None,
            device: device.to_hex(),
            account: String::new(),
        };
        Ok(ids.map(|device| people.seen_by(&device).unwrap_or_else(|| unknown(device))).collect())
    }
}
