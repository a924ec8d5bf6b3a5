"""Charts, devices, members, invitations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from .codes import ChartStanding, DeviceStanding, LinkKind, Pending, Role
from .routines import Routine


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """A chart."""

    #: Its id, as hex.
    id: str
    #: What it is called.
    name: str
    #: The account whose chart it is, as hex.
    owner: str
    #: That account's name.
    owner_name: str
    #: The role the account has there.
    role: Role | None
    #: What it may do, class by class: `read` or `write`.
    grants: Mapping[str, str]
    #: When that ends, in milliseconds since 1970.
    until_ms: int | None
    #: Whether it is the account's own.
    own: bool
    #: Whether it is the one that is looked at.
    current: bool
    #: `active`, `waiting`, `ended`, `gone` or `closed`.
    standing: ChartStanding
    #: When what is kept of it here is erased, in milliseconds since 1970, where it ended.
    erases_at_ms: int | None
    #: How much of it was never sent.
    unsent: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """A device."""

    #: Its id, as hex.
    device: str
    #: What it is called; for the recovery phrase, what it is.
    name: str
    #: Whether it is the recovery phrase.
    paper: bool
    #: Whether it is this one.
    this_device: bool
    #: `active`, `removal_pending` or `removed`.
    standing: DeviceStanding


@dataclass(frozen=True, slots=True, kw_only=True)
class PairingLink:
    """A link that admits one device. It holds a secret: show it, never log it."""

    #: The link.
    link: str = field(repr=False)
    #: The same in capitals and digits alone, for a smaller code to scan.
    scan: str = field(repr=False)
    #: When it ends, in milliseconds since 1970, by the relay's clock.
    expires_at_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who this device is."""

    #: The account, as hex.
    account: str
    #: The account's name.
    name: str
    #: The device, as hex.
    device: str
    #: The device's name.
    device_name: str
    #: The IANA zone the device is in.
    zone: str
    #: The relay's address, where there is one.
    relay: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RoutineCopy:
    """A routine as a link and as a file."""

    #: Its name.
    name: str
    #: The link.
    link: str
    #: The same for a smaller code to scan.
    scan: str
    #: The text of a file.
    file: str
    #: How long the link is, in bytes.
    bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspection:
    """What a link is, read without any network."""

    #: `routine`, `invite` or `pairing`.
    what: LinkKind
    #: The routine inside.
    routine: Routine | None
    #: Exercises of it that nothing here knows.
    unknown: tuple[str, ...]
    #: Who invites.
    from_name: str | None
    #: The account, as hex.
    account: str | None
    #: The chart, as hex.
    chart: str | None
    #: The relay it leads to: show it before it is contacted.
    relay: str | None
    #: The role that is offered.
    role: Role | None
    #: What it may do, class by class.
    grants: Mapping[str, str]
    #: When the grant ends, in milliseconds since 1970.
    until_ms: int | None
    #: When the link ends, in milliseconds since 1970.
    expires_at_ms: int | None
    #: Whether the owner confirms before anything can be read.
    confirm_first: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Invited:
    """An invitation that was made. The link holds a secret: show it, never log it."""

    #: The link.
    link: str = field(repr=False)
    #: The same for a smaller code to scan.
    scan: str = field(repr=False)
    #: The invite, as hex.
    invite: str
    #: When it ends, in milliseconds since 1970.
    expires_at_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Invite:
    """An invitation that is open."""

    #: The invite, as hex.
    invite: str
    #: Who is invited.
    name: str | None
    #: The role.
    role: Role | None
    #: What it may do, class by class.
    grants: Mapping[str, str]
    #: When the grant ends, in milliseconds since 1970.
    until_ms: int | None
    #: When the invitation ends, in milliseconds since 1970.
    expires_at_ms: int
    #: Whether it is confirmed first.
    confirm_first: bool
    #: Whether it is being taken back.
    ending: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """Somebody who takes part."""

    #: The account, as hex.
    account: str
    #: The name.
    name: str
    #: How it was called in the invitation, where that differs.
    invited_as: str | None
    #: Whether it is this account.
    me: bool
    #: Whether it is the person whose body it is.
    subject: bool
    #: The role.
    role: Role | None
    #: What it may do, class by class.
    grants: Mapping[str, str]
    #: When that ends, in milliseconds since 1970.
    until_ms: int | None
    #: Whether the safety phrase was compared.
    verified: bool
    #: Whether it waits to be confirmed.
    waiting: bool
    #: How many devices it has.
    devices: int | None
    #: What was asked for and not said to the others yet: `removal`, `grant`, `confirmation`,
    #: `leaving`.
    pending: Pending | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SafetyPhrase:
    """Words two people compare to know that nobody is between them."""

    #: The words.
    words: tuple[str, ...]
    #: With whom.
    with_whom: str
    #: Whether they were compared.
    verified: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RecoveryPhrase:
    """What is known of the recovery phrase. Its words are kept nowhere."""

    #: The device that the phrase stands for, as hex.
    device: str
    #: The relay that is needed besides the phrase; nothing where none is set: then the phrase alone
    #: gets nothing back.
    relay: str | None
    #: When one of the account's devices last saw the words typed right, in milliseconds since 1970.
    checked_at_ms: int | None
