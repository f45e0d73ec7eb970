"""Paper: its light under the ink, the sheet on a table, rules; on sheets made of plain arrays."""

import cv2
import numpy as np
import pytest

from digitlib.reading import paper


def gradient(height=240, width=320):
    """Paper that the light falls on from the left: 230 there, 90 on the right."""
    return np.tile(np.linspace(230, 90, width, dtype=np.float32), (height, 1))


# The paper's light


def test_the_light_under_the_ink_is_recovered():
    light = gradient()
    written = light.copy()
    cv2.ellipse(written, (160, 120), (50, 80), 0, 0, 360, 30, 14, cv2.LINE_AA)
    cv2.line(written, (60, 40), (60, 200), 30, 14, cv2.LINE_AA)
    found = paper.estimate_background(written.astype(np.uint8))
    assert found.shape == written.shape and found.dtype == np.float32
    inked = light - written > 20
    assert np.abs(found - light)[inked].max() < 25, "where the ink is, up to 200 darker"
    assert np.abs(found - light).mean() < 8


def test_what_is_wider_than_a_stroke_counts_as_paper():
    shaded = np.full((240, 320), 220, np.uint8)
    shaded[:, 160:] = 110
    found = paper.estimate_background(shaded)
    assert np.abs(found[:, :120] - 220).max() < 10 and np.abs(found[:, 200:] - 110).max() < 10


def test_ink_is_a_share_of_the_light_and_as_dark_in_a_shadow():
    light = gradient()
    written = light.copy()
    written[100:140] *= 0.5  # a stroke from the light into the shadow
    ink = paper.darker_than_paper(written.astype(np.uint8), light)
    assert np.abs(ink[110:130] - 0.5).max() < 0.02
    assert ink[:90].max() < 0.02 and ink[150:].max() < 0.02


# The sheet


def table_with_sheet(corners, shape=(600, 800)):
    photo = np.full((*shape, 3), (90, 60, 40), np.uint8)
    return cv2.fillConvexPoly(photo, np.array(corners, np.int32), (245, 244, 240))


@pytest.mark.parametrize(
    "corners",
    [
        [(150, 100), (650, 100), (650, 500), (150, 500)],  # seen from above
        [(120, 130), (600, 60), (680, 480), (180, 540)],  # turned
        [(220, 90), (580, 90), (700, 520), (100, 520)],  # seen from its lower edge
    ],
)
def test_a_sheet_is_laid_flat_and_its_corners_lead_back_into_the_photo(corners):
    sheet, to_picture = paper.rectify(table_with_sheet(corners), 2000)
    assert sheet.min() > 200, "nothing of the table is left"
    height, width = sheet.shape[:2]
    upright = np.array([[(0, 0), (width, 0), (width, height), (0, height)]], np.float64)
    found = cv2.perspectiveTransform(upright, to_picture)[0]
    truth = np.array(corners, float)
    inside = truth.mean(axis=0) + paper.SHEET_INSIDE * (truth - truth.mean(axis=0))
    assert np.linalg.norm(found - inside, axis=1).max() < 12


def test_a_picture_without_a_table_is_scaled_only():
    picture = np.full((300, 400, 3), 240, np.uint8)
    picture[100:200, 180:220] = 20
    same, to_picture = paper.rectify(picture, 2000)
    assert np.array_equal(same, picture) and np.array_equal(to_picture, np.eye(3))
    smaller, to_picture = paper.rectify(picture, 200)
    assert smaller.shape == (150, 200, 3)
    assert np.array_equal(to_picture, np.diag([2, 2, 1]))


def test_a_small_label_on_a_table_is_no_sheet():
    photo = table_with_sheet([(300, 200), (420, 200), (420, 300), (300, 300)])
    assert paper.rectify(photo, 2000)[0].shape == photo.shape


# Rules


def test_rules_are_taken_out_and_the_strokes_across_them_stay():
    mask = np.zeros((300, 600), bool)
    mask[100:103] = mask[200:203] = True
    mask[60:240, 300:312] = True
    left = paper.remove_ruled_lines(mask)
    assert left[60:240, 302:310].all()
    assert not left[100:103, :280].any() and not left[200:203, 330:].any()


def test_rules_are_taken_out_of_squared_paper_both_ways():
    mask = np.zeros((400, 400), bool)
    mask[100:102] = mask[250:252] = True
    mask[:, 120:122] = mask[:, 300:302] = True
    assert paper.remove_ruled_lines(mask).sum() < 0.05 * mask.sum()


def test_a_stroke_that_is_shorter_than_the_paper_is_no_rule():
    mask = np.zeros((300, 600), bool)
    mask[150:154, 100:400] = True
    assert np.array_equal(paper.remove_ruled_lines(mask), mask)
