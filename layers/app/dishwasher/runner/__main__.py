"""`python -m dishwasher.runner [FOLDER] < bootstrap.json`: one attempt in this process.

The bootstrap comes on stdin and never in argv, which every user of a machine can read.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from pathlib import Path

from dishwasher.core.codec import decode
from dishwasher.core.ticket import Bootstrap
from dishwasher.runner.attempt import run_attempt

USAGE = 2


def main() -> int:
    try:
        bootstrap = decode(Bootstrap, json.load(sys.stdin))
    except ValueError as error:
        print(f"stdin must hold a bootstrap as JSON: {error}", file=sys.stderr)
        return USAGE
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else tempfile.gettempdir())
    return run_attempt(bootstrap, folder, dict(os.environ))


if __name__ == "__main__":
    sys.exit(main())
