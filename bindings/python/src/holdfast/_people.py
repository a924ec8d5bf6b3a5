"""Who else an engine knows: devices, charts, members, invitations, shared routines."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Self

from . import _bridge as bridge
from ._bridge import native, request
from ._plan import _import_options
from .people import (
    Chart,
    Device,
    Inspection,
    Invite,
    Invited,
    Member,
    PairingLink,
    RecoveryPhrase,
    RoutineCopy,
    SafetyPhrase,
)
from .routines import RoutineImport

_TEN_MINUTES = 600.0
_A_DAY = 86_400.0


def _grant(
    role: str,
    without: Iterable[str],
    besides: Iterable[str],
    exactly: Mapping[str, str] | None,
    until: datetime | None,
) -> object:
    return request(
        native.GrantRequest,
        role=role,
        without=tuple(without),
        besides=tuple(besides),
        exactly=dict(exactly or {}),
        until_ms=until,
    )


def inspect_link(link: str, language: str = "en") -> Inspection:
    """What a link is, read without any network: show its relay before it is contacted."""
    return bridge.lift(Inspection, bridge.at_once(native.inspect_link, link, language))


class People:
    """A part of `Engine`."""

    _handle: native.EngineHandle

    def _view(self, handle: native.EngineHandle) -> Self:
        raise NotImplementedError

    async def devices(self) -> list[Device]:
        """The devices of the account, this one first."""
        return bridge.lift_all(Device, await bridge.done(self._handle.devices))

    async def pair(self, valid_s: float = _TEN_MINUTES) -> PairingLink:
        """Makes a link that admits one device. It holds a secret: show it, never log it."""
        made = await bridge.done(self._handle.pair, round(valid_s * 1000))
        return bridge.lift(PairingLink, made)

    async def name_device(self, device: str, name: str) -> None:
        """Gives a device a name."""
        await bridge.done(self._handle.name_device, device, name)

    async def revoke_device(self, device: str) -> None:
        """Removes a device from the account."""
        await bridge.done(self._handle.revoke_device, device)

    async def charts(self) -> list[Chart]:
        """The charts the account takes part in."""
        return bridge.lift_all(Chart, await bridge.done(self._handle.charts))

    async def current_chart(self) -> Chart:
        """The chart that is looked at."""
        return bridge.lift(Chart, await bridge.done(self._handle.current_chart))

    async def chart(self, key: str) -> Self:
        """A view of another chart, by its id or its owner's name: the same engine, looking elsewhere."""
        return self._view(await bridge.done(self._handle.chart, key))

    async def use_chart(self, key: str) -> Chart:
        """Chooses the chart that `chart_in_use` gives from now on."""
        return bridge.lift(Chart, await bridge.done(self._handle.use_chart, key))

    async def chart_in_use(self) -> Self:
        """A view of the chart that was chosen; the own one where none was."""
        return self._view(await bridge.done(self._handle.chart_in_use))

    async def recovery(self) -> RecoveryPhrase:
        """What is known of the recovery phrase. Its words are kept nowhere."""
        return bridge.lift(RecoveryPhrase, await bridge.done(self._handle.recovery))

    async def check_phrase(self, phrase: str) -> RecoveryPhrase:
        """Checks the words somebody typed against the recovery phrase, and notes that they were right."""
        return bridge.lift(RecoveryPhrase, await bridge.done(self._handle.check_phrase, phrase))

    async def leave(self) -> None:
        """Leaves this chart, which is somebody else's. What was read stays readable."""
        await bridge.done(self._handle.leave)

    async def close_chart(self) -> None:
        """Closes this chart for everybody."""
        await bridge.done(self._handle.close_chart)

    async def share_routine(self, key: str) -> RoutineCopy:
        """A routine as a link and as a file."""
        return bridge.lift(RoutineCopy, await bridge.done(self._handle.share_routine, key))

    async def accept_routine(
        self,
        link: str,
        *,
        name: str | None = None,
        as_copy: bool = False,
        overrides: Mapping[str, str] | None = None,
        dry_run: bool = False,
    ) -> RoutineImport:
        """Takes a routine in from a link; with `dry_run` it is only looked at."""
        options = _import_options(name, as_copy, overrides, dry_run)
        made = await bridge.done(self._handle.accept_routine, link, options)
        return bridge.lift(RoutineImport, made)

    async def invite(
        self,
        role: str,
        *,
        name: str | None = None,
        without: Iterable[str] = (),
        besides: Iterable[str] = (),
        exactly: Mapping[str, str] | None = None,
        until: datetime | None = None,
        valid_s: float = _A_DAY,
        confirm_first: bool = False,
    ) -> Invited:
        """Invites somebody into this chart. The link holds a secret: show it, never log it."""
        asked = request(
            native.Invitation,
            name=name,
            grant=_grant(role, without, besides, exactly, until),
            valid_ms=round(valid_s * 1000),
            confirm_first=confirm_first,
        )
        return bridge.lift(Invited, await bridge.done(self._handle.invite, asked))

    async def invites(self) -> list[Invite]:
        """The invitations that are open."""
        return bridge.lift_all(Invite, await bridge.done(self._handle.invites))

    async def revoke_invite(self, invite: str) -> Invite:
        """Takes an invitation back."""
        return bridge.lift(Invite, await bridge.done(self._handle.revoke_invite, invite))

    async def accept_invite(self, link: str, *, name: str | None = None) -> Chart:
        """Comes into a chart with an invitation, under a name of one's own. Doing it again is nothing."""
        return bridge.lift(Chart, await bridge.done(self._handle.accept_invite, link, name))

    async def members(self) -> list[Member]:
        """Who takes part in this chart."""
        return bridge.lift_all(Member, await bridge.done(self._handle.members))

    async def phrase_with(self, member: str) -> SafetyPhrase:
        """The words to compare with a member."""
        return bridge.lift(SafetyPhrase, await bridge.done(self._handle.phrase_with, member))

    async def verify(self, member: str, *, same: bool) -> str:
        """Says whether the words were the same: `verified`, `to_be_removed` or `leaving`."""
        said: str = await bridge.done(self._handle.verify, member, same)
        return said

    async def change_grant(
        self,
        member: str,
        role: str,
        *,
        without: Iterable[str] = (),
        besides: Iterable[str] = (),
        exactly: Mapping[str, str] | None = None,
        until: datetime | None = None,
    ) -> Member:
        """Changes what a member may do."""
        grant = _grant(role, without, besides, exactly, until)
        return bridge.lift(Member, await bridge.done(self._handle.change_grant, member, grant))

    async def remove_member(self, member: str) -> Member:
        """Removes a member."""
        return bridge.lift(Member, await bridge.done(self._handle.remove_member, member))
