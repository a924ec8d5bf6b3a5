"""Holds, sessions and the history, as the engine hands them out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from .codes import EndedBy, Pressure, Severity, Side, SideRule, Source, Status
from .routines import Dose


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """Weight or resistance."""

    #: How much.
    value: float
    #: Of what: `kg`, `lb`, `band`.
    unit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One attempt at a hold."""

    #: How long, in milliseconds.
    held_ms: int
    #: After how many milliseconds it eased.
    eased_after_ms: int | None
    #: With which pressure.
    pressure: Pressure | None
    #: Whether the spot was moved before it.
    moved_spot: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldNote:
    """A note, and whose it is."""

    #: The account.
    by: str
    #: Who wrote it down, where that is not the person.
    logged_by: str | None
    #: The note.
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NotedFinding:
    """What a rule had to say when it was done."""

    #: The rule.
    rule: str
    #: How serious (ours).
    severity: Severity
    #: Why somebody decided to break it.
    overridden_reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Doing:
    """Which of how many doings under one key."""

    #: Which, from 1.
    n: int
    #: Of how many: more than one is for a person to judge.
    of: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenBy:
    """A device that has something."""

    #: Whether it is one of the account's own.
    mine: bool
    #: Whose it is.
    name: str
    #: What it is called, where that is known.
    device_name: str | None
    #: The device, as hex.
    device: str
    #: The account, as hex.
    account: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """A hold."""

    #: The same on every device.
    hold_id: str
    #: The session.
    session_id: str
    #: The routine.
    routine: str | None
    #: The step of the routine.
    step: str | None
    #: The exercise.
    exercise: str
    #: How the person calls it, where it is one of their own.
    exercise_name: str | None
    #: `left` or `right`; nothing for bilateral ones.
    side: Side | None
    #: The set, from 1.
    set: int
    #: The repetition, from 1; 0 is a whole set.
    rep: int
    #: The target, in milliseconds.
    target_ms: int | None
    #: What is judged against the target, in milliseconds: the last attempt.
    held_ms: int
    #: All attempts together, in milliseconds.
    under_pressure_ms: int
    #: Pauses, in milliseconds.
    paused_ms: int
    #: The attempts.
    attempts: tuple[Attempt, ...]
    #: After how many milliseconds it eased.
    eased_ms: int | None
    #: Pain before, 0–10.
    pain_before: int | None
    #: Pain after, 0–10.
    pain_after: int | None
    #: Where it hurts.
    pain_site: str | None
    #: Repetitions as recorded.
    reps: int | None
    #: Weight or resistance.
    load: Load | None
    #: Seconds of each phase.
    tempo: tuple[int, ...]
    #: The tool.
    tool: str | None
    #: How it ended.
    ended_by: EndedBy
    #: When it began, RFC 3339 with the offset of there and then.
    started_at: datetime
    #: That offset.
    utc_offset: str
    #: The local day it belongs to.
    local_day: date
    #: Who helped.
    assisted_by: str | None
    #: Who wrote it down, where that is not the person.
    logged_by: str | None
    #: The device whose record stands, as hex.
    device: str
    #: The notes as one text.
    note: str | None
    #: The notes, each under its name.
    notes: tuple[HoldNote, ...]
    #: Whether it was put right afterwards.
    corrected: bool
    #: The records it is made of, the one that stands first.
    observations: tuple[str, ...]
    #: What the rules had to say.
    findings: tuple[NotedFinding, ...]
    #: Which of how many doings under one key.
    doing: Doing
    #: Whether adherence counts it.
    counts: bool
    #: Timer, typed in, or imported.
    source: Source
    #: `saved`, `queued`, `relayed`, `seen` or `refused`.
    status: Status
    #: Who has it besides its author.
    seen_by: tuple[SeenBy, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PainRating:
    """Pain: how much, where, and who said so."""

    #: 0–10.
    nrs: int
    #: Where.
    site: str | None
    #: `subject`, or who else.
    reported_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldRecord:
    """One device's record of a hold."""

    #: Its id.
    observation_id: str
    #: The device that wrote it, as hex.
    device: str
    #: The account that wrote it, as hex.
    account: str
    #: Whether it is the one that stands.
    stands: bool
    #: Whether a removal took it out. It stays stored.
    removed: bool
    #: The target, in milliseconds.
    target_ms: int | None
    #: The last attempt, in milliseconds.
    held_ms: int
    #: All attempts together, in milliseconds.
    under_pressure_ms: int
    #: Pauses, in milliseconds.
    paused_ms: int
    #: The attempts.
    attempts: tuple[Attempt, ...]
    #: After how many milliseconds it eased.
    eased_ms: int | None
    #: Pain before.
    pain_before: PainRating | None
    #: Pain after.
    pain_after: PainRating | None
    #: Repetitions.
    reps: int | None
    #: Weight or resistance.
    load: Load | None
    #: Seconds of each phase.
    tempo: tuple[int, ...]
    #: The tool.
    tool: str | None
    #: How it ended.
    ended_by: EndedBy
    #: When it began, RFC 3339.
    started_at: datetime
    #: Who helped.
    assisted_by: str | None
    #: Who wrote it down, where that is not the person.
    logged_by: str | None
    #: Timer, typed in, or imported.
    source: Source
    #: Whether it was logged by a clock that somebody had set by hand.
    clock_set: bool
    #: The note.
    note: str | None
    #: What the rules had to say.
    findings: tuple[NotedFinding, ...]
    #: How far it has come.
    status: Status
    #: Who has it besides its author.
    seen_by: tuple[SeenBy, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlayedStep:
    """A step as it was played, with its dose."""

    #: The step, or the exercise where it was done outside of a routine.
    step: str
    #: The exercise.
    exercise: str
    #: The side rule.
    side: SideRule
    #: The dose.
    dose: Dose


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A session."""

    #: Its id.
    id: str
    #: The routine.
    routine: str | None
    #: The version of the routine.
    routine_version: int | None
    #: The slot of the day.
    slot: str | None
    #: The local day it belongs to.
    local_day: date
    #: When it began, RFC 3339.
    started_at: datetime
    #: The offset of there and then.
    utc_offset: str
    #: When it ended, RFC 3339.
    ended_at: datetime | None
    #: Pauses, in milliseconds.
    paused_ms: int
    #: Whether the last step was reached.
    finished: bool
    #: Everybody named as helping.
    assisted_by: tuple[str, ...]
    #: How many holds it has.
    holds: int
    #: All of them together, in milliseconds.
    held_ms: int
    #: The pain before its first rated hold, 0–10.
    pain_before: int | None
    #: The pain after its last rated hold, 0–10.
    pain_after: int | None
    #: The steps with the doses it was played against.
    steps: tuple[PlayedStep, ...]
    #: What the rules had to say.
    findings: tuple[NotedFinding, ...]
    #: The devices that recorded it, as hex.
    recorded_by: tuple[str, ...]
    #: How far it has come.
    status: Status
    #: Who has it besides its author.
    seen_by: tuple[SeenBy, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionWithHolds:
    """A session with its holds."""

    #: The session.
    session: Session
    #: Its holds.
    holds: tuple[Hold, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryPage:
    """A page of the history, the newest first."""

    #: The holds, where holds were asked for.
    holds: tuple[Hold, ...]
    #: The sessions, where sessions were asked for.
    sessions: tuple[Session, ...]
    #: Where the next page begins. Nothing on the last page.
    next: str | None
