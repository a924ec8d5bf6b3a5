//! A session that several devices do together, live: one leads and logs, the others show the same second and may
//! pause, stop and answer. This joins the domain's leader and follower to the stored player, to the chart's key and
//! rights, and to the relay. What is said is sealed and signed, waits in short queues, and is stored nowhere.
//!
//! Whoever leads goes on alone when the relay is away; whoever follows sees that nobody is heard, and may take over.

mod clock;
mod content;
mod hearing;
mod room;
mod table;
mod threads;
mod voice;

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use holdfast_domain::ids::{RoutineId, SessionId};
use holdfast_domain::player::{Action, At, Input, Summary, TimedCue, View};
use holdfast_protocol::ids::LiveId;
use serde::Serialize;

use crate::observe::{Key, Subscription};
use crate::play::{Applied, PlaySummary, Playing};
use crate::{Engine, HoldfastError};
use room::Room;
use table::Part;
use threads::{Core, NotStarted};

/// How long the end of a session may take to be said.
const LAST_WORDS: Duration = Duration::from_millis(1_000);

/// What a device does in a live session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LivePart {
    /// It leads: it applies every input, and logs.
    Leads,
    /// It follows: it shows what the leader says, and asks.
    Follows,
    /// It waits for somebody who leads.
    Waits,
}

/// Somebody else who is there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LiveOther {
    /// What the person is called here.
    pub name: String,
    /// The device, as hex.
    pub device: String,
    /// Whether they may pause, stop and answer, and not only look.
    pub takes_part: bool,
    /// Whether they lead.
    pub leads: bool,
}

/// How a live session stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LiveStanding {
    /// What this device does.
    pub part: LivePart,
    /// What the relay knows the live session by, as hex; nothing while none is known.
    pub live_id: Option<String>,
    /// Who else is there: who was heard in the last seconds.
    pub others: Vec<LiveOther>,
    /// What whoever leads is called; nothing while that is not known.
    pub leader: Option<String>,
    /// How often the lead was taken over, and one more; 0 while nobody leads.
    pub term: u64,
    /// Whether the relay is heard.
    pub connected: bool,
    /// Whether the leader has been silent for too long.
    pub leader_is_gone: bool,
    /// Whether this person may pause, stop and answer.
    pub may_ask: bool,
    /// How far the shared clock may be off, in milliseconds; nothing while it is not known.
    pub within_ms: Option<u64>,
    /// How many times faster than time somebody else's clock runs, where it is another pace than this one's:
    /// then they do not hear each other.
    pub other_pace: Option<u32>,
}

/// A live session, led or followed. Cheap to share by reference between threads. Dropping it ends it here; a session
/// that was led can then be resumed, like one whose program was killed.
pub struct Live {
    core: Arc<Core>,
    _rights: Subscription,
}

/// Why a session is not led live, and the session, which can be played alone.
#[derive(Debug)]
pub struct NotTogether {
    /// Why.
    pub error: HoldfastError,
    /// The session as it was.
    pub playing: Playing,
}

impl Playing {
    /// Leads from now on: whoever may read the chart's log can follow, and whoever may write it can pause, stop,
    /// answer the ease check, and take over when this device vanishes. Holds are logged as ever.
    ///
    /// `on_change` is called from threads of the session when there is something to look at; it must not call the
    /// session itself, only wake whoever does.
    ///
    /// # Errors
    /// [`NotTogether`]: no relay is set, the chart was not synced yet, or the log may not be read.
    pub fn together(
        self,
        on_change: impl Fn() + Send + Sync + 'static,
    ) -> Result<Live, Box<NotTogether>> {
        let engine = self.engine().clone();
        let room = match engine.guarded(|inner| Room::read(inner)) {
            Ok(room) => room,
            Err(error) => return Err(Box::new(NotTogether { error, playing: self })),
        };
        Live::start(&engine, Some(self), room, Box::new(on_change)).map_err(|not| {
            let (error, playing) = *not;
            let playing = playing.expect("a session that is not led is given back");
            Box::new(NotTogether { error, playing })
        })
    }
}

impl Engine {
    /// Follows whoever leads a session of this chart, now or later. `on_change` as with [`Playing::together`].
    ///
    /// # Errors
    /// [`HoldfastError::Forbidden`] where no relay is set, the chart was not synced yet, or its log may not be read.
    pub fn follow(
        &self,
        on_change: impl Fn() + Send + Sync + 'static,
    ) -> Result<Live, HoldfastError> {
        let room = self.guarded(|inner| Room::read(inner))?;
        Live::start(self, None, room, Box::new(on_change)).map_err(|not| not.0)
    }
}

impl Live {
    fn start(
        engine: &Engine,
        playing: Option<Playing>,
        room: Room,
        on_change: Box<dyn Fn() + Send + Sync>,
    ) -> Result<Self, NotStarted> {
        let core = Core::start(engine.clone(), playing, room, on_change)?;
        let weak = Arc::downgrade(&core);
        let rights = engine.observe(move |keys| {
            let concerns = [Key::Charts, Key::Devices, Key::Account];
            if concerns.into_iter().any(|key| keys.has(key))
                && let Some(core) = weak.upgrade()
            {
                core.look_again();
            }
        });
        Ok(Self { core, _rights: rights })
    }

    /// This instant, as the player counts it.
    #[must_use]
    pub fn at(&self) -> At {
        self.core.engine.at()
    }

    /// Takes an input now. Whoever leads applies it; whoever follows asks the leader, and the view shows when it was
    /// heard. The effects are also those of what others asked for since.
    ///
    /// What may not be asked for is the error in the answer.
    pub fn apply(&self, input: &Input) -> Applied {
        self.apply_at(self.at(), input)
    }

    /// Takes an input that happened at `at`.
    pub fn apply_at(&self, at: At, input: &Input) -> Applied {
        self.core.table().apply(at, input, &self.core.voice)
    }

    /// Lets time pass: gives the cues that fell due.
    pub fn tick(&self) -> Applied {
        self.apply(&Input::unseeing(Action::Tick))
    }

    /// What a screen shows now; nothing while no session is known.
    #[must_use]
    pub fn view(&self) -> Option<View> {
        self.view_at(self.at())
    }

    /// What a screen shows at `at`.
    #[must_use]
    pub fn view_at(&self, at: At) -> Option<View> {
        let shared = self.core.shared_ms(at.since_boot_ms);
        self.core.table().view(at, shared)
    }

    /// The cues to come, with their instants on this device's clock.
    #[must_use]
    pub fn timeline_at(&self, at: At) -> Vec<TimedCue> {
        let shared = self.core.shared_ms(at.since_boot_ms);
        self.core.table().timeline(at, shared)
    }

    /// When to look again, seen from `at`; nothing while the session waits for a person.
    #[must_use]
    pub fn next_due_at(&self, at: At) -> Option<At> {
        let shared = self.core.shared_ms(at.since_boot_ms);
        self.core.table().next_due(at, shared)
    }

    /// What was done so far, as far as it is known here.
    #[must_use]
    pub fn summary(&self) -> Option<Summary> {
        match &self.core.table().part {
            Part::Leads(playing) => Some(playing.summary()),
            Part::Follows(following) => following.follower.player().map(|player| player.summary()),
            Part::Over => None,
        }
    }

    /// The session, whose holds are in the history under this id once they have come; nothing while none is known.
    #[must_use]
    pub fn session_id(&self) -> Option<SessionId> {
        self.core.table().setting.as_ref().map(|setting| setting.session.id())
    }

    /// The routine, and its name; nothing while no session is known.
    #[must_use]
    pub fn routine(&self) -> Option<(RoutineId, String)> {
        let table = self.core.table();
        table
            .setting
            .as_ref()
            .map(|setting| (setting.routine.clone(), setting.routine_name.clone()))
    }

    /// How it stands.
    #[must_use]
    pub fn standing(&self) -> LiveStanding {
        let own = self.at().since_boot_ms;
        let (shared, within_ms) = {
            let inside = self.core.voice.lock();
            (inside.clock.shared_ms(own), inside.clock.within_ms())
        };
        let table = self.core.table();
        let term = table.term().cloned();
        let (part, leader_is_gone) = match &table.part {
            Part::Leads(_) => (LivePart::Leads, false),
            Part::Follows(following) => {
                let gone = shared.is_some_and(|shared| following.follower.leader_is_gone(shared));
                let known = following.follower.player().is_some();
                (if known { LivePart::Follows } else { LivePart::Waits }, gone)
            }
            Part::Over => (LivePart::Waits, false),
        };
        let room = table.room.as_ref();
        let name = |account| room.map(|room| room.name(account)).unwrap_or_default();
        let leads = |device: &str| term.as_ref().is_some_and(|term| term.leader.as_str() == device);
        let others: Vec<LiveOther> = table
            .others
            .iter()
            .map(|(device, other)| {
                let device = device.to_hex();
                let leads = leads(&device);
                LiveOther { name: name(&other.account), takes_part: other.writes, leads, device }
            })
            .collect();
        let leader = match part {
            LivePart::Leads => table.my_name(),
            _ => others.iter().find(|other| other.leads).map(|other| other.name.clone()),
        };
        let known = table.session != LiveId([0; 16]);
        LiveStanding {
            part,
            live_id: known.then(|| table.session.to_hex()),
            others,
            leader,
            term: term.map_or(0, |term| term.number),
            connected: self.core.connected.load(Ordering::Acquire),
            leader_is_gone,
            may_ask: room.is_some_and(|room| room.writes),
            within_ms,
            other_pace: table.other_pace,
        }
    }

    /// Why this device does not take part any more: the account was removed, its time is over, the chart closed.
    #[must_use]
    pub fn lost(&self) -> Option<HoldfastError> {
        let table = self.core.table();
        table.lost.clone().filter(|_| table.room.is_none())
    }

    /// Leads from now on, where the leader has been silent for too long. Holds are logged here from now on, under
    /// this account's name, into the same session; a leader that comes back follows.
    ///
    /// # Errors
    /// [`HoldfastError::Forbidden`] while the leader is there or no session is known; where this account may not
    /// write the log; where the session does not fit the chart's plan; where another session waits to be resumed.
    /// [`HoldfastError::PlayInUse`] while one is played here.
    pub fn take_over(&self) -> Result<(), HoldfastError> {
        self.core.table().take_over(&self.core.engine, &self.core.voice)
    }

    /// Ends it here. Whoever leads ends the session: one that still runs is stopped as enough for today, and the
    /// others are told, for which there is a second. Gives what it came to where this device led at the end.
    ///
    /// # Errors
    /// When it could not be written; it then waits to be resumed.
    pub fn finish(self) -> Result<Option<PlaySummary>, HoldfastError> {
        let playing = {
            let mut table = self.core.table();
            let finished = table.finish(&self.core.voice);
            drop(table);
            finished?
        };
        if playing.is_some() {
            let until = Instant::now() + LAST_WORDS;
            while !self.core.voice.is_empty() && Instant::now() < until {
                std::thread::sleep(Duration::from_millis(5));
            }
        }
        Ok(playing)
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        self.core.end();
        // What was led is let go of, as by a kill: the lock is free when this returns.
        drop(self.core.table().give_back());
    }
}

impl std::fmt::Debug for Live {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Live").field("standing", &self.standing()).finish_non_exhaustive()
    }
}
