//! Coming into somebody's chart with an invite: a look at its membership, an admission signed by the invite and by
//! this device, the keys out of the relay's hands. The other side need not be there. Broken off at any point, the
//! same link goes on where it was.

use holdfast_domain::words::Message;
use holdfast_protocol::VERSION;
use holdfast_protocol::entry::{Entry, Position};
use holdfast_protocol::ids::EntryHash;
use holdfast_protocol::invitation::MemberLink;
use holdfast_protocol::membership::Refusal;
use holdfast_protocol::pairing::{
    HandedKey, JoinRequest, JoinResponse, PeekRequest, PeekResponse, member_wrap_info,
};
use holdfast_protocol::sync::{Outcome, ProblemCode};

use super::arrival;
use super::greetings;
use super::links;
use super::peek::{self, Shown};
use super::statements::admit;
use crate::Inner;
use crate::charts::{ChartView, role_name, role_of};
use crate::documents::account::Contact;
use crate::erasure::{self, Grave};
use crate::error::{Error, Result};
use crate::identity::address;
use crate::identity::asking::{Asking, NoAnswer};
use crate::identity::create;
use crate::identity::devices::{sync_whole, write_account};
use crate::identity::statements::{By, Place};
use crate::observe::Key;
use crate::protocol_words::garbled;
use crate::rights::relay_now;
use crate::store::sync_tables::accepting::{self, Accepting};
use crate::store::sync_tables::{relay, spaces};
use crate::store::{Priority, meta};
use crate::sync::seal::place;

/// How often a race with another change of the chart is run again.
const RACES: u32 = 5;

fn used() -> Error {
    Error::Linked(Message::new("share.link_used"))
}

/// An invite that is not open any more, told apart by the end that the link itself states.
fn gone(link: &MemberLink, now_ms: u64) -> Error {
    Error::Linked(if now_ms >= link.expires_at_ms {
        Message::new("share.link_ended")
    } else {
        Message::new("share.link_gone")
    })
}

impl Inner {
    /// Comes into the chart that a link leads to.
    pub(super) fn accept_invite(&self, link: &MemberLink, name: Option<&str>) -> Result<ChartView> {
        let name = match name {
            Some(name) => create::name("name", name)?,
            None => self.store.read(meta::me)?.map(|me| me.name).unwrap_or_default(),
        };
        let url = address::parse(&link.relay).map_err(|_| links::damaged())?;
        let set = self.store.read(relay::get)?.filter(|relay| !relay.url.is_empty());
        if let Some(other) = set.as_ref().filter(|relay| relay.url != url) {
            let message = Message::new("share.other_relay").with("theirs", url.as_str());
            return Err(Error::Linked(message.with("ours", other.url.as_str())));
        }
        if link.from == self.who.account {
            return Err(Error::Linked(Message::new("share.own_invite")));
        }
        let invite = link.keys().id();
        let known = self.store.read(accepting::all)?;
        let pending = known.into_iter().find(|one| one.invite == invite);
        if pending.is_none()
            && let Some(view) = self.came_in_with(link)?
        {
            // Once more is once: a phone may hand the same link over again and again.
            return Ok(view);
        }
        match pending {
            Some(one) if one.keys.is_some() => self.arrive(link),
            pending => self.come_in((link, &name), &url, set.is_some(), pending),
        }
    }

    fn come_in(
        &self,
        (link, name): (&MemberLink, &str),
        url: &str,
        relay_is_set: bool,
        mut pending: Option<Accepting>,
    ) -> Result<ChartView> {
        let asking = Asking { transport: self.transport()?, relay: url };
        let mut relay_is_set = relay_is_set;
        for _ in 0..RACES {
            let shown = match (self.look(&asking, link), &pending) {
                (Ok(shown), _) => shown,
                // Used, and perhaps by the admission that was broken off: sending it again tells.
                (Err(Error::Linked(_)), Some(one)) => {
                    let entry = Entry::from_bytes(&one.admission).map_err(|_| used())?;
                    return match self.send(&asking, link, &entry)? {
                        Sent::Admitted(keys) => self.keep_answer(link, one.clone(), keys),
                        Sent::LostRace => Err(used()),
                        Sent::Refused(error) => {
                            self.give_up(link)?;
                            Err(error)
                        }
                    };
                }
                (Err(error), _) => return Err(error),
            };
            let chart = shown.state.as_chart();
            if chart.is_some_and(|chart| chart.members.contains_key(&self.who.account)) {
                return Err(Error::Linked(Message::new("share.already_in")));
            }
            if !relay_is_set {
                // The link leads somewhere: its relay becomes this account's.
                self.store.write(Priority::User, "accept", |tx| {
                    meta::put(tx, meta::RELAY, url.as_bytes())?;
                    tx.touch(Key::Account);
                    relay::set(tx, url, false)
                })?;
                relay_is_set = true;
            }
            // The relay knows the account, and as it is now.
            sync_whole(self)?;
            let (one, entry) = self.prepare(link, name, &shown)?;
            pending = Some(one.clone());
            match self.send(&asking, link, &entry)? {
                Sent::Admitted(keys) => return self.keep_answer(link, one, keys),
                // The membership moved since it was looked at.
                Sent::LostRace => {}
                Sent::Refused(error) => {
                    self.give_up(link)?;
                    return Err(error);
                }
            }
        }
        Err(Error::Relay { code: "relay_busy", message: Message::new("relay_said.chart_changes") })
    }

    /// The chart, where it is this very link that the account takes part in it with.
    pub(super) fn came_in_with(&self, link: &MemberLink) -> Result<Option<ChartView>> {
        let invite = Some(link.keys().id());
        let takes_part = self.store.read(|conn| {
            let state = spaces::known_state(conn, link.chart)?;
            let chart = state.as_ref().and_then(|state| state.as_chart());
            let member = chart.and_then(|chart| chart.members.get(&self.who.account));
            let came = member.is_some_and(|member| member.invite == invite);
            Ok(came && !spaces::is_gone(conn, link.chart)?)
        })?;
        if takes_part { self.view_by(link) } else { Ok(None) }
    }

    fn view_by(&self, link: &MemberLink) -> Result<Option<ChartView>> {
        let id = link.chart.to_hex();
        let views = self.store.read(|conn| self.chart_views(conn))?;
        Ok(views.into_iter().find(|view| view.id == id))
    }

    fn now_at_relay(&self) -> Result<u64> {
        self.store.read(|conn| relay_now(conn, self.clock.wall_ms()))
    }

    /// The chart as the relay shows it to the holder of the link.
    fn look(&self, asking: &Asking<'_>, link: &MemberLink) -> Result<Shown> {
        let request = PeekRequest::sign(&link.keys(), link.chart);
        let answer: PeekResponse = match asking.ask("/v1/peek", &request, None) {
            Ok(answer) => answer,
            Err(NoAnswer::Refused(problem)) if problem.code == ProblemCode::InviteUsed => {
                return Err(used());
            }
            Err(NoAnswer::Refused(problem))
                if matches!(problem.code, ProblemCode::InviteGone | ProblemCode::NotFound) =>
            {
                return Err(gone(link, self.now_at_relay()?));
            }
            Err(other) => return Err(other.into()),
        };
        peek::read(link, &answer)
            .map_err(|bad| Error::Relay { code: "relay_untrusted", message: bad.message() })
    }

    /// Signs the admission and keeps it before it is sent, so that a lost answer does not lose the invite.
    fn prepare(&self, link: &MemberLink, name: &str, shown: &Shown) -> Result<(Accepting, Entry)> {
        self.with_site(|site| {
            self.store.write(Priority::User, "accept", |tx| {
                let account = spaces::known_state(tx.reader(), site.account)?;
                let account =
                    account.ok_or_else(|| Error::Unreadable("the account's log".to_owned()))?;
                let no = spaces::number(tx, link.chart)?;
                let row = spaces::get(tx.reader(), link.chart)?;
                let at = match row.as_ref().and_then(|row| Some((row, row.settled()?))) {
                    // It was a member once, and goes on where it was.
                    Some((row, known)) => place(site, tx, row, known)?,
                    None => Place {
                        counter: spaces::next_counter(tx, no, 0)?,
                        prev: EntryHash::ZERO,
                        seen: Position::START,
                    },
                };
                let by = By { keys: site.keys, at };
                let keys = link.keys();
                let place = (link.chart, keys.id());
                let greetings = match shown.state.as_chart() {
                    Some(chart) => greetings::seal(site, chart, &shown.accounts, place, name),
                    None => Vec::new(),
                };
                let entry = admit(&shown.state, &account, &keys, greetings, by);
                let one = Accepting {
                    invite: link.keys().id(),
                    chart: link.chart,
                    secret: arrival::seal(site, &link.secret),
                    name: link.name.clone(),
                    role: role_of(&link.grant).map_or("member", role_name).to_owned(),
                    admission: entry.to_bytes(),
                    keys: None,
                };
                accepting::put(tx, &one)?;
                Ok((one, entry))
            })
        })
    }

    fn send(&self, asking: &Asking<'_>, link: &MemberLink, entry: &Entry) -> Result<Sent> {
        let request =
            JoinRequest { version: VERSION, account: link.chart, admission: entry.to_bytes() };
        let now = self.now_at_relay()?;
        let mut last = None;
        // The same bytes are harmless however often they are sent.
        for _ in 0..3 {
            match asking.ask::<_, JoinResponse>("/v1/join", &request, None) {
                // The relay keeps its answer for a while: a key that was damaged on the way is asked for again.
                Ok(response) if !are_whole(link, &response.keys) => {
                    let message = garbled("a key in it does not open".to_owned());
                    last = Some(NoAnswer::Failed(Error::Relay { code: "relay_garbled", message }));
                }
                Ok(response) => {
                    return Ok(match response.outcome {
                        Outcome::Stored { .. } | Outcome::Have { .. } => {
                            Sent::Admitted(response.keys)
                        }
                        Outcome::Never { why: Refusal::InviteUsed } => Sent::Refused(used()),
                        Outcome::Never { why: Refusal::InviteGone | Refusal::Closed } => {
                            Sent::Refused(gone(link, now))
                        }
                        Outcome::StaleMembership { .. } | Outcome::StaleWrap => Sent::LostRace,
                        other => Sent::Refused(Error::Relay {
                            code: "relay_refused",
                            message: Message::new("relay_said.does_not_admit_account")
                                .with("outcome", format!("{other:?}")),
                        }),
                    });
                }
                Err(NoAnswer::Refused(problem)) if problem.code == ProblemCode::InviteUsed => {
                    return Ok(Sent::Refused(used()));
                }
                Err(NoAnswer::Refused(problem)) if problem.code == ProblemCode::InviteGone => {
                    return Ok(Sent::Refused(gone(link, now)));
                }
                Err(other) => last = Some(other),
            }
        }
        Err(last.map_or_else(|| gone(link, now), Error::from))
    }

    /// The relay took the admission: what it answered is kept before anything else is asked of it.
    fn keep_answer(
        &self,
        link: &MemberLink,
        one: Accepting,
        keys: Vec<HandedKey>,
    ) -> Result<ChartView> {
        self.store.write(Priority::User, "accept", |tx| {
            erasure::come_back(tx, one.chart)?;
            accepting::put(tx, &Accepting { keys: Some(keys), ..one })
        })?;
        write_account(self, |account| {
            // Whatever one of the account's devices has erased of it, all of them read it again.
            let mut reading = account.read();
            let known = reading.charts.contains_key(&link.chart);
            let grave = reading.graves.remove(&link.chart);
            let now = Grave::of_left(self.clock.wall_ms());
            let Some(grave) = grave.or_else(|| known.then(|| now.clone())) else { return Ok(None) };
            let over = Grave { over: true, at_ms: now.at_ms, ..grave };
            Ok(account.put_grave(link.chart, &over)?)
        })?;
        self.arrive(link)
    }

    /// Reads the chart, and keeps the keys: for this device now, for the others in the chart's log.
    fn arrive(&self, link: &MemberLink) -> Result<ChartView> {
        sync_whole(self)?;
        let invite = link.keys().id();
        let left = self.store.read(accepting::all)?.into_iter().find(|one| one.invite == invite);
        if let Some(one) = left {
            let done = self.with_site(|site| {
                self.store.write(Priority::User, "accept", |tx| arrival::finish(site, tx, &one))
            })?;
            if !done {
                return Err(Error::Relay {
                    code: "not_arrived",
                    message: Message::new("share.not_come_yet"),
                });
            }
            sync_whole(self)?;
        }
        let from = link.from;
        write_account(self, |account| {
            if account.read().contacts.contains_key(&from) || link.name.trim().is_empty() {
                return Ok(None);
            }
            Ok(account.put_contact(from, &Contact::new(link.name.trim()))?)
        })?;
        let id = link.chart.to_hex();
        self.view_by(link)?.ok_or(Error::NotFound { what: "chart", id })
    }

    /// Nothing came of it.
    fn give_up(&self, link: &MemberLink) -> Result<()> {
        self.store.write(Priority::User, "accept", |tx| {
            accepting::remove(tx, link.keys().id())?;
            let no = spaces::number(tx, link.chart)?;
            spaces::forget_foreign(tx, no)
        })
    }
}

/// Whether the invite opens every key that was handed out. Whether they are the right ones, the chart's log tells.
fn are_whole(link: &MemberLink, keys: &[HandedKey]) -> bool {
    let invite = link.keys();
    keys.iter().all(|handed| {
        let info = member_wrap_info(link.chart, invite.id(), handed.class);
        invite.receive().unwrap_secret(&info, &handed.wrapped).is_ok()
    })
}

enum Sent {
    Admitted(Vec<HandedKey>),
    LostRace,
    Refused(Error),
}
