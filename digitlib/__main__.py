"""The command line: python -m digitlib predict | train | evaluate."""

import argparse
import json
import sys
from pathlib import Path


def main(arguments: list[str] | None = None) -> int:
    """Run one command and return the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m digitlib", description="Read, train on and evaluate handwritten digits."
    )
    commands = parser.add_subparsers(dest="command", required=True)

    predict = commands.add_parser("predict", help="read the digit in each picture")
    predict.add_argument("images", nargs="+", type=Path, metavar="IMAGE")
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
    except KeyboardInterrupt:
        print("Stopped.", file=sys.stderr)
        return 130


def _predict(options) -> int:
    from digitlib import images, training

    model = training.load(options.model)
    failed = False
    for path in options.images:
        try:
            digit, probability = images.read_digit(model, path)
            print(f"{path}: {digit} ({probability:.1%})")
        except images.ImageError as error:
            print(f"{path}: {error}", file=sys.stderr)
            failed = True
    return int(failed)


def _train(options) -> int:
    from digitlib import data, evaluation, training

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
    card = {
        "name": options.name,
        "parameters": model.count_params(),
        "data": "MNIST, the first 55,000 training images",
        "recipe": str(training.RECIPES[options.name]),
        "temperature": round(temperature, 3),
        "seed": options.seed,
        "accuracy": round(result.accuracy, 4),
        "interval": [round(low, 4), round(high, 4)],
        "command": f"python -m digitlib train {options.name} --seed {options.seed} --ship",
    }
    path = training.PRETRAINED / f"{options.name}.json"
    path.write_text(json.dumps(card, indent=2) + "\n")
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
