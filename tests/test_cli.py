"""The command line: thin, quiet, one sentence for an error."""

import json
import subprocess
import sys

import pytest

from digitlib import __main__ as cli
from digitlib import data, training


@pytest.fixture
def fewer_digits(monkeypatch, small, tmp_path):
    monkeypatch.setattr(data, "load_data", lambda source="auto": small)
    monkeypatch.setenv("DIGITLIB_MODELS", str(tmp_path / "models"))
    return small


def test_training_saves_what_evaluating_then_measures(fewer_digits, capsys):
    assert cli.main(["train", "dense", "--epochs", "3"]) == 0
    trained = capsys.readouterr().out
    assert cli.main(["evaluate", "dense"]) == 0
    measured = capsys.readouterr().out
    summary = next(line for line in trained.splitlines() if line.startswith("accuracy"))
    assert "on 300 test images" in summary
    assert summary in measured and "dense: yours" in measured


def test_shipping_writes_weights_and_a_card(fewer_digits, monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(training, "PRETRAINED", tmp_path)
    assert cli.main(["train", "dense", "--epochs", "1", "--seed", "5", "--ship"]) == 0
    card = json.loads((tmp_path / "dense.json").read_text())
    assert card["seed"] == 5 and card["parameters"] == 101_770
    assert card["command"].endswith("train dense --seed 5 --ship")
    assert f"accuracy {card['accuracy']:.2%}" in capsys.readouterr().out
    assert training.shipped("dense").count_params() == 101_770
    assert not (tmp_path / "models").exists(), "what is shipped is not also saved as yours"


@pytest.mark.parametrize(
    ("arguments", "remedy"),
    [
        (["train", "resnet"], "choose from dense"),
        (["evaluate", "nowhere.keras"], "correct the path"),
        (["predict", "--model", "resnet", "7.png"], "choose from dense"),
    ],
)
def test_an_error_is_one_sentence_and_status_1(arguments, remedy, fewer_digits, capsys):
    assert cli.main(arguments) == 1
    error = capsys.readouterr().err
    assert remedy in error and len(error.splitlines()) == 1


def test_in_a_terminal_only_the_answer_is_printed():
    """One real process: no log line of TensorFlow's, no progress bar."""
    result = subprocess.run(
        [sys.executable, "-m", "digitlib", "evaluate", "dense"],
        capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    assert result.stderr == ""
    *notices, summary = result.stdout.splitlines()
    assert summary.startswith("accuracy ") and " % interval " in summary
    assert len(notices) <= 3
