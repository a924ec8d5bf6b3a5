"""The guide's own code runs, as it stands there."""

import os
import re
import subprocess
import sys
import unittest
from pathlib import Path

from holdfast import testing

GUIDE = Path(__file__).parents[3] / "docs" / "python.md"
SRC = str(Path(__file__).parent.parent / "src")


class Guide(unittest.TestCase):
    def test_every_piece_of_code_in_the_guide_runs(self) -> None:
        pieces = re.findall(r"```python\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)
        self.assertGreaterEqual(len(pieces), 2)
        lines = [line for line in pieces[0].splitlines() if line.strip()]
        self.assertLess(len(lines), 40, "from nothing to a synced hold in under 40 lines")
        for piece in pieces:
            with self.subTest(piece=piece[:60]), testing.Relay() as relay, testing.folder() as room:
                given = {**os.environ, "PYTHONPATH": SRC, "HOLDFAST_RELAY": relay.url}
                done = subprocess.run(
                    [sys.executable, "-W", "error", "-c", piece],
                    cwd=room,
                    env=given,
                    capture_output=True,
                    text=True,
                    timeout=120,
                )
                self.assertEqual(done.returncode, 0, done.stderr)
                if piece is pieces[0]:
                    self.assertIn("done", done.stdout)
