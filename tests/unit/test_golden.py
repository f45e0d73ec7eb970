"""The picture chain says what it said before; tests/support/golden.py renews what is kept."""

import json

import cv2
import numpy as np
import pytest

import golden


@pytest.fixture(scope="module")
def observed():
    return golden.observe()


def test_every_picture_is_answered_as_before(observed):
    said, _ = observed
    kept = json.loads((golden.FOLDER / "answers.json").read_text(encoding="utf-8"))
    assert list(said) == list(kept)
    changed = {}
    for name, before in kept.items():
        now = said[name]
        same = all(now[key] == before[key] for key in ("text", "warning", "boxes"))
        for key in ("probabilities", "digit probabilities"):
            # Other processors round otherwise.
            same = same and np.allclose(now[key], before[key], atol=0.01)
        if not same:
            changed[name] = before, now
    assert not changed


def test_the_networks_see_what_they_saw_before(observed):
    said, seen = observed
    kept = golden.tiles(cv2.imread(str(golden.FOLDER / "seen.png"), cv2.IMREAD_GRAYSCALE))
    difference = np.abs(kept[: len(seen)].astype(int) - seen).max(axis=(1, 2))
    assert not [name for name, most in zip(said, difference, strict=False) if most > 2]
