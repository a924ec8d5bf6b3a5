"""Why a call did not do what was asked. Each class is something a caller would act on."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from .routines import Finding


class HoldfastError(Exception):
    """Anything the engine refuses or cannot do. Its text is a sentence for people, in the engine's language."""

    def __init__(
        self,
        text: str,
        *,
        code: str = "failed",
        sentence: str = "",
        args: Mapping[str, str] | None = None,
        field: str | None = None,
        hint: str | None = None,
        candidates: tuple[str, ...] = (),
        findings: tuple[Finding, ...] = (),
    ) -> None:
        super().__init__(text)
        #: The sentence.
        self.text = text
        #: What a program acts on; it may grow finer with versions.
        self.code = code
        #: The code of the sentence, for whoever has words of their own.
        self.sentence = sentence
        #: The sentence's arguments.
        self.arguments: Mapping[str, str] = MappingProxyType(dict(args or {}))
        #: The input at fault.
        self.field = field
        #: What to do, where the sentence does not say it already.
        self.hint = hint
        #: The ids it may have meant; the steps something is to be decided about.
        self.candidates = candidates
        #: The rules that stand in the way.
        self.findings = findings


class NotFound(HoldfastError):
    """There is none, or more than one."""


class BadInput(HoldfastError):
    """A value that cannot be."""


class NeedsConfirmation(HoldfastError):
    """Asked before it is taken: the same call with `yes=True` does it."""


class Forbidden(HoldfastError):
    """The state of things forbids it."""


class Broken(HoldfastError):
    """Hard rules stand in the way, and nobody took responsibility for breaking them."""


class AskFirst(HoldfastError):
    """Something is to be decided before the routine can be played."""


class InUse(HoldfastError):
    """Another process has it, or plays."""


class NotAHome(HoldfastError):
    """The directory is no home."""


class AlreadyAHome(HoldfastError):
    """A home is there already."""


class NewerData(HoldfastError):
    """The data was written by a newer version. It was not touched."""


class Damaged(HoldfastError):
    """The database is damaged."""


class DiskFull(HoldfastError):
    """The disk is full. Nothing was half-written."""


class ReadOnly(HoldfastError):
    """The directory cannot be written to."""


class Locked(HoldfastError):
    """The key store is locked, or the engine suspended: later it works."""


class RecoveryNeeded(HoldfastError):
    """The key is lost: the phrase, a pairing, or a fresh start. No file was touched."""


class RelayFailed(HoldfastError):
    """The relay could not be used, or refused."""


class BadLink(HoldfastError):
    """A link that leads nowhere (any more)."""


class BadPhrase(HoldfastError):
    """Words that are no recovery phrase, or none of this relay's."""


class RestartNeeded(HoldfastError):
    """The engine stopped over an error of its own. What was saved is safe: close it and open again."""


class Closed(HoldfastError):
    """The engine was closed."""


class Failed(HoldfastError):
    """Anything else: it can only be tried again."""


BY_NAME: Mapping[str, type[HoldfastError]] = MappingProxyType(
    {
        "NotFound": NotFound,
        "BadInput": BadInput,
        "NeedsConfirmation": NeedsConfirmation,
        "Forbidden": Forbidden,
        "Broken": Broken,
        "AskFirst": AskFirst,
        "InUse": InUse,
        "NotAHome": NotAHome,
        "AlreadyAHome": AlreadyAHome,
        "NewerData": NewerData,
        "Damaged": Damaged,
        "DiskFull": DiskFull,
        "ReadOnly": ReadOnly,
        "Locked": Locked,
        "RecoveryNeeded": RecoveryNeeded,
        "Relay": RelayFailed,
        "Link": BadLink,
        "Phrase": BadPhrase,
        "RestartNeeded": RestartNeeded,
        "Closed": Closed,
        "Failed": Failed,
    }
)
