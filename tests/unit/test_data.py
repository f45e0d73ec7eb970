"""Data: the right digits, split once, from the right place; and every kind of bad input."""

import http.server
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from digitlib import data
from digitlib.data import load_data
from digitlib.errors import DataError
from notebook_runner import CLOSED, mnist_file

TRAIN_LABELS = [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]
TEST_LABELS = [7, 2, 1, 0, 4, 1, 4, 9, 5, 9]


@pytest.fixture(scope="session")
def real_file(mnist):
    return mnist_file()


@pytest.fixture
def nowhere(tmp_path, monkeypatch):
    """A machine with no MNIST and no network; returns the project's empty data folder."""
    monkeypatch.delenv("DIGITLIB_DATA", raising=False)
    monkeypatch.setattr(data, "DATA_DIR", tmp_path / "project/data")
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    proxies(monkeypatch, CLOSED)
    return tmp_path / "project/data"


def proxies(monkeypatch, address):
    """Send every request to the proxy at `address`; "" for none."""
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, address)
        monkeypatch.setenv(name.upper(), address)
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(urllib.request, "_opener", None)  # it keeps the proxies of its first use


@contextmanager
def server(answer):
    """An HTTP server on this machine; answer(handler) writes each answer. Yields its address."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            answer(self)

        def log_message(self, *args):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as serving:
        serving.daemon_threads = True
        serving.block_on_close = False
        threading.Thread(target=serving.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{serving.server_port}/mnist.npz"
        serving.shutdown()


def sending(content, *, piece=1 << 20, pause=0.0, length=None):
    """An answer that sends `content` piece by piece and says it has `length` bytes."""

    def answer(handler):
        handler.send_response(200)
        handler.send_header("Content-Length", str(length or len(content)))
        handler.end_headers()
        for start in range(0, len(content), piece):
            try:
                handler.wfile.write(content[start : start + piece])
            except OSError:
                return
            time.sleep(pause)
        if length:
            time.sleep(60)  # the rest never comes

    return answer


def use(monkeypatch, address, file=None):
    """Let download() fetch `address`, directly, and expect the hash of `file`."""
    monkeypatch.setattr(data, "_URL", address)
    if file:
        monkeypatch.setattr(data, "_SHA256", data.hashlib.sha256(file.read_bytes()).hexdigest())
    proxies(monkeypatch, "")


def zeros(**changes):
    """Arrays of MNIST's names, shapes and type, but blank."""
    arrays = {name: np.zeros(shape, np.uint8) for name, (shape, _) in data._ARRAYS.items()}
    return arrays | changes


# What load_data gives


def test_mnist_is_split_once_and_for_all(mnist, real_file):
    assert mnist.name == "mnist"
    assert mnist.x_train.shape == (55_000, 28, 28)
    assert mnist.x_val.shape == (5_000, 28, 28)
    assert mnist.x_test.shape == (10_000, 28, 28)
    assert mnist.y_train[:10].tolist() == TRAIN_LABELS
    assert mnist.y_test[:10].tolist() == TEST_LABELS
    assert mnist.y_val[-3:].tolist() == [5, 6, 8]  # how the 60,000 training images end
    stored = data.read_mnist(real_file)
    for axis in "xy":
        train = [getattr(mnist, f"{axis}_train"), getattr(mnist, f"{axis}_val")]
        assert np.array_equal(np.concatenate(train), stored[f"{axis}_train"])
        assert np.array_equal(getattr(mnist, f"{axis}_test"), stored[f"{axis}_test"])


def test_the_bundled_digits_have_mnists_form(small):
    assert small.name == "sklearn"
    assert [len(x) for x in (small.x_train, small.x_val, small.x_test)] == [1297, 200, 300]
    assert small.y_test[:10].tolist() == list(range(10))
    x = np.concatenate([small.x_train, small.x_val, small.x_test]).astype(float)
    for axis in (1, 2):
        profile = x.sum(axis=axis)
        centre = (profile * np.arange(28)).sum(axis=1) / profile.sum(axis=1)
        assert np.abs(centre - 14).max() <= 0.5, "the ink's centre is the image's centre"
    sides = [(x.max(axis=axis) > 0).sum(axis=1) for axis in (1, 2)]
    assert (np.maximum(*sides) == 20).all(), "the longer side fills 20 pixels"


@pytest.mark.parametrize("source", ["small", "mnist"])
def test_arrays_are_of_one_type_and_cannot_be_changed(source, request):
    digits = request.getfixturevalue(source)
    for part in ("train", "val", "test"):
        x, y = getattr(digits, f"x_{part}"), getattr(digits, f"y_{part}")
        assert (x.dtype, y.dtype) == (np.uint8, np.int64)
        assert len(x) == len(y) and set(np.unique(y)) == set(range(10))
        for array in (x, y):
            with pytest.raises(ValueError, match="read-only"):
                array[0] = 1
    with pytest.raises(AttributeError):
        digits.x_train = None


def test_a_smaller_set_gets_more_epochs(small):
    assert [small.epochs(n) for n in (1, 10, 60)] == [25, 25, 60]
    half = data.Digits(*[np.zeros((55_000 // 2, 28, 28), np.uint8)] * 6, name="half")
    assert half.epochs(5) == 10


def test_epochs_on_mnist_are_those_asked_for(mnist):
    assert [mnist.epochs(n) for n in (1, 10)] == [1, 10]


# Where it looks, and in which order


def test_the_nearest_place_wins(nowhere, tmp_path, monkeypatch):
    """Each place holds a bad file, and the error names the file that was read."""
    places = {
        "path": tmp_path / "named.npz",
        "DIGITLIB_DATA": tmp_path / "folder/mnist.npz",
        "data": nowhere / "mnist.npz",
        "cache": tmp_path / "keras/datasets/mnist.npz",
    }
    for place in places.values():
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text("not MNIST")
    monkeypatch.setenv("DIGITLIB_DATA", str(tmp_path / "folder"))

    def read(path=None):
        with pytest.raises(DataError) as error:
            load_data(path=path)
        return str(error.value)

    assert "named.npz" in read(places["path"])
    assert "folder/mnist.npz" in read()
    monkeypatch.delenv("DIGITLIB_DATA")
    assert "data/mnist.npz" in read() and "keras" not in read()
    places["data"].unlink()
    assert "keras/datasets/mnist.npz" in read()
    assert places["cache"].read_text() == "not MNIST"


def test_it_says_in_one_line_what_it_read(real_file, nowhere, capsys):
    assert load_data(path=real_file).name == "mnist"
    (line,) = capsys.readouterr().out.splitlines()
    assert "MNIST" in line and "mnist.npz" in line
    load_data("sklearn")
    (line,) = capsys.readouterr().out.splitlines()
    assert "scikit-learn" in line


def test_an_unknown_source_is_refused():
    with pytest.raises(DataError, match='use "auto", "mnist" or "sklearn"'):
        load_data("MNIST")
    with pytest.raises(DataError, match="leave it out"):
        load_data("sklearn", path="mnist.npz")


# Bad files


def missing(path):
    pass


def no_npz(path):
    path.write_text("<html>404</html>")


def truncated(path):
    np.savez_compressed(path, **zeros())
    path.write_bytes(path.read_bytes()[:-5000])


def flipped_bit(path):
    np.savez_compressed(path, **zeros())
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 16
    path.write_bytes(content)


def foreign(path):
    np.savez(path, cats=np.zeros(3), dogs=np.zeros(3))


def wrong_shape(path):
    np.savez_compressed(path, **zeros(x_test=np.zeros((10_000, 784), np.uint8)))


def wrong_type(path):
    np.savez_compressed(path, **zeros(y_test=np.zeros(10_000, np.float32)))


def other_contents(path):
    np.savez_compressed(path, **zeros())


def far_too_large(path):
    np.savez_compressed(path, **zeros(extra=np.zeros(200_000_000, np.uint8)))


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (missing, "There is no file"),
        (no_npz, "damaged or no .npz file"),
        (truncated, "damaged or no .npz file"),
        (flipped_bit, "damaged or no .npz file|cannot be read"),
        (foreign, "has no array x_test"),
        (wrong_shape, r"x_test in .* is uint8 of shape \(10000, 784\)"),
        (wrong_type, "y_test in .* is float32"),
        (other_contents, "is not MNIST's"),
        (far_too_large, "larger than MNIST can be"),
    ],
)
def test_a_bad_file_is_refused_with_the_remedy_and_left_alone(spoil, reason, tmp_path, monkeypatch):
    # Blank arrays have the right form; only contents would then give them away, so let those pass.
    if spoil in (wrong_shape, wrong_type):
        blank = {
            name: (shape, data.hashlib.sha256(np.zeros(shape, np.uint8)).hexdigest())
            for name, (shape, _) in data._ARRAYS.items()
        }
        monkeypatch.setattr(data, "_ARRAYS", blank)
    path = tmp_path / "mnist.npz"
    spoil(path)
    before = path.read_bytes() if path.exists() else None
    for source in ("auto", "mnist"):  # a file that was named is never passed over
        with pytest.raises(DataError, match=reason) as error:
            load_data(source, path=path)
        message = str(error.value)
        assert str(path) in message and "\n" not in message and message.endswith(".")
        assert "delete it and run this again" in message or "correct the path" in message
    assert (path.read_bytes() if path.exists() else None) == before


def test_one_changed_pixel_is_noticed(mnist, tmp_path, real_file):
    arrays = {name: array.copy() for name, array in data.read_mnist(real_file).items()}
    arrays["x_test"][9_999, 14, 14] ^= 1
    np.savez_compressed(tmp_path / "mnist.npz", **arrays)
    with pytest.raises(DataError, match=r"x_test in .* is not MNIST's"):
        load_data(path=tmp_path / "mnist.npz")


class Payload:
    """An object whose unpickling makes a folder: what an attacker would have run code of."""

    def __init__(self, folder):
        self.folder = str(folder)

    def __reduce__(self):
        import os

        return os.mkdir, (self.folder,)


def test_pickled_objects_are_never_loaded(tmp_path):
    path, marker = tmp_path / "mnist.npz", tmp_path / "was here"
    np.savez(path, **zeros(x_train=np.array([Payload(marker)], dtype=object)))
    with pytest.raises(DataError, match="cannot be read"):
        load_data(path=path)
    assert not marker.exists()
    with np.load(path, allow_pickle=True) as archive:  # the payload does work where it is loaded
        archive["x_train"]
    assert marker.exists()


# The network


def test_without_a_network_mnist_raises_and_auto_falls_back(nowhere, capsys):
    with pytest.raises(
        DataError, match=r"could not be downloaded \(.*refused.*\); copy mnist.npz into"
    ):
        load_data("mnist")
    assert capsys.readouterr().out == ""
    assert load_data("auto").name == "sklearn"
    notice = capsys.readouterr().out
    assert "could not be downloaded" in notice and "scikit-learn's 1,797 digits" in notice
    assert list(nowhere.iterdir()) == []


def test_a_network_that_swallows_everything_is_given_up(nowhere, monkeypatch):
    assert data.STALL_SECONDS + data.STALL_SECONDS / 2 < 20, "nobody is held up for 20 seconds"
    monkeypatch.setattr(data, "STALL_SECONDS", 1)
    with socket.create_server(("127.0.0.1", 0)) as silent:  # connections are made, never answered
        proxies(monkeypatch, f"http://127.0.0.1:{silent.getsockname()[1]}")
        began = time.monotonic()
        with pytest.raises(DataError, match="does not answer"):
            load_data("mnist")
        assert time.monotonic() - began < data.DOWNLOAD_SECONDS / 3
    assert not (nowhere / "mnist.npz").exists()


def test_a_download_that_stalls_or_drips_is_given_up(nowhere, monkeypatch, capsys):
    half = sending(bytes(200_000), length=400_000)
    drip = sending(bytes(100_000_000), piece=20_000, pause=0.1)
    monkeypatch.setattr(data, "STALL_SECONDS", 2)
    monkeypatch.setattr(data, "DOWNLOAD_SECONDS", 5)
    for answer, at_least in ((half, 2), (drip, 5)):
        with server(answer) as address:
            use(monkeypatch, address)
            began = time.monotonic()
            with pytest.raises(DataError, match="does not answer"):
                load_data("mnist")
            # The server would go on for one minute, or for eight.
            assert at_least <= time.monotonic() - began < at_least + 40
            time.sleep(0.5)
    assert capsys.readouterr() == ("", ""), "no progress bar, nor one from the thread left behind"
    assert not (nowhere / "mnist.npz").exists()


def test_a_download_of_something_else_leaves_nothing_behind(nowhere, monkeypatch):
    with server(sending(b"<html>Please log in to the hotel's network</html>")) as address:
        use(monkeypatch, address)
        with pytest.raises(DataError, match="could not be downloaded"):
            load_data("mnist")
    assert list(nowhere.iterdir()) == []


def test_two_processes_may_download_at_once(real_file, tmp_path):
    code = """if True:
        import os, sys
        from pathlib import Path
        from digitlib import data
        data.DATA_DIR, data._URL, data._SHA256 = Path(sys.argv[1]), *sys.argv[2:]
        data.STALL_SECONDS = 120  # the server waits for the other process
        assert data.load_data("mnist").name == "mnist"
    """
    content = real_file.read_bytes()
    environment = {
        **{k: v for k, v in data.os.environ.items() if not k.lower().endswith("_proxy")},
        "KERAS_HOME": str(tmp_path / "keras"),
    }
    environment.pop("DIGITLIB_DATA", None)
    both_ask = threading.Barrier(2, timeout=120)

    def answer(handler):
        both_ask.wait()
        sending(content)(handler)

    with server(answer) as address:
        digest = data.hashlib.sha256(content).hexdigest()
        both = [
            subprocess.Popen(
                [sys.executable, "-c", code, str(tmp_path / "data"), address, digest],
                env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            )
            for _ in range(2)
        ]  # fmt: skip
        outcomes = [process.communicate(timeout=300) for process in both]
    assert [process.returncode for process in both] == [0, 0], outcomes
    assert {error for _, error in outcomes} == {""}
    assert [path.name for path in (tmp_path / "data").iterdir()] == ["mnist.npz"]


# A shared classroom server


def test_where_data_cannot_be_written_the_users_cache_serves(tmp_path, capsys):
    """A regular file in the path keeps even the administrator from making a folder there."""
    (tmp_path / "locked").write_text("")
    cache = tmp_path / "cache"
    assert data.writable_folder(tmp_path / "locked/data", cache) == cache
    notice = capsys.readouterr().out
    assert "locked/data cannot be written" in notice and "cache" in notice
    assert data.writable_folder(tmp_path / "fine", cache) == tmp_path / "fine"
    assert capsys.readouterr().out == ""
    with pytest.raises(DataError, match="set KERAS_HOME"):
        data.writable_folder(tmp_path / "locked/data", tmp_path / "locked/cache")


def test_the_download_goes_to_the_users_cache_there(real_file, nowhere, tmp_path, monkeypatch):
    nowhere.parent.write_text("")
    with server(sending(real_file.read_bytes())) as address:
        use(monkeypatch, address, real_file)
        assert load_data("mnist").name == "mnist"
    assert (Path(tmp_path) / "keras/datasets/mnist.npz").read_bytes() == real_file.read_bytes()
