"""From a picture to an answer, on NumPy, OpenCV, Pillow and h5py: no Keras, no TensorFlow.

    files         a file's pixels, upright
    paper         the sheet, the light on it, ink apart from paper
    digit         one digit: preprocess() takes a picture to 28×28
    page          many digits: connected components, candidate cuts, the best path
    mnist_format  stroke width, box of 20, centre of mass: the last step of every way in
    engine        runs the shipped networks from their .keras files
    reader        Reader(classifier, detector).read_digit(), .read_page() -> Answer
    arrays        what every stage does with arrays

Every threshold is a named constant beside its stage, with what breaks without it.

Who calls whom: reader -> digit and page -> paper and mnist_format -> arrays; digit -> files. The
networks come in as callables: from engine, through weights.open_reader(), or from you. Of the rest
of digitlib only errors is imported here; augmentation and outliers use mnist_format, so that what a
network learns from is made as what it reads.
"""

from digitlib.errors import ImageError, NoInkError
from digitlib.reading import arrays, digit, engine, files, mnist_format, page, paper, reader
from digitlib.reading.arrays import box_of, resize_to
from digitlib.reading.digit import Preprocessed, preprocess
from digitlib.reading.files import read_image
from digitlib.reading.mnist_format import center_in_28, fit_in_20
from digitlib.reading.paper import to_gray
from digitlib.reading.reader import Answer, Digit, Reader, ReadWarning

__all__ = [
    "Answer",
    "Digit",
    "ImageError",
    "NoInkError",
    "Preprocessed",
    "ReadWarning",
    "Reader",
    "arrays",
    "box_of",
    "center_in_28",
    "digit",
    "engine",
    "files",
    "fit_in_20",
    "mnist_format",
    "page",
    "paper",
    "preprocess",
    "read_image",
    "reader",
    "resize_to",
    "to_gray",
]
