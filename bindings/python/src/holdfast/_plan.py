"""What an engine plans: routines, their steps, schedules, a person's own exercises."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date

from . import _bridge as bridge
from ._bridge import native, request
from .catalogue import Exercise
from .days import Due, Plan, Recovery
from .routines import (
    DoseRange,
    Finding,
    OwnExercise,
    RoutineImport,
    RoutineSummary,
    RoutineView,
    Schedule,
    StepAdded,
)

#: Where a step or block goes: behind another one by its id, else first or last.
FIRST = "first"
LAST = "last"


def _place(place: str) -> object:
    if place == FIRST:
        return native.Place.FIRST()
    if place == LAST:
        return native.Place.LAST()
    return native.Place.AFTER(id=place)


def _overrides(reasons: Mapping[str, str] | None) -> list[object]:
    """Rules to break, each with the reason why."""
    given = (reasons or {}).items()
    return [native.RuleOverride(rule=rule, reason=reason) for rule, reason in given]


def _range(given: DoseRange | int | None) -> object | None:
    if given is None:
        return None
    if isinstance(given, DoseRange):
        return native.DoseRange(
            min=given.min, default=given.default, max=given.max, open_ended=given.open_ended
        )
    return native.DoseRange(min=given, default=given, max=given)


def _dose(
    mode: str | None,
    hold_s: DoseRange | int | None,
    reps: DoseRange | int | None,
    sets: DoseRange | int | None,
    rest_s: DoseRange | int | None,
    tempo: Iterable[int] | None,
) -> object:
    return request(
        native.DoseEdit,
        mode=mode,
        hold_s=_range(hold_s),
        reps=_range(reps),
        sets=_range(sets),
        rest_s=_range(rest_s),
        tempo=None if tempo is None else tuple(tempo),
    )


class Planning:
    """A part of `Engine`."""

    _handle: native.EngineHandle

    async def routines(self) -> list[RoutineSummary]:
        """The routines."""
        return bridge.lift_all(RoutineSummary, await bridge.done(self._handle.routines))

    async def routine(self, key: str) -> RoutineView:
        """A routine, by its id, any unambiguous beginning of it, or its name."""
        return bridge.lift(RoutineView, await bridge.done(self._handle.routine, key))

    async def check_routine(self, key: str) -> list[Finding]:
        """What the rules have to say about a routine, as the person is today."""
        return bridge.lift_all(Finding, await bridge.done(self._handle.check_routine, key))

    async def add_template(
        self,
        template: str,
        *,
        name: str | None = None,
        realign_side: str | None = None,
        choose: Iterable[str] = (),
        include: Iterable[str] = (),
        overrides: Mapping[str, str] | None = None,
    ) -> RoutineView:
        """Makes a routine of a template of the catalogue."""
        options = request(
            native.TemplateOptions,
            name=name,
            realign_side=realign_side,
            choose=tuple(choose),
            include=tuple(include),
            overrides=_overrides(overrides),
        )
        made = await bridge.done(self._handle.add_template, template, options)
        return bridge.lift(RoutineView, made)

    async def new_routine(self, name: str) -> RoutineView:
        """Makes an empty routine."""
        return bridge.lift(RoutineView, await bridge.done(self._handle.new_routine, name))

    async def rename_routine(self, key: str, name: str) -> RoutineView:
        """Gives a routine another name."""
        made = await bridge.done(self._handle.rename_routine, key, name)
        return bridge.lift(RoutineView, made)

    async def remove_routine(self, key: str) -> RoutineView:
        """Takes a routine away. It can be restored."""
        return bridge.lift(RoutineView, await bridge.done(self._handle.remove_routine, key))

    async def restore_routine(self, id: str) -> RoutineView:
        """Brings a removed routine back."""
        return bridge.lift(RoutineView, await bridge.done(self._handle.restore_routine, id))

    async def schedule_routine(self, key: str, schedule: Schedule | None) -> RoutineView:
        """Says when a routine is to be done, or that it is not scheduled."""
        given = None
        if schedule is not None:
            given = request(
                native.Schedule,
                times=_range(schedule.times),
                per=schedule.per,
                every_days=_range(schedule.every_days),
                weekdays=tuple(schedule.weekdays),
                dates=tuple(schedule.dates),
                slots=tuple(schedule.slots),
            )
        made = await bridge.done(self._handle.schedule_routine, key, given)
        return bridge.lift(RoutineView, made)

    async def routine_file(self, key: str) -> str:
        """A routine as the text of a file."""
        text: str = await bridge.done(self._handle.routine_file, key)
        return text

    async def import_routine(
        self,
        text: str,
        *,
        name: str | None = None,
        as_copy: bool = False,
        overrides: Mapping[str, str] | None = None,
        dry_run: bool = False,
    ) -> RoutineImport:
        """Takes a routine in from the text of a file; with `dry_run` it is only looked at."""
        options = _import_options(name, as_copy, overrides, dry_run)
        made = await bridge.done(self._handle.import_routine, text, options)
        return bridge.lift(RoutineImport, made)

    async def settle_routine(
        self,
        key: str,
        conflict: str,
        value: int,
        *,
        overrides: Mapping[str, str] | None = None,
    ) -> RoutineView:
        """Decides between the values of a conflict: `value` counts from 0."""
        given = (key, conflict, value, _overrides(overrides))
        return bridge.lift(RoutineView, await bridge.done(self._handle.settle_routine, *given))

    async def add_step(
        self,
        routine: str,
        exercise: str,
        *,
        place: str = LAST,
        mode: str | None = None,
        hold_s: DoseRange | int | None = None,
        reps: DoseRange | int | None = None,
        sets: DoseRange | int | None = None,
        rest_s: DoseRange | int | None = None,
        tempo: Iterable[int] | None = None,
        side: str | None = None,
        tool: str | None = None,
        note: str | None = None,
        optional: bool = False,
        overrides: Mapping[str, str] | None = None,
    ) -> StepAdded:
        """Adds a step. What is left out is the exercise's own. `overrides` names rules and why they are broken."""
        step = request(
            native.StepRequest,
            exercise=exercise,
            dose=_dose(mode, hold_s, reps, sets, rest_s, tempo),
            side=side,
            tool=tool,
            note=note,
            optional=optional,
        )
        given = (routine, step, _place(place), _overrides(overrides))
        return bridge.lift(StepAdded, await bridge.done(self._handle.add_step, *given))

    async def set_step(
        self,
        routine: str,
        step: str,
        *,
        exercise: str | None = None,
        mode: str | None = None,
        hold_s: DoseRange | int | None = None,
        reps: DoseRange | int | None = None,
        sets: DoseRange | int | None = None,
        rest_s: DoseRange | int | None = None,
        tempo: Iterable[int] | None = None,
        side: str | None = None,
        tool: str | None = None,
        note: str | None = None,
        optional: bool | None = None,
        included: bool | None = None,
        overrides: Mapping[str, str] | None = None,
    ) -> RoutineView:
        """Changes a step. What is left out stays; an empty tool or note empties it."""
        edit = request(
            native.StepEdit,
            exercise=exercise,
            dose=_dose(mode, hold_s, reps, sets, rest_s, tempo),
            side=side,
            tool=tool,
            note=note,
            optional=optional,
            included=included,
        )
        given = (routine, step, edit, _overrides(overrides))
        return bridge.lift(RoutineView, await bridge.done(self._handle.set_step, *given))

    async def move_step(
        self, routine: str, step: str, place: str, *, overrides: Mapping[str, str] | None = None
    ) -> RoutineView:
        """Moves a step: `FIRST`, `LAST`, or behind the one with an id."""
        given = (routine, step, _place(place), _overrides(overrides))
        return bridge.lift(RoutineView, await bridge.done(self._handle.move_step, *given))

    async def remove_step(
        self, routine: str, step: str, *, overrides: Mapping[str, str] | None = None
    ) -> RoutineView:
        """Takes a step out."""
        given = (routine, step, _overrides(overrides))
        return bridge.lift(RoutineView, await bridge.done(self._handle.remove_step, *given))

    async def add_block(
        self,
        routine: str,
        exercises: Iterable[str],
        *,
        order: str = "side_major",
        place: str = LAST,
        overrides: Mapping[str, str] | None = None,
    ) -> RoutineView:
        """Adds a block of exercises."""
        given = (routine, list(exercises), bridge.lowered(order), _place(place))
        made = await bridge.done(self._handle.add_block, *given, _overrides(overrides))
        return bridge.lift(RoutineView, made)

    async def move_block(
        self, routine: str, block: str, place: str, *, overrides: Mapping[str, str] | None = None
    ) -> RoutineView:
        """Moves a block."""
        given = (routine, block, _place(place), _overrides(overrides))
        return bridge.lift(RoutineView, await bridge.done(self._handle.move_block, *given))

    async def remove_block(
        self, routine: str, block: str, *, overrides: Mapping[str, str] | None = None
    ) -> RoutineView:
        """Takes a block out."""
        given = (routine, block, _overrides(overrides))
        return bridge.lift(RoutineView, await bridge.done(self._handle.remove_block, *given))

    async def note_block(self, routine: str, block: str, note: str | None) -> RoutineView:
        """Writes a note on a block, or takes it away."""
        made = await bridge.done(self._handle.note_block, routine, block, note)
        return bridge.lift(RoutineView, made)

    async def choose_block(
        self, routine: str, block: str, *, overrides: Mapping[str, str] | None = None
    ) -> RoutineView:
        """Chooses one of several alternatives."""
        given = (routine, block, _overrides(overrides))
        return bridge.lift(RoutineView, await bridge.done(self._handle.choose_block, *given))

    async def order_block(
        self, routine: str, block: str, order: str, *, overrides: Mapping[str, str] | None = None
    ) -> RoutineView:
        """Says in which order the sides and steps of a block are done."""
        given = (routine, block, bridge.lowered(order), _overrides(overrides))
        return bridge.lift(RoutineView, await bridge.done(self._handle.order_block, *given))

    async def override_rule(self, routine: str, rule: str, reason: str) -> RoutineView:
        """Takes responsibility for breaking a rule here."""
        asked = native.RuleOverride(rule=rule, reason=reason)
        made = await bridge.done(self._handle.override_rule, routine, asked)
        return bridge.lift(RoutineView, made)

    async def drop_override(self, routine: str, rule: str) -> RoutineView:
        """Takes that back."""
        made = await bridge.done(self._handle.drop_override, routine, rule)
        return bridge.lift(RoutineView, made)

    async def due(self, days: int = 1) -> list[Due]:
        """What is due in the next days."""
        return bridge.lift_all(Due, await bridge.done(self._handle.due, days))

    async def recovery_ahead(self, days: int = 7) -> list[Recovery]:
        """The days of recovery ahead."""
        return bridge.lift_all(Recovery, await bridge.done(self._handle.recovery_ahead, days))

    async def plan(self) -> Plan:
        """The plan as a whole: its pauses, and when the slots of a day are."""
        return bridge.lift(Plan, await bridge.done(self._handle.plan))

    async def pause_plan(self, first_day: date | str, until: date | str | None = None) -> Plan:
        """Pauses the plan from a day on, until another where one is given."""
        days = (bridge.lowered(first_day), bridge.lowered(until))
        return bridge.lift(Plan, await bridge.done(self._handle.pause_plan, *days))

    async def resume_plan(self) -> Plan:
        """Takes the plan up again."""
        return bridge.lift(Plan, await bridge.done(self._handle.resume_plan))

    async def set_slot_time(self, slot: str, time: str | None) -> Plan:
        """Says when a slot of the day is, as `HH:MM`, or that it has no time."""
        return bridge.lift(Plan, await bridge.done(self._handle.set_slot_time, slot, time))

    async def exercise(self, key: str) -> Exercise:
        """An exercise, of the catalogue or the person's own."""
        return bridge.lift(Exercise, await bridge.done(self._handle.exercise, key))

    async def own_exercises(self, *, removed: bool = False) -> list[OwnExercise]:
        """The person's own exercises, or the removed ones."""
        found = await bridge.done(self._handle.own_exercises, removed)
        return bridge.lift_all(OwnExercise, found)

    async def own_exercise(self, key: str) -> OwnExercise:
        """One of the person's own exercises."""
        return bridge.lift(OwnExercise, await bridge.done(self._handle.own_exercise, key))

    async def add_exercise(
        self, name: str, kind: str, sides: str, **more: object
    ) -> OwnExercise:
        """Adds an exercise of the person's own. `more`: what `edit_exercise` takes."""
        asked = _exercise(name=name, kind=kind, sides=sides, **more)
        return bridge.lift(OwnExercise, await bridge.done(self._handle.add_exercise, asked))

    async def edit_exercise(self, key: str, **changes: object) -> OwnExercise:
        """Changes one: `name`, `kind`, `sides`, `mode`, `hold_s`, `reps`, `sets`, `rest_s`, `tempo`, `position`,
        `region`, `muscles`, `tools`, `note`. What is left out stays, an empty text empties."""
        made = await bridge.done(self._handle.edit_exercise, key, _exercise(**changes))
        return bridge.lift(OwnExercise, made)

    async def remove_exercise(self, key: str) -> OwnExercise:
        """Removes one that no routine uses."""
        return bridge.lift(OwnExercise, await bridge.done(self._handle.remove_exercise, key))

    async def restore_exercise(self, id: str) -> OwnExercise:
        """Brings a removed one back."""
        return bridge.lift(OwnExercise, await bridge.done(self._handle.restore_exercise, id))


def _exercise(**given: object) -> object:
    names = ("mode", "hold_s", "reps", "sets", "rest_s", "tempo")
    dose = {name: given.pop(name, None) for name in names}
    return request(native.ExerciseRequest, dose=_dose(**dose), **given)  # type: ignore[arg-type]


def _import_options(
    name: str | None, as_copy: bool, overrides: Mapping[str, str] | None, dry_run: bool
) -> object:
    return request(
        native.RoutineImportOptions,
        name=name,
        as_copy=as_copy,
        overrides=_overrides(overrides),
        dry_run=dry_run,
    )
