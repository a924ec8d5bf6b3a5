//! The device that conducts: it applies inputs, its own and those asked for, and says each to the others.

use std::collections::{BTreeMap, VecDeque};

use super::follower::Follower;
use super::message::{Beat, Message, Said, Snapshot, Term};
use super::{Instants, MAX_KEPT, may_be_asked};
use crate::ids::DeviceName;
use crate::player::{Action, At, Effect, Input, Plan, Player};

/// The most devices whose askings are told apart (ours).
const MAX_ASKERS: usize = 32;

/// Leads a session.
#[derive(Debug, Clone)]
pub struct Leader {
    term: Term,
    player: Player,
    /// How many inputs were applied.
    n: u64,
    /// The latest of them, oldest first.
    kept: VecDeque<Said>,
    /// The last asking of each device that was heard.
    asked: BTreeMap<DeviceName, u64>,
    instants: Instants,
}

/// Somebody else leads now.
#[derive(Debug, Clone)]
pub struct Deposed {
    /// What this device is from now on.
    pub follower: Follower,
    /// What to say.
    pub say: Vec<Message>,
}

impl Leader {
    /// Begins a session. `own` is now, on this device.
    #[must_use]
    pub fn begin(plan: Plan, me: DeviceName, own: At) -> Self {
        Self::go_on(Player::new(plan, own), me, Instants::same(own))
    }

    /// Leads a session that this device conducts already.
    #[must_use]
    pub fn go_on(player: Player, me: DeviceName, instants: Instants) -> Self {
        Self::with(Term { number: 1, leader: me }, player, 0, instants)
    }

    pub(super) fn with(term: Term, player: Player, n: u64, instants: Instants) -> Self {
        let (kept, asked) = (VecDeque::new(), BTreeMap::new());
        Self { term, player, n, kept, asked, instants }
    }

    /// Who leads.
    #[must_use]
    pub const fn term(&self) -> &Term {
        &self.term
    }

    /// The session.
    #[must_use]
    pub const fn player(&self) -> &Player {
        &self.player
    }

    /// The session's instant at an instant of this device. A leader from the beginning has the same; one that
    /// took over goes on with the instants of whoever led before.
    #[must_use]
    pub fn session_at(&self, own: At) -> At {
        self.instants.session_at(own)
    }

    /// How the session's instants lie to this device's.
    #[must_use]
    pub const fn instants(&self) -> Instants {
        self.instants
    }

    /// The session, for whoever conducts it alone from now on.
    #[must_use]
    pub fn into_player(self) -> Player {
        self.player
    }

    /// Applies an input of this device. Gives what to do here and what to say to the others.
    pub fn apply(&mut self, own: At, input: &Input) -> (Vec<Effect>, Vec<Message>) {
        let at = self.session_at(own);
        let effects = self.player.apply(at, input);
        // That time passed is nothing anybody has to be told.
        if matches!(input.action, Action::Tick) {
            return (effects, Vec::new());
        }
        let said = Said { term: self.term.clone(), n: self.n, at, input: input.clone() };
        self.n = self.n.saturating_add(1);
        self.kept.push_back(said.clone());
        if self.kept.len() > MAX_KEPT {
            self.kept.pop_front();
        }
        (effects, vec![Message::Said(said)])
    }

    /// The sign of life, to be said every two seconds or so.
    #[must_use]
    pub fn beat(&self, own: At, shared_ms: i64) -> Message {
        let at = self.session_at(own);
        Message::Beat(Beat { term: self.term.clone(), n: self.n, at, shared_ms })
    }

    /// The whole state, for somebody who has none of it.
    #[must_use]
    pub fn snapshot(&self, own: At, shared_ms: i64) -> Message {
        Message::Snapshot(Snapshot {
            term: self.term.clone(),
            n: self.n,
            at: self.session_at(own),
            shared_ms,
            checkpoint: Box::new(self.player.checkpoint()),
        })
    }

    /// Hears a message. Gives what to do here and what to say.
    ///
    /// # Errors
    /// [`Deposed`]: somebody else leads.
    pub fn hear(
        &mut self,
        own: At,
        shared_ms: i64,
        message: &Message,
    ) -> Result<(Vec<Effect>, Vec<Message>), Box<Deposed>> {
        let term = match message {
            Message::Hello { have, .. } => {
                return Ok((Vec::new(), self.again(have.as_ref(), own, shared_ms)));
            }
            Message::Ask { from, no, input } => return Ok(self.asked_for(own, from, *no, input)),
            Message::Snapshot(Snapshot { term, .. })
            | Message::Said(Said { term, .. })
            | Message::Beat(Beat { term, .. }) => term,
        };
        if *term <= self.term {
            // Whoever leads an older term learns of this one.
            let older = *term < self.term && matches!(message, Message::Beat(_));
            let say = if older { vec![self.snapshot(own, shared_ms)] } else { Vec::new() };
            return Ok((Vec::new(), say));
        }
        let mut follower = Follower::after(self.term.leader.clone(), term.clone());
        let say = follower.hear(shared_ms, message);
        Err(Box::new(Deposed { follower, say }))
    }

    /// What somebody lacks: the inputs since, or the whole state.
    fn again(&self, have: Option<&(Term, u64)>, own: At, shared_ms: i64) -> Vec<Message> {
        let first = self.n.saturating_sub(self.kept.len() as u64);
        match have {
            Some((term, n)) if *term == self.term && (first..=self.n).contains(n) => {
                let since = usize::try_from(n - first).unwrap_or(usize::MAX);
                let mut say: Vec<Message> =
                    self.kept.iter().skip(since).cloned().map(Message::Said).collect();
                say.push(self.beat(own, shared_ms));
                say
            }
            _ => vec![self.snapshot(own, shared_ms)],
        }
    }

    fn asked_for(
        &mut self,
        own: At,
        from: &DeviceName,
        no: u64,
        input: &Input,
    ) -> (Vec<Effect>, Vec<Message>) {
        let known = self.asked.get(from).copied();
        let full = known.is_none() && self.asked.len() >= MAX_ASKERS;
        if full || known.is_some_and(|last| no <= last) || !may_be_asked(&input.action) {
            return (Vec::new(), Vec::new());
        }
        self.asked.insert(from.clone(), no);
        self.apply(own, input)
    }
}
