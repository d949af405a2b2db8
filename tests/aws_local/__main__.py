"""`python -m tests.aws_local [--exit] [--demo]`: the stack on this machine, and the demo's story.

Without `--demo` it stays up with the sample site, for whoever wants to look around.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import sys
import time

from dishwasher.demo.bot import Bot, Served
from dishwasher.demo.scene import Scene
from dishwasher.demo.story import Story

from tests.aws_local import artifact, checks, timing
from tests.aws_local.artifact import ANYONE
from tests.aws_local.bot import CloudBot

SAID = 8000
"""Characters of the functions' log that are shown of a failure."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="tests.aws_local", description=__doc__)
    parser.add_argument("--exit", action="store_true", help="end, and say whether all was well")
    parser.add_argument("--demo", action="store_true", help="tell the story, and compare")
    parser.add_argument("--alone", action="store_true", help="do not tell it of the server too")
    options = parser.parse_args()
    # An empty value makes botocore fail: https://github.com/boto/botocore/issues/2322
    os.environ.pop("AWS_CA_BUNDLE", None)
    os.environ.update(ANYONE)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda number, _: sys.exit(128 + number))
    begun = time.monotonic()
    say("sam build ...")
    built = artifact.build()
    say(f"Built in {time.monotonic() - begun:.0f} s.")
    bot = CloudBot(built, bare=not options.demo)
    with Scene(bot=bot) as scene:
        say(f"A stand-in for GitHub: {scene.github.url}")
        say(f"Dishwasher:            {scene.url} (up in {time.monotonic() - begun:.0f} s)")
        well = False
        try:
            well = _told(scene, options.alone) if options.demo else _tried(scene, bot)
        finally:
            # A check that did not conclude is an exception, and its reason is only there.
            if not well:
                say(f"\nThe functions' own log:\n{bot.said[-SAID:]}")
        if not options.exit:
            say("\nEverything stays up; Ctrl-C ends it.")
            with contextlib.suppress(KeyboardInterrupt):
                signal.pause()
    return 0 if well else 1


def _tried(scene: Scene, bot: CloudBot) -> bool:
    """Times from a webhook to an artifact, cold and warm."""
    assert bot.cloud is not None
    times = timing.measure(scene, bot.cloud)
    for what, seconds in times:
        say(f"{what}: {seconds:.2f} s")
    return bool(times) and not scene.github.violations


def _told(scene: Scene, alone: bool) -> bool:
    ours = _story(scene)
    if ours is None:
        return False
    if alone:
        return True
    say("\nThe same story, told of one process:")
    theirs = _embedded(Served())
    if theirs is None:
        return False
    found = list(checks.differences(ours, theirs))
    say(f"\n{len(ours)} checks, comments and deployments compared field by field.")
    for line in found:
        say(f"DIFFERENT: {line}")
    return not found


def _embedded(bot: Bot) -> dict[str, object] | None:
    with Scene(bot=bot) as scene:
        return _story(scene)


def _story(scene: Scene) -> dict[str, object] | None:
    """What GitHub then shows; None where something was missed."""
    story = Story(scene, say)
    story.tell()
    for what in story.missed:
        say(f"MISSED: {what}")
    return None if story.missed else checks.shown(scene.github)


def say(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    sys.exit(main())
