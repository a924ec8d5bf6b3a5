"""Codes that may grow. A code of a newer engine is no error: it is kept as it is, and `is_known` says so."""

from __future__ import annotations

from typing import ClassVar


class Code(str):
    """A text of an open list. It equals its plain text; `is_known` tells whether this version has a name for it."""

    __slots__ = ()
    _names: ClassVar[dict[str, str]] = {}

    def __init_subclass__(cls) -> None:
        names = {
            value: name
            for name, value in list(vars(cls).items())
            if name.isupper() and isinstance(value, str)
        }
        cls._names = names
        for value, name in names.items():
            setattr(cls, name, str.__new__(cls, value))

    @property
    def is_known(self) -> bool:
        """Whether this version has a name for it."""
        return str(self) in self._names

    @classmethod
    def known(cls) -> tuple[Code, ...]:
        """Every code this version has a name for."""
        return tuple(getattr(cls, name) for name in cls._names.values())

    def __str__(self) -> str:
        return str.__str__(self)

    def __repr__(self) -> str:
        name = self._names.get(str.__str__(self))
        kind = type(self).__name__
        return f"{kind}.{name}" if name else f"{kind}.Unknown({str.__repr__(self)})"


class BlockOrder(Code):
    """The order of a block's steps."""

    SIDE_MAJOR = "side_major"
    STEP_MAJOR = "step_major"


class Change(Code):
    """How pain changed."""

    MUCH_BETTER = "much_better"
    SLIGHTLY_BETTER = "slightly_better"
    ABOUT_THE_SAME = "about_the_same"
    SLIGHTLY_WORSE = "slightly_worse"
    MUCH_WORSE = "much_worse"


class Changed(Code):
    """What changed."""

    HISTORY = "history"
    DAYS = "days"
    ROUTINES = "routines"
    SYNC = "sync"
    DEVICES = "devices"
    PLAY = "play"
    ACCOUNT = "account"
    PROFILE = "profile"
    CHARTS = "charts"
    PRESCRIPTIONS = "prescriptions"
    WARNINGS = "warnings"


class ChartStanding(Code):
    """How a chart stands."""

    ACTIVE = "active"
    WAITING = "waiting"
    ENDED = "ended"
    GONE = "gone"
    CLOSED = "closed"


class Concern(Code):
    """What a finding is about."""

    ROUTINE = "routine"
    PERSON = "person"


class Counting(Code):
    """How a habit is counted."""

    ADDS_UP = "adds_up"
    ONCE_A_DAY = "once_a_day"
    ONCE_A_NIGHT = "once_a_night"
    HOURS = "hours"


class Cue(Code):
    """What a cue is about."""

    PREPARE = "prepare"
    SWITCH_SIDES = "switch_sides"
    REST = "rest"
    MOVE_SPOT = "move_spot"
    GO = "go"
    HALF_WAY = "half_way"
    LAST_THREE = "last_three"
    MARK = "mark"
    PHASE = "phase"
    EASE_CHECK = "ease_check"
    NOT_EASED = "not_eased"
    PAUSED = "paused"
    RESUMED = "resumed"
    DID_YOU_FINISH = "did_you_finish"
    STOPPED_BY_PAIN = "stopped_by_pain"
    STOPPED = "stopped"
    DONE = "done"


class DayKind(Code):
    """What a day asked for."""

    ASKED = "asked"
    REST = "rest"
    PAUSED = "paused"
    SKIPPED = "skipped"
    RECOVERY = "recovery"
    UNPLANNED = "unplanned"


class DeviceStanding(Code):
    """How a device stands."""

    ACTIVE = "active"
    REMOVAL_PENDING = "removal_pending"
    REMOVED = "removed"


class DueState(Code):
    """How something due stands."""

    LATE = "late"
    UPCOMING = "upcoming"
    OPEN = "open"
    RECOVERY = "recovery"


class EffectKind(Code):
    """What an input brought."""

    CUE = "cue"
    MISSED = "missed"
    ASK = "ask"
    LOG = "log"
    IGNORED = "ignored"
    OVER = "over"


class EndKind(Code):
    """How a session ended."""

    FINISHED = "finished"
    STOPPED = "stopped"
    DISCARDED = "discarded"


class EndedBy(Code):
    """How a hold ended."""

    TARGET = "target"
    EASED = "eased"
    NOT_EASED = "not_eased"
    STOPPED = "stopped"
    PAIN = "pain"
    SKIPPED = "skipped"
    INTERRUPTED = "interrupted"


class EventKind(Code):
    """What kind of event it is."""

    RUN = "run"
    WALK = "walk"
    PAIN = "pain"


class Haptic(Code):
    """Which touch."""

    STILL = "still"
    TAP = "tap"
    DOUBLE = "double"
    TRIPLE = "triple"
    LONG = "long"
    LONG_DOUBLE = "long_double"


class Ignored(Code):
    """Why an input was ignored."""

    OTHER_HOLD = "other_hold"
    OTHER_QUESTION = "other_question"
    NOTHING_ASKED = "nothing_asked"
    ALREADY = "already"
    NOT_STARTED = "not_started"
    NOT_NOW = "not_now"
    OVER = "over"


class Importance(Code):
    """How much a cue matters."""

    QUIET = "quiet"
    NORMAL = "normal"
    HIGH = "high"


class Kind(Code):
    """What kind of exercise it is."""

    RELEASE = "release"
    MASSAGE = "massage"
    STRETCH = "stretch"
    REALIGNMENT = "realignment"
    ACTIVATION = "activation"
    STRENGTH = "strength"
    MOBILITY = "mobility"
    SELF_TEST = "self_test"
    HABIT = "habit"


class LinkKind(Code):
    """What a link is."""

    ROUTINE = "routine"
    INVITE = "invite"
    PAIRING = "pairing"


class Mode(Code):
    """How a step is done and counted."""

    TIMED = "timed"
    UNTIL_EASED = "until_eased"
    OPEN = "open"
    REPS = "reps"
    TEMPO = "tempo"
    TICK = "tick"
    SLOT = "slot"
    TEST = "test"


class Outcome(Code):
    """How a sync ended."""

    DONE = "done"
    MORE = "more"
    OFFLINE = "offline"
    LOCKED = "locked"


class PauseReason(Code):
    """Why a session is paused."""

    PERSON = "person"
    PARTNER = "partner"
    CALL = "call"
    AUDIO_TAKEN = "audio_taken"
    OUTPUT_GONE = "output_gone"
    UNATTENDED = "unattended"


class Pending(Code):
    """What was asked for and is not said to the others yet."""

    REMOVAL = "removal"
    GRANT = "grant"
    CONFIRMATION = "confirmation"
    LEAVING = "leaving"


class Pressure(Code):
    """How hard a release presses."""

    LIGHT = "light"
    MODERATE = "moderate"
    FIRM = "firm"


class Question(Code):
    """What is asked."""

    EASE_CHECK = "ease_check"
    DID_YOU_FINISH = "did_you_finish"


class RelayEventKind(Code):
    """What happened with the watch of the relay."""

    CONNECTED = "connected"
    SYNCED = "synced"
    WAITING = "waiting"
    FAILED = "failed"


class Role(Code):
    """A preset of grants."""

    OWNER = "owner"
    PARTNER = "partner"
    THERAPIST = "therapist"
    VIEWER = "viewer"


class Saving(Code):
    """How far a session is on the disk."""

    SAVED = "saved"
    SAVING = "saving"
    FAILED = "failed"


class Severity(Code):
    """How serious a finding is. Every grading is ours."""

    HARD = "hard"
    SOFT = "soft"
    INFO = "info"


class Side(Code):
    """A side of the body. Anatomical: never mirrored."""

    LEFT = "left"
    RIGHT = "right"
    NONE = "none"


class SideRule(Code):
    """Which sides a step is done on."""

    BOTH = "both"
    LEFT = "left"
    RIGHT = "right"
    ASK = "ask"
    AFFECTED = "affected"
    ALTERNATING = "alternating"
    NO_SIDE = "no_side"


class Source(Code):
    """Where a record came from."""

    TIMER = "timer"
    MANUAL = "manual"
    IMPORT = "import"


class Stage(Code):
    """What a session is at."""

    READY = "ready"
    PREPARE = "prepare"
    SWITCH = "switch"
    REST = "rest"
    MOVE = "move"
    HOLD = "hold"
    BROKEN_OFF = "broken_off"
    OVER = "over"


class Status(Code):
    """How far something that was written has come."""

    SAVED = "saved"
    QUEUED = "queued"
    RELAYED = "relayed"
    SEEN = "seen"
    REFUSED = "refused"


class StopReason(Code):
    """Why a session was stopped."""

    DONE_EARLY = "done_early"
    PAIN = "pain"
    OTHER = "other"


class Tone(Code):
    """Which sound."""

    SILENT = "silent"
    READY = "ready"
    GO = "go"
    HALF = "half"
    LAST = "last"
    SWITCH = "switch"
    REST = "rest"
    PHASE = "phase"
    ASK = "ask"
    PAUSE = "pause"
    DONE = "done"


class Trend(Code):
    """How the time to ease changed."""

    SHORTER = "shorter"
    ABOUT_THE_SAME = "about_the_same"
    LONGER = "longer"
