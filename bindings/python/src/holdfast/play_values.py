"""What crosses while a session is played."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from .codes import (
    Cue,
    EffectKind,
    EndKind,
    EndedBy,
    Haptic,
    Ignored,
    Importance,
    PauseReason,
    Question,
    Saving,
    Side,
    Stage,
    StopReason,
    Tone,
)
from .reports import Said


@dataclass(frozen=True, slots=True, kw_only=True)
class PlayStep:
    """What an input brought, and what the screen shows after it."""

    #: What to do, in this order. Logging is the engine's business.
    effects: tuple[PlayEffect, ...]
    #: What the screen shows.
    view: PlayView


@dataclass(frozen=True, slots=True, kw_only=True)
class SaveState:
    """How far a session is on the disk."""

    #: `saved`, `saving` or `failed`. What failed is tried again with the next input.
    state: Saving
    #: Why it failed.
    why: Said | None


@dataclass(frozen=True, slots=True, kw_only=True)
class UnfinishedPlay:
    """A session that was broken off."""

    #: The session.
    session_id: str
    #: The routine.
    routine: str
    #: Its name when it was begun.
    routine_name: str
    #: When it was begun, RFC 3339.
    started_at: datetime | None
    #: When it was last put away, RFC 3339.
    saved_at: datetime
    #: Holds logged so far.
    logged: int
    #: Holds planned.
    planned: int
    #: The process that is playing it right now; 0 where it did not say.
    played_by: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """Where a session is. Send it with every input: one that saw another place is ignored."""

    #: The hold, from 0.
    hold: int
    #: Which visit of it.
    visit: int
    #: Which question.
    question: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PlayCue:
    """A cue with its time and everything needed to give it."""

    #: When it is due, in milliseconds of the session. Confirm with it: `Delivered`.
    due_ms: int
    #: When that is on the device, in milliseconds since it started, sleep counted.
    at_since_boot_ms: int
    #: When that is by the wall clock, in milliseconds since 1970.
    at_wall_ms: int
    #: The position an answer to it would have seen.
    position: Position
    #: What happens: `prepare`, `go`, `half_way`, …
    cue: Cue
    #: What is said.
    said: Said
    #: The sound.
    tone: Tone
    #: The touch.
    haptic: Haptic
    #: `quiet`, `normal` or `high`.
    importance: Importance


@dataclass(frozen=True, slots=True, kw_only=True)
class PlayEnd:
    """How a session ended."""

    #: `finished`, `stopped` or `discarded`.
    end: EndKind
    #: Why it was stopped.
    reason: StopReason | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlayedHold:
    """One hold as the player hands it out. It is logged by the engine."""

    #: Its number in the session.
    log_no: int
    #: Which revision of it.
    revision: int
    #: The step.
    step: str
    #: The exercise.
    exercise: str
    #: `left`, `right` or `none`.
    side: Side
    #: The set, from 1.
    set: int
    #: The repetition, from 1; 0 is a whole set.
    rep: int
    #: The target, in milliseconds.
    target_ms: int | None
    #: How long the last attempt was held, in milliseconds.
    held_ms: int
    #: Repetitions.
    reps: int | None
    #: How it ended.
    ended_by: EndedBy


@dataclass(frozen=True, slots=True, kw_only=True)
class PlayEffect:
    """What an input brought."""

    #: `cue`, `missed`, `ask`, `log`, `ignored` or `over`.
    effect: EffectKind
    #: The cue to give; the latest of those missed.
    cue: PlayCue | None
    #: How many cues were missed.
    missed: int | None
    #: What is asked: `ease_check` or `did_you_finish`.
    question: Question | None
    #: Why an input was ignored.
    ignored: Ignored | None
    #: Where the session is, where it is asked or ignored.
    position: Position | None
    #: The hold that is logged.
    hold: PlayedHold | None
    #: How it ended.
    end: PlayEnd | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlayNext:
    """What comes after this hold."""

    #: The exercise.
    exercise: str
    #: Its name, in the engine's language.
    name: str
    #: The side.
    side: Side


@dataclass(frozen=True, slots=True, kw_only=True)
class PlayView:
    """What a screen shows. Send its position with every input."""

    #: Where the session is.
    position: Position
    #: `ready`, `prepare`, `switch`, `rest`, `move`, `hold`, `broken_off` or `over`.
    stage: Stage
    #: The step.
    step: str
    #: The exercise.
    exercise: str
    #: Its name, in the engine's language.
    name: str
    #: `left`, `right` or `none`.
    side: Side
    #: Which step, from 1.
    step_no: int
    #: Of how many.
    step_count: int
    #: The set, from 1.
    set: int
    #: The repetition, from 1; 0 is a whole set.
    rep: int
    #: How long this stage goes on, in milliseconds.
    elapsed_ms: int
    #: How long it still goes on, in milliseconds.
    remaining_ms: int | None
    #: How much of it is done, 0–1.
    progress: float | None
    #: Repetitions so far.
    reps: int | None
    #: Repetitions asked for.
    target_reps: int | None
    #: Which attempt, from 1.
    attempt: int
    #: What comes next.
    next: PlayNext | None
    #: What is asked.
    question: Question | None
    #: Why it is paused.
    paused: PauseReason | None
    #: How it ended.
    end: PlayEnd | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlayResult:
    """What a session came to."""

    #: The session; its holds are in the history under this id. Nothing where it was never
    #: begun.
    session_id: str | None
    #: The routine.
    routine: str
    #: Its name when it was begun.
    routine_name: str
    #: The holds.
    holds: tuple[PlayedHold, ...]
    #: How many were planned.
    planned: int
    #: All holds together, in milliseconds.
    held_ms: int
    #: All attempts together, in milliseconds.
    under_pressure_ms: int
    #: Pauses, in milliseconds.
    paused_ms: int
    #: From beginning to end, in milliseconds.
    length_ms: int
    #: Pain before, 0–10.
    pain_before: int | None
    #: Pain after, 0–10.
    pain_after: int | None
    #: How it ended.
    end: PlayEnd | None
