"""Components, rows and cuts of a page, on ink that is drawn pixel by pixel."""

import numpy as np
import pytest

from digitlib.reading import page


def ink(shape, *boxes):
    """A mask, bool (h, w), with ink in these boxes (left, top, right, bottom)."""
    mask = np.zeros(shape, bool)
    for left, top, right, bottom in boxes:
        mask[top:bottom, left:right] = True
    return mask


def part(left, top, right, bottom):
    return page.Component(np.ones((bottom - top, right - left), bool), left, top)


def boxes(components):
    return sorted(component.box for component in components)


# Components


def test_a_component_knows_its_mask_and_its_place():
    mask = ink((100, 200), (20, 10, 30, 60), (20, 50, 60, 60))
    (found,) = page.find_components(mask)
    assert found.box == (20, 10, 60, 60)
    assert np.array_equal(found.mask, mask[10:60, 20:60])


def test_the_bar_of_a_five_is_joined_to_it():
    body, bar, other = (40, 40, 70, 90), (42, 30, 75, 35), (110, 32, 140, 92)
    found = page.find_components(ink((200, 300), body, bar, other))
    assert boxes(found) == [(40, 30, 75, 90), other]
    assert not max(found, key=lambda c: -c.left).mask[5:10].any(), "no ink comes between the two"


def test_a_bar_far_above_is_joined_to_nothing():
    digits = [(40, 80, 70, 130), (110, 80, 140, 130)]
    assert boxes(page.find_components(ink((200, 300), (42, 30, 75, 35), *digits))) == digits


def test_a_digit_above_another_stays_a_digit():
    digits = [(40, 20, 70, 70), (40, 76, 70, 126)]
    assert boxes(page.find_components(ink((200, 300), *digits))) == digits


def test_specks_frames_shadows_and_dashes_are_dropped():
    digits = [(60, 50, 90, 110), (120, 50, 150, 110), (180, 50, 210, 110)]
    speck, dash, dot = (250, 60, 253, 63), (230, 80, 260, 86), (20, 100, 28, 108)
    frame = [(6, 6, 294, 9), (6, 191, 294, 194), (6, 6, 9, 194), (291, 6, 294, 194)]
    shadow = (0, 150, 290, 180)
    for dirt in ([speck], [dash], [dot], frame, [shadow]):
        assert boxes(page.find_components(ink((200, 300), *digits, *dirt))) == digits


def test_a_box_is_dropped_and_the_digit_in_it_kept():
    sides = [(40, 30, 120, 33), (40, 127, 120, 130), (40, 30, 43, 130), (117, 30, 120, 130)]
    digit = (70, 50, 90, 110)
    assert boxes(page.find_components(ink((300, 400), *sides, digit))) == [digit]


def test_an_empty_mask_has_no_components_and_no_rows():
    assert page.find_components(np.zeros((50, 50), bool)) == []
    assert page.find_rows([]) == []


# Rows


def test_rows_run_from_top_to_bottom_and_left_to_right():
    upper = [part(x, 10, x + 30, 60) for x in (10, 60, 110)]
    lower = [part(x, 100, x + 30, 150) for x in (20, 70)]
    mixed = [lower[1], upper[2], upper[0], lower[0], upper[1]]
    assert page.find_rows(mixed) == [upper, lower]


def test_a_row_may_climb_by_more_than_its_own_height():
    rows = [
        [part(60 * i, top - 12 * i, 60 * i + 30, top + 50 - 12 * i) for i in range(8)]
        for top in (120, 200)
    ]
    assert page.find_rows([*rows[1], *rows[0]]) == rows


def test_a_low_fragment_does_not_lead_its_row_astray():
    row = [part(0, 0, 30, 60), part(40, 44, 60, 60), part(70, 0, 100, 60), part(110, 0, 140, 60)]
    assert page.find_rows(row) == [row]


# Cuts


def two_rings():
    """Two 0s of 40 by 60 pixels, strokes of 6, that touch in a bridge of 4 rows."""
    mask = np.zeros((60, 86), bool)
    for left in (0, 46):
        mask[:, left : left + 40] = True
        mask[6:-6, left + 6 : left + 34] = False
    mask[28:32, 40:46] = True
    return page.Component(mask, 100, 50)


UPRIGHT = page.Cut(43.0, 0.0, 0.0)


def test_two_touching_digits_may_be_cut_where_they_touch():
    upright = [cut for cut in page.candidate_cuts(two_rings()) if cut.slant == 0]
    assert [cut for cut in upright if 40 <= cut.column < 46 and cut.shared == 0]
    along = [cut.column for cut in upright if cut.shared]
    assert any(34 <= column < 40 for column in along), "along the stroke of the first ring"
    assert any(46 <= column < 52 for column in along), "along the stroke of the second ring"


def test_cuts_come_from_left_to_right_and_lean_either_way():
    cuts = page.candidate_cuts(two_rings())
    assert [cut.column for cut in cuts] == sorted(cut.column for cut in cuts)
    assert {cut.slant for cut in cuts} == set(page.CUT_SLANTS)


def test_an_upright_cut_gives_each_pixel_to_one_side():
    rings = two_rings()
    left, right = page.between(rings, None, UPRIGHT), page.between(rings, UPRIGHT, None)
    assert left.box == (100, 50, 143, 110) and right.box == (143, 50, 186, 110)
    assert np.array_equal(left.mask, rings.mask[:, :43])
    assert np.array_equal(right.mask, rings.mask[:, 43:])


@pytest.mark.parametrize("slant", [slant for slant in page.CUT_SLANTS if slant])
def test_a_slanted_cut_gives_no_pixel_to_both_sides(slant):
    rings, cut = two_rings(), page.Cut(43.0, slant, 0.0)
    given = np.zeros(rings.mask.shape, int)
    for side in (page.between(rings, None, cut), page.between(rings, cut, None)):
        given[side.top - 50 : side.bottom - 50, side.left - 100 : side.right - 100] += side.mask
    assert given.max() == 1 and not given[~rings.mask].any()
    assert (rings.mask & (given == 0)).sum(axis=1).max() <= 1, "the line itself is one pixel"


def test_both_sides_keep_a_shared_stroke():
    rings = two_rings()
    shared = page.Cut(37.0, 0.0, 4.0)
    left, right = page.between(rings, None, shared), page.between(rings, shared, None)
    assert left.right - right.left >= 7
    assert page.cut_penalty(None, shared) > page.cut_penalty(None, UPRIGHT) > 0


def test_two_cuts_that_enclose_nothing_give_nothing():
    gap = page.Component(ink((60, 100), (0, 0, 10, 60), (90, 0, 100, 60)), 0, 0)
    assert page.between(gap, page.Cut(40.0, 0.0, 0.0), page.Cut(60.0, 0.0, 0.0)) is None
    middle = page.between(gap, None, page.Cut(40.0, 0.0, 0.0))
    assert middle.box == (0, 0, 10, 60), "cut down to its ink"
