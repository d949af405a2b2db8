"""`python -m tests.aws_local.attacks [NAME …]`: each attack, or those whose names hold a word."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import time
import traceback

from tests.aws_local import artifact
from tests.aws_local.artifact import ANYONE
from tests.aws_local.attacks.tests import TESTS
from tests.aws_local.attacks.world import listening, made
from tests.aws_local.function import walls


def main() -> int:
    parser = argparse.ArgumentParser(prog="tests.aws_local.attacks", description=__doc__)
    parser.add_argument("names", nargs="*")
    options = parser.parse_args()
    if not walls():
        print("needs root, unshare and setpriv: without them jobs would attack this machine")
        return 2
    os.environ.pop("AWS_CA_BUNDLE", None)
    os.environ.update(ANYONE)
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    failed = 0
    with made(artifact.build()) as world:
        for test in TESTS:
            name = test.__name__
            if options.names and not any(word in name for word in options.names):
                continue
            begun = time.monotonic()
            try:
                with listening() as thief:
                    test(world, thief)
            except Exception:
                failed += 1
                traceback.print_exc()
            print(f"{name}: {time.monotonic() - begun:.0f} s", flush=True)
        if failed:
            print(world.bot.said[-3000:])
    print(f"{failed} of the attacks got something" if failed else "No attack got anything")
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
