"""The command line: thin, quiet, one sentence for an error."""

import contextlib
import csv
import io
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

import digitlib
from digitlib import cli, data, weights
from digitlib.reading import files
from project import SAMPLES

SEVEN = str(SAMPLES / "dark_on_light.png")


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
    monkeypatch.setattr(weights, "PRETRAINED", tmp_path)
    assert cli.main(["train", "dense", "--epochs", "1", "--seed", "5", "--ship"]) == 0
    card = json.loads((tmp_path / "dense.json").read_text())
    assert card["seed"] == 5 and card["parameters"] == 101_770
    assert re.fullmatch(r"\d+ processor cores, [\d.]+ minutes of .*", card["trained on"])
    assert card["command"].endswith("train dense --seed 5 --ship")
    assert f"accuracy {card['accuracy']:.2%}" in capsys.readouterr().out
    assert weights.shipped_model("dense").count_params() == 101_770
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


def predict(capsys, *arguments):
    """Run predict --json; return the exit status and the objects it printed."""
    status = cli.main(["predict", "--json", *map(str, arguments)])
    return status, [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_json_is_one_object_per_file_in_order_and_failures_do_not_stop_it(capsys, tmp_path):
    (tmp_path / "text.png").write_text("I am no picture.")
    Image.new("L", (200, 200), 250).save(tmp_path / "blank.png")
    files = [tmp_path / "text.png", SEVEN, tmp_path / "none.jpg", tmp_path / "blank.png"]
    status, (text, seven, none, blank) = predict(capsys, *files)
    assert status == 1
    assert [o["file"] for o in (text, seven, none, blank)] == [str(f) for f in files]
    assert set(text) == set(none) == {"file", "error"}
    assert "no image" in text["error"] and "no file" in none["error"]
    assert set(seven) == {"file", "text", "digits"} and seven["text"] == "7"
    (digit,) = seven["digits"]
    assert set(digit) == {"digit", "probability", "box"} and digit["digit"] == 7
    assert 0.9 < digit["probability"] <= 1
    left, top, right, bottom = digit["box"]
    ink = np.asarray(Image.open(SEVEN).convert("L")) < 128
    rows, columns = ink.nonzero()
    truth = columns.min(), rows.min(), columns.max() + 1, rows.max() + 1
    assert np.abs(np.subtract((left, top, right, bottom), truth)).max() <= 6
    assert blank["digits"] == [] and blank["note"] == "no ink found" and blank["text"] == ""


def test_a_page_is_read_only_when_asked(capsys):
    page = SAMPLES / "pages" / "rows.png"
    status, (one,) = predict(capsys, page)
    assert status == 0 and len(one["digits"]) == 1
    assert one["note"].endswith("digits found; use --page")
    status, (all_of_it,) = predict(capsys, "--page", page)
    assert status == 0 and len(all_of_it["digits"]) == 30
    assert all_of_it["text"] == "0123456789\n9876543210\n3141592653"


def test_folders_and_patterns_stand_for_the_pictures_in_them(capsys, tmp_path):
    for name in ("b.png", "a.PNG"):
        shutil.copy(SEVEN, tmp_path / name)
    (tmp_path / "labels.csv").write_text("no picture, and not asked for")
    expected = [str(tmp_path / "a.PNG"), str(tmp_path / "b.png")]
    assert [o["file"] for o in predict(capsys, tmp_path)[1]] == expected
    assert [o["file"] for o in predict(capsys, tmp_path / "*.*NG")[1]] == expected[:1]
    (tmp_path / "empty").mkdir()
    status, (empty, seven) = predict(capsys, tmp_path / "empty", SEVEN)
    assert status == 1 and "no pictures in the folder" in empty["error"] and seven["text"] == "7"


def test_a_line_for_people_has_digit_probability_and_note(capsys, tmp_path):
    sheet = np.full((200, 200), 255, np.uint8)
    cv2.putText(sheet, "W", (50, 140), 0, 4, 0, 8, cv2.LINE_AA)
    Image.fromarray(sheet).save(tmp_path / "w.png")
    assert cli.main(["predict", SEVEN, str(tmp_path / "w.png")]) == 0
    seven, letter = capsys.readouterr().out.splitlines()
    assert seven.startswith(f"{SEVEN}: 7 (") and seven.endswith("%)")
    assert letter.endswith("does not look like a digit")


@pytest.mark.parametrize("options", [[], ["--page"]])
def test_the_stages_are_drawn_into_a_file(options, capsys, tmp_path):
    out = tmp_path / "stages.png"
    assert cli.main(["predict", *options, "--stages", str(out), SEVEN]) == 0
    assert min(Image.open(out).size) > 200
    assert cli.main(["predict", "--stages", str(tmp_path / "no" / "x.png"), SEVEN]) == 1
    assert "could not be written" in capsys.readouterr().err


def test_stages_of_several_pictures_are_refused_before_anything_is_read(capsys, tmp_path):
    shutil.copy(SEVEN, tmp_path / "a.png")
    shutil.copy(SEVEN, tmp_path / "b.png")
    out = tmp_path / "out" / "stages.png"
    for names in ([SEVEN, SEVEN], [str(tmp_path)]):
        assert cli.main(["predict", "--stages", str(out), *names]) == 1
        said = capsys.readouterr()
        assert said.out == "" and said.err == (
            "--stages draws one picture, and here are 2; name one.\n"
        )


def test_another_network_can_be_named_by_its_path(capsys, tmp_path):
    shutil.copy(weights.PRETRAINED / "cnn.keras", tmp_path / "mine.keras")
    status, (seven,) = predict(capsys, "--model", tmp_path / "mine.keras", SEVEN)
    assert status == 0 and seven["text"] == "7"


def test_a_network_of_ones_own_can_be_named_as_it_was_saved(monkeypatch, capsys, tmp_path):
    """Wherever it was saved before: in the folder of either source."""
    monkeypatch.setenv("DIGITLIB_MODELS", str(tmp_path))
    for source, name in (("mnist", "my_reader"), ("sklearn", "other")):
        (tmp_path / source).mkdir()
        shutil.copy(weights.PRETRAINED / "cnn.keras", tmp_path / source / f"{name}.keras")
        status, (seven,) = predict(capsys, "--model", name, SEVEN)
        assert status == 0 and seven["text"] == "7"
    assert cli.main(["predict", "--model", "my_raeder", SEVEN]) == 1
    assert capsys.readouterr().err.endswith("cnn_fast, reader, my_reader, other.\n")


@pytest.mark.parametrize("command", ["predict --model raeder 7.png", "train raeder"])
def test_a_misspelled_network_is_answered_before_tensorflow_is_loaded(command):
    code = f"""if True:
        import sys
        from digitlib import cli
        status = cli.main({command.split()!r})
        print(status, {{"keras", "tensorflow"}} & set(sys.modules))
    """
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout == "1 set()\n"
    assert "'raeder'; choose from dense" in done.stderr


def test_an_address_is_no_file(capsys):
    status, (answer,) = predict(capsys, "https://example.org/7.png")
    assert status == 1
    assert answer["error"] == (
        "https://example.org/7.png is an address; save the picture and name the file."
    )


def test_a_dash_is_standard_input(monkeypatch, capsys):
    for content, said in (
        ((SAMPLES / "dark_on_light.png").read_bytes(), "7"),
        (b"", "The picture is empty"),
    ):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))
        _, (answer,) = predict(capsys, "-")
        assert answer["file"] == "-" and said in answer.get("text", answer.get("error"))


def test_boxes_are_in_the_files_own_pixels_when_a_photograph_was_shrunk(
    monkeypatch, capsys, tmp_path
):
    Image.open(SEVEN).convert("RGB").resize((1600, 1600)).save(tmp_path / "7.jpg")
    _, (plain,) = predict(capsys, tmp_path / "7.jpg")
    monkeypatch.setattr(files, "MOST_PIXELS", 1_000_000)
    monkeypatch.setattr(files, "SHRUNK_SIDE", 400)
    _, (shrunk,) = predict(capsys, tmp_path / "7.jpg")
    (one,), (other,) = plain["digits"], shrunk["digits"]
    assert other["box"] != one["box"] and other["digit"] == 7
    assert np.abs(np.subtract(one["box"], other["box"])).max() <= 16


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
def test_a_long_run_says_at_a_terminal_how_far_it_is(tmp_path):
    """The bar and the total go to standard error, if that is a terminal; answers stay whole."""
    import fcntl
    import pty
    import struct
    import termios

    for i in range(24):
        shutil.copy(SEVEN, tmp_path / f"{i:02d}.png")
    (tmp_path / "24.png").write_text("no picture")
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    command = [sys.executable, "-m", "digitlib", "predict", "--json", tmp_path]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=theirs) as process:
        os.close(theirs)
        told = b""
        with contextlib.suppress(OSError):  # the other end is closed
            while part := os.read(ours, 10_000):
                told += part
        answers = process.stdout.read().splitlines()
    assert len(answers) == 25 and all(json.loads(line)["file"] for line in answers)
    assert b"/25" in told
    assert b"25 pictures in" in told and b"24 read, 0 with a note, 1 that could not" in told


def test_several_processes_give_the_same_answers_in_the_same_order(capsys, tmp_path):
    for i, row in enumerate(("dark_on_light.png", "shadow.jpg", "thin.png", "frame.png")):
        shutil.copy(SAMPLES / row, tmp_path / f"{i}{Path(row).suffix}")
    (tmp_path / "2b.png").write_text("no picture")
    assert predict(capsys, "-j", 2, tmp_path) == predict(capsys, tmp_path)


@pytest.mark.parametrize("jobs", ["0", "two", "-1"])
def test_a_number_of_processes_that_is_none_is_refused(jobs, capsys):
    with pytest.raises(SystemExit) as ended:
        cli.main(["predict", "-j", jobs, SEVEN])
    assert ended.value.code == 2
    assert "expected one argument" in (said := capsys.readouterr().err) or "processes" in said


def test_a_table_has_a_line_for_each_picture(capsys, tmp_path):
    (tmp_path / "a,b.png").write_text("no picture")
    page = SAMPLES / "pages" / "rows.png"
    assert cli.main(["predict", "--csv", "--page", str(page), str(tmp_path / "a,b.png")]) == 1
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert list(rows[0]) == ["file", "text", "probability", "note", "error"]
    assert rows[0]["text"] == "0123456789|9876543210|3141592653" and rows[0]["error"] == ""
    assert 0 < float(rows[0]["probability"]) <= 1
    assert rows[1]["file"].endswith("a,b.png") and "no image" in rows[1]["error"]


def test_it_says_its_version(capsys):
    with pytest.raises(SystemExit):
        cli.main(["--version"])
    assert capsys.readouterr().out == f"digitlib {digitlib.__version__}\n"


def test_a_shell_is_told_how_a_line_may_go_on():
    asked = {"_ARGCOMPLETE": "1", "_ARGCOMPLETE_STDOUT_FILENAME": os.devnull, "_ARC_DEBUG": ""}
    line = "digitlib predict --st"
    asked |= {
        "COMP_LINE": line,
        "COMP_POINT": str(len(line)),
        "COMP_TYPE": "9",
        "_ARGCOMPLETE_IFS": "\n",
    }
    with tempfile.NamedTemporaryFile("r") as told:
        asked["_ARGCOMPLETE_STDOUT_FILENAME"] = told.name
        subprocess.run([sys.executable, "-m", "digitlib"], env=os.environ | asked, check=False)
        assert told.read().strip() == "--stages"


def test_without_tensorflow_training_says_how_to_install_it():
    code = """if True:
        import sys
        sys.modules["keras"] = sys.modules["tensorflow"] = None
        from digitlib import cli
        sys.exit(cli.main(["evaluate", "dense"]))
    """
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].endswith("python -m pip install 'digitlib[train]'")
    assert "Traceback" not in done.stderr


def test_a_bug_shows_its_traceback(monkeypatch):
    def broken(*_):
        raise ValueError("a bug of ours")

    monkeypatch.setattr(weights, "open_reader", broken)
    with pytest.raises(ValueError, match="a bug of ours"):
        cli.main(["predict", SEVEN])


def test_many_files_are_answered_one_by_one(monkeypatch, capsys):
    """The first answer is out before the last file is read, so that a pipe can start."""
    read, printed = files.read_scaled, []

    def watched(path):
        printed.append(len(capsys.readouterr().out.splitlines()))
        return read(path)

    monkeypatch.setattr(files, "read_scaled", watched)
    assert cli.main(["predict", "--json", SEVEN, SEVEN, SEVEN]) == 0
    assert printed == [0, 1, 1]


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
