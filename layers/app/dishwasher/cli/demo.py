"""`dishwasher demo`: the whole story on this machine, with a stand-in for GitHub."""

from __future__ import annotations

import argparse
import contextlib
import signal
import sys

from dishwasher.errors import UserError


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser(
        "demo",
        help="see the whole story on this machine",
        description="Show the whole story on this machine, with a stand-in for GitHub and a sample "
        "site: pull requests of the team and of a stranger, clicks, commands, the merge queue, "
        "deployments. It needs no account and changes nothing outside a temporary folder.",
    )
    parser.add_argument(
        "--exit", action="store_true", help="end after the story: 0 if all of it was seen"
    )
    parser.set_defaults(call=demo)


def demo(options: argparse.Namespace) -> int:
    """Tell the story; stay up for a look around unless told to end."""
    # Imported here, so that other commands do not need the demo's packages.
    try:
        from dishwasher.demo.scene import Scene
        from dishwasher.demo.story import Story
    except ModuleNotFoundError as error:
        raise UserError(
            f"the demo needs packages that are not installed ({error.name} is the first): "
            "run `make demo` in a clone, or: pip install '.[demo]'"
        ) from error

    # By default these end Python at once, and the bot and the site would stay behind.
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda number, _: sys.exit(128 + number))
    with Scene() as scene:
        say(f"A stand-in for GitHub: {scene.github.url}")
        say(f"Dishwasher:            {scene.url}")
        story = Story(scene, say)
        well = story.tell()
        for what in story.missed:
            say(f"MISSED: {what}")
        if not well:
            say(f"\nThe bot's own log:\n{scene.bot.said[-4000:]}")
        if not options.exit:
            say("\nEverything stays up for you to look around; Ctrl-C ends it. Worth a click:")
            for what, url in story.links():
                say(f"   {what:<18} {url}")
            with contextlib.suppress(KeyboardInterrupt):
                signal.pause()
    return 0 if well else 1


COLOURS = {"✔": "32", "✖": "31", "●": "34", "MISSED": "1;31"}
"""Of the first word of a line, for a terminal: https://en.wikipedia.org/wiki/ANSI_escape_code"""


def say(text: str) -> None:
    word = text.strip().partition(" ")[0].rstrip(":")
    if word in COLOURS and sys.stdout.isatty():
        text = text.replace(word, f"\x1b[{COLOURS[word]}m{word}\x1b[0m", 1)
    print(text, flush=True)
