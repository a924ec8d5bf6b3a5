"""Where time comes from."""

from __future__ import annotations

from datetime import datetime, timezone

from . import _bridge as bridge
from ._bridge import native
from .reports import ClockReading


class Clock:
    """The machine's clock. Tell it what the platform knows better."""

    def __init__(self) -> None:
        self._clock = native.ClockHandle.system()

    def reading(self) -> ClockReading:
        """What it says now."""
        return bridge.lift(ClockReading, self._clock.reading())

    def set_zone(self, zone: str) -> None:
        """The device travels: an IANA zone."""
        bridge.at_once(self._clock.set_zone, zone)


class FakeClock(Clock):
    """A clock for tests: it stands still until it is told to move."""

    def __init__(self, now: datetime, zone: str = "Europe/Berlin") -> None:
        if now.tzinfo is None:
            now = now.replace(tzinfo=timezone.utc)
        self._clock = native.ClockHandle.fake(bridge.lowered(now), zone)

    def advance(self, seconds: float) -> None:
        """Time passes."""
        self._clock.advance(round(seconds * 1000))

    def set_wall(self, now: datetime) -> None:
        """Somebody sets the wall clock; no time passes."""
        self._clock.set_wall(bridge.lowered(now))

    def reboot(self, down: float = 60.0) -> None:
        """The device restarts, which takes so many seconds."""
        self._clock.reboot(round(down * 1000))
