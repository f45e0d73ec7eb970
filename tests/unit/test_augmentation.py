"""Augmentation: copies that are still the digit, new ones in every epoch, the same for a seed."""

import numpy as np

from digitlib import augmentation


def blank_digits(n):
    x = np.arange(n, dtype=np.uint8)[:, None, None] * np.ones((28, 28), np.uint8)
    return x, np.arange(n)


def test_augmenting_keeps_form_and_input_and_changes_the_picture(small):
    image = small.x_train[0]
    before = image.copy()
    copies = [augmentation.augment(image, np.random.default_rng(seed)) for seed in range(50)]
    assert {(c.shape, c.dtype.name) for c in copies} == {((28, 28), "uint8")}
    assert np.array_equal(image, before)
    assert len({c.tobytes() for c in copies}) == 50
    again = augmentation.augment(image, np.random.default_rng(7))
    assert np.array_equal(again, copies[7])
    ink = [c.mean() / image.mean() for c in copies]
    assert 0.5 < np.median(ink) < 1.6, "most copies are still the digit"


def test_at_half_strength_images_change_less(small):
    def change(strength):
        copies = [
            augmentation.augment(image, np.random.default_rng(seed), strength)
            for seed, image in enumerate(small.x_train[:200])
        ]
        return np.abs(np.stack(copies).astype(int) - small.x_train[:200]).mean()

    assert 0 < change(0.5) < 0.8 * change(1.0)


def test_a_warp_looks_up_each_pixel_where_it_says(small):
    image = small.x_train[0]
    assert np.array_equal(augmentation.warp(image), image)
    assert np.array_equal(augmentation.warp(image, turn=np.pi / 2), np.rot90(image))
    shifted = augmentation.warp(image, field=(2, -1))
    assert np.array_equal(shifted[1:, :-2], image[:-1, 2:])
    wide = augmentation.warp(image, stretch=(0.5, 1))
    assert np.ptp(np.nonzero(wide.max(axis=0) > 50)) > np.ptp(np.nonzero(image.max(axis=0) > 50))


def test_a_pen_adds_ink_and_takes_it_away(small):
    image = small.x_train[0]
    ink = [int(augmentation.thicken(image, pen).sum()) for pen in (-1.5, -0.4, 0, 0.4, 1.5)]
    assert ink == sorted(set(ink))
    assert np.array_equal(augmentation.thicken(image, 0), image)


def test_flaws_are_drawn_on_a_copy(small):
    image = small.x_train[0]
    before = image.copy()
    for seed in range(60):
        augmentation.random_degradation(image, np.random.default_rng(seed))
    assert np.array_equal(image, before)


def test_only_geometry_leaves_pens_and_forms_alone(monkeypatch, small):
    for name in ("random_stroke_width", "random_degradation", "regional_form"):
        monkeypatch.setattr(augmentation, name, None)
    x, y = small.x_train[:20], small.y_train[:20]
    images, _ = augmentation.Augmented(x, y, batch_size=20, only_geometry=True)[0]
    assert not np.array_equal(images, x)


def test_an_epoch_of_augmented_batches_covers_every_image_once(monkeypatch):
    monkeypatch.setattr(augmentation, "augment", lambda image, *_: image)
    x, y = blank_digits(250)
    batches = augmentation.Augmented(x, y, batch_size=64)
    orders = []
    for _ in range(2):
        images, labels = zip(*(batches[i] for i in range(len(batches))), strict=True)
        assert [len(part) for part in labels] == [64, 64, 64, 58]
        assert np.array_equal(np.concatenate(images)[:, 0, 0], np.concatenate(labels))
        assert sorted(np.concatenate(labels)) == list(range(250))
        orders.append(np.concatenate(labels).tolist())
        batches.on_epoch_end()
    assert orders[0] != orders[1]


def test_augmented_batches_do_not_depend_on_the_order_workers_take_them(small):
    x, y = small.x_train[:300], small.y_train[:300]
    forward, backward = augmentation.Augmented(x, y, seed=1), augmentation.Augmented(x, y, seed=1)
    expected = [forward[i][0] for i in range(3)]
    taken = [backward[i][0] for i in reversed(range(3))][::-1]
    assert all(np.array_equal(a, b) for a, b in zip(expected, taken, strict=True))
    one = augmentation.Augmented(np.repeat(x[:1], 40, axis=0), y[:40], batch_size=20)
    assert len({image.tobytes() for i in range(2) for image in one[i][0]}) == 40
    other_seed = augmentation.Augmented(x, y, seed=2)
    assert not np.array_equal(other_seed[0][0], expected[0])
    forward.on_epoch_end()
    assert not np.array_equal(forward[0][0], expected[0]), "new copies in the next epoch"
