"""Routines, doses, findings and a person's own exercises."""

from __future__ import annotations

from dataclasses import dataclass

from .codes import BlockOrder, Concern, Kind, Mode, Severity, Side, SideRule, Status


@dataclass(frozen=True, slots=True, kw_only=True)
class ExerciseConflict:
    """A value that two devices gave a field at once."""

    #: The field.
    field: str
    #: The values, as text or JSON.
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnExercise:
    """One of the person's own exercises."""

    #: Its id.
    id: str
    #: Its name, as it was written.
    name: str
    #: What kind it is.
    kind: Kind
    #: How it relates to the two sides.
    laterality: str
    #: What it asks for.
    dose: Dose
    #: How the body is placed.
    position: str | None
    #: Where on the body.
    region: str | None
    #: Muscles it is for.
    muscles: tuple[str, ...]
    #: Tools.
    tools: tuple[str, ...]
    #: A note.
    note: str | None
    #: Whether it was removed.
    removed: bool
    #: The routines it is used in.
    used_in: tuple[str, ...]
    #: What several devices wrote at once.
    conflicts: tuple[ExerciseConflict, ...]
    #: How far it has come.
    status: Status


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What a rule has to say about a step."""

    #: `info`, `warn` or `hard` (ours).
    severity: Severity
    #: The rule.
    rule: str
    #: The step.
    step: str | None
    #: The side, where only one of the step's is concerned.
    side: Side | None
    #: Rule and what it is here, in the engine's language.
    text: str
    #: Who says so; empty where it is ours.
    sources: tuple[str, ...]
    #: Whether the rule itself is ours. Its grading always is.
    ours: bool
    #: `routine`, or `person`: whether it is about doing it as the person is today.
    concern: Concern
    #: Whether it can be overridden or acknowledged with its rule id.
    overridable: bool
    #: Why somebody decided to break the rule here.
    overridden_reason: str | None
    #: The gate it is about.
    gate: str | None
    #: The answer of the profile that would decide it, where that is missing.
    asks: str | None
    #: Whether it stands in the way.
    blocks: bool
    #: Whether play waits for it.
    stops_play: bool
    #: What a source gives to do instead.
    instead: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DoseRange:
    """A range as it crosses. What is not stated is absent."""

    #: The least.
    min: int | None = None
    #: What is asked where nothing else is said.
    default: int | None = None
    #: The most.
    max: int | None = None
    #: "Or longer".
    open_ended: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TempoPhase:
    """One phase of a tempo. A phase nobody timed has no seconds."""

    #: What is done (`push`, `lower`, `hold`).
    name: str
    #: For how many seconds.
    secs: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Dose:
    """What an exercise asks for: ranges, never one number."""

    #: How it is done and counted: `timed`, `until_eased`, `open`, `reps`, `tempo`, `tick`,
    #: `slot`, `test`.
    mode: Mode
    #: Hold, in seconds.
    hold_s: DoseRange
    #: Repetitions.
    reps: DoseRange
    #: Sets.
    sets: DoseRange
    #: Rest, in seconds.
    rest_s: DoseRange
    #: The phases of a repetition.
    tempo: tuple[TempoPhase, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RoutineStep:
    """One step of a routine."""

    #: Its id.
    step_id: str
    #: The exercise.
    exercise: str
    #: On which sides.
    side: SideRule
    #: What it asks for.
    dose: Dose
    #: The tool.
    tool: str | None
    #: A note.
    note: str | None
    #: Whether it may be left out.
    optional: bool
    #: Whether it is played; nothing where nobody said.
    included: bool | None
    #: The condition it is meant under.
    condition: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RoutineBlock:
    """A block of steps."""

    #: Its id.
    block_id: str
    #: `side_major` or `step_major`.
    order: BlockOrder
    #: The group of alternatives it is one of.
    alt: str | None
    #: Whether it is the chosen one of them.
    chosen: bool
    #: The condition it is meant under.
    condition: str | None
    #: A note.
    note: str | None
    #: Its steps.
    steps: tuple[RoutineStep, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleOverride:
    """A rule somebody decided to break, and why."""

    #: The rule.
    rule: str
    #: Why.
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """When a routine is to be done. Of `times` and `every_days` at most one is given."""

    #: So many times …
    times: DoseRange | None = None
    #: … a `day` or a `week`.
    per: str | None = None
    #: Every so many days.
    every_days: DoseRange | None = None
    #: On these days of the week: `mon`, `tue`, …
    weekdays: tuple[str, ...] = ()
    #: On these days.
    dates: tuple[str, ...] = ()
    #: In these slots of the day.
    slots: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Routine:
    """A routine."""

    #: Its id.
    id: str
    #: Its name.
    name: str
    #: Which version.
    version: int
    #: Who made it.
    author: str | None
    #: The template it was made from.
    from_template: str | None
    #: Its blocks, in order.
    blocks: tuple[RoutineBlock, ...]
    #: When it is to be done.
    schedule: Schedule | None
    #: The rules somebody decided to break.
    overrides: tuple[RuleOverride, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ConflictValue:
    """One of the values two devices gave a field."""

    #: The value, as text or JSON.
    value: str
    #: Whether it stands for now.
    stands: bool
    #: Whether it is this device's.
    this_device: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RoutineConflict:
    """Something two devices changed at once, for a person to decide."""

    #: Its id.
    id: str
    #: The step.
    step: str | None
    #: The field.
    field: str
    #: The values.
    values: tuple[ConflictValue, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RoutineView:
    """A routine with what is to be known of it."""

    #: The routine.
    routine: Routine
    #: How its author is called, where that is somebody else.
    author_name: str | None
    #: What is to be decided.
    conflicts: tuple[RoutineConflict, ...]
    #: The person's own exercises in it, by their ids.
    own_exercises: tuple[str, ...]
    #: How far it has come.
    status: Status


@dataclass(frozen=True, slots=True, kw_only=True)
class RoutineSummary:
    """A routine in a list."""

    #: Its id.
    id: str
    #: Its name.
    name: str
    #: Which version.
    version: int
    #: Who made it.
    author: str | None
    #: How they are called, where that is somebody else.
    author_name: str | None
    #: The template it was made from.
    from_template: str | None
    #: How many steps it has.
    steps: int
    #: When it is to be done.
    schedule: Schedule | None
    #: How much is to be decided.
    conflicts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RoutineImport:
    """A routine that was taken in."""

    #: The routine.
    view: RoutineView
    #: Whether it was not there before.
    added: bool
    #: The person's own exercises that came with it.
    exercises_added: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StepAdded:
    """A routine with the step that was added to it."""

    #: The routine.
    view: RoutineView
    #: The new step.
    step_id: str
