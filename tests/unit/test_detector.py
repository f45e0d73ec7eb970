"""The digit detector: what it learns from, and what its card tells."""

import json

import numpy as np

from digitlib import outliers, weights


def test_outliers_are_no_digits_and_are_placed_as_the_chain_places_digits(small):
    rng = np.random.default_rng(0)
    drawn = [outliers.draw_outlier(small.x_train, small.y_train, rng) for _ in range(300)]
    assert all(image.shape == (28, 28) and image.dtype == np.uint8 for image in drawn)
    assert np.mean([image.any() for image in drawn]) > 0.98
    widest = [
        max(np.ptp(np.nonzero(image)[0]), np.ptp(np.nonzero(image)[1])) + 1
        for image in drawn
        if image.any()
    ]
    assert np.median(widest) <= 21  # in the box of 20, give or take a blur


def test_the_card_tells_how_the_detector_was_made():
    path = weights.PRETRAINED / "detector" / "detector.json"
    card = json.loads(path.read_text(encoding="utf-8"))
    detector = weights.shipped_detector()
    assert card["name"] == detector.name == "detector"
    assert card["parameters"] == detector.count_params()
    assert card["command"] == f"python -m digitlib train detector --seed {card['seed']} --ship"


def test_every_shape_is_drawn_by_a_function_of_its_own():
    drawn = {draw.__name__: [] for draw in outliers._SHAPES}
    for seed in range(300):
        rng, same = np.random.default_rng(seed), np.random.default_rng(seed)
        same.integers(2, 12)
        name = outliers._SHAPES[same.integers(len(outliers._SHAPES))].__name__
        drawn[name].append(outliers._shape(rng).any())
    assert len(drawn) == 10 and all(np.mean(shown) > 0.5 for shown in drawn.values())
