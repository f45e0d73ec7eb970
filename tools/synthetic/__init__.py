"""Pictures of digits, and of what is none, drawn by code: what this project measures and shows.

    strokes.py   the forms in which people write each digit, bent by chance   -> curves
    papers.py    sheets and boards, and the colours of paper and ink          -> paper
    pens.py      felt-tip, ballpoint, pencil, chalk, ... along the curves     -> ink
    cameras.py   light, dirt, the camera's place and its noise                -> photo
    layout.py    the four above put together: one digit, or a page of them
    outliers.py  the same of letters, shapes, scribbles and textures
    samples.py   data/samples with its tables: python tools/synthetic/samples.py

Each calls only those above it. samples.py, the tests and tools/benchmarks call them; digitlib does
not, and must not: what measures a network has to be foreign to what trained it. So no drawing code,
no coordinates and no font are shared with digitlib/outliers.py, digitlib/forms.py and
digitlib/augmentation.py, by which the networks are trained.

Every random choice comes from the numpy Generator handed in, or from a seed: the same seed gives
the same picture, to the byte.
"""
