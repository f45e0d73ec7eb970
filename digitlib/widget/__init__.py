"""Paper in the notebook: Sketchpad, a widget of Jupyter's (anywidget).

sketchpad.py answers what sketchpad.js draws; sketchpad.css is its look. Notebooks show it; it calls
reading through weights.open_reader().
"""

from digitlib.widget.sketchpad import Sketchpad

__all__ = ["Sketchpad"]
