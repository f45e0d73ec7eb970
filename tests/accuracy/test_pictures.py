"""How well one digit is read from every kind of picture."""

import csv

import cv2
import numpy as np

from digitlib import evaluation, reading
from project import SAMPLES


def share_read(network, pictures, y_true):
    x = np.stack([reading.preprocess(picture).image for picture in pictures])
    return evaluation.evaluate(network, x, y_true).accuracy


def in_color(gray, paper, pen):
    share = gray[..., np.newaxis] / 225
    return (np.asarray(paper) * share + np.asarray(pen) * (1 - share)).clip(0, 255).astype(np.uint8)


def test_every_sample_is_read_right(reader):
    with (SAMPLES / "labels.csv").open() as file:
        wanted = {row["file"]: row["label"] for row in csv.DictReader(file)}
    read = {name: reader.read_digit(SAMPLES / name).text for name in wanted}
    assert len(wanted) >= 100
    assert read == wanted


def test_real_digits_come_out_right_from_every_kind_of_picture(network, real, sized):
    pictures, y_true = (part[: sized(200)] for part in real)
    columns = np.mgrid[0:1:200j, 0:1:200j][1]
    rng = np.random.default_rng(0)
    kinds = {
        "dark on light": pictures,
        "light on dark": [255 - p for p in pictures],
        "shadow": [(p * (1 - 0.6 * columns)).astype(np.uint8) for p in pictures],
        "noise": [
            np.clip(p + rng.normal(0, 12, p.shape), 0, 255).astype(np.uint8) for p in pictures
        ],
        "red on yellow": [in_color(p, (250, 240, 120), (200, 20, 30)) for p in pictures],
        "in a corner": [np.pad(p, ((0, 150), (220, 0)), constant_values=225) for p in pictures],
        "tiny": [cv2.resize(p, (30, 30), interpolation=cv2.INTER_AREA) for p in pictures],
        "frame": [cv2.copyMakeBorder(p, *[9] * 4, cv2.BORDER_CONSTANT) for p in pictures],
    }
    shares = {kind: share_read(network, made, y_true) for kind, made in kinds.items()}
    assert min(shares.values()) >= 0.96, shares


def test_a_digit_cut_out_without_a_margin_is_read(network, real, sized):
    pictures, y_true = (part[: sized(200)] for part in real)
    tight = []
    for picture in pictures:
        left, top, wide, high = cv2.boundingRect((picture < 130).astype(np.uint8))
        tight.append(picture[top : top + high, left : left + wide])
    assert share_read(network, tight, y_true) >= 0.7


def test_ruled_paper_is_not_read(network, real, sized):
    pictures, y_true = (part[: sized(200)] for part in real)
    lined = [p.copy() for p in pictures]
    for picture in lined:
        picture[10::24] = np.minimum(picture[10::24], 175)
    assert share_read(network, lined, y_true) >= 0.95


def test_mnist_comes_through_the_chain_almost_unchanged(network, mnist, sized):
    x, y_true = mnist.x_val[: sized(500)], mnist.y_val[: sized(500)]
    pictures = [
        255 - cv2.copyMakeBorder(reading.resize_to(image, 160), *[20] * 4, cv2.BORDER_CONSTANT)
        for image in x
    ]
    direct = evaluation.evaluate(network, x, y_true).accuracy
    assert share_read(network, pictures, y_true) >= direct - 0.004
