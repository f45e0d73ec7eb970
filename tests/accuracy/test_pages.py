"""How well whole pages are read: the samples, and MNIST's digits laid out close or hard to see."""

import csv
from difflib import SequenceMatcher

from benchmarks import handwriting as bench
from project import SAMPLES


def test_the_sample_pages_are_read(reader):
    with (SAMPLES / "pages.csv").open() as file:
        rows = list(csv.DictReader(file))
    right = there = 0
    for row in rows:
        wanted = row["text"].split("|")
        found = reader.read_page(SAMPLES / row["file"]).text.split("\n")
        assert len(found) == len(wanted), row["file"]
        for line, expected in zip(found, wanted, strict=True):
            there += len(expected)
            right += sum(
                block.size for block in SequenceMatcher(a=line, b=expected).get_matching_blocks()
            )
    assert len(rows) >= 6
    assert right / there >= 0.99, f"{right} of {there}"


def test_clean_pages_of_mnist_come_out_right(reader, mnist, sized):
    right, there, found = bench.pages(reader, mnist.x_test, mnist.y_test, sized(12))
    assert right / there >= 0.995, (right, there, found)
    assert abs(found - there) <= 2


def test_digits_that_touch_are_cut_apart(reader, mnist, sized):
    layout = {"columns": 8, "gap": (-0.05, 0.02)}
    right, there, _ = bench.pages(reader, mnist.x_val, mnist.y_val, sized(4), **layout)
    assert right / there >= 0.94, (right, there)


def test_the_last_rows_of_a_full_page_are_cut_like_the_first(reader, mnist):
    layout = {"rows": 12, "columns": 14, "heights": (35, 50), "gap": (-0.05, 0.02)}
    right, there, found = bench.pages(reader, mnist.x_val, mnist.y_val, 1, **layout)
    assert there == 168 and abs(found - there) <= 4
    assert right / there >= 0.95


def test_hard_pages_lose_little(reader, mnist):
    # Two pages each in every run: on one alone, three digits misread decide.
    for name in ("shadow", "noise", "ruled paper", "perspective", "turned", "few pixels"):
        right, there, _ = bench.pages(
            reader, mnist.x_val, mnist.y_val, 2, bench.CONDITIONS[name], 0.5
        )
        assert right / there >= 0.95, name
