"""Between the generated module and the public values: the only file that knows both."""

from __future__ import annotations

import atexit
import dataclasses
import functools
import sys
import types
import typing
from collections.abc import Awaitable, Callable, Mapping
from datetime import date, datetime
from typing import Any, TypeVar

from . import errors
from ._native import holdfast_ffi as native
from .codes import Code
from .routines import Finding

# A thread of the engine's that calls Python while the interpreter ends would take the process down.
atexit.register(native.end_of_process)

T = TypeVar("T")
Lift = Callable[[Any], Any]


@functools.cache
def _lift_to(kind: Any) -> Lift | None:
    """How a value becomes one of a public kind; nothing where it is one already."""
    origin, args = typing.get_origin(kind), typing.get_args(kind)
    if origin in (types.UnionType, typing.Union):
        (inner,) = (arg for arg in args if arg is not type(None))
        lift = _lift_to(inner)
        return None if lift is None else (lambda value: None if value is None else lift(value))
    if origin is tuple:
        lift = _lift_to(args[0])
        return tuple if lift is None else (lambda values: tuple(map(lift, values)))
    if origin in (Mapping, typing.Mapping):
        return types.MappingProxyType
    if kind is datetime:
        return datetime.fromisoformat
    if kind is date:
        return date.fromisoformat
    if dataclasses.is_dataclass(kind):
        return functools.partial(_record, kind, _fields(kind))
    if isinstance(kind, type) and issubclass(kind, Code):
        return kind
    return None


@functools.cache
def _fields(kind: type) -> tuple[tuple[str, Lift | None], ...]:
    hints = typing.get_type_hints(kind, vars(sys.modules[kind.__module__]))
    return tuple((field.name, _lift_to(hints[field.name])) for field in dataclasses.fields(kind))


def _record(kind: type[T], fields: tuple[tuple[str, Lift | None], ...], low: Any) -> T:
    values = {
        name: getattr(low, name) if lift is None else lift(getattr(low, name))
        for name, lift in fields
    }
    return kind(**values)


def lift(kind: type[T], low: Any) -> T:
    """A generated value as the public one."""
    return typing.cast(T, _record(kind, _fields(kind), low))


def lift_all(kind: type[T], low: Any) -> list[T]:
    """A list of them."""
    fields = _fields(kind)
    return [_record(kind, fields, one) for one in low]


def error(failure: Exception) -> errors.HoldfastError:
    """The one place where the generated errors become the public ones."""
    kind = errors.BY_NAME.get(type(failure).__name__, errors.Failed)
    problem = failure.problem  # type: ignore[attr-defined]
    return kind(
        problem.said.text,
        code=problem.code,
        sentence=problem.said.code,
        args=problem.said.args,
        field=problem.field,
        hint=problem.hint,
        candidates=tuple(problem.candidates),
        findings=tuple(lift_all(Finding, problem.findings)),
    )


def _bad_type(cause: Exception) -> errors.BadInput:
    """What no engine ever saw, because it cannot cross: a text for a number, a number too large."""
    return errors.BadInput(str(cause), code="bad_type", sentence="said.as_it_is")


async def done(call: Callable[..., Awaitable[Any]], *args: Any) -> Any:
    """Waits for a call of the generated module, and turns its error into a public one."""
    try:
        return await call(*args)
    except native.Failure as failure:
        raise error(failure) from None
    except (TypeError, ValueError, AttributeError, UnicodeError) as cause:
        raise _bad_type(cause) from cause


def at_once(call: Callable[..., Any], *args: Any) -> Any:
    """The same for a call that does not wait."""
    try:
        return call(*args)
    except native.Failure as failure:
        raise error(failure) from None
    except (TypeError, ValueError, AttributeError, UnicodeError) as cause:
        raise _bad_type(cause) from cause


def request(kind: type[T], /, **given: Any) -> T:
    """A request for the generated module: days become texts, times milliseconds, tuples lists."""
    return kind(**{name: lowered(value) for name, value in given.items() if value is not None})


def lowered(value: Any) -> Any:
    """A public value as the generated module takes it."""
    if isinstance(value, datetime):
        return round(value.timestamp() * 1000)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Code):
        return str(value)
    if isinstance(value, (tuple, set, frozenset)):
        return [lowered(one) for one in value]
    return value
