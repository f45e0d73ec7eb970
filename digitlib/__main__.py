"""The command line: python -m digitlib predict | train | evaluate."""

import argparse
import contextlib
import glob
import json
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

SUFFIXES = (
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
        "images", nargs="+", metavar="IMAGE", help="a picture, a folder of pictures, or a pattern"
    )
    predict.add_argument("--page", action="store_true", help="read every digit, row by row")
    predict.add_argument("--json", action="store_true", help="one JSON object per picture and line")
    predict.add_argument(
        "--stages", type=Path, metavar="OUT.png", help="draw how one picture was read"
    )
    predict.add_argument(
        "--model", default="reader", metavar="NAME|PATH", help="network to use (default: reader)"
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
    except ValueError as error:  # DataError, ImageError and ModelError: one sentence each
        print(error, file=sys.stderr)
        return 1
    except BrokenPipeError:  # whoever reads the answers has read enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        print("Stopped.", file=sys.stderr)
        return 130


def _predict(options) -> int:
    from digitlib import images, recognition, training

    with contextlib.redirect_stdout(sys.stderr):  # standard output is for answers alone
        model = training.load(options.model)
    sys.stdout.reconfigure(errors="backslashreplace", line_buffering=True)
    failed = False
    for number, path in enumerate(_pictures(options.images)):
        if options.stages and number:
            raise ValueError("--stages draws one picture; name a single one.")
        try:
            picture = images.read_picture(path)
            read = recognition.read_page if options.page else recognition.read_digit
            answer = read(model, picture)
        except images.ImageError as error:
            failed = True
            if options.json:
                print(json.dumps({"file": path, "error": str(error)}))
            else:
                print(error, file=sys.stderr)
            continue
        print(_as_json(path, answer) if options.json else f"{path}: {_in_words(answer)}")
        if options.stages:
            _draw(options, picture, answer)
    return int(failed)


def _pictures(names: list[str]) -> Iterator[str]:
    """Each name as it is; a folder as the pictures in it; a pattern as what it matches, if any."""
    for name in names:
        path = Path(name)
        if path.is_dir():
            found = [str(p) for p in sorted(path.iterdir()) if p.suffix.lower() in SUFFIXES]
            if not found:
                yield name  # for read_picture to say what is wrong with it
            yield from found
        elif glob.has_magic(name) and not path.exists():
            yield from sorted(glob.glob(name, recursive=True)) or [name]  # noqa: PTH207
        else:
            yield name


def _as_json(path: str, answer) -> str:
    digits = [
        {"digit": d.digit, "probability": round(d.probability, 4), "box": list(d.box)}
        for d in answer.digits
    ]
    note = {"note": answer.note} if answer.note else {}
    return json.dumps({"file": path, "text": answer.text, "digits": digits} | note)


def _in_words(answer) -> str:
    if not answer.digits:
        return answer.note
    least = min(digit.probability for digit in answer.digits)
    note = f"   {answer.note}" if answer.note else ""
    return f"{answer.text.replace(chr(10), ' / ')} ({least:.1%}){note}"


def _draw(options, picture, answer) -> None:
    import matplotlib

    matplotlib.use("agg")
    from digitlib import images, plotting

    if options.page:
        plotting.page(picture, answer)
    elif answer.digits:
        plotting.stages(images.prepare(picture), title=_in_words(answer))
    else:
        plotting.show_picture(picture, title=answer.note)
    try:
        plotting.plt.savefig(options.stages, dpi=120)
    except (OSError, ValueError) as error:
        raise ValueError(f"{options.stages} could not be written ({error}).") from None


def _train(options) -> int:
    from digitlib import data, evaluation, training

    if options.name == "judge":
        return _train_judge(options)
    training.known(options.name)
    digits = data.load_data("mnist" if options.ship else "auto")
    model = training.train(options.name, digits, epochs=options.epochs, seed=options.seed)
    temperature = evaluation.scale_confidence(model, digits.x_val, digits.y_val)
    result = evaluation.evaluate(model, digits.x_test, digits.y_test)
    print(_summary(result))
    if not options.ship:
        training.save(model, options.name, digits)
        return 0
    training.write(model, training.PRETRAINED / f"{options.name}.keras")
    low, high = result.interval
    # Processor time, which neither other work on the machine nor a pause changes much.
    minutes = round(time.process_time() / 60, 1)
    card = {
        "name": options.name,
        "parameters": model.count_params(),
        "data": "MNIST, the first 55,000 training images",
        "recipe": str(training.RECIPES[options.name]),
        "temperature": round(temperature, 3),
        "seed": options.seed,
        "trained on": f"{os.cpu_count()} processor cores, {minutes} minutes of processor time",
        "accuracy": round(result.accuracy, 4),
        "interval": [round(low, 4), round(high, 4)],
        "command": f"python -m digitlib train {options.name} --seed {options.seed} --ship",
    }
    path = training.PRETRAINED / f"{options.name}.json"
    path.write_text(json.dumps(card, indent=2) + "\n")
    return 0


def _train_judge(options) -> int:
    from digitlib import data, doubt, training

    digits = data.load_data("mnist" if options.ship else "auto")
    model = doubt.train(digits, epochs=options.epochs or digits.epochs(14), seed=options.seed)
    doubt.set_threshold(model, digits.x_val)
    doubted, caught = doubt.rates(model, digits.x_test, digits.y_test)
    print(f"{doubted:.2%} of the test digits are doubted, and {caught:.2%} of what is no digit")
    if not options.ship:
        training.save(model, "judge", digits)
        return 0
    training.write(model, training.PRETRAINED / "judge/judge.keras")
    card = {
        "name": "judge",
        "parameters": model.count_params(),
        "data": "MNIST, the first 55,000 training images, and what digitlib/doubt.py draws",
        "seed": options.seed,
        "test digits doubted": round(doubted, 4),
        "non-digits caught": round(caught, 4),
        "command": f"python -m digitlib train judge --seed {options.seed} --ship",
    }
    (training.PRETRAINED / "judge/judge.json").write_text(json.dumps(card, indent=2) + "\n")
    return 0


def _evaluate(options) -> int:
    from digitlib import data, evaluation, training

    digits = data.load_data()
    model = training.load(options.name, digits)
    print(_summary(evaluation.evaluate(model, digits.x_test, digits.y_test)))
    return 0


def _summary(result) -> str:
    low, high = result.interval
    return (
        f"accuracy {result.accuracy:.2%} (95 % interval {low:.2%} to {high:.2%}) "
        f"and loss {result.loss:.4f} on {len(result.y_true):,} test images"
    )


if __name__ == "__main__":
    sys.exit(main())
