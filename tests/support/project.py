"""Where the project's parts are, for every test."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SAMPLES = ROOT / "data" / "samples"
NOTEBOOKS = ROOT / "notebooks"
