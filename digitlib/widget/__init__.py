"""Paper to draw on: the sketchpad, in a notebook or as a page of its own.

    pad        draws strokes, reads them, keeps them and takes them back
    sketchpad  shows that in a notebook: Sketchpad, a widget of Jupyter's (anywidget)
    server     shows it in a browser, without Jupyter: python -m digitlib draw

sketchpad.js is the page of both, sketchpad.css its look. Notebooks call sketchpad, the command line
server; both call pad, which calls reading.
"""


def __getattr__(name: str):
    # On first use, since the page of its own needs no Jupyter.
    if name == "Sketchpad":
        from digitlib.widget.sketchpad import Sketchpad

        return Sketchpad
    raise AttributeError(f"module 'digitlib.widget' has no attribute {name!r}")
