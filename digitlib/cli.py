"""The command line: python -m digitlib predict | train | evaluate.

It calls reading and weights for predict, training and evaluation for the others. It alone turns
what a person can put right (DigitlibError) into one line and status 1; a bug shows its traceback.
"""

import argparse
import contextlib
import glob
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from digitlib.errors import DigitlibError, ImageError, ModelError

_MANY = 20  # pictures, from which on a terminal shows how far the run is, and its total
_SUFFIXES = (
    ".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff", ".gif", ".heic", ".heif", ".avif",
)  # fmt: skip


def main(arguments: list[str] | None = None) -> int:
    """Run one command and return the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m digitlib", description="Read, train on and evaluate handwritten digits."
    )
    commands = parser.add_subparsers(dest="command", required=True)

    predict = commands.add_parser("predict", help="read the digits in pictures")
    predict.add_argument(
        "images",
        nargs="+",
        metavar="IMAGE",
        help="a picture, a folder of pictures, a pattern, or - for standard input",
    )
    predict.add_argument("--page", action="store_true", help="read every digit, row by row")
    predict.add_argument("--json", action="store_true", help="one JSON object per picture and line")
    predict.add_argument(
        "--stages", type=Path, metavar="OUT.png", help="draw how one picture was read"
    )
    predict.add_argument(
        "--model",
        default="reader",
        metavar="NAME|PATH",
        help="a shipped network, or your own (default: reader)",
    )
    predict.set_defaults(run=_predict)

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


def _predict(options) -> int:
    from digitlib import weights

    names = list(_pictures(options.images))
    if options.stages and len(names) != 1:
        raise DigitlibError(f"--stages draws one picture, and here are {len(names)}; name one.")
    weights.find_model(options.model)  # a misspelled name is answered before TensorFlow is loaded
    with contextlib.redirect_stdout(sys.stderr):  # standard output is for answers alone
        reader = weights.open_reader(weights.load_model(options.model))
    read = reader.read_page if options.page else reader.read_digit
    sys.stdout.reconfigure(errors="backslashreplace", line_buffering=True)
    failed = doubted = 0
    with _progress(len(names)) as progress:
        for name in names:
            try:
                picture, scale = _picture(name)
                answer = read(picture)
            except ImageError as error:
                failed += 1
                if options.json:
                    _say(json.dumps({"file": name, "error": str(error)}))
                else:
                    _say(error, sys.stderr)
            else:
                doubted += answer.warning is not None
                line = _as_json(name, answer, scale) if options.json else _in_words(answer)
                _say(line if options.json else f"{name}: {line}")
                if options.stages:
                    _draw(options, picture, answer)
            progress.update()
    if len(names) >= _MANY and sys.stderr.isatty():
        seconds = progress.format_dict["elapsed"]
        print(
            f"{len(names):,} pictures in {seconds:.1f} s: {len(names) - failed - doubted:,} read, "
            f"{doubted:,} with a note, {failed:,} that could not be used.",
            file=sys.stderr,
        )
    return int(failed > 0)


def _progress(total: int):
    """A bar on standard error, for runs of many pictures at a terminal; else one that is silent."""
    from tqdm import tqdm

    quiet = True if total < _MANY else None  # None: only where standard error is no terminal
    return tqdm(total=total, unit=" pictures", leave=False, disable=quiet)


def _say(line, file=None) -> None:
    """Print a line without tearing the bar below it."""
    from tqdm import tqdm

    with tqdm.external_write_mode(file=file or sys.stdout, nolock=True):
        print(line, file=file or sys.stdout)


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


def _draw(options, picture, answer) -> None:
    import matplotlib

    matplotlib.use("agg")
    from digitlib import plotting, reading

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


def _train(options) -> int:
    from digitlib import weights

    names = [*weights.NETWORKS, "detector"]
    if options.name not in names:
        raise ModelError(f"There is no recipe {options.name!r}; choose from {', '.join(names)}.")
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
