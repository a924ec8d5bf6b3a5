"""The engine: one handle on one directory. Every call that may wait is a coroutine, and work is done on threads of
the engine's, never on the event loop's."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from os import PathLike, fspath
from types import TracebackType
from typing import Self

from . import _bridge as bridge
from ._bridge import native, request
from ._people import People
from ._plan import Planning
from ._records import Records
from .clock import Clock
from .codes import Changed
from .keys import KeyStore, _Keys
from .people import Identity
from .play_values import PlayResult, UnfinishedPlay
from .playing import Playing
from .reports import (
    DoctorReport,
    ExportReport,
    ImportReport,
    RelayEvent,
    RelayStatus,
    SyncReport,
    TablesReport,
)

_TEN_MINUTES = 600.0


def _config(
    directory: str | PathLike[str],
    keys: KeyStore | None,
    clock: Clock | None,
    language: str,
    extra_root_pem: str | None,
) -> object:
    return request(
        native.EngineConfig,
        directory=fspath(directory),
        keys=None if keys is None else _Keys(keys),
        clock=None if clock is None else clock._clock,
        language=language,
        extra_root_pem=extra_root_pem,
    )


@dataclass(frozen=True, slots=True)
class Created:
    """An engine with a new account."""

    #: The engine.
    engine: Engine
    #: The recovery phrase, word by word. It is never given again.
    phrase: tuple[str, ...] = field(repr=False)


class Listening:
    """Something that goes on until it is stopped, or its engine closed."""

    def __init__(self, handle: native.Listening, relay: object) -> None:
        self._handle = handle
        self._relay = relay

    def stop(self) -> None:
        """Ends it."""
        self._handle.stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


class _Changes(native.ChangeListener):  # type: ignore[misc]
    """Carries what changed to the event loop, put together while the loop is busy: never a queue."""

    def __init__(self, told: Callable[[frozenset[Changed]], None]) -> None:
        self._loop = asyncio.get_running_loop()
        self._told = told
        self._pending: set[str] = set()
        self._called = False
        self._lock = threading.Lock()

    def changed(self, keys: list[str]) -> None:
        """Called from the engine's thread."""
        with self._lock:
            self._pending.update(keys)
            called, self._called = self._called, True
        if not called:
            try:
                self._loop.call_soon_threadsafe(self._tell)
            except RuntimeError:
                pass  # The loop is closed: nobody listens any more.

    def _tell(self) -> None:
        with self._lock:
            self._called = False
            pending, self._pending = self._pending, set()
        self._told(frozenset(map(Changed, pending)))


class _Watch(native.WatchListener):  # type: ignore[misc]
    def __init__(self, told: Callable[[RelayEvent], None]) -> None:
        self._loop = asyncio.get_running_loop()
        self._told = told

    def event(self, event: object) -> None:
        said = bridge.lift(RelayEvent, event)
        try:
            self._loop.call_soon_threadsafe(self._told, said)
        except RuntimeError:
            pass  # The loop is closed: nobody listens any more.


class Engine(Records, Planning, People):
    """One home, opened. Open it with `Engine.open`, `create`, `join` or `recover`, and close it; best as
    `async with await Engine.open(…) as engine`."""

    def __init__(self, handle: native.EngineHandle) -> None:
        self._handle = handle

    def _view(self, handle: native.EngineHandle) -> Self:
        return type(self)(handle)

    @classmethod
    async def open(
        cls,
        directory: str | PathLike[str],
        *,
        keys: KeyStore | None = None,
        clock: Clock | None = None,
        language: str = "en",
        extra_root_pem: str | None = None,
    ) -> Self:
        """Opens the home of an identity. A second opening in one process gives the same engine."""
        config = bridge.at_once(_config, directory, keys, clock, language, extra_root_pem)
        return cls(await bridge.done(native.open_engine, config))

    @classmethod
    async def create(
        cls,
        directory: str | PathLike[str],
        name: str,
        device_name: str,
        *,
        relay: str | None = None,
        keys: KeyStore | None = None,
        clock: Clock | None = None,
        language: str = "en",
        extra_root_pem: str | None = None,
    ) -> Created:
        """Makes an account and its first device. Shows the recovery phrase once."""
        config = bridge.at_once(_config, directory, keys, clock, language, extra_root_pem)
        account = native.AccountRequest(name=name, device_name=device_name, relay=relay)
        made = await bridge.done(native.create_engine, config, account)
        return Created(cls(made.engine), tuple(made.phrase))

    @classmethod
    async def join(
        cls,
        directory: str | PathLike[str],
        link: str,
        device_name: str,
        *,
        keys: KeyStore | None = None,
        clock: Clock | None = None,
        language: str = "en",
        extra_root_pem: str | None = None,
    ) -> Self:
        """Joins an account with another device's pairing link. Needs the relay."""
        config = bridge.at_once(_config, directory, keys, clock, language, extra_root_pem)
        return cls(await bridge.done(native.join_engine, config, link, device_name))

    @classmethod
    async def recover(
        cls,
        directory: str | PathLike[str],
        phrase: str,
        relay: str,
        device_name: str,
        *,
        keys: KeyStore | None = None,
        clock: Clock | None = None,
        language: str = "en",
        extra_root_pem: str | None = None,
    ) -> Self:
        """Takes an account up again with its recovery phrase. Needs the relay."""
        config = bridge.at_once(_config, directory, keys, clock, language, extra_root_pem)
        given = (config, phrase, relay, device_name)
        return cls(await bridge.done(native.recover_engine, *given))

    async def close(self) -> None:
        """Lets go of the engine. Every later call raises `Closed`; closing twice is nothing."""
        await bridge.done(self._handle.shut)

    @property
    def closed(self) -> bool:
        """Whether it was closed."""
        return bool(self._handle.is_shut())

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def identity(self) -> Identity:
        """Who this device is."""
        return bridge.lift(Identity, await bridge.done(self._handle.identity))

    @property
    def directory(self) -> str:
        """The folder of the home."""
        return str(bridge.at_once(self._handle.directory))

    async def suspend(self) -> None:
        """Lets go of every lock and connection: for when the app goes to the background."""
        await bridge.done(self._handle.suspend)

    async def resume(self) -> None:
        """Takes up work again."""
        await bridge.done(self._handle.resume)

    def network_changed(self) -> None:
        """The network changed: what waits for it tries again."""
        bridge.at_once(self._handle.network_changed)

    async def erase(self) -> None:
        """Removes everything of this device from this machine, and closes the engine."""
        await bridge.done(self._handle.erase)

    async def sync_once(
        self, *, max_s: float = _TEN_MINUTES, max_bytes: int | None = None
    ) -> SyncReport:
        """Syncs once, within a budget; running out of it is an outcome. Cancelling the task stops it."""
        budget = native.SyncBudget(max_ms=round(max_s * 1000), max_bytes=max_bytes)
        canceller = native.Canceller()
        try:
            report = await bridge.done(self._handle.sync_once, budget, canceller)
        finally:
            canceller.cancel()
        return bridge.lift(SyncReport, report)

    async def set_relay(self, url: str | None) -> None:
        """Sets the relay, or takes it away."""
        await bridge.done(self._handle.set_relay, url)

    async def relay(self) -> RelayStatus | None:
        """Where things stand with the relay; nothing where there is none."""
        found = await bridge.done(self._handle.relay)
        return None if found is None else bridge.lift(RelayStatus, found)

    def observe(self, told: Callable[[frozenset[Changed]], None]) -> Listening:
        """Calls `told` on the event loop with what changed: everything at first, then what changed since."""
        listener = _Changes(told)
        return Listening(bridge.at_once(self._handle.observe, listener), listener)

    async def changes(self) -> AsyncIterator[frozenset[Changed]]:
        """What changed, as it changes. What happens while the loop's body is busy is put together."""
        pending: set[Changed] = set()
        something = asyncio.Event()

        def told(keys: frozenset[Changed]) -> None:
            pending.update(keys)
            something.set()

        with self.observe(told):
            while True:
                await something.wait()
                something.clear()
                keys = frozenset(pending)
                pending.clear()
                yield keys

    async def watch(self, told: Callable[[RelayEvent], None]) -> Listening:
        """Follows the relay and syncs when something is new, until it is stopped."""
        listener = _Watch(told)
        return Listening(await bridge.done(self._handle.watch, listener), listener)

    async def play(
        self,
        routine: str,
        *,
        slot: str | None = None,
        day: object | None = None,
        acks: tuple[str, ...] = (),
        from_step: str | None = None,
        side: str | None = None,
        left: tuple[str, ...] = (),
        right: tuple[str, ...] = (),
        include: tuple[str, ...] = (),
        leave_out: tuple[str, ...] = (),
        first_side: str | None = None,
        prepare_s: float | None = None,
        switch_s: float | None = None,
        by: str | None = None,
    ) -> Playing:
        """Gets a routine ready to be played: nothing is written before it is begun with `start()`."""
        options = request(
            native.PlayOptions,
            slot=slot,
            day=day,
            acks=acks,
            from_step=from_step,
            side=side,
            left=left,
            right=right,
            include=include,
            leave_out=leave_out,
            first_side=first_side,
            prepare_ms=None if prepare_s is None else round(prepare_s * 1000),
            switch_ms=None if switch_s is None else round(switch_s * 1000),
            by=by,
        )
        return Playing(await bridge.done(self._handle.play, routine, options))

    async def unfinished_play(self) -> UnfinishedPlay | None:
        """The session that was broken off, if there is one."""
        found = await bridge.done(self._handle.unfinished_play)
        return None if found is None else bridge.lift(UnfinishedPlay, found)

    async def resume_play(self) -> Playing:
        """Takes up a session that was broken off: only ever because a person asked for it."""
        return Playing(await bridge.done(self._handle.resume_play))

    async def discard_play(self) -> PlayResult:
        """Gives up a session that was broken off. A half-done hold is kept as what it was."""
        return bridge.lift(PlayResult, await bridge.done(self._handle.discard_play))

    async def export(self, path: str | PathLike[str], format: str = "json") -> ExportReport:
        """Writes everything into one file: `json` or `automerge`."""
        done = await bridge.done(self._handle.export, format, fspath(path))
        return bridge.lift(ExportReport, done)

    async def export_tables(
        self, path: str | PathLike[str], *, overwrite: bool = False
    ) -> TablesReport:
        """Writes tables for a spreadsheet into a folder."""
        done = await bridge.done(self._handle.export_tables, fspath(path), overwrite)
        return bridge.lift(TablesReport, done)

    async def import_file(
        self, path: str | PathLike[str], *, dry_run: bool = False
    ) -> ImportReport:
        """Takes in a file that was written before, or only looks whether it would."""
        done = await bridge.done(self._handle.import_file, fspath(path), dry_run)
        return bridge.lift(ImportReport, done)

    async def import_json(self, text: str) -> ImportReport:
        """Takes in the text of a JSON export."""
        return bridge.lift(ImportReport, await bridge.done(self._handle.import_json, text))

    async def doctor(self, *, repair: bool = False) -> DoctorReport:
        """Looks after the data, and puts right what can be."""
        return bridge.lift(DoctorReport, await bridge.done(self._handle.doctor, repair))
