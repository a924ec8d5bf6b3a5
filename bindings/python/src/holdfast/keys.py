"""Who keeps the key that seals a device's secrets. Left out, it is a file beside the data."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from ._bridge import native


class KeyStoreError(Exception):
    """A key store gives or takes nothing. What it raises otherwise counts as this, with its text."""


class KeyLocked(KeyStoreError):
    """Locked: it works later."""


class KeyRefused(KeyStoreError):
    """The person refused the prompt."""


class KeyLost(KeyStoreError):
    """The key existed and does not any more."""


@runtime_checkable
class KeyStore(Protocol):
    """Keeps one key of 32 bytes, and beside it a marker of this installation.

    It is called from threads of the engine, never under a lock of the engine's. One that shows a prompt is
    unlocked before the engine is opened.
    """

    def load(self) -> bytes | None:
        """The key; nothing where none was ever made."""

    def create(self, key: bytes) -> None:
        """Keeps a new key durably. Takes the place of an earlier one."""

    def marker(self) -> str | None:
        """The marker beside the key; nothing where none was set."""

    def set_marker(self, fresh: str) -> None:
        """Sets a new marker. The next `marker` gives a text that contains it."""

    def forget(self) -> None:
        """Forgets the key and the marker."""


def _said(call: str, store: KeyStore, *args: object) -> object:
    try:
        return getattr(store, call)(*args)
    except KeyLocked:
        raise native.KeyStoreError.LockedRetryLater() from None
    except KeyRefused:
        raise native.KeyStoreError.UserCancelled() from None
    except KeyLost:
        raise native.KeyStoreError.Lost() from None
    except Exception as cause:
        raise native.KeyStoreError.Other(reason=str(cause) or type(cause).__name__) from cause


class _Keys(native.KeyStore):  # type: ignore[misc]
    """A key store as the generated module calls it."""

    def __init__(self, store: KeyStore) -> None:
        self._store = store

    def load(self) -> object:
        return _said("load", self._store)

    def create(self, key: bytes) -> None:
        _said("create", self._store, key)

    def marker(self) -> object:
        return _said("marker", self._store)

    def set_marker(self, fresh: str) -> None:
        _said("set_marker", self._store, fresh)

    def forget(self) -> None:
        _said("forget", self._store)
