"""`dishwasher app`: make the GitHub App in a browser, and tell it where this server is."""

from __future__ import annotations

import argparse
import getpass
import os
import socket
import sys
import webbrowser
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from dishwasher.cli import account
from dishwasher.cli.terminal import paint, show
from dishwasher.errors import InfraError, UserError

if TYPE_CHECKING:
    from dishwasher.cli.app_keys import Keys
    from dishwasher.cli.app_page import Form, Said
    from dishwasher.wiring.settings import Settings

MINUTES = 60.0
"""For as long as GitHub exchanges its code; people ask their organisation's owners first."""
HERE = "127.0.0.1"
WHY = {
    "checks": "to show results, with annotations on the lines",
    "contents": "to fetch what is pushed",
    "deployments": "to show where a commit is deployed",
    "issues": "to hear commands in comments, as /rerun",
    "merge_queues": "to build what waits in a merge queue",
    "metadata": "comes with every App",
    "pull_requests": "to read pull requests and keep one comment up to date",
}
"""Of each permission of the manifest, for whoever has to agree."""
DESCRIPTION = """\
Make the GitHub App of this server: a page on this machine sends your browser to GitHub, where you
agree, and the keys come back to the data folder, or with --aws to the stack's settings. Nobody
types or copies a secret.
"""
EXAMPLE = """\
On a machine without a browser, forward the port that is shown (ssh -L) or give --host an address
that your browser reaches. For Enterprise Server, set DISHWASHER_GITHUB_URL.
"""


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser("app", help="make the GitHub App of this server")
    verbs = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    making = verbs.add_parser(
        "create", help="make the App in a browser", description=DESCRIPTION, epilog=EXAMPLE
    )
    making.set_defaults(call=create)
    making.add_argument(
        "--public-url",
        metavar="URL",
        default="",
        help="where GitHub and people will reach the bot (DISHWASHER_PUBLIC_URL, or the stack's)",
    )
    add_page(making)
    making.add_argument(
        "--replace", action="store_true", help="put an App aside that is there already"
    )
    moving = verbs.add_parser(
        "webhook",
        help="tell GitHub where this server is now",
        description="Change the address to which GitHub sends what happens.",
    )
    moving.set_defaults(call=webhook)
    moving.add_argument(
        "url", metavar="URL", nargs="?", help="public URL, without /webhook; with --aws the stack's"
    )
    for one in (making, moving):
        one.add_argument(
            "--data",
            type=Path,
            metavar="FOLDER",
            help="data folder (DISHWASHER_DATA, or .dishwasher)",
        )
        account.add(one)


def add_page(making: argparse.ArgumentParser) -> None:
    """What the App shall be, and where its page is shown."""
    making.add_argument(
        "--organisation",
        "--organization",
        metavar="NAME",
        default="",
        help="who shall own it; without, you",
    )
    making.add_argument("--name", help="of the App, one of its own on all of GitHub")
    making.add_argument("--host", default=HERE, help="address of the local page (%(default)s)")
    making.add_argument(
        "--port", type=int, default=0, help="port of the local page (any that is free)"
    )
    making.add_argument(
        "--minutes", type=float, default=MINUTES, help="to wait for you (%(default)g)"
    )
    making.add_argument("--no-browser", action="store_true", help="only show the address")


def create(options: argparse.Namespace) -> int:
    """Serve the page until the App is there; 1 when it is not in time."""
    from dishwasher.cli.app_page import AppPage

    with _keys(options) as keys:
        keys.check(replacing=options.replace)
        public_url = _url("--public-url", options.public_url or keys.public_url)
        form, url, api_url = _form(options, public_url, keys.github)
        page = AppPage(
            options.host,
            options.port,
            form,
            lambda code: _keep(code, keys, (url, api_url, public_url), replacing=options.replace),
        )
        page.start()
        with closing(page):
            _invite(page.port, page.path, public_url, options)
            said = page.wait(options.minutes * 60)
        if said is None:
            raise UserError(
                f"nobody has made the App within {options.minutes:g} minutes: start this again, "
                "with more --minutes if an owner must be asked"
            )
        if said.problem:
            raise InfraError(said.problem)
        _told(said, keys)
    return 0


def webhook(options: argparse.Namespace) -> int:
    """Point the App's webhook at a public URL."""
    if options.aws:
        with account.opened(options) as opened:
            public_url = _url("URL", options.url or opened.stack.url).removesuffix("/webhook")
            point(opened.settings(), public_url)
        return 0
    from dishwasher.wiring import registration, settings

    data = _data(options)
    public_url = _url("URL", options.url or "").removesuffix("/webhook")
    chosen = settings.read({**os.environ, "DISHWASHER_DATA": str(data)})
    point(chosen, public_url)
    stored = registration.stored(data)
    if stored is not None and str(stored.id) == chosen.app_id:
        registration.update(replace(stored, public_url=public_url), data)
    if os.environ.get("DISHWASHER_PUBLIC_URL", public_url).rstrip("/") != public_url:
        show(["DISHWASHER_PUBLIC_URL says another address: set it to the same."])
    return 0


def point(chosen: Settings, public_url: str) -> None:
    """Let the App's webhook lead to us, and say so."""
    from dishwasher.github.app import GithubApp
    from dishwasher.github.client import Call
    from dishwasher.github.limiter import Limiter
    from dishwasher.local.clock import SystemClock

    where = (chosen.app_id, chosen.private_key, chosen.api_url, chosen.url)
    with closing(GithubApp(*where, SystemClock(), Limiter(chosen.points_per_minute))) as app:
        body = {"url": f"{public_url}/webhook", "content_type": "json"}
        app.as_app(Call("PATCH", "/app/hook/config", body=body))
    show([f"GitHub sends what happens to {public_url}/webhook from now on."])


def _data(options: argparse.Namespace) -> Path:
    from dishwasher.wiring.settings import DATA

    return options.data or Path(os.environ.get("DISHWASHER_DATA") or DATA)


@contextmanager
def _keys(options: argparse.Namespace) -> Iterator[Keys]:
    from dishwasher.cli.app_keys import FolderKeys, ParameterKeys

    if not options.aws:
        yield FolderKeys(_data(options), named=bool(options.data))
        return
    with account.opened(options) as opened:
        yield ParameterKeys(opened)


def _url(what: str, text: str) -> str:
    url = text.strip().rstrip("/")
    parts = urlsplit(url)
    if not url:
        raise UserError(
            f"{what} is missing: the address at which GitHub will reach this server, as "
            "https://ci.example.com (a tunnel to this machine will do, and it can be changed later)"
        )
    if parts.scheme not in ("http", "https") or not parts.netloc or parts.query or parts.fragment:
        raise UserError(f"{what}: {url!r} is not an http or https URL, as https://ci.example.com")
    return url


def _form(
    options: argparse.Namespace, public_url: str, github: tuple[str, str]
) -> tuple[Form, str, str]:
    """The page's form, and where GitHub and its API are."""
    from dishwasher.cli.app_page import Form
    from dishwasher.github import manifest
    from dishwasher.wiring.settings import api_of

    url = _url("DISHWASHER_GITHUB_URL", github[0])
    api_url = github[1].rstrip("/") or api_of(url)
    name = options.name or f"dishwasher-{options.organisation or socket.gethostname()}"
    if options.name is None:
        name = name[: manifest.LONGEST_NAME].rstrip("-")
    manifest.manifest(name, public_url, public_url)
    asked = manifest.asked()
    facts = {
        "name": name,
        "owner": options.organisation,
        "github": urlsplit(url).netloc,
        "webhook": f"{public_url}/webhook",
        "permissions": [
            (permission.replace("_", " "), level, WHY[permission])
            for permission, level in sorted(asked.permissions.items())
        ],
        "events": [event.replace("_", " ") for event in asked.events],
    }
    form = Form(
        lambda state: manifest.creation_url(url, options.organisation, state),
        lambda back: manifest.manifest(name, public_url, back),
        facts,
    )
    return form, url, api_url


def _keep(code: str, keys: Keys, where: tuple[str, str, str], *, replacing: bool) -> Said:
    """Exchange the code for the keys and store them."""
    from dishwasher.cli.app_page import Said
    from dishwasher.github import manifest
    from dishwasher.wiring import registration

    url, api_url, public_url = where
    made = manifest.convert(api_url, code)
    registered = registration.Registration(
        id=made.id,
        slug=made.slug,
        name=made.name,
        owner=made.owner.login,
        client_id=made.client_id,
        html_url=made.html_url,
        url=url,
        api_url=api_url,
        public_url=public_url,
        private_key=made.pem.strip(),
        webhook_secret=made.webhook_secret,
        client_secret=made.client_secret,
    )
    try:
        keys.keep(registered, replacing=replacing)
    except (UserError, InfraError) as error:
        return Said(
            problem=f"{error}. The App {made.name} is on GitHub and its keys are lost: delete it "
            f"at {made.html_url}, and start again"
        )
    return Said(install_url=registered.install_url, name=made.name)


def _invite(port: int, path: str, public_url: str, options: argparse.Namespace) -> None:
    colour = paint()
    anywhere = options.host in ("", "0.0.0.0", "::")
    host = socket.gethostname() if anywhere else options.host
    url = f"http://{f'[{host}]' if ':' in host else host}:{port}{path}"
    if not urlsplit(public_url).hostname or _is_local(public_url):
        show(
            [
                colour(
                    "warning",
                    "GitHub can not reach this address from outside: " + public_url,
                )
            ]
        )
    show(
        ["Open this page in a browser, and agree on GitHub:", "", f"    {colour('bold', url)}", ""]
    )
    if os.environ.get("SSH_CONNECTION") and host == HERE:
        here = f"{getpass.getuser()}@{socket.gethostname()}"
        show([f"Your browser is elsewhere? There, first: ssh -L {port}:{HERE}:{port} {here}", ""])
    show([f"Waiting for up to {options.minutes:g} minutes; Ctrl-C ends it."])
    sys.stdout.flush()
    # Without a display, webbrowser would start one in this terminal.
    if not options.no_browser and (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        webbrowser.open(url)


def _is_local(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    return host == "localhost" or host.startswith("127.") or host == "::1"


def _told(said: Said, keys: Keys) -> None:
    colour = paint()
    steps = [("Choose its repositories:", said.install_url), *keys.next_steps()]
    show(
        [
            "",
            f"{colour('good', '✔')} The App {said.name} is there; its keys are in {keys.place}.",
            "",
            *(f"  {words:<27} {command}" for words, command in steps),
        ]
    )
