"""What a person can put right: each message is one sentence that says what is wrong and what to do.

Anything else that is raised is a bug of ours, and shows its traceback.
"""


class DigitlibError(ValueError):
    """The base of all of them, and what the command line turns into one line and status 1."""


class DataError(DigitlibError):
    """The digits to learn from could not be loaded."""


class ImageError(DigitlibError):
    """A picture cannot be used."""


class NoInkError(ImageError):
    """A picture can be read, but nothing is written in it."""


class ModelError(DigitlibError):
    """A network could not be found, read or asked."""
