"""Set-up: what names versions and commands agrees, and importing loads little and is quiet."""

import re
import subprocess
import sys
import tomllib

import pytest
import yaml
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from project import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
PYTHONS = ["3.11", "3.12", "3.13"]


def requirements(lines):
    found = [Requirement(line) for line in lines]
    return {canonicalize_name(requirement.name): requirement for requirement in found}


def needed(*extras):
    """What digitlib takes with these extras, which may name each other."""
    lines = [line for extra in extras for line in PROJECT["optional-dependencies"][extra]]
    return PROJECT["dependencies"] + [line for line in lines if not line.startswith("digitlib[")]


def project_files():
    """Every file that is part of the project: what git tracks, or all of a copy without git."""
    if (ROOT / ".git").exists():
        listed = subprocess.run(
            ["git", "-c", "safe.directory=*", "ls-files", "-z"],
            cwd=ROOT, capture_output=True, text=True, check=True,
        ).stdout  # fmt: skip
        return [ROOT / name for name in listed.split("\0") if name and (ROOT / name).is_file()]
    return [
        path for path in ROOT.rglob("*") if path.is_file() and ".pytest_cache" not in path.parts
    ]


def run(*arguments):
    return subprocess.run(
        [sys.executable, *arguments], cwd=ROOT, capture_output=True, text=True, timeout=120
    )


def test_conda_and_pip_users_get_the_same_ranges():
    conda = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    *plain, pip_section = conda["dependencies"]
    lines = [line for line in pip_section["pip"] if line != "-e ."]
    assert "-e ." in pip_section["pip"], "conda users need digitlib itself"
    wanted = requirements(needed("train", "notebooks"))
    assert {n: r.specifier for n, r in requirements(lines).items()} == {
        n: r.specifier for n, r in wanted.items()
    }
    assert requirements(plain)["python"].specifier == SpecifierSet(PROJECT["requires-python"])


@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize("system", ["linux", "darwin", "win32"])
def test_the_lock_pins_each_dependency_within_its_range(python, system):
    lines = (ROOT / "requirements.lock").read_text(encoding="utf-8").splitlines()
    machine = default_environment() | {
        "python_version": python,
        "python_full_version": f"{python}.9",
        "sys_platform": system,
    }
    pinned = {}
    for line in lines:
        requirement = Requirement(line)  # raises for an address, a hash or an option
        assert requirement.url is None and re.fullmatch(r"==[\w.]+", str(requirement.specifier))
        if requirement.marker is None or requirement.marker.evaluate(machine):
            name = canonicalize_name(requirement.name)
            assert name not in pinned, f"{name} is pinned twice"
            pinned[name] = str(requirement.specifier).removeprefix("==")
    wanted = needed("train", "notebooks", "dev")
    for name, requirement in requirements(wanted).items():
        assert requirement.specifier.contains(pinned[name]), f"{name} {pinned[name]}"
    # make installs digitlib with --no-build-isolation, so the lock must hold the build's needs
    assert Requirement("setuptools>=77").specifier.contains(pinned["setuptools"])


def test_the_supported_pythons_are_those_make_looks_for():
    supported = SpecifierSet(PROJECT["requires-python"])
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    named = re.findall(r"\bpython(3\.\d+)\b", makefile)
    assert sorted(set(named)) == PYTHONS
    assert [v for v in (f"3.{minor}" for minor in range(9, 16)) if f"{v}.0" in supported] == PYTHONS


def test_make_help_lists_every_target():
    done = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True)
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    (phony,) = re.findall(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)
    listed = [line.split()[1] for line in done.stdout.splitlines() if line.startswith("make ")]
    assert listed[0] == "help" and sorted(listed) == sorted(phony.split())


def test_readme_opens_with_commands_that_exist():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    asked = re.findall(r"(?:^|`)make ([a-z-]+)", readme, re.MULTILINE)
    assert asked[:2] == ["lab", "test"]
    assert set(asked) <= targets
    for command in (
        "conda env create -f environment.yml",
        "pip install -r requirements.lock",
        "pip install --no-deps -e .",
        "<address of this repository>",
    ):
        assert command in readme
    for notebook in (ROOT / "notebooks").glob("*.ipynb"):
        assert f"notebooks/{notebook.name}" in readme, f"README does not mention {notebook.name}"


def test_no_large_file_and_no_downloaded_data_is_part_of_the_project():
    files = project_files()
    assert ROOT / "pyproject.toml" in files
    for path in files:
        assert path.stat().st_size < 2_000_000, f"{path} is too large"
        assert path.suffix not in {".npz", ".gz", ".zip", ".h5"}, f"{path} looks like data"
        assert not path.is_relative_to(ROOT / "data/models"), f"{path} is a reader's own"


@pytest.mark.parametrize(
    "asked",
    ["import digitlib", "sys.argv[1:] = ['--help']; runpy.run_module('digitlib', alter_sys=True)"],
)
def test_importing_digitlib_and_asking_for_help_load_nothing_large(asked):
    """Both are instant then, on whatever machine."""
    code = f"""if True:
        import runpy, sys
        try:
            {asked}
        except SystemExit as end:
            assert not end.code
        large = ("numpy", "cv2", "PIL", "scipy", "sklearn", "matplotlib", "tensorflow", "keras")
        print([name for name in large if name in sys.modules])
    """
    result = run("-c", code)
    assert result.returncode == 0, result.stderr
    assert result.stdout.splitlines()[-1] == "[]"


def test_keras_arrives_without_log_noise():
    code = "from digitlib import keras; keras.ops.ones((2, 2)); print(keras.__version__)"
    result = run("-c", code)
    assert result.returncode == 0
    assert result.stderr == ""
    assert len(result.stdout.splitlines()) == 1
