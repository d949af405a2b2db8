"""`dishwasher secrets`: set, list, allow and remove what jobs may know and nobody else."""

from __future__ import annotations

import argparse
import getpass
import sys
import time
from collections.abc import Callable
from dataclasses import replace

from dishwasher.cli import account, ledger
from dishwasher.cli.terminal import clean, show
from dishwasher.cli.vault import opened
from dishwasher.core import mask, secret
from dishwasher.core.outputs import SecretStore
from dishwasher.core.pattern import Filter, Pattern, Syntax, check_regex
from dishwasher.core.rendering import ago
from dishwasher.core.secret import Rules, StoredSecret
from dishwasher.core.spellings import SHORTEST
from dishwasher.errors import UserError

DESCRIPTION = """\
Keep secrets for the jobs of a repository, sealed in the data folder of `dishwasher serve`, which
may run meanwhile, or with --aws as SecureStrings of the Parameter Store. A job sees those that it
names in `secrets:`, a deployment those of its environment too. Pull requests get none unless a
secret says so, and those from forks never do.
"""


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser(
        "secrets", help="keep secrets for the jobs of a repository", description=DESCRIPTION
    )
    verbs = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    setter = _verb(verbs, "set", "set or replace a secret; its value comes on standard input", put)
    setter.epilog = (
        "The value is asked for at a terminal, or read: `dishwasher secrets set TOKEN "
        "--repository acme/site < token.txt`. Line ends at its end are left out. The rules of a "
        "secret that is there stay, unless they are given."
    )
    allowing = _verb(verbs, "allow", "change whom a secret is for, and not its value", allow)
    for one in (setter, allowing):
        _rules(one)
    _verb(verbs, "list", "names, rules and use of all secrets; never a value", listing)
    _verb(verbs, "remove", "forget a secret", remove)


def _verb(
    verbs: argparse._SubParsersAction[argparse.ArgumentParser],
    name: str,
    help: str,
    call: Callable[[argparse.Namespace], int],
) -> argparse.ArgumentParser:
    one = verbs.add_parser(name, help=help, description=f"{help[0].upper()}{help[1:]}.")
    one.set_defaults(call=call)
    if name != "list":
        one.add_argument("name", metavar="NAME", help="the variable; with --store, its name there")
        one.add_argument("--environment", default="", metavar="NAME", help="for this deployment")
        one.add_argument(
            "--store",
            choices=[str(store) for store in SecretStore],
            default=str(SecretStore.DISHWASHER),
            help="stand in for a store of AWS that a buildspec names (%(default)s)",
        )
    one.add_argument(
        "--repository", required=True, metavar="OWNER/NAME", help="or GitHub's numeric id of it"
    )
    ledger.add(one)
    account.add(one)
    return one


def _rules(parser: argparse.ArgumentParser) -> None:
    for ref in ("branch", "tag"):
        parser.add_argument(
            f"--{ref}",
            type=_pattern,
            action="append",
            metavar="PATTERN",
            help=f"only for this {ref}: a name, a glob or a /regex/; may be repeated",
        )
    parser.add_argument(
        "--pull-requests",
        action=argparse.BooleanOptionalAction,
        help="also for pull requests of the repository itself",
    )


def _pattern(text: str) -> Pattern:
    if len(text) > 2 and text.startswith("/") and text.endswith("/"):
        wrong = check_regex(text[1:-1])
        if wrong:
            raise argparse.ArgumentTypeError(f"the regex {text} can not be read: {wrong}")
        return Pattern(text[1:-1], Syntax.REGEX)
    if not text:
        raise argparse.ArgumentTypeError("an empty pattern matches nothing")
    is_glob = any(character in text for character in "*?[")
    return Pattern(text, Syntax.GLOB if is_glob else Syntax.EXACT)


def put(options: argparse.Namespace) -> int:
    """Read the value and store it."""
    with opened(options) as place:
        before = place.found
        rules = _chosen(options, before.rules if before else Rules())
        value = _value(options.name)
        problem = secret.value_problem(value)
        if problem:
            raise UserError(f"the value of {options.name} can not be kept. {problem}")
        stored = StoredSecret(place.slot, rules, time.time())
        place.vault.put(stored, value)
    print(f"{'Replaced' if before else 'Set'} {options.name}, for {secret.described(stored)}.")
    if mask.needles((value,))[1]:
        print(
            f"It has under {SHORTEST} bytes, too few to be masked: logs will show it where a "
            "job prints it."
        )
    return 0


def allow(options: argparse.Namespace) -> int:
    """Seal the same value with other rules."""
    if not options.branch and not options.tag and options.pull_requests is None:
        raise UserError("say whom it is for: with --branch, --tag or --pull-requests")
    with opened(options) as place:
        before = place.found or _none(options)
        after = replace(before, rules=_chosen(options, before.rules))
        (value,) = place.vault.read((before,), before.used_at)
        place.vault.put(after, value)
    print(f"{options.name} is for {secret.described(after)} now.")
    return 0


def remove(options: argparse.Namespace) -> int:
    """Forget the secret, its value and its rules."""
    with opened(options) as place:
        if not place.vault.delete(place.slot):
            _none(options)
    print(f"Removed {options.name}.")
    return 0


def listing(options: argparse.Namespace) -> int:
    """A row for each secret."""
    with opened(options) as place:
        stored = place.vault.list(place.slot.repository)
    if not stored:
        print(f"{options.repository} has no secrets.")
        return 0
    rows = [("NAME", "ENVIRONMENT", "STORE", "FOR", "SET", "USED")]
    rows += [_row(one, time.time()) for one in stored]
    # Columns that say nothing are left out.
    used = [place for place in range(6) if place not in (1, 2) or _says(rows, place)]
    widths = [max(len(row[place]) for row in rows) for place in used]
    show(
        "  ".join(
            row[place].ljust(width) for place, width in zip(used, widths, strict=True)
        ).strip()
        for row in rows
    )
    return 0


def _row(one: StoredSecret, now: float) -> tuple[str, str, str, str, str, str]:
    store = "" if one.slot.store is SecretStore.DISHWASHER else str(one.slot.store)
    return (
        clean(one.slot.name),
        clean(one.slot.environment),
        store,
        clean(secret.described(one)),
        ago(now - one.set_at),
        ago(now - one.used_at) if one.used_at else "never",
    )


def _says(rows: list[tuple[str, str, str, str, str, str]], place: int) -> bool:
    return any(row[place] for row in rows[1:])


def _none(options: argparse.Namespace) -> StoredSecret:
    raise UserError(
        f"{options.repository} has no secret {options.name}"
        f"{f' of {options.environment}' if options.environment else ''}: `dishwasher secrets list "
        f"--repository {options.repository}` shows what is there"
    )


def _chosen(options: argparse.Namespace, before: Rules) -> Rules:
    """Of the three rules those that are given, and the others as they were."""
    return Rules(
        Filter(tuple(options.branch)) if options.branch else before.branches,
        Filter(tuple(options.tag)) if options.tag else before.tags,
        before.pull_requests if options.pull_requests is None else options.pull_requests,
    )


def _value(name: str) -> str:
    if sys.stdin.isatty():
        return getpass.getpass(f"Value of {name} (not shown): ")
    # One byte too many is enough to be refused for it, besides the line's end.
    data = sys.stdin.buffer.read(secret.VALUE_BYTES + 3)
    return data.decode("utf-8", "surrogateescape").rstrip("\r\n")
