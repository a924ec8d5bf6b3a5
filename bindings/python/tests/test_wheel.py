"""The wheel has everything: unpacked somewhere else it works without the sources."""

import subprocess
import sys
import unittest
import zipfile
from pathlib import Path

from holdfast import testing

sys.path.insert(0, str(Path(__file__).parent.parent / "packaging"))


class Wheel(unittest.TestCase):
    def test_an_unpacked_wheel_logs_a_hold(self) -> None:
        import wheel

        with testing.folder() as room:
            made = wheel.make(room / "out", zipfile.ZIP_STORED)
            self.assertRegex(made.name, r"^holdfast-\d+\.\d+\.\d+-py3-none-\w+\.whl$")
            with zipfile.ZipFile(made) as packed:
                names = packed.namelist()
                packed.extractall(room / "site")
            self.assertIn("holdfast/py.typed", names)
            code = (
                "import asyncio, holdfast\n"
                "async def main():\n"
                "    made = await holdfast.Engine.create('home', 'Ana', 'phone')\n"
                "    async with made.engine as engine:\n"
                "        print(len(await engine.log('childs-pose', held=30)), holdfast.__file__)\n"
                "asyncio.run(main())\n"
            )
            done = subprocess.run(
                [sys.executable, "-I", "-c", f"import sys; sys.path.insert(0, 'site')\n{code}"],
                cwd=room,
                capture_output=True,
                text=True,
            )
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertIn("1 ", done.stdout)
            self.assertIn("site", done.stdout)
