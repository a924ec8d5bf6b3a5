"""A session that is played. Inputs return at once; what is to be kept is written behind them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from types import TracebackType
from typing import Self

from . import _bridge as bridge
from ._bridge import native
from .errors import HoldfastError
from .play_values import PlayCue, PlayEffect, PlayResult, PlayStep, PlayView, Position, SaveState
from .routines import Finding


class Playing:
    """A session being played.

    Every input takes the position it saw (`seen`): one that saw another place is ignored and says so. Leaving the
    `async with` without `finish()` is like a kill: the session can be resumed.
    """

    def __init__(self, handle: native.PlayHandle) -> None:
        self._handle = handle

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            await self.saved()
        except HoldfastError:
            # What could not be saved is told by whoever asked for it, or lost as by a kill.
            if error is None:
                raise

    def _do(self, action: object, seen: Position | None = None) -> PlayStep:
        at = None
        if seen is not None:
            at = native.PlayPosition(hold=seen.hold, visit=seen.visit, question=seen.question)
        return bridge.lift(PlayStep, bridge.at_once(self._handle.apply, action, at))

    def start(self) -> PlayStep:
        """Begins."""
        return self._do(native.PlayAction.START())

    def pause(self, reason: str = "person", *, seen: Position | None = None) -> PlayStep:
        """Pauses: `person`, `partner`, `call`, `audio_taken`, `output_gone`, `unattended`."""
        return self._do(native.PlayAction.PAUSE(reason=bridge.lowered(reason)), seen)

    def resume(self, *, seen: Position | None = None) -> PlayStep:
        """Goes on."""
        return self._do(native.PlayAction.RESUME(), seen)

    def skip(self, *, seen: Position | None = None) -> PlayStep:
        """Leaves this hold."""
        return self._do(native.PlayAction.SKIP(), seen)

    def back(self, *, seen: Position | None = None) -> PlayStep:
        """Does the hold before again."""
        return self._do(native.PlayAction.BACK(), seen)

    def extend(self, seconds: float, *, seen: Position | None = None) -> PlayStep:
        """Holds longer."""
        return self._do(native.PlayAction.EXTEND(ms=round(seconds * 1000)), seen)

    def stop(
        self,
        reason: str = "done_early",
        *,
        pain: int | None = None,
        site: str | None = None,
        seen: Position | None = None,
    ) -> PlayStep:
        """Stops: `done_early`, `pain`, `other`."""
        action = native.PlayAction.STOP(reason=bridge.lowered(reason), nrs=pain, site=site)
        return self._do(action, seen)

    def ease(
        self, answer: str, *, lighten_to: str | None = None, seen: Position | None = None
    ) -> PlayStep:
        """Answers whether it eases: `eased`, `move`, `lighten`."""
        to = bridge.lowered(lighten_to)
        return self._do(native.PlayAction.EASE(answer=answer, lighten_to=to), seen)

    def finished(self, yes: bool, *, seen: Position | None = None) -> PlayStep:
        """Answers whether it was finished."""
        return self._do(native.PlayAction.FINISHED(yes=yes), seen)

    def rate_pain(
        self, when: str, nrs: int, *, site: str | None = None, of: int | None = None
    ) -> PlayStep:
        """Rates the pain `before` or `after`, 0–10."""
        return self._do(native.PlayAction.RATE_PAIN(when=when, nrs=nrs, site=site, of=of))

    def count(self, reps: int, *, seen: Position | None = None) -> PlayStep:
        """So many repetitions so far."""
        return self._do(native.PlayAction.COUNT(reps=reps), seen)

    def hold_done(self, *, reps: int | None = None, seen: Position | None = None) -> PlayStep:
        """This hold is done."""
        return self._do(native.PlayAction.FINISH(reps=reps), seen)

    def delivered(self, cue: PlayCue) -> PlayStep:
        """A cue was given: the sign that somebody attends."""
        return self._do(native.PlayAction.DELIVERED(due_ms=cue.due_ms))

    def tick(self) -> PlayStep:
        """Lets the player notice that time has passed. Any granularity gives the same holds."""
        return bridge.lift(PlayStep, bridge.at_once(self._handle.tick))

    @property
    def view(self) -> PlayView:
        """What the screen shows now."""
        return bridge.lift(PlayView, bridge.at_once(self._handle.view))

    @property
    def timeline(self) -> list[PlayCue]:
        """The cues to come, up to where the session waits for a person. Ask again after each input."""
        return bridge.lift_all(PlayCue, bridge.at_once(self._handle.timeline))

    @property
    def next_due(self) -> float | None:
        """In how many seconds to tick next; nothing while the session waits for a person."""
        due = bridge.at_once(self._handle.next_due_ms)
        return None if due is None else due / 1000

    @property
    def session_id(self) -> str:
        """The session; its holds are in the history under this id."""
        return str(bridge.at_once(self._handle.session_id))

    @property
    def so_far(self) -> PlayResult:
        """What was done so far."""
        return bridge.lift(PlayResult, bridge.at_once(self._handle.so_far))

    @property
    def findings(self) -> list[Finding]:
        """What the rules had to say before it began."""
        return bridge.lift_all(Finding, bridge.at_once(self._handle.findings))

    @property
    def left_out(self) -> list[str]:
        """Steps of the routine that are not played."""
        return list(bridge.at_once(self._handle.left_out))

    @property
    def conditional(self) -> list[str]:
        """Steps that are meant only under a condition, which the person judges."""
        return list(bridge.at_once(self._handle.conditional))

    @property
    def save_state(self) -> SaveState:
        """How far it is on the disk."""
        return bridge.lift(SaveState, bridge.at_once(self._handle.save_state))

    async def saved(self) -> None:
        """Waits until every input so far is on the disk; tries again what failed."""
        await bridge.done(self._handle.saved)

    async def finish(self) -> PlayResult:
        """Ends the session: one that still runs is stopped as enough for today."""
        return bridge.lift(PlayResult, await bridge.done(self._handle.finish))

    async def effects(self) -> AsyncIterator[PlayEffect]:
        """What time brings, on the machine's clock, until the session waits for a person or is over."""
        while (due := self.next_due) is not None:
            await asyncio.sleep(due)
            for effect in self.tick().effects:
                yield effect
