"""The command line: digitlib (or python -m digitlib) predict | draw | train | evaluate.

It calls reading and weights for predict, widget for draw, training and evaluation for the others.
It alone turns what a person can put right (DigitlibError) into one line and status 1; a bug shows
its traceback. What takes long to import is imported by the command that needs it.
"""

import argparse
import contextlib
import csv
import glob
import json
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

from digitlib import __version__
from digitlib.errors import DigitlibError, ImageError, ModelError

_MANY = 20  # pictures, from which on a terminal shows how far the run is, and its total
_SUFFIXES = (
    ".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff", ".gif", ".heic", ".heif", ".avif",
)  # fmt: skip


def main(arguments: list[str] | None = None) -> int:
    """Run one command and return the exit status."""
    parser = _parser()
    if "_ARGCOMPLETE" in os.environ:  # a shell asks how a line could go on
        import argcomplete

        argcomplete.autocomplete(parser)
    options = parser.parse_args(arguments)
    try:
        return options.run(options)
    except DigitlibError as error:
        print(error, file=sys.stderr)
        return 1
    except BrokenPipeError:  # whoever reads the answers has read enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        print("Stopped.", file=sys.stderr)
        return 130


def _parser() -> argparse.ArgumentParser:
    as_module = Path(sys.argv[0]).name == "__main__.py"
    parser = argparse.ArgumentParser(
        prog="python -m digitlib" if as_module else "digitlib",
        description="Read, draw, train on and evaluate handwritten digits.",
    )
    parser.add_argument("--version", action="version", version=f"digitlib {__version__}")
    commands = parser.add_subparsers(dest="command", required=True)
    model = argparse.ArgumentParser(add_help=False)
    model.add_argument(
        "--model",
        default="reader",
        metavar="NAME|PATH",
        help="a shipped network, or your own (default: reader)",
    )

    predict = commands.add_parser("predict", parents=[model], help="read the digits in pictures")
    predict.add_argument(
        "images",
        nargs="+",
        metavar="IMAGE",
        help="a picture, a folder of pictures, a pattern, or - for standard input",
    )
    predict.add_argument("--page", action="store_true", help="read every digit, row by row")
    form = predict.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="one JSON object per picture and line")
    form.add_argument(
        "--csv", action="store_true", help="a table: file,text,probability,note,error"
    )
    predict.add_argument(
        "--stages", type=Path, metavar="OUT.png", help="draw how one picture was read"
    )
    predict.add_argument(
        "-j", dest="jobs", type=_at_least_one, default=1, metavar="N", help="use N processes"
    )
    predict.set_defaults(run=_predict)

    draw = commands.add_parser("draw", parents=[model], help="draw digits in a browser")
    draw.add_argument("--folder", type=Path, help="where to keep drawings (default: samples/mine)")
    draw.add_argument("--port", type=int, default=0, help="of the page (default: any that is free)")
    draw.add_argument("--no-browser", action="store_true", help="only print the page's address")
    draw.set_defaults(run=_draw_by_hand)

    train = commands.add_parser("train", help="train a network by its recipe")
    train.add_argument("name", metavar="NAME", help="such as dense, dropout, cnn or reader")
    train.add_argument("--epochs", type=int, help="instead of the recipe's own number")
    train.add_argument("--seed", type=int, default=0)
    train.add_argument(
        "--ship", action="store_true", help="write weights and card into digitlib/pretrained/"
    )
    train.set_defaults(run=_train)

    evaluate = commands.add_parser("evaluate", help="measure a network on the test set")
    evaluate.add_argument("name", metavar="NAME|PATH")
    evaluate.set_defaults(run=_evaluate)
    return parser


def _at_least_one(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of processes")
    return int(text)


def _open_reader(name: str):
    """Open a network by its name or file, with one thread: on small images more only cost."""
    for library in ("OPENBLAS_NUM_THREADS", "OPENCV_FOR_THREADS_NUM"):
        os.environ.setdefault(library, "1")
    from digitlib import weights

    path = weights.find_model(name)
    if path.parent != weights.PRETRAINED and path.stem == name:
        print(f"{name}: yours, from {path}.", file=sys.stderr)
    return weights.open_reader(path)


# --- predict ------------------------------------------------------------------------------------


def _predict(options) -> int:
    names = list(_pictures(options.images))
    if options.stages and len(names) != 1:
        raise DigitlibError(f"--stages draws one picture, and here are {len(names)}; name one.")
    _start(options.model, options.page)
    sys.stdout.reconfigure(errors="backslashreplace", line_buffering=True)
    if options.csv:
        csv.writer(sys.stdout).writerow(["file", "text", "probability", "note", "error"])
    failed = doubted = 0
    with _progress(len(names)) as progress:
        for name, outcome in _answers(names, options):
            with progress.external_write_mode(nolock=True):  # so that no line tears the bar
                _say(name, outcome, options)
            if isinstance(outcome, ImageError):
                failed += 1
            else:
                doubted += outcome[0].warning is not None
                if options.stages:
                    _draw_stages(options, *outcome)
            progress.update()
    if len(names) >= _MANY and sys.stderr.isatty():
        seconds = progress.format_dict["elapsed"]
        print(
            f"{len(names):,} pictures in {seconds:.1f} s: {len(names) - failed - doubted:,} read, "
            f"{doubted:,} with a note, {failed:,} that could not be used.",
            file=sys.stderr,
        )
    return int(failed > 0)


def _answers(names: list[str], options) -> Iterator[tuple[str, object]]:
    """Each name with its answer, scale and picture, or with its ImageError, in their order."""
    if min(options.jobs, len(names)) == 1 or "-" in names:  # which only this process can read
        for name in names:
            yield name, _read(name)
        return
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    pool = ProcessPoolExecutor(
        min(options.jobs, len(names)),
        mp_context=get_context("spawn"),
        initializer=_start,
        initargs=(options.model, options.page, True),
    )
    try:
        yield from zip(names, pool.map(_read_apart, names, chunksize=8), strict=True)
    finally:  # also when it is interrupted: what waits is not begun
        pool.shutdown(wait=False, cancel_futures=True)


def _start(model: str, page: bool, apart: bool = False) -> None:
    """Get a process ready to read: pages, or single digits."""
    global _read_picture
    if apart:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # the first process ends this one
        sys.stderr = open(os.devnull, "w")  # noqa: SIM115, PTH123 (it has said what there is to say)
    reader = _open_reader(model)
    _read_picture = reader.read_page if page else reader.read_digit


def _read(name: str):
    """The answer, what its boxes are to be scaled by, and the picture; or the ImageError."""
    try:
        picture, scale = _picture(name)
        return _read_picture(picture), scale, picture
    except ImageError as error:
        return error


def _read_apart(name: str):
    """The same from another process, without the picture."""
    outcome = _read(name)
    return outcome if isinstance(outcome, ImageError) else (*outcome[:2], None)


def _progress(total: int):
    """A bar on standard error, for runs of many pictures at a terminal; else one that is silent."""
    from tqdm import tqdm

    quiet = True if total < _MANY else None  # None: only where standard error is no terminal
    return tqdm(total=total, unit=" pictures", leave=False, disable=quiet)


def _pictures(names: list[str]) -> Iterator[str]:
    """Each name as it is; a folder as the pictures in it; a pattern as what it matches, if any."""
    for name in names:
        path = Path(name)
        if path.is_dir():
            # A folder without pictures stays, for _picture to say so.
            yield from _in_folder(path) or [name]
        elif glob.has_magic(name) and not path.exists():
            yield from sorted(glob.glob(name, recursive=True)) or [name]  # noqa: PTH207
        else:
            yield name


def _in_folder(path: Path) -> list[str]:
    return [str(p) for p in sorted(path.iterdir()) if p.suffix.lower() in _SUFFIXES]


def _picture(name: str):
    """Read a file, or standard input for "-": the picture, and what its boxes are to be scaled by.

    Raises ImageError.
    """
    from digitlib.reading import files

    if name == "-":
        return files.read_scaled(sys.stdin.buffer.read(files.MOST_BYTES + 1))
    if Path(name).is_dir() and not _in_folder(Path(name)):
        raise ImageError(f"There are no pictures in the folder {name}; put some there.")
    return files.read_scaled(name)


def _say(name: str, outcome, options) -> None:
    """Print what was read in a picture, or why it was not, in the form that was asked for."""
    if isinstance(outcome, ImageError):
        if options.json:
            print(json.dumps({"file": name, "error": str(outcome)}))
        elif options.csv:
            csv.writer(sys.stdout).writerow([name, "", "", "", outcome])
        else:
            print(outcome, file=sys.stderr)
        return
    answer, scale, _ = outcome
    if options.json:
        print(_as_json(name, answer, scale))
    elif options.csv:
        csv.writer(sys.stdout).writerow(_as_row(name, answer))
    else:
        print(f"{name}: {_in_words(answer)}")


def _as_row(name: str, answer) -> list:
    """File, digits (rows joined by |), the least probability of them, note, and no error."""
    least = min((digit.probability for digit in answer.digits), default=None)
    text = answer.text.replace("\n", "|")
    return [name, text, "" if least is None else f"{least:.4f}", _note(answer), ""]


def _as_json(path: str, answer, scale: int) -> str:
    digits = [
        {
            "digit": d.digit,
            "probability": round(d.probability, 4),
            "box": [scale * edge for edge in d.box],
        }
        for d in answer.digits
    ]
    note = {"note": _note(answer)} if answer.warning else {}
    return json.dumps({"file": path, "text": answer.text, "digits": digits} | note)


def _in_words(answer) -> str:
    if not answer.digits:
        return _note(answer)
    least = min(digit.probability for digit in answer.digits)
    note = f"   {_note(answer)}" if answer.warning else ""
    return f"{answer.text.replace(chr(10), ' / ')} ({least:.1%}){note}"


def _note(answer) -> str:
    """What the command says of a warning; "" where there is none."""
    rejected = sum(digit.rejected for digit in answer.digits)
    does = "does" if rejected == 1 else "do"
    return {
        None: "",
        "no ink": "no ink found",
        "not a digit": "does not look like a digit",
        "several digits": f"{answer.found} digits found; use --page",
        "some are not digits": f"{rejected} of {answer.found} {does} not look like a digit",
    }[answer.warning]


def _draw_stages(options, answer, scale: int, picture) -> None:
    try:
        import matplotlib

        matplotlib.use("agg")
        from digitlib import plotting, reading
    except ModuleNotFoundError as missing:
        raise DigitlibError(
            f"--stages needs {missing.name}, which is not installed; "
            "install it: python -m pip install 'digitlib[notebooks]'"
        ) from None

    plotting.use_style()
    if options.page:
        plotting.page(picture, answer, title=_note(answer))
    elif answer.digits:
        plotting.stages(reading.preprocess(picture), title=_in_words(answer))
    else:
        plotting.show_picture(picture, title=_note(answer))
    try:
        plotting.plt.savefig(options.stages, dpi=120)
    except (OSError, ValueError) as error:
        raise DigitlibError(f"{options.stages} could not be written ({error}).") from None


# --- draw, train, evaluate ----------------------------------------------------------------------


def _draw_by_hand(options) -> int:
    reader = _open_reader(options.model)
    import webbrowser

    from digitlib.widget.pad import Pad
    from digitlib.widget.server import serve

    try:
        server, address = serve(Pad(reader, options.folder), options.port)
    except OSError as error:
        raise DigitlibError(
            f"Port {options.port} cannot be used ({error.strerror}); leave it out, or name another."
        ) from None
    print(f"Draw at {address}\nCtrl+C ends it.", flush=True)
    if not options.no_browser:
        webbrowser.open(address)
    with server, contextlib.suppress(KeyboardInterrupt):
        server.serve_forever()
    return 0


def _need_tensorflow() -> None:
    """Raise DigitlibError, before anything else is loaded, where it is not installed."""
    from digitlib.backend import keras  # noqa: F401


def _train(options) -> int:
    from digitlib import weights

    names = [*weights.NETWORKS, "detector"]
    if options.name not in names:
        raise ModelError(f"There is no recipe {options.name!r}; choose from {', '.join(names)}.")
    _need_tensorflow()
    if options.name == "detector":
        return _train_detector(options)
    from digitlib import data, evaluation, training

    digits = data.load_data("mnist" if options.ship else "auto")
    model = training.train(options.name, digits, epochs=options.epochs, seed=options.seed)
    temperature = evaluation.calibrate_temperature(model, digits.x_val, digits.y_val)
    result = evaluation.evaluate(model, digits.x_test, digits.y_test)
    print(_summary(result))
    if not options.ship:
        weights.save_model(model, options.name, digits)
        return 0
    low, high = result.interval
    facts = {
        "data": "MNIST, the first 55,000 training images",
        "recipe": str(training.RECIPES[options.name]),
        "temperature": round(temperature, 3),
        "seed": options.seed,
        "accuracy": round(result.accuracy, 4),
        "interval": [round(low, 4), round(high, 4)],
        "command": f"python -m digitlib train {options.name} --seed {options.seed} --ship",
    }
    weights.ship(model, weights.PRETRAINED / f"{options.name}.keras", facts)
    return 0


def _train_detector(options) -> int:
    from digitlib import data, training, weights

    digits = data.load_data("mnist" if options.ship else "auto")
    model, (rejected, caught) = training.train_detector(
        digits, epochs=options.epochs, seed=options.seed
    )
    print(f"{rejected:.2%} of the test digits are rejected, and {caught:.2%} of what is no digit")
    if not options.ship:
        weights.save_model(model, "detector", digits)
        return 0
    facts = {
        "data": "MNIST, the first 55,000 training images, and what digitlib/outliers.py draws",
        "seed": options.seed,
        "test digits rejected": round(rejected, 4),
        "outliers rejected": round(caught, 4),
        "command": f"python -m digitlib train detector --seed {options.seed} --ship",
    }
    weights.ship(model, weights.PRETRAINED / "detector/detector.keras", facts)
    return 0


def _evaluate(options) -> int:
    from digitlib import data, weights

    weights.find_model(options.name)
    _need_tensorflow()
    from digitlib import evaluation

    digits = data.load_data()
    model = weights.load_model(options.name, digits)
    print(_summary(evaluation.evaluate(model, digits.x_test, digits.y_test)))
    return 0


def _summary(result) -> str:
    low, high = result.interval
    return (
        f"accuracy {result.accuracy:.2%} (95 % interval {low:.2%} to {high:.2%}) "
        f"and loss {result.loss:.4f} on {len(result.y_true):,} test images"
    )
