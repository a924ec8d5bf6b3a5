"""What is due, habits, events, self-tests, the profile, progress."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from .codes import Change, Counting, DayKind, DueState, EventKind, Side, Source, Status, Trend
from .holds import SeenBy


@dataclass(frozen=True, slots=True, kw_only=True)
class HabitPlan:
    """How often a habit is planned."""

    #: So many times a day.
    per_day: int | None
    #: Every so many minutes …
    every_min: int | None
    #: … from this time, as `HH:MM` …
    from_time: str | None
    #: … to this.
    to_time: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """Once that a habit was done."""

    #: Its id.
    id: str
    #: The habit.
    habit: str
    #: How many times.
    count: int
    #: How much, in the habit's unit.
    value: float | None
    #: When, RFC 3339.
    at: datetime
    #: The local day it belongs to.
    local_day: date
    #: A note.
    note: str | None
    #: The device, as hex.
    device: str
    #: How far it has come.
    status: Status


@dataclass(frozen=True, slots=True, kw_only=True)
class Habit:
    """A habit on a day."""

    #: Its id.
    habit: str
    #: How the person calls it, where it is their own.
    name: str | None
    #: `adds_up`, `once_a_day`, `once_a_night` or `hours`.
    counting: Counting
    #: Whether a source states how often.
    frequency_stated: bool
    #: How often it is planned.
    plan: HabitPlan | None
    #: What other devices planned at once.
    other_plans: tuple[HabitPlan | None, ...]
    #: How many times it was done.
    done: int
    #: How much, in its unit.
    value: float | None
    #: How many times it is still asked for.
    left: int
    #: Since when it is due, RFC 3339.
    due_since: datetime | None
    #: When it is due next, RFC 3339.
    next: tuple[datetime, ...]
    #: The ticks of the day.
    ticks: tuple[Tick, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Habits:
    """The habits of a day."""

    #: The day.
    day: date
    #: The habits.
    habits: tuple[Habit, ...]
    #: The recovery the day belongs to.
    recovery: tuple[Recovery, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticked:
    """What came of a tick."""

    #: The tick.
    tick: Tick
    #: Whether it was there already.
    already: bool
    #: The habit on its day.
    habit: Habit


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """An event."""

    #: Its id.
    id: str
    #: `run`, `walk` or `pain`.
    kind: EventKind
    #: When, RFC 3339. A run or walk ends then.
    at: datetime
    #: The local day it belongs to.
    local_day: date
    #: How long, in minutes.
    minutes: int | None
    #: Where it hurts.
    site: str | None
    #: On which side.
    side: Side | None
    #: How much, 0–10.
    score: int | None
    #: A note.
    note: str | None
    #: The device, as hex.
    device: str
    #: How far it has come.
    status: Status


@dataclass(frozen=True, slots=True, kw_only=True)
class EventAdded:
    """What came of an event."""

    #: The event.
    event: Event
    #: Whether the sources ask for a walk first.
    walk_first: bool
    #: Until when they ask for it, RFC 3339.
    cool_down_until: str | None
    #: The recovery it calls for.
    recovery: Recovery | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DayRecord:
    """A record of a day: a self-test, a tick or an event."""

    #: Its id.
    id: str
    #: `test`, `tick` or `event`.
    kind: str
    #: When, RFC 3339.
    at: datetime
    #: The local day it belongs to.
    local_day: date
    #: What it is, as JSON.
    what: str
    #: A note.
    note: str | None
    #: Timer, typed in, or imported.
    source: Source
    #: The device, as hex.
    device: str
    #: How far it has come.
    status: Status
    #: Who has it besides its author.
    seen_by: tuple[SeenBy, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """Something that is due."""

    #: The routine.
    routine: str
    #: Its name.
    name: str
    #: The day; nothing where it is one of several days.
    day: date | None
    #: The slot of the day.
    slot: str | None
    #: When, RFC 3339, where the slot has a time.
    at: datetime | None
    #: The zone that is in.
    zone: str
    #: The first day it may be done on.
    first_day: date
    #: The last.
    last_day: date
    #: How many times it is still asked for.
    times: int
    #: `late`, `upcoming`, `open` or `recovery`.
    state: DueState


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    """A pause of the plan."""

    #: Its first day.
    first_day: date
    #: Its last, where it has one.
    until: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The plan as a whole."""

    #: Whether it is paused today.
    paused: bool
    #: Its pauses.
    pauses: tuple[Pause, ...]
    #: When each slot of the day is, as `HH:MM`.
    slots: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovery:
    """Days of recovery after a very long run, as the sources state them."""

    #: The day of the run.
    run_day: date
    #: How long it was, in minutes.
    minutes: int
    #: The first day of recovery.
    first_day: date
    #: The last that is stated for younger runners.
    to_younger: date
    #: The last that is stated for older ones.
    to_older: date
    #: Which of them were taken.
    taken: tuple[date, ...]
    #: Who says so.
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileAnswer:
    """One question and what is known of it."""

    #: Its key.
    key: str
    #: The answer as it counts now, as text or JSON; nothing where nobody knows.
    value: str | None
    #: An answer that was given and does not count any more.
    lapsed: str | None
    #: The local day it was given on.
    said_on: date | None
    #: What several devices answered at once, where they differ.
    disputed: tuple[str, ...]
    #: The rules, gates and conditions that it decides.
    decides: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pregnancy:
    """A pregnancy on a day."""

    #: The trimester.
    trimester: int | None
    #: The week, from 1.
    week: int | None
    #: The day the baby is due.
    due_date: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """What the person says of themselves."""

    #: Every question, answered or not.
    answers: tuple[ProfileAnswer, ...]
    #: The pregnancy as it stands today.
    pregnancy: Pregnancy | None
    #: When a day starts, as `HH:MM`.
    day_start: str
    #: The zone that new records are dated in.
    time_zone: str
    #: How far it has come.
    status: Status | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """What was done of what was asked."""

    #: Done.
    done: int
    #: Asked.
    due: int
    #: In per cent; nothing where nothing was asked.
    pct: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Adherence:
    """What was done of what was asked."""

    #: Sessions.
    sessions: Figure
    #: Exercises.
    exercises: Figure
    #: Seconds held.
    hold_seconds: Figure
    #: Days on which something was done.
    active_days: Figure


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """What was done in all."""

    #: Sessions.
    sessions: int
    #: Exercises.
    exercises: int
    #: Held, in milliseconds.
    held_ms: int
    #: Days on which something was done.
    active_days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Streak:
    """Days in a row."""

    #: Days.
    days: int
    #: Weeks, where something is asked for by the week.
    weeks: int | None
    #: Whether a day of rest is in order.
    rest_ok: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SideSum:
    """What was done on one side."""

    #: Holds.
    holds: int
    #: Repetitions.
    reps: int
    #: Held, in milliseconds.
    held_ms: int
    #: The middle time to ease, in milliseconds.
    eased_ms: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PerSide:
    """Left and right."""

    #: The left.
    left: SideSum
    #: The right.
    right: SideSum
    #: How much they differ, in per cent.
    difference_pct: int | None
    #: The side with less.
    less: Side | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PainPair:
    """Pain of one session."""

    #: The day.
    day: date
    #: Before, 0–10.
    before: int
    #: After, 0–10.
    after: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Pain:
    """Pain before and after."""

    #: The mean before.
    before: float | None
    #: The mean after.
    after: float | None
    #: Of how many sessions.
    n: int
    #: `much_better`, `slightly_better`, `about_the_same`, `slightly_worse` or `much_worse`.
    change: Change | None
    #: The sessions.
    pairs: tuple[PainPair, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Easing:
    """How long it took to ease."""

    #: The middle, in milliseconds.
    median_ms: int | None
    #: Of how many.
    n: int
    #: In the earlier half.
    earlier_ms: int | None
    #: In the later half.
    later_ms: int | None
    #: `shorter`, `about_the_same` or `longer`.
    trend: Trend | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TestSeries:
    """A self-test over time."""

    #: The test.
    test: str
    #: The part of it.
    part: str | None
    #: The side.
    side: Side | None
    #: How many results.
    n: int
    #: The first.
    first: float
    #: The last.
    last: float
    #: All of them, as JSON: pairs of day and value.
    points: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DaySum:
    """A day."""

    #: The day.
    day: date
    #: `asked`, `rest`, `paused`, `skipped`, `recovery` or `unplanned`.
    kind: DayKind
    #: Sessions.
    sessions: int
    #: Held, in milliseconds.
    held_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How it goes in a window of days."""

    #: The first day looked at.
    since: date
    #: The last.
    until: date
    #: What was done of what was asked.
    adherence: Adherence
    #: What was done in all.
    totals: Totals
    #: Days in a row.
    streak: Streak
    #: Left and right.
    per_side: PerSide
    #: Pain before and after.
    pain: Pain
    #: How long it took to ease.
    eased: Easing
    #: Self-tests over time.
    tests: tuple[TestSeries, ...]
    #: Days on which the plan was paused.
    paused_days: int
    #: Days of recovery that excused something.
    recovery_days: int
    #: The recoveries they belong to.
    recovery: tuple[Recovery, ...]
    #: The first day that anything is counted from.
    counted_from: date | None
    #: The days one by one.
    by_day: tuple[DaySum, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TestField:
    """Something a test asks."""

    #: Its id.
    id: str
    #: What it asks.
    label: str
    #: `bool`, `seconds`, `degrees`, `score`, `enum` or `answers`.
    kind: str
    #: Whether it may be left out.
    optional: bool
    #: The answers to choose from, by their ids.
    options: Mapping[str, str]
    #: The lowest score.
    min: int | None
    #: The highest.
    max: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SelfTest:
    """A self-test with its last results."""

    #: Its id.
    id: str
    #: Whether each side is tested.
    per_side: bool
    #: What it asks.
    fields: tuple[TestField, ...]
    #: What to mind about it.
    caveats: tuple[str, ...]
    #: The last results.
    last: tuple[TestResult, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a source says of an answer."""

    #: The field.
    field: str
    #: What it says.
    meaning: str
    #: Who says so.
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TestResult:
    """A result."""

    #: Its id.
    id: str
    #: The test.
    test: str
    #: The side.
    side: Side | None
    #: When, RFC 3339.
    at: datetime
    #: The local day it belongs to.
    local_day: date
    #: The answers: `true`, `false`, a number, or the id of an option.
    answers: Mapping[str, str]
    #: What the sources say of them.
    readings: tuple[Reading, ...]
    #: A note.
    note: str | None
    #: The device, as hex.
    device: str
    #: How far it has come.
    status: Status


@dataclass(frozen=True, slots=True, kw_only=True)
class TestResults:
    """The results of a test."""

    #: The test.
    test: str
    #: The results, the newest first.
    results: tuple[TestResult, ...]
    #: How the first differs from the last, side by side, as JSON.
    changes: str
    #: How the sides differ, as JSON.
    imbalance: str | None
