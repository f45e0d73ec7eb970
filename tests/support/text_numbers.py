"""Numbers in a text that come from a run are tied to it by a comment, which no page shows:

    It reads 97.8 %<!-- = 100 * answers.accuracy ± 0.4 --> of them.

Between the signs stands Python, then how far the text may be off. In a notebook the kernel is asked
after the code cell above, in every run of the tests on MNIST; README.md asks the measurements in
tools/benchmarks and the networks' cards. A share that no run of this text gives says where it is
from: 98.3 %<!-- from: LeCun 1998 -->.
"""

import re
from typing import NamedTuple

NUMBER = r"[-−]?\d[\d,]*(?:\.\d+)?"
_TIED = re.compile(rf"({NUMBER})(?=(?:(?!{NUMBER}|<!--).)*$)", re.DOTALL)
_COMMENT = re.compile(r"<!-- = (.+?) ± ([\d.]+) -->")
SHARE = re.compile(rf"{NUMBER}\s?%(?!\**<!-- (?:=|from:))")


class TiedNumber(NamedTuple):
    """A number of a text, the Python that gives it, and how far the two may be apart."""

    number: float
    expression: str
    tolerance: float

    def difference(self, value: float) -> str:
        """Say how a value differs from the text, or "" where it does not."""
        if abs(self.number - value) <= self.tolerance:
            return ""
        return f"the text says {self.number:g} where {self.expression} gives {value:g}"


def tied_numbers(text: str) -> list[TiedNumber]:
    """Return the tied numbers of a Markdown text: each is the last one before its comment."""
    found = []
    for comment in _COMMENT.finditer(text):
        before = _TIED.search(text[: comment.start()])
        number = float(before[1].replace(",", "").replace("−", "-"))
        found.append(TiedNumber(number, comment[1], float(comment[2])))
    return found


def loose_shares(text: str) -> list[str]:
    """Return the per cents of a text that are neither tied nor said to be from elsewhere.

    Intervals' 95 %, none and all are no results; nor is what stands in code.
    """
    prose = re.sub(r"```.*?```|`[^`\n]*`|95[  ]% interval\w*", "", text, flags=re.DOTALL)
    return [share for share in SHARE.findall(prose) if not re.match(r"(0|100)\s?%", share)]
