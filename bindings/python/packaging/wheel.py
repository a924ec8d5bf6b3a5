"""Packs the wheel: the package, the generated module and the library, for this platform."""

import base64
import hashlib
import sys
import sysconfig
import tomllib
import zipfile
from pathlib import Path

HERE = Path(__file__).parent.parent
PACKAGE = HERE / "src" / "holdfast"


def _files() -> list[Path]:
    if not list((PACKAGE / "_native").glob("*holdfast_ffi.*[!y]")):
        sys.exit("there is no library: run `cargo xtask package wheel`, which builds it first")
    kept = (path for path in PACKAGE.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return sorted(kept)


def make(out: Path, compression: int = zipfile.ZIP_DEFLATED) -> Path:
    """Writes the wheel into a folder."""
    project = tomllib.loads((HERE / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    platform = sysconfig.get_platform().replace("-", "_").replace(".", "_")
    tag = f"py3-none-{platform}"
    name = f"{project['name']}-{project['version']}"
    info = f"{name}.dist-info"
    about = (
        "Metadata-Version: 2.1\n"
        f"Name: {project['name']}\nVersion: {project['version']}\n"
        f"Summary: {project['description']}\nLicense: {project['license']['text']}\n"
        f"Requires-Python: {project['requires-python']}\n"
    )
    kind = f"Wheel-Version: 1.0\nGenerator: holdfast\nRoot-Is-Purelib: false\nTag: {tag}\n"
    contents = [(f"holdfast/{path.relative_to(PACKAGE).as_posix()}", path) for path in _files()]
    out.mkdir(parents=True, exist_ok=True)
    wheel = out / f"{name}-{tag}.whl"
    record = []
    with zipfile.ZipFile(wheel, "w", compression) as packed:

        def put(inside: str, content: bytes) -> None:
            # The same time in every file: the same sources give the same wheel.
            entry = zipfile.ZipInfo(inside, (1980, 1, 1, 0, 0, 0))
            entry.compress_type = compression
            entry.external_attr = 0o644 << 16
            packed.writestr(entry, content)
            digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=")
            record.append(f"{inside},sha256={digest.decode()},{len(content)}")

        for inside, path in contents:
            put(inside, path.read_bytes())
        put(f"{info}/METADATA", about.encode())
        put(f"{info}/WHEEL", kind.encode())
        record.append(f"{info}/RECORD,,")
        packed.writestr(f"{info}/RECORD", "\n".join(record) + "\n")
    return wheel


if __name__ == "__main__":
    print(make(Path(sys.argv[1])))
