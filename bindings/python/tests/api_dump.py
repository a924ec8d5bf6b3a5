"""The public API as text, to be compared: what an app could have written against."""

import dataclasses
import inspect
from pathlib import Path

import holdfast
import holdfast.testing

PATH = Path(__file__).parent.parent / "api.txt"


def _signature(of: object) -> str:
    return str(inspect.signature(of)).replace("'", "")  # type: ignore[arg-type]


def _members(kind: type) -> list[str]:
    lines = []
    seen: set[str] = set()
    for owner in kind.__mro__:
        if owner.__module__.split(".")[0] != "holdfast":
            continue
        for name, member in vars(owner).items():
            if name.startswith("_") and name != "__init__" or name in seen:
                continue
            seen.add(name)
            plain = member.__func__ if isinstance(member, (classmethod, staticmethod)) else member
            if isinstance(plain, property):
                lines.append(f"  property {name}: {plain.fget.__annotations__.get('return')}")
            elif inspect.isfunction(plain):
                waits = inspect.iscoroutinefunction(plain) or inspect.isasyncgenfunction(plain)
                lines.append(f"  {'async ' if waits else ''}def {name}{_signature(plain)}")
    return sorted(lines)


def _described(name: str, of: object) -> list[str]:
    if inspect.isclass(of):
        bases = ", ".join(base.__name__ for base in of.__bases__ if base is not object)
        lines = [f"class {name}({bases})" if bases else f"class {name}"]
        if issubclass(of, holdfast.Code):
            return lines + [f"  {code!r} = {str(code)!r}" for code in of.known()]
        if dataclasses.is_dataclass(of):
            for field in dataclasses.fields(of):
                default = "" if field.default is dataclasses.MISSING else f" = {field.default!r}"
                lines.append(f"  {field.name}: {field.type}{default}")
            return lines
        return lines + _members(of)
    if inspect.isfunction(of):
        return [f"def {name}{_signature(of)}"]
    return [f"{name} = {of!r}"]


def text() -> str:
    lines = []
    for module in (holdfast, holdfast.testing):
        lines.append(f"# {module.__name__}")
        for name in sorted(module.__all__):
            lines += _described(name, getattr(module, name))
        lines.append("")
    return "\n".join(lines)
