//! What a live session is on one device: it leads or it follows, it knows who else is there, and it takes from each
//! what they may say. It has no thread and no network; what is to be said goes to the voice.

use std::collections::{BTreeMap, VecDeque};

use holdfast_domain::ids::DeviceName;
use holdfast_domain::live::{Follower, Message, Term, may_be_asked};
use holdfast_domain::player::{Action, At, Effect, Input, PauseReason, TimedCue, View};
use holdfast_domain::words::Message as Words;
use holdfast_protocol::ids::{AccountId, DeviceId, LiveId};
use holdfast_protocol::live::Heard;

use super::content::Pieces;
use super::hearing::rated_by;
use super::room::{Room, Speaker};
use super::voice::{Outgoing, Voice};
use crate::commands::play::{Applied, PlaySummary, Playing, Setting};
use crate::error::{Error, HoldfastError};
use crate::{Engine, Inner};

/// How often a leader gives a sign of life, in milliseconds of its clock (ours).
const BEAT_MS: u64 = 2_000;
/// How often a follower does.
const HELLO_MS: u64 = 5_000;
/// The same while it does not know the session.
const JOIN_MS: u64 = 1_000;
/// The same while the shared clock is hardly known: every answer makes it better.
const LEARN_MS: u64 = 300;
/// Who was not heard for so long is not there any more, in milliseconds (ours).
const GONE_MS: u64 = 12_000;
/// A cue later than this is not given any more, in milliseconds: as the player has it.
const LATE_CUE_MS: i64 = 2_000;
/// An asking that the leader has not said to have heard is repeated after so long, in milliseconds, so many times.
const ASK_AGAIN_MS: u64 = 700;
const ASK_TIMES: u8 = 4;
/// The most askings that wait for the leader.
const MAX_ASKED: usize = 8;
/// The most effects that wait for the front end; the oldest go first.
const MAX_EFFECTS: usize = 128;

/// Whether this device leads.
pub(super) enum Part {
    Leads(Box<Playing>),
    Follows(Box<Following>),
    /// It was finished.
    Over,
}

pub(super) struct Following {
    pub(super) follower: Follower,
    /// Up to when cues were given, in shared milliseconds.
    told_ms: Option<i64>,
    pub(super) asked: VecDeque<Asked>,
}

pub(super) struct Asked {
    message: Message,
    pub(super) input: Input,
    again_ms: u64,
    times: u8,
}

/// A device that is there.
pub(super) struct Other {
    pub(super) account: AccountId,
    pub(super) heard_ms: u64,
    pub(super) writes: bool,
}

/// One device's side of a live session.
pub(super) struct Table {
    pub(super) me: DeviceName,
    pub(super) account: AccountId,
    pub(super) device: DeviceId,
    /// Whether it is this person's own body.
    pub(super) subject: bool,
    pub(super) part: Part,
    /// The live session; zero until it is known.
    pub(super) session: LiveId,
    pub(super) setting: Option<Box<Setting>>,
    /// Nothing while nobody may be listened to.
    pub(super) room: Option<Room>,
    pub(super) others: BTreeMap<DeviceId, Other>,
    pub(super) heard: BTreeMap<LiveId, Heard>,
    pub(super) pieces: Pieces,
    effects: VecDeque<Effect>,
    /// What could not be written when the lead was handed over.
    pub(super) trouble: Option<HoldfastError>,
    pub(super) sign_ms: Option<u64>,
    pub(super) snapshot_ms: Option<u64>,
    /// Where asking begins to number: above what this device asked for before.
    pub(super) ask_above: u64,
    /// Another device runs at another pace.
    pub(super) other_pace: Option<u32>,
    /// Why nobody may be listened to any more.
    pub(super) lost: Option<HoldfastError>,
}

/// What has to be done besides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Due {
    /// The front end should look.
    pub(super) changed: bool,
    /// A newer key is in use: a sync fetches it.
    pub(super) sync: bool,
}

impl Due {
    pub(super) const LOOK: Self = Self { changed: true, sync: false };
    pub(super) const SYNC: Self = Self { changed: false, sync: true };
    pub(super) const NOTHING: Self = Self { changed: false, sync: false };
}

impl Following {
    pub(super) fn new(follower: Follower) -> Box<Self> {
        Box::new(Self { follower, told_ms: None, asked: VecDeque::new() })
    }
}

impl Table {
    pub(super) fn new(inner: &Inner, part: Option<Playing>, room: Room) -> Self {
        let me = DeviceName::new(inner.who.device.to_hex()).expect("hex is an id");
        let ask_above = u64::try_from(inner.clock.wall_ms()).unwrap_or(0);
        let setting = part.as_ref().map(|playing| Box::new(playing.setting()));
        let session = setting.as_ref().map(|setting| setting.live_id(inner.who.chart));
        let part = match part {
            Some(mut playing) => {
                playing.lead(me.clone());
                Part::Leads(Box::new(playing))
            }
            None => {
                Part::Follows(Following::new(Follower::join(me.clone()).0.asking_above(ask_above)))
            }
        };
        Self {
            me,
            account: inner.who.account,
            device: inner.who.device,
            subject: room.is_subject(&inner.who.account),
            part,
            session: session.unwrap_or(LiveId([0; 16])),
            setting,
            room: Some(room),
            others: BTreeMap::new(),
            heard: BTreeMap::new(),
            pieces: Pieces::default(),
            effects: VecDeque::new(),
            trouble: None,
            sign_ms: None,
            snapshot_ms: None,
            ask_above,
            other_pace: None,
            lost: None,
        }
    }

    /// Takes the session out, where it is led.
    pub(super) fn give_back(&mut self) -> Option<Playing> {
        match std::mem::replace(&mut self.part, Part::Over) {
            Part::Leads(playing) => Some(*playing),
            other => {
                self.part = other;
                None
            }
        }
    }

    /// Ends it. What was led is ended and its end is said; it stays where it could not be written.
    pub(super) fn finish(&mut self, voice: &Voice) -> Result<Option<PlaySummary>, HoldfastError> {
        let summary = match &mut self.part {
            Part::Leads(playing) => Some(playing.finish()?),
            _ => None,
        };
        self.say(voice, []);
        self.part = Part::Over;
        Ok(summary)
    }

    pub(super) fn my_name(&self) -> Option<String> {
        Some(self.name(&self.account)).filter(|name| !name.is_empty())
    }

    /// Leads from now on, where the leader is gone.
    pub(super) fn take_over(
        &mut self,
        engine: &Engine,
        voice: &Voice,
    ) -> Result<(), HoldfastError> {
        let shared = voice.lock().clock.shared_ms(engine.at().since_boot_ms);
        let (Some(setting), Some(shared)) = (self.setting.clone(), shared) else {
            return Err(Error::forbidden(Words::new("live.nobody_leads")).into());
        };
        let following = match std::mem::replace(&mut self.part, Part::Over) {
            Part::Follows(following) => following,
            other => {
                self.part = other;
                return Err(Error::forbidden(Words::new("live.leads_already")).into());
            }
        };
        let Following { follower, told_ms, asked } = *following;
        match engine.go_on_with(&setting, follower, shared) {
            Ok((playing, say)) => {
                self.part = Part::Leads(Box::new(playing));
                self.sign_ms = None;
                self.say(voice, say);
                // The session and where it stands are on this device's disk from here on.
                let applied = self.apply(engine.at(), &Input::unseeing(Action::Tick), voice);
                self.queue(applied.effects);
                applied.error.map_or(Ok(()), Err)
            }
            Err(not) => {
                let (error, follower) = *not;
                self.part = Part::Follows(Box::new(Following { follower, told_ms, asked }));
                Err(error)
            }
        }
    }

    /// Who leads, as far as is known.
    pub(super) fn term(&self) -> Option<&Term> {
        match &self.part {
            Part::Leads(playing) => playing.leader().map(|leader| leader.term()),
            Part::Follows(following) => following.follower.term(),
            Part::Over => None,
        }
    }

    pub(super) fn name(&self, account: &AccountId) -> String {
        self.room.as_ref().map(|room| room.name(account)).unwrap_or_default()
    }

    /// Says what the player noted to be said, and whatever else. The whole state takes its setting along.
    pub(super) fn say(&mut self, voice: &Voice, more: impl IntoIterator<Item = Message>) {
        let said = match &mut self.part {
            Part::Leads(playing) => playing.take_said(),
            _ => Vec::new(),
        };
        let out: Vec<Outgoing> = said
            .into_iter()
            .chain(more)
            .map(|message| {
                let whole = matches!(message, Message::Snapshot(_));
                let setting = self.setting.clone().filter(|_| whole);
                Outgoing { message, setting }
            })
            .collect();
        if !out.is_empty() {
            let mut inside = voice.lock();
            inside.session = self.session;
            inside.term = self.term().map_or(0, |term| term.number);
            drop(inside);
            voice.say(out);
        }
    }

    /// What is to be said because time has passed.
    pub(super) fn pass(&mut self, inner: &Inner, voice: &Voice) {
        let (at, fresh, shared) = {
            let (inside, at) = (voice.lock(), inner.at());
            (at, inside.clock.is_fresh(), inside.clock.shared_ms(at.since_boot_ms))
        };
        let own = at.since_boot_ms;
        self.others.retain(|_, other| own.saturating_sub(other.heard_ms) < GONE_MS);
        let known = matches!(&self.part, Part::Follows(f) if f.follower.player().is_some());
        let every = match &self.part {
            Part::Over => return,
            _ if fresh => LEARN_MS,
            Part::Leads(_) => BEAT_MS,
            Part::Follows(_) if known => HELLO_MS,
            Part::Follows(_) => JOIN_MS,
        };
        // A learner on a fast clock would say more than the relay hands on.
        let every =
            if fresh { every.saturating_mul(voice.lock().clock.pace().into()) } else { every };
        let mut out = Vec::new();
        if self.sign_ms.is_none_or(|last| own.saturating_sub(last) >= every || own < last) {
            self.sign_ms = Some(own);
            out.push(match (&self.part, shared) {
                (Part::Leads(playing), Some(shared)) => match playing.leader() {
                    Some(leader) => leader.beat(at, shared),
                    None => return,
                },
                (Part::Follows(following), _) => following.follower.hello(),
                _ => Message::Hello { from: self.me.clone(), have: None },
            });
        }
        if let Part::Follows(following) = &mut self.part {
            for asked in &mut following.asked {
                if own >= asked.again_ms {
                    asked.times += 1;
                    asked.again_ms = own + ASK_AGAIN_MS;
                    out.push(asked.message.clone());
                }
            }
            following.asked.retain(|asked| asked.times < ASK_TIMES);
        }
        self.say(voice, out);
    }

    pub(super) fn queue(&mut self, effects: Vec<Effect>) {
        self.effects.extend(effects);
        while self.effects.len() > MAX_EFFECTS {
            self.effects.pop_front();
        }
    }

    /// Takes an input of this device.
    pub(super) fn apply(&mut self, at: At, input: &Input, voice: &Voice) -> Applied {
        let by = Speaker { account: self.account, writes: true, subject: self.subject };
        let input = rated_by(input.clone(), &by, || self.name(&self.account));
        let shared = voice.lock().clock.shared_ms(at.since_boot_ms);
        let mut applied = match &mut self.part {
            Part::Over => done(Vec::new()),
            Part::Leads(playing) => {
                let applied = playing.apply_saying(at, &input, &mut |said| {
                    voice.say(said.into_iter().map(Outgoing::from));
                });
                self.say(voice, []);
                applied
            }
            Part::Follows(_) => match shared {
                Some(shared) => self.ask(at, shared, &input, voice),
                None => done(Vec::new()),
            },
        };
        if let Some(error) = self.trouble.take() {
            (applied.saved, applied.error) = (false, Some(error));
        }
        let mut effects: Vec<Effect> = self.effects.drain(..).collect();
        effects.append(&mut applied.effects);
        Applied { effects, ..applied }
    }

    fn ask(&mut self, at: At, shared: i64, input: &Input, voice: &Voice) -> Applied {
        let writes = self.room.as_ref().is_some_and(|room| room.writes);
        let Part::Follows(following) = &mut self.part else { return done(Vec::new()) };
        match &input.action {
            Action::Tick => return done(following.cues(shared)),
            Action::Delivered { .. } => return done(Vec::new()),
            _ if !writes => return refused("live.only_look"),
            action if !may_be_asked(action) => return refused("live.leaders_to_say"),
            _ => {}
        }
        let action = match &input.action {
            // The helper's pause is called that.
            Action::Pause { reason: PauseReason::Person } if !self.subject => {
                Action::Pause { reason: PauseReason::Partner }
            }
            other => other.clone(),
        };
        let Some(message) = following.follower.ask(shared, action) else {
            return refused("live.nobody_leads");
        };
        let Message::Ask { input: asked, .. } = &message else { return done(Vec::new()) };
        if following.asked.len() >= MAX_ASKED {
            following.asked.pop_front();
        }
        let again_ms = at.since_boot_ms + ASK_AGAIN_MS;
        let asked = Asked { message: message.clone(), input: asked.clone(), again_ms, times: 1 };
        following.asked.push_back(asked);
        self.say(voice, [message]);
        done(Vec::new())
    }

    pub(super) fn view(&self, at: At, shared: Option<i64>) -> Option<View> {
        match &self.part {
            Part::Leads(playing) => Some(playing.view_at(at)),
            Part::Follows(following) => following.follower.view(shared?),
            Part::Over => None,
        }
    }

    pub(super) fn timeline(&self, at: At, shared: Option<i64>) -> Vec<TimedCue> {
        match &self.part {
            Part::Leads(playing) => playing.timeline_at(at),
            Part::Follows(following) => {
                let Some(shared) = shared else { return Vec::new() };
                let cues = following.follower.timeline(shared).into_iter();
                let placed = |(from_now, cue): (i64, TimedCue)| TimedCue {
                    at: if from_now >= 0 {
                        at.plus(from_now.unsigned_abs())
                    } else {
                        at.minus(from_now.unsigned_abs())
                    },
                    ..cue
                };
                cues.map(placed).collect()
            }
            Part::Over => Vec::new(),
        }
    }

    pub(super) fn next_due(&self, at: At, shared: Option<i64>) -> Option<At> {
        match &self.part {
            Part::Leads(playing) => playing.next_due_at(at),
            Part::Follows(_) => self.timeline(at, shared).first().map(|cue| cue.at),
            Part::Over => None,
        }
    }
}

impl Following {
    /// The cues that fell due since this was last asked.
    fn cues(&mut self, shared: i64) -> Vec<Effect> {
        let last = self.told_ms.replace(shared);
        let Some(last) =
            last.filter(|last| (0..LATE_CUE_MS).contains(&shared.saturating_sub(*last)))
        else {
            return Vec::new();
        };
        let due = self.follower.timeline(last).into_iter();
        due.take_while(|(from_then, _)| *from_then <= shared - last)
            .filter(|(from_then, _)| *from_then > 0)
            .map(|(_, cue)| Effect::Cue(cue))
            .collect()
    }
}

fn done(effects: Vec<Effect>) -> Applied {
    Applied { effects, saved: true, error: None }
}

fn refused(code: &'static str) -> Applied {
    let error = Error::forbidden(Words::new(code)).into();
    Applied { effects: Vec::new(), saved: true, error: Some(error) }
}
