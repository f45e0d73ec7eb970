"""The built wheel: all of the package is in it, and it needs nothing of this folder."""

import csv
import json
import os
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

from notebook_runner import fresh_copy
from project import ROOT, SAMPLES


def run(*command, cwd):
    """Run a command where neither PYTHONPATH nor a variable of ours leads back to this folder."""
    ours = ("PYTHON", "DIGITLIB", "COV")
    variables = {k: v for k, v in os.environ.items() if not k.startswith(ours)}
    done = subprocess.run(
        [*map(str, command)], cwd=cwd, env=variables, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    with fresh_copy() as copy:  # since building leaves files behind
        options = ["--no-deps", "--no-build-isolation", "--no-index", "--wheel-dir", folder]
        run(sys.executable, "-m", "pip", "wheel", *options, ".", cwd=copy)
    (built,) = folder.iterdir()
    return built


@pytest.fixture(scope="module")
def elsewhere(wheel, tmp_path_factory):
    """A virtual environment of the wheel, in a folder of its own; returns its Python.

    What digitlib needs is found where it is installed for these tests, through a line in a .pth
    file. Such a line is no more than a path, so this project's own installation is not found.
    """
    folder = tmp_path_factory.mktemp("elsewhere")
    run(sys.executable, "-m", "venv", "--without-pip", folder / "venv", cwd=folder)
    python = folder / "venv" / "bin" / "python"
    run(sys.executable, "-m", "pip", "--python", python, "install", "--no-deps", "--no-index",
        wheel, cwd=folder)  # fmt: skip
    (site,) = (folder / "venv").glob("lib/*/site-packages")
    (site / "needed.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return python


def test_it_holds_every_file_of_the_package_and_no_other(wheel):
    with zipfile.ZipFile(wheel) as archive:
        packed = {name for name in archive.namelist() if ".dist-info/" not in name}
    there = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "digitlib").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert packed == there


def test_it_reads_a_sample(elsewhere, tmp_path):
    (tmp_path / "seven.png").write_bytes((SAMPLES / "dark_on_light.png").read_bytes())
    command = [elsewhere, "-m", "digitlib", "predict", "--json", "seven.png"]
    assert json.loads(run(*command, cwd=tmp_path))["text"] == "7"


def test_it_opens_the_pad_and_every_network_with_its_card(elsewhere, tmp_path):
    code = """if True:
        import json, sys
        import digitlib
        from digitlib import models, weights
        pad = digitlib.Sketchpad(folder="mine")
        stroke = [[140, y, 16] for y in range(40, 240, 6)]
        pad.set_state({"_paper": {"strokes": [stroke], "turn": 1}})
        said = {
            "digit": pad.digit,
            "texts": [len(str(text)) for text in (pad._esm, pad._css)],
            "cards": [weights.model_card(name)["parameters"] for name in models.BUILDERS],
            "built": [weights.shipped_model(name).count_params() for name in models.BUILDERS],
        }
        said["files"] = [m.__file__ for n, m in sys.modules.items() if n.startswith("digitlib")]
        print(json.dumps(said))
    """
    said = json.loads(run(elsewhere, "-c", code, cwd=tmp_path).splitlines()[-1])
    assert said["digit"] == 1 and min(said["texts"]) > 1000
    assert said["cards"] and said["cards"] == said["built"]
    home = elsewhere.parents[1]
    assert all(Path(file).is_relative_to(home) for file in said["files"]), said["files"]


def test_without_tensorflow_and_jupyter_it_reads_every_sample_and_page(elsewhere, tmp_path):
    """As where `pip install digitlib` was all that was asked for; data/ appears nowhere."""
    code = """if True:
        import sys
        extras = "tensorflow keras sklearn scipy matplotlib seaborn pandas IPython anywidget"
        sys.modules.update(dict.fromkeys(extras.split()))  # None: no import finds them
        from digitlib import cli
        sys.exit(cli.main(sys.argv[1:]))
    """
    read = {}
    for options in ([SAMPLES], ["--page", SAMPLES / "pages"]):
        output = run(elsewhere, "-c", code, "predict", "--csv", *options, cwd=tmp_path)
        for row in csv.DictReader(output.splitlines()):
            read[Path(row["file"]).relative_to(SAMPLES).as_posix()] = row["text"]
    wanted = {}
    for table, column in (("labels.csv", "label"), ("pages.csv", "text")):
        with (SAMPLES / table).open() as file:
            wanted |= {row["file"]: row[column] for row in csv.DictReader(file)}
    wrong = {name for name in wanted if read[name] != wanted[name]}
    assert wrong <= {"pages/touching.png"}  # where one digit runs into another: notebook 06
    assert not list(tmp_path.iterdir())
