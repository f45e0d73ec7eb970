"""Training: repeatable, kept whole on disk, and as good as the shipped cards say."""

import re
import zipfile
from dataclasses import replace

import numpy as np
import pytest

from digitlib import evaluation, keras, models, training, weights
from digitlib.errors import ModelError
from project import ROOT

SHIPPED = sorted(path.stem for path in weights.PRETRAINED.glob("*.keras"))


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Where trained models are kept during one test."""
    monkeypatch.setenv("DIGITLIB_MODELS", str(tmp_path / "models"))
    return tmp_path / "models"


# Learning


def test_the_same_seed_trains_the_same_network(small):
    a, b, c = (training.train("dense", small, epochs=1, seed=seed) for seed in (3, 3, 4))
    answers = [evaluation.predict(model, small.x_test) for model in (a, b, c)]
    assert np.allclose(answers[0], answers[1], atol=1e-6)
    assert not np.allclose(answers[0], answers[2], atol=1e-3)


def test_a_short_training_on_few_digits_reads_most_others(small, capsys):
    model = training.train("cnn_fast", small)
    result = evaluation.evaluate(model, small.x_test, small.y_test)
    assert result.accuracy >= 0.92, "the bundled digits, 25 short epochs"
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == small.epochs(1)
    form = r"epoch  1/25   accuracy [\d.]+%   loss [\d.]+   val_accuracy .*%   val_loss .*   .* s"
    assert re.fullmatch(form, lines[0])


def test_many_updates_in_one_call_give_the_same_weights(small, monkeypatch):
    weights = []
    for updates in (1, 8):  # of eleven per epoch: the last call of each has fewer
        recipe = replace(training.RECIPES["cnn_fast"], steps_per_execution=updates)
        monkeypatch.setitem(training.RECIPES, "cnn_fast", recipe)
        model = training.train("cnn_fast", small, epochs=2)
        assert model.optimizer.iterations.numpy() == 2 * 11
        weights.append(model.get_weights())
    for one, other in zip(*weights, strict=True):
        assert np.allclose(one, other, atol=1e-3)


def test_augmented_images_can_be_trained_on(small):
    model = training.train("reader", small, epochs=1)
    assert evaluation.predict(model, small.x_test[:2]).shape == (2, 10)


def test_settling_learns_from_the_digits_and_forgets_little(small):
    model = weights.shipped_model("reader")
    before = evaluation.evaluate(model, small.x_test, small.y_test)
    training.fine_tune_and_average(model, small)
    after = evaluation.evaluate(model, small.x_test, small.y_test)
    assert after.loss < before.loss, "it has not seen these digits before"
    assert after.accuracy >= 0.98


def test_progress_prints_each_nth_epoch_and_the_last(capsys):
    progress = training.Progress(every=4)
    progress.set_params({"epochs": 6})
    for epoch in range(6):
        progress.on_epoch_begin(epoch)
        progress.on_epoch_end(epoch, {"loss": 0.5, "accuracy": 0.875, "learning_rate": 0.1})
    lines = capsys.readouterr().out.splitlines()
    assert [line[:10] for line in lines] == ["epoch  4/6", "epoch  6/6"]
    assert "loss 0.5000   accuracy 87.50%" in lines[0] and "learning_rate" not in lines[0]


def test_one_cycle_climbs_to_its_peak_and_falls_to_zero():
    rate = training.one_cycle(100, peak=0.01, warmup=0.25)
    rates = [float(rate(step)) for step in range(101)]
    assert rates[0] == 0 and rates[25] == pytest.approx(0.01) and rates[100] < 1e-8
    assert int(np.argmax(rates)) == 25
    keras.optimizers.schedules.deserialize(keras.optimizers.schedules.serialize(rate))


# Keeping


def test_a_saved_network_answers_the_same_and_leaves_its_optimizer_behind(small, folder, capsys):
    model = training.train("cnn_fast", small, epochs=1)
    path = weights.save_model(model, "cnn_fast", small)
    assert path == folder / "sklearn/cnn_fast.keras"
    assert [file.name for file in path.parent.iterdir()] == ["cnn_fast.keras"]
    again = weights.load_model("cnn_fast", small)
    assert f"cnn_fast: yours, from {path}" in capsys.readouterr().out
    expected = evaluation.predict(model, small.x_test)
    assert np.array_equal(evaluation.predict(again, small.x_test), expected)
    assert path.stat().st_size < 1.2 * 4 * model.count_params()
    assert model.optimizer is not None, "saving does not change the model that is saved"


def test_your_own_network_goes_before_the_shipped_one_and_sources_stay_apart(small, folder, capsys):
    weights.load_model("dense", small)
    assert "dense: the shipped weights" in capsys.readouterr().out
    weights.save_model(models.dense(), "dense", small)
    capsys.readouterr()
    weights.load_model("dense", small)
    assert "dense: yours" in capsys.readouterr().out
    weights.load_model("dense", replace(small, name="mnist"))
    assert "dense: the shipped weights" in capsys.readouterr().out, "those on MNIST are others"


def test_where_data_cannot_be_written_your_network_is_kept_and_found(
    small, tmp_path, monkeypatch, capsys
):
    (tmp_path / "locked").write_text("")
    monkeypatch.setenv("DIGITLIB_MODELS", str(tmp_path / "locked/models"))
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    path = weights.save_model(models.dense(), "dense", small)
    assert path.is_relative_to(tmp_path / "keras")
    assert "cannot be written" in capsys.readouterr().out
    weights.load_model("dense", small)
    assert "dense: yours" in capsys.readouterr().out


def empty(path):
    path.write_bytes(b"")


def half(path):
    weights.write_model(models.dense(), path)
    path.write_bytes(path.read_bytes()[:200_000])


def other_zip(path):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("readme.txt", "no network")


def other_network(path):
    keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)]).save(path)


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda path: None, "There is no file"),
        (empty, "not a readable Keras network"),
        (half, "not a readable Keras network"),
        (other_zip, "not a readable Keras network"),
        (other_network, r"maps \(None, 4\) to \(None, 2\)"),
    ],
    ids=["missing", "empty", "half", "other zip", "other network"],
)
def test_a_bad_model_file_is_refused_with_the_remedy_and_left_alone(spoil, reason, tmp_path):
    path = tmp_path / "my.keras"
    spoil(path)
    before = path.read_bytes() if path.exists() else None
    with pytest.raises(ModelError, match=reason) as error:
        weights.load_model(str(path))
    assert "\n" not in str(error.value) and str(error.value).endswith(".")
    assert (path.read_bytes() if path.exists() else None) == before


def test_an_unknown_name_is_answered_with_the_known_ones(small):
    for use in (lambda: weights.load_model("resnet"), lambda: training.train("resnet", small)):
        with pytest.raises(ModelError, match="choose from dense, dense_two"):
            use()


# Shipped


def test_what_is_shipped_is_small():
    sizes = {name: (weights.PRETRAINED / f"{name}.keras").stat().st_size for name in SHIPPED}
    assert max(sizes.values()) < 2_000_000 and sum(sizes.values()) <= 8_000_000
    assert {"dense", "dropout", "cnn", "reader"} <= set(SHIPPED)
    assert {path.stem for path in weights.PRETRAINED.glob("*.json")} == set(SHIPPED)


@pytest.mark.parametrize("name", SHIPPED)
def test_a_card_tells_how_its_network_was_made(name):
    card = weights.model_card(name)
    model = weights.shipped_model(name)
    assert card["name"] == name and card["parameters"] == model.count_params()
    assert card["recipe"] == str(training.RECIPES[name])
    assert card["command"] == f"python -m digitlib train {name} --seed {card['seed']} --ship"
    assert "first 55,000 training images" in card["data"], "x_val and x_test are kept out"
    expected = [type(layer).__name__ for layer in models.BUILDERS[name]().layers]
    assert [type(layer).__name__ for layer in model.layers] == expected
    right = round(card["accuracy"] * 10_000)
    assert card["interval"] == pytest.approx(evaluation.wilson_interval(right, 10_000), abs=1e-4)


def test_readme_gives_the_figures_of_the_cards():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for name in training.BUILDERS:
        card = weights.model_card(name)
        low, high = card["interval"]
        accuracy = f"{card['accuracy']:.2%} | {low:.2%} to {high:.2%} |"
        row = f"| `{name}` | {card['parameters']:,} | {accuracy}"
        assert row in readme, f"README's table should say {row}"
