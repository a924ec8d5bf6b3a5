"""What an engine records: holds, the history, habits, events, self-tests, the profile, progress."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping
from datetime import date, datetime

from . import _bridge as bridge
from ._bridge import native, request
from .days import (
    DayRecord,
    Event,
    EventAdded,
    Habit,
    Habits,
    Profile,
    Progress,
    SelfTest,
    TestResult,
    TestResults,
    Ticked,
)
from .holds import Hold, HistoryPage, HoldRecord, Session, SessionWithHolds


def _ms(seconds: float | None) -> int | None:
    return None if seconds is None else round(seconds * 1000)


class Records:
    """A part of `Engine`."""

    _handle: native.EngineHandle

    async def log(
        self,
        exercise: str,
        *,
        held: float | None = None,
        reps: int | None = None,
        hold_each: float | None = None,
        ticked: bool = False,
        side: str | None = None,
        routine: str | None = None,
        date: date | str | None = None,
        slot: str | None = None,
        step: str | None = None,
        session: str | None = None,
        set: int | None = None,
        rep: int | None = None,
        target: float | None = None,
        pain_before: int | None = None,
        pain_after: int | None = None,
        pain_site: str | None = None,
        ended: str | None = None,
        eased_after: float | None = None,
        not_eased: bool = False,
        moves: int = 0,
        paused: float = 0,
        load: tuple[float, str] | None = None,
        tempo: Iterable[int] = (),
        tool: str | None = None,
        by: str | None = None,
        at: datetime | None = None,
        note: str | None = None,
        yes: bool = False,
    ) -> list[Hold]:
        """Logs what was done, by hand: `held` seconds, `reps` times, or `ticked`. `side="both"` is two holds.

        Lengths are in seconds. With `yes`, what would otherwise be asked is confirmed.
        """
        asked = request(
            native.LogRequest,
            exercise=exercise,
            held_ms=_ms(held),
            reps=reps,
            hold_each_ms=_ms(hold_each),
            ticked=ticked,
            side=side,
            routine=routine,
            date=date,
            slot=slot,
            step=step,
            session=session,
            set=set,
            rep=rep,
            target_ms=_ms(target),
            pain_before=pain_before,
            pain_after=pain_after,
            pain_site=pain_site,
            ended=ended,
            eased_ms=_ms(eased_after),
            not_eased=not_eased,
            moves=moves,
            paused_ms=_ms(paused),
            load=None if load is None else native.Load(value=load[0], unit=load[1]),
            tempo=tuple(tempo),
            tool=tool,
            by=by,
            at_ms=at,
            note=note,
            yes=yes,
        )
        return bridge.lift_all(Hold, await bridge.done(self._handle.log, asked))

    async def hold(self, id: str) -> Hold:
        """A hold, by its id or any unambiguous beginning of it."""
        return bridge.lift(Hold, await bridge.done(self._handle.hold, id))

    async def hold_records(self, id: str) -> list[HoldRecord]:
        """What each device recorded of a hold."""
        return bridge.lift_all(HoldRecord, await bridge.done(self._handle.hold_records, id))

    async def edit_hold(
        self,
        id: str,
        *,
        clear: Iterable[str] = (),
        held: float | None = None,
        target: float | None = None,
        eased_after: float | None = None,
        paused: float | None = None,
        reps: int | None = None,
        load: tuple[float, str] | None = None,
        tempo: Iterable[int] | None = None,
        pain_before: int | None = None,
        pain_after: int | None = None,
        pain_site: str | None = None,
        tool: str | None = None,
        ended: str | None = None,
        by: str | None = None,
        at: datetime | None = None,
        note: str | None = None,
        yes: bool = False,
    ) -> Hold:
        """Puts a hold right. What is left out stays as recorded; what is named in `clear` is emptied."""
        asked = request(
            native.HoldEdit,
            clear=tuple(clear),
            held_ms=_ms(held),
            target_ms=_ms(target),
            eased_ms=_ms(eased_after),
            paused_ms=_ms(paused),
            reps=reps,
            load=None if load is None else native.Load(value=load[0], unit=load[1]),
            tempo=None if tempo is None else tuple(tempo),
            pain_before=pain_before,
            pain_after=pain_after,
            pain_site=pain_site,
            tool=tool,
            ended=ended,
            by=by,
            at_ms=at,
            note=note,
            yes=yes,
        )
        return bridge.lift(Hold, await bridge.done(self._handle.edit_hold, id, asked))

    async def remove_hold(self, id: str) -> None:
        """Takes a hold out."""
        await bridge.done(self._handle.remove_hold, id)

    async def session(self, id: str) -> SessionWithHolds:
        """A session with its holds."""
        return bridge.lift(SessionWithHolds, await bridge.done(self._handle.session, id))

    async def remove_session(self, id: str) -> None:
        """Takes a session out, with its holds."""
        await bridge.done(self._handle.remove_session, id)

    async def history(
        self,
        *,
        since: date | str | None = None,
        until: date | str | None = None,
        exercise: str | None = None,
        side: str | None = None,
        by_session: bool = False,
        limit: int | None = None,
        after: str | None = None,
    ) -> HistoryPage:
        """A page of the history, the newest first: 100 holds, or up to 500 with `limit`."""
        asked = request(
            native.HistoryQuery,
            since=since,
            until=until,
            exercise=exercise,
            side=side,
            by_session=by_session,
            limit=limit,
            after=after,
        )
        return bridge.lift(HistoryPage, await bridge.done(self._handle.history, asked))

    async def holds(
        self,
        *,
        since: date | str | None = None,
        until: date | str | None = None,
        page: int = 50,
    ) -> AsyncIterator[Hold]:
        """Every hold, the newest first, page by page."""
        after: str | None = None
        while True:
            found = await self.history(since=since, until=until, limit=page, after=after)
            for hold in found.holds:
                yield hold
            after = found.next
            if after is None:
                return

    async def sessions(
        self,
        *,
        since: date | str | None = None,
        until: date | str | None = None,
        page: int = 50,
    ) -> AsyncIterator[Session]:
        """Every session, the newest first, page by page."""
        after: str | None = None
        while True:
            asked = {"since": since, "until": until, "limit": page, "after": after}
            found = await self.history(by_session=True, **asked)  # type: ignore[arg-type]
            for session in found.sessions:
                yield session
            after = found.next
            if after is None:
                return

    async def habits(self, day: date | str | None = None) -> Habits:
        """The habits of a day; today's where it is left out."""
        found = await bridge.done(self._handle.habits, bridge.lowered(day))
        return bridge.lift(Habits, found)

    async def tick_habit(
        self,
        habit: str,
        *,
        count: int | None = None,
        value: float | None = None,
        at: datetime | None = None,
        note: str | None = None,
    ) -> Ticked:
        """Ticks a habit: done, done `count` times, or so much of its unit."""
        given = bridge.lowered(at)
        made = await bridge.done(self._handle.tick_habit, habit, count, value, given, note)
        return bridge.lift(Ticked, made)

    async def undo_tick(self, id: str) -> Habit:
        """Takes a tick back."""
        return bridge.lift(Habit, await bridge.done(self._handle.undo_tick, id))

    async def plan_habit(
        self,
        habit: str,
        *,
        per_day: int | None = None,
        every_min: int | None = None,
        between: tuple[str, str] | None = None,
    ) -> Habit:
        """Plans a habit: so many times a day, or every so many minutes `between` two times, as `HH:MM`."""
        first, last = between or (None, None)
        plan = native.HabitPlan(
            per_day=per_day, every_min=every_min, from_time=first, to_time=last
        )
        return bridge.lift(Habit, await bridge.done(self._handle.plan_habit, habit, plan))

    async def unplan_habit(self, habit: str) -> Habit:
        """Takes a habit's plan away."""
        return bridge.lift(Habit, await bridge.done(self._handle.unplan_habit, habit))

    async def _add_event(self, kind: str, **given: object) -> EventAdded:
        asked = request(native.EventRequest, kind=kind, **given)
        return bridge.lift(EventAdded, await bridge.done(self._handle.add_event, asked))

    async def add_run(
        self, minutes: int, *, ended: datetime | None = None, note: str | None = None
    ) -> EventAdded:
        """Adds a run that ended now, or then."""
        return await self._add_event("run", minutes=minutes, at_ms=ended, note=note)

    async def add_walk(
        self, minutes: int, *, ended: datetime | None = None, note: str | None = None
    ) -> EventAdded:
        """Adds a walk that ended now, or then."""
        return await self._add_event("walk", minutes=minutes, at_ms=ended, note=note)

    async def add_pain(
        self,
        site: str,
        score: int,
        *,
        side: str | None = None,
        at: datetime | None = None,
        note: str | None = None,
    ) -> EventAdded:
        """Notes pain: where, and how much, 0–10."""
        return await self._add_event(
            "pain", site=site, score=score, side=side, at_ms=at, note=note
        )

    async def events(
        self,
        *,
        kind: str | None = None,
        since: date | str | None = None,
        until: date | str | None = None,
        limit: int | None = None,
    ) -> list[Event]:
        """The events, the newest first."""
        days = (bridge.lowered(since), bridge.lowered(until))
        return bridge.lift_all(
            Event, await bridge.done(self._handle.events, kind, *days, limit)
        )

    async def remove_event(self, id: str) -> Event:
        """Takes an event back."""
        return bridge.lift(Event, await bridge.done(self._handle.remove_event, id))

    async def days(
        self,
        *,
        kind: str | None = None,
        about: str | None = None,
        side: str | None = None,
        since: date | str | None = None,
        until: date | str | None = None,
        limit: int | None = None,
    ) -> list[DayRecord]:
        """Records of days, the newest first: self-tests, ticks, events."""
        asked = request(
            native.DayQuery,
            kind=kind,
            about=about,
            side=side,
            since=since,
            until=until,
            limit=limit,
        )
        return bridge.lift_all(DayRecord, await bridge.done(self._handle.days, asked))

    async def self_tests(self) -> list[SelfTest]:
        """The self-tests, with their last results."""
        return bridge.lift_all(SelfTest, await bridge.done(self._handle.self_tests))

    async def record_test(
        self,
        test: str,
        answers: Mapping[str, object],
        *,
        side: str | None = None,
        muscle: str | None = None,
        at: datetime | None = None,
        note: str | None = None,
    ) -> TestResult:
        """Records a result: an answer for each field."""
        typed = [f"{field}={_typed(answer)}" for field, answer in answers.items()]
        given = (test, side, typed, muscle, bridge.lowered(at), note)
        return bridge.lift(TestResult, await bridge.done(self._handle.record_test, *given))

    async def test_results(
        self,
        test: str,
        *,
        since: date | str | None = None,
        until: date | str | None = None,
    ) -> TestResults:
        """The results of a test."""
        days = (bridge.lowered(since), bridge.lowered(until))
        found = await bridge.done(self._handle.test_results, test, *days)
        return bridge.lift(TestResults, found)

    async def remove_test(self, id: str) -> None:
        """Takes a result back."""
        await bridge.done(self._handle.remove_test, id)

    async def profile(self) -> Profile:
        """What the person says of themselves."""
        return bridge.lift(Profile, await bridge.done(self._handle.profile))

    async def set_profile(self, answers: Mapping[str, object]) -> Profile:
        """Gives answers, or takes them back with `None`: all of them or none."""
        changes = [
            native.ProfileChange(key=key, answer=None if answer is None else _typed(answer))
            for key, answer in answers.items()
        ]
        return bridge.lift(Profile, await bridge.done(self._handle.set_profile, changes))

    async def progress(
        self, *, days: int | None = None, until: date | str | None = None
    ) -> Progress:
        """How it goes: so many days up to a day; four weeks up to today where they are left out."""
        found = await bridge.done(self._handle.progress, days, bridge.lowered(until))
        return bridge.lift(Progress, found)


def _typed(answer: object) -> str:
    """An answer as people type it."""
    if isinstance(answer, bool):
        return "yes" if answer else "no"
    if isinstance(answer, date) and not isinstance(answer, datetime):
        return answer.isoformat()
    return str(answer)
