"""Runs the package's tests with nothing but Python: `cargo xtask python`."""

import sys
import unittest
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parent / "src"), str(HERE)]


def main() -> int:
    if "--update-api" in sys.argv:
        import api_dump

        api_dump.PATH.write_text(api_dump.text(), encoding="utf-8")
        print(f"written: {api_dump.PATH}")
    only = [arg for arg in sys.argv[1:] if not arg.startswith("-")]
    loader = unittest.TestLoader()
    loader.testNamePatterns = [f"*{name}*" for name in only] or None
    tests = loader.discover(str(HERE))
    if loader.errors:
        print(*loader.errors, sep="\n")
        return 1
    done = unittest.TextTestRunner(verbosity=2).run(tests)
    # A skip would be something nobody notices.
    return 0 if done.wasSuccessful() and not done.skipped and done.testsRun else 1


if __name__ == "__main__":
    sys.exit(main())
