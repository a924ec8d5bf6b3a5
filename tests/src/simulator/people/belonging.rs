//! Who is let in, what they are given, and how it ends. Links go into one heap: whoever picks one up tries it, be
//! it meant for them, used, or taken back.

use holdfast::sharing::{Class, Role};
use holdfast::{ChartStanding, Engine, GrantRequest, Invitation, MemberView};

use super::circle::Circle;
use super::deeds::nth;

const MINUTE: u64 = 60_000;

/// Something to give: a role, at times with less or more, at times for a few hours.
fn something(pick: u32, now_ms: u64) -> GrantRequest {
    let role = match pick % 8 {
        0 => Role::Owner,
        1..=3 => Role::Partner,
        4 | 5 => Role::Therapist,
        _ => Role::Viewer,
    };
    if role == Role::Owner {
        return GrantRequest::of(role);
    }
    let without = match pick / 8 % 5 {
        0 => vec![Class::Log],
        1 => vec![Class::Plan],
        _ => Vec::new(),
    };
    let with = match pick / 40 % 4 {
        0 => vec![Class::Notes],
        1 => vec![Class::Profile],
        _ => Vec::new(),
    };
    let hours = u64::from(pick / 160 % 24) + 1;
    let until_ms = (pick / 160).is_multiple_of(5).then(|| now_ms + hours * 60 * MINUTE);
    GrantRequest { without, with, until_ms, ..GrantRequest::of(role) }
}

impl Circle {
    /// A view of a chart that this device's account may change, as far as the device knows.
    fn owned(&self, device: usize, pick: u32) -> Result<Option<(Engine, usize)>, String> {
        let charts = self.devices[device].engine().charts().map_err(|e| format!("charts: {e}"))?;
        let owned: Vec<_> = charts
            .into_iter()
            .filter(|one| one.role == Some("owner") && one.standing == ChartStanding::Active)
            .collect();
        match nth(&owned, pick) {
            Some(one) => self.view_of(device, &one.id),
            None => Ok(None),
        }
    }

    fn others(view: &Engine) -> Result<Vec<MemberView>, String> {
        let members = view.members().map_err(|e| format!("members: {e}"))?;
        Ok(members.into_iter().filter(|member| !member.me).collect())
    }

    /// In calm weather: everybody comes into the first person's chart, in some role.
    pub(super) fn let_everybody_in(&mut self) -> Result<(), String> {
        for person in 1..self.people.len() {
            let pick = (self.seed as u32).wrapping_mul(0x9e37_79b9) >> (4 + person);
            let grant = GrantRequest { until_ms: None, ..something(pick, 0) };
            let invitation = Invitation {
                name: Some(self.people[person].name.to_owned()),
                grant,
                valid_ms: 60 * MINUTE,
                confirm_first: false,
            };
            let invited = self.devices[0].engine().invite(&invitation);
            let invited = invited.map_err(|e| format!("invite: {e} ({})", e.code()))?;
            let came = self.devices[person].engine().accept_invite(&invited.link);
            came.map_err(|e| format!("accept: {e} ({})", e.code()))?;
            self.sync(0)?;
        }
        Ok(())
    }

    pub(super) fn invite(
        &mut self,
        device: usize,
        pick: u32,
        confirm_first: bool,
        minutes: u32,
    ) -> Result<(), String> {
        let Some((view, _)) = self.owned(device, pick)? else { return Ok(()) };
        let invitation = Invitation {
            name: Some(format!("guest {pick}")),
            grant: something(pick / 3, self.network.now_ms()),
            valid_ms: u64::from(minutes) * MINUTE,
            confirm_first,
        };
        let invited = view.invite(&invitation);
        drop(view);
        if let Some(invited) = self.allowed(device, "invite", invited)? {
            self.links.push(invited.link.to_string());
        }
        Ok(())
    }

    pub(super) fn accept(&mut self, device: usize, pick: u32) -> Result<(), String> {
        // The newest are at hand most.
        let newest = self.links.len().saturating_sub(3);
        let heap = if pick.is_multiple_of(4) { &self.links[..] } else { &self.links[newest..] };
        let Some(link) = nth(heap, pick / 4).cloned() else { return Ok(()) };
        let came = self.devices[device].engine().accept_invite(&link);
        let came = self.allowed(device, "accept", came)?;
        self.trace.line(format!("  comes in: {}", came.is_some()));
        Ok(())
    }

    pub(super) fn close_invite(&mut self, device: usize, pick: u32) -> Result<(), String> {
        let Some((view, _)) = self.owned(device, pick)? else { return Ok(()) };
        let open = view.invites().map_err(|e| format!("invites: {e}"))?;
        let Some(one) = nth(&open, pick / 5) else { return Ok(()) };
        let done = view.revoke_invite(&one.invite);
        drop(view);
        self.allowed(device, "close an invite", done).map(|_| ())
    }

    pub(super) fn compare(&mut self, device: usize, pick: u32, same: bool) -> Result<(), String> {
        let Some((view, _)) = self.view(device, pick)? else { return Ok(()) };
        let others = Self::others(&view)?;
        // Whoever waits for it is compared first.
        let waiting: Vec<MemberView> = others.iter().filter(|one| one.waiting).cloned().collect();
        let among = if waiting.is_empty() { &others } else { &waiting };
        let Some(one) = nth(among, pick / 5) else { return Ok(()) };
        let done = view.verify(&one.account, same);
        drop(view);
        let done = self.allowed(device, "compare", done)?;
        self.trace.line(format!("  {done:?}"));
        Ok(())
    }

    pub(super) fn grant(&mut self, device: usize, pick: u32) -> Result<(), String> {
        let Some((view, _)) = self.owned(device, pick)? else { return Ok(()) };
        let others = Self::others(&view)?;
        let Some(one) = nth(&others, pick / 5) else { return Ok(()) };
        let wish = something(pick / 17, self.network.now_ms());
        self.trace.line(format!("  {} gets {wish:?}", one.name));
        let done = view.change_grant(&one.account, &wish);
        drop(view);
        self.allowed(device, "grant", done).map(|_| ())
    }

    pub(super) fn remove(&mut self, device: usize, pick: u32) -> Result<(), String> {
        let Some((view, _)) = self.owned(device, pick)? else { return Ok(()) };
        let others = Self::others(&view)?;
        let Some(one) = nth(&others, pick / 5) else { return Ok(()) };
        self.trace.line(format!("  {} is to go", one.name));
        let done = view.remove_member(&one.account);
        drop(view);
        self.allowed(device, "remove", done).map(|_| ())
    }

    pub(super) fn leave(&mut self, device: usize, pick: u32) -> Result<(), String> {
        let Some((view, owner)) = self.view(device, pick)? else { return Ok(()) };
        if owner == self.of[device] {
            return Ok(());
        }
        let done = view.leave();
        drop(view);
        self.allowed(device, "leave", done).map(|_| ())
    }

    pub(super) fn close(&mut self, device: usize, pick: u32) -> Result<(), String> {
        let Some((view, owner)) = self.owned(device, pick)? else { return Ok(()) };
        self.trace.line(format!("  {}'s chart is to be closed", self.people[owner].name));
        let done = view.close_chart();
        drop(view);
        self.allowed(device, "close", done).map(|_| ())
    }

    pub(super) fn revoke(&mut self, device: usize, pick: u32) -> Result<(), String> {
        let mine: Vec<usize> = (0..self.devices.len())
            .filter(|other| *other != device && self.of[*other] == self.of[device])
            .collect();
        let Some(other) = nth(&mine, pick).copied() else { return Ok(()) };
        let identity = self.devices[other].engine().identity();
        let id = identity.map_err(|e| format!("identity: {e}"))?.device;
        self.trace.line(format!("  device {other} is to go"));
        let done = self.devices[device].engine().revoke_device(&id);
        self.allowed(device, "revoke", done).map(|_| ())
    }
}
