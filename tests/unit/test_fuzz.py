"""Damaged image files: an answer or an ImageError, soon and in little memory, and never a crash."""

import os
import subprocess
import sys

from project import ROOT


def test_damaged_files_are_answered_or_refused(request):
    n = 3000 if request.config.getoption("--whole") else 600
    # In a process of its own, so that what other tests took does not hide what this one takes.
    ran = subprocess.run(
        [sys.executable, ROOT / "tools" / "fuzz_images.py", str(n)],
        capture_output=True,
        text=True,
        timeout=600,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr[-5000:]
    assert f"{n} files" in ran.stdout
    assert int(ran.stdout.split(" answers")[0].split()[-1]) > n / 6, ran.stdout
