"""For the tests of an app: the real engine in a folder that goes away, a clock that stands still, a real relay in
this process, key stores that fail, crashes on purpose, and years of holds. Nothing here is a mock."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timezone
from os import PathLike
from pathlib import Path
from types import TracebackType
from typing import Self

from .. import _bridge as bridge
from .._bridge import native
from ..clock import Clock, FakeClock
from ..engine import Engine, _config
from ..keys import KeyStore
from .history import seeded_history

__all__ = [
    "CrashPlan",
    "FailingKeys",
    "FakeClock",
    "MemoryKeys",
    "Relay",
    "StalledRelay",
    "TestingMissing",
    "engine",
    "fake_clock",
    "folder",
    "open_that_crashes",
    "seeded_history",
]

#: When fake clocks stand at first: a Saturday evening in winter.
EVENING = datetime(2026, 2, 28, 20, 0, tzinfo=timezone.utc)


class TestingMissing(RuntimeError):
    """This build has no relay inside: it was made without the feature `testing`."""


def _part(name: str) -> object:
    try:
        return getattr(native, name)
    except AttributeError:
        message = f"this build has no {name}: build holdfast-ffi with the feature testing"
        raise TestingMissing(message) from None


def fake_clock(now: datetime = EVENING, zone: str = "Europe/Berlin") -> FakeClock:
    """A clock that stands still. With a relay give it the time of now: links end by the relay's own clock."""
    return FakeClock(now, zone)


class folder:  # noqa: N801 - reads as a function
    """A folder that goes away at the end of the `with`."""

    def __enter__(self) -> Path:
        self._path = Path(tempfile.mkdtemp(prefix="holdfast-"))
        return self._path

    def __exit__(self, *_: object) -> None:
        shutil.rmtree(self._path, ignore_errors=True)


@asynccontextmanager
async def engine(
    name: str = "Ana",
    device_name: str = "phone",
    *,
    relay: str | None = None,
    clock: Clock | None = None,
    keys: KeyStore | None = None,
    language: str = "en",
) -> AsyncIterator[Engine]:
    """A person's first device, in a folder that goes away. With a relay its clock stands at the time of now."""
    if clock is None:
        clock = fake_clock(datetime.now(timezone.utc) if relay else EVENING)
    with folder() as room:
        made = await Engine.create(
            room / "home",
            name,
            device_name,
            relay=relay,
            clock=clock,
            keys=keys,
            language=language,
        )
        async with made.engine:
            yield made.engine


class Relay:
    """A real relay in this process, on a free port of this machine."""

    def __init__(self, directory: str | PathLike[str] | None = None) -> None:
        start = _part("TestRelay").start  # type: ignore[attr-defined]
        self._relay = bridge.at_once(start, None if directory is None else str(directory))

    @property
    def url(self) -> str:
        """Its address."""
        return str(self._relay.url())

    def stop(self) -> None:
        """Stops it."""
        self._relay.stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


class StalledRelay:
    """Something on a port that takes every connection and never answers."""

    async def __aenter__(self) -> Self:
        self._held: list[asyncio.StreamWriter] = []
        self._server = await asyncio.start_server(self._hold, "127.0.0.1", 0)
        port = self._server.sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        return self

    async def _hold(self, _: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._held.append(writer)

    @property
    def connections(self) -> int:
        """How many connections it took."""
        return len(self._held)

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.close()
        for writer in self._held:
            writer.close()
        await self._server.wait_closed()


class MemoryKeys:
    """A key store in memory: it forgets everything with the process."""

    def __init__(self) -> None:
        self.key: bytes | None = None
        self._marker: str | None = None

    def load(self) -> bytes | None:
        """The key."""
        return self.key

    def create(self, key: bytes) -> None:
        """Keeps a new key."""
        self.key = key

    def marker(self) -> str | None:
        """The marker."""
        return self._marker

    def set_marker(self, fresh: str) -> None:
        """Sets a new marker."""
        self._marker = fresh

    def forget(self) -> None:
        """Forgets both."""
        self.key = self._marker = None


class FailingKeys(MemoryKeys):
    """A key store that raises what it is told to: `keys.fails = KeyLocked()`."""

    def __init__(self) -> None:
        super().__init__()
        #: What it raises; nothing while it works.
        self.fails: Exception | None = None

    def load(self) -> bytes | None:
        """The key, or the failure."""
        if self.fails is not None:
            raise self.fails
        return super().load()

    def create(self, key: bytes) -> None:
        """Keeps a new key, or fails."""
        if self.fails is not None:
            raise self.fails
        super().create(key)


class CrashPlan:
    """When an engine crashes on purpose."""

    def __init__(self) -> None:
        self._plan = _part("CrashPlan")()  # type: ignore[operator]

    def crash_after(self, writes: int) -> None:
        """Crashes at the write after so many more, counted in statements and commits."""
        self._plan.crash_after(writes)


async def open_that_crashes(
    directory: str | PathLike[str], plan: CrashPlan, *, clock: Clock | None = None
) -> Engine:
    """Opens a home with an engine that crashes as planned. What was committed is there afterwards."""
    config = _config(directory, None, clock, "en", None)
    opening = _part("open_engine_that_crashes")
    return Engine(await bridge.done(opening, config, plan._plan))  # type: ignore[arg-type]
