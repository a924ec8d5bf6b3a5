//! Listening in a live session: whose word it is, whether it is new and meant for this one, and what it may do here.
//! Everything that is refused is refused without a word.

use holdfast_domain::live::{Beat, Follower, Message, Said, Snapshot};
use holdfast_domain::player::{Action, At, Input, StageView, StopReason};
use holdfast_domain::record::{PainRating, Reporter};
use holdfast_protocol::ids::{DeviceId, LiveId};
use holdfast_protocol::live::{LiveHeader, LiveMessage};

use super::content::Content;
use super::room::Speaker;
use super::table::{Due, Following, Other, Part, Table};
use super::voice::{Outgoing, Voice};
use crate::Inner;
use crate::commands::play::Setting;

/// Between two times that the whole state is said.
const SNAPSHOT_MS: u64 = 300;
/// What was said longer ago, or will be said later, than so many shared milliseconds is not listened to (ours).
const STALE_MS: u64 = 15_000;
/// The most devices that are known to be there.
const MAX_OTHERS: usize = 32;
/// The most live sessions of a chart that are told apart.
const MAX_SESSIONS: usize = 4;

impl Table {
    /// Hears what came over the wire.
    pub(super) fn hear(
        &mut self,
        inner: &Inner,
        voice: &Voice,
        bytes: &[u8],
        notify: &dyn Fn(),
    ) -> Due {
        // The signature is checked here.
        let Ok(message) = LiveMessage::from_bytes(bytes) else { return Due::NOTHING };
        let header = *message.header();
        let Some(room) = &self.room else { return Due::NOTHING };
        if header.chart != inner.who.chart || header.sender == self.device {
            return Due::NOTHING;
        }
        let at = inner.at();
        let Some(speaker) = room.speaker(&header.sender, at.since_boot_ms) else {
            return Due::SYNC;
        };
        if header.epoch != room.epoch {
            return if header.epoch > room.epoch { Due::SYNC } else { Due::NOTHING };
        }
        if !self.listens_to(header.session, at, voice) || !self.is_new(&header) {
            return Due::NOTHING;
        }
        let Some(room) = &self.room else { return Due::NOTHING };
        let Ok(plain) = message.open(&room.key) else { return Due::NOTHING };
        let Some(content) = self.pieces.take(header.sender, &plain) else { return Due::NOTHING };
        self.take(inner, voice, (header.sender, header.session, &speaker), content, notify)
    }

    /// Whether a session is this one, or one that a follower may turn to.
    fn listens_to(&self, session: LiveId, at: At, voice: &Voice) -> bool {
        let unknown = LiveId([0; 16]);
        if session == self.session || session == unknown {
            return true;
        }
        let Part::Follows(following) = &self.part else { return false };
        let shared = voice.lock().clock.shared_ms(at.since_boot_ms);
        let Some(shared) = shared else { return false };
        let over =
            following.follower.view(shared).is_some_and(|view| view.stage == StageView::Over);
        self.session == unknown || over || following.follower.leader_is_gone(shared)
    }

    fn is_new(&mut self, header: &LiveHeader) -> bool {
        if !self.heard.contains_key(&header.session) && self.heard.len() >= MAX_SESSIONS {
            let other = self.heard.keys().find(|session| **session != self.session).copied();
            other.and_then(|other| self.heard.remove(&other));
        }
        self.heard.entry(header.session).or_default().is_new(header)
    }

    fn take(
        &mut self,
        inner: &Inner,
        voice: &Voice,
        (sender, session, speaker): (DeviceId, LiveId, &Speaker),
        content: Content,
        notify: &dyn Fn(),
    ) -> Due {
        let at = inner.at();
        let (shared, pace) = {
            let inside = voice.lock();
            (inside.clock.shared_ms(at.since_boot_ms), inside.clock.pace())
        };
        let Some(shared) = shared else { return Due::NOTHING };
        let Content { message, setting, .. } = content;
        let said_by = match &message {
            Message::Hello { from, .. } | Message::Ask { from, .. } => from,
            Message::Snapshot(Snapshot { term, .. })
            | Message::Said(Said { term, .. })
            | Message::Beat(Beat { term, .. }) => &term.leader,
        };
        // Nobody speaks for another device.
        if said_by.as_str() != sender.to_hex() {
            return Due::NOTHING;
        }
        if content.pace != pace {
            self.other_pace = Some(content.pace);
            return Due::LOOK;
        }
        let stale = shared.abs_diff(content.shared_ms) > STALE_MS.saturating_mul(pace.into());
        let hello = matches!(message, Message::Hello { .. });
        if !hello && (stale || !speaker.writes || session == LiveId([0; 16])) {
            return Due::NOTHING;
        }
        let new = self.note(sender, speaker, at.since_boot_ms);
        let message = as_said_by(message, speaker, || self.name(&speaker.account));
        let due = match &mut self.part {
            Part::Over => Due::NOTHING,
            Part::Leads(_) => self.lead_on(at, shared, voice, &message, notify),
            Part::Follows(_) => self.follow_on(inner, shared, voice, session, (message, setting)),
        };
        Due { changed: due.changed || new, ..due }
    }

    /// Notes that somebody is there. Gives whether that is news.
    fn note(&mut self, sender: DeviceId, speaker: &Speaker, own: u64) -> bool {
        if !self.others.contains_key(&sender) && self.others.len() >= MAX_OTHERS {
            return false;
        }
        let other = Other { account: speaker.account, heard_ms: own, writes: speaker.writes };
        self.others.insert(sender, other).is_none()
    }

    fn lead_on(
        &mut self,
        at: At,
        shared: i64,
        voice: &Voice,
        message: &Message,
        notify: &dyn Fn(),
    ) -> Due {
        let Part::Leads(playing) = &mut self.part else { return Due::NOTHING };
        match playing.hear(shared, message, &mut |said| {
            if !said.is_empty() {
                voice.say(said.into_iter().map(Outgoing::from));
            }
            notify();
        }) {
            Ok(applied) => {
                let changed = !applied.effects.is_empty();
                self.queue(applied.effects);
                // One whole state serves everybody who asks within a moment.
                let whole_now = {
                    let own = at.since_boot_ms;
                    let soon = |last| own.saturating_sub(last) < SNAPSHOT_MS && own >= last;
                    !self.snapshot_ms.is_some_and(soon)
                };
                let Part::Leads(playing) = &mut self.part else { return Due::NOTHING };
                let mut said = playing.take_said();
                let wholes = said.iter().any(|message| matches!(message, Message::Snapshot(_)));
                if wholes && !whole_now {
                    said.retain(|message| !matches!(message, Message::Snapshot(_)));
                } else if wholes {
                    self.snapshot_ms = Some(at.since_boot_ms);
                }
                self.say(voice, said);
                if changed { Due::LOOK } else { Due::NOTHING }
            }
            Err(deposed) => {
                let follower = deposed.follower.asking_above(self.ask_above);
                let part = Part::Follows(Following::new(follower));
                if let Part::Leads(playing) = std::mem::replace(&mut self.part, part) {
                    self.trouble = playing.hand_over().err();
                }
                voice.forget();
                self.say(voice, deposed.say);
                Due::LOOK
            }
        }
    }

    fn follow_on(
        &mut self,
        inner: &Inner,
        shared: i64,
        voice: &Voice,
        session: LiveId,
        (message, setting): (Message, Option<Box<Setting>>),
    ) -> Due {
        if matches!(message, Message::Hello { .. } | Message::Ask { .. }) {
            return Due::NOTHING;
        }
        if session != self.session {
            let follower = Follower::join(self.me.clone()).0.asking_above(self.ask_above);
            self.part = Part::Follows(Following::new(follower));
            self.session = session;
            self.setting = None;
            self.sign_ms = None;
        }
        if let Some(setting) = setting {
            // The session is that of its setting: nobody can pass one off as another.
            if setting.live_id(inner.who.chart) != session {
                return Due::NOTHING;
            }
            self.setting = Some(setting);
        }
        let Part::Follows(following) = &mut self.part else { return Due::NOTHING };
        if let Message::Said(said) = &message {
            following.asked.retain(|asked| !is_answer_to(&asked.input, &said.input));
        }
        let say = following.follower.hear(shared, &message);
        self.say(voice, say);
        Due::LOOK
    }
}

/// Whether what the leader says is what was asked for. Who rated a pain is the leader's to say.
fn is_answer_to(asked: &Input, said: &Input) -> bool {
    asked == said
        || (std::mem::discriminant(&asked.action) == std::mem::discriminant(&said.action)
            && matches!(asked.action, Action::RatePain { .. } | Action::Stop { .. }))
}

fn as_said_by(message: Message, speaker: &Speaker, name: impl FnOnce() -> String) -> Message {
    match message {
        Message::Ask { from, no, input } => {
            Message::Ask { from, no, input: rated_by(input, speaker, name) }
        }
        other => other,
    }
}

/// A pain that somebody else than the person whose body it is rates is that somebody's word, whatever it says.
pub(super) fn rated_by(
    mut input: Input,
    speaker: &Speaker,
    name: impl FnOnce() -> String,
) -> Input {
    let rating: Option<&mut PainRating> = match &mut input.action {
        Action::RatePain { rating, .. } => Some(rating),
        Action::Stop { reason: StopReason::Pain { rating, .. } } => rating.as_mut(),
        _ => None,
    };
    if let Some(rating) = rating.filter(|_| !speaker.subject)
        && rating.reported_by == Reporter::Subject
    {
        rating.reported_by = Reporter::Other(name());
    }
    input
}
