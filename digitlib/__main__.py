"""python -m digitlib: see cli.py."""

import sys

from digitlib.cli import main

if __name__ == "__main__":
    sys.exit(main())
