"""Whatever program writes a secret down, it is among the spellings: asked of the programs."""

from __future__ import annotations

import html
import json
import os
import shlex
import subprocess
import sys
from urllib.parse import quote
from xml.sax import saxutils

import pytest
from dishwasher.core.mask import MASK, Masker, needles
from dishwasher.core.spellings import of, parts

SECRETS = [
    "s3cr3t-Value/with+odd=chars",
    "pa'ss\"wo$rd`x\\y!, and {more}",
    "tab\tand\x01control and ünd 名前",
    "a<b>&c=\"d'efg#h?i:j@k;l",
    "-----BEGIN KEY-----\n" + "MIIEvQIBADANBgkqhkiG9w0BAQEFAASC\n" * 3 + "-----END KEY-----\n",
    "nothing0special",
]
LEFT = 7
"""Of what a program has written, so many characters in a row may be left beside the mask."""


def left(secret: str, written: bytes) -> list[bytes]:
    """What is shown of the text, in pieces that are long enough to tell something."""
    masker = Masker(needles([secret])[0])
    shown = masker.feed(written) + masker.finish()
    assert MASK in shown
    return [piece for piece in shown.replace(b"\n", MASK).split(MASK) if len(piece.strip()) > LEFT]


def said(*argv: str, given: str = "", **environment: str) -> bytes:
    done = subprocess.run(
        argv,
        input=given.encode(),
        env={"PATH": os.environ["PATH"], **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=True,
    )
    return done.stdout


@pytest.mark.parametrize("secret", SECRETS, ids=range(len(SECRETS)))
@pytest.mark.parametrize("locale", ["C", "C.UTF-8"])
@pytest.mark.parametrize(
    "script",
    [
        'set -x; : "$V"',
        'set -x; : "--token=$V"',
        "declare -p V",
        "set | grep -a -A9 ^V=",
        "env",
        'printf "%q" "$V"',
        'printf "%s" "${V@Q}"',
        'printf "%s" "$V" | base64',
        'printf "%s" "$V" | base64 -w0',
        'echo "$V" | base64 -w64',
    ],
)
def test_a_shell_and_its_tools(secret: str, locale: str, script: str) -> None:
    written = said("bash", "-c", script, V=secret, LC_ALL=locale)
    about = (b"SHLVL", b"PWD", b"PATH", b"declare -x", b"+ : ", b"LC_ALL", b"_=/")
    assert [one for one in left(secret, written) if not one.startswith(about)] == []


@pytest.mark.parametrize("secret", SECRETS, ids=range(len(SECRETS)))
def test_python_and_what_it_speaks(secret: str) -> None:
    for text in (
        repr(secret),
        ascii(secret),
        repr(secret.encode()),
        repr({"token": secret}),
        shlex.quote(secret),
        shlex.join(["curl", secret]),
        html.escape(secret),
        html.escape(secret, quote=False),
        saxutils.escape(secret),
        saxutils.quoteattr(secret)[1:-1],
        json.dumps(json.dumps({"token": secret})),
        f"'{secret.replace(chr(39), chr(39) * 2)}'",
        secret.replace("\n", "\r\n"),
        *(quote(secret, safe=safe) for safe in ("", "/", "/:@&=+$", "!$&'()*+,;=:")),
        quote(secret, safe="").lower() if secret.islower() else secret,
    ):
        assert [one for one in left(secret, text.encode()) if b"token" not in one] == []


_NODE = """
const v = require("fs").readFileSync(0, "utf8");
const form = new URLSearchParams({v}).toString();
console.log([JSON.stringify({v}), encodeURIComponent(v), encodeURI(v), form,
    JSON.stringify(JSON.stringify(v)), require("util").inspect([v], {breakLength: Infinity}),
    Buffer.from(v).toString("base64"), Buffer.from("u:" + v).toString("base64url"),
    require("querystring").escape(v)].join("\\n"));
"""


@pytest.mark.real("node")
@pytest.mark.parametrize("secret", SECRETS, ids=range(len(SECRETS)))
def test_node_and_what_it_speaks(secret: str) -> None:
    assert left(secret, said("node", "-e", _NODE, given=secret)) == []


def test_json_as_other_languages_escape_it() -> None:
    secret = "a/b=c&d<e>'f ü"
    for written in (
        r"a\/b=c&d<e>'f \u00fc",
        r"a/b=c\u0026d\u003ce\u003e'f ü",
        r"a/b\u003dc\u0026d\u003ce\u003e\u0027f ü",
        r"a/b\u003Dc\u0026d\u003Ce\u003E\u0027f \u00FC",
    ):
        assert left(secret, f'"{written}"'.encode()) == []


def test_percents_in_small_letters() -> None:
    assert left("a+b/c=d", b"a%2bb%2fc%3dd") == []


def test_the_password_of_an_address_is_a_secret_too() -> None:
    address = "postgres://app:Hu%40nter22@db.example.org/app?x=1"
    assert list(parts(address))[-1] == "Hu%40nter22"
    assert left(address, b"password Hu%40nter22 bad") == [b"password "]
    same = "postgres://postgres:postgres@localhost/app"
    assert set(parts(same)) == {same}


def test_a_plain_word_has_few_spellings() -> None:
    assert len(set(of("nothing0special"))) == 2 + 1 + 3


def test_an_interpreter_that_breaks_tells_no_line_of_it() -> None:
    secret = "Pr1vate'Value\\n"
    written = subprocess.run(
        (sys.executable, "-c", "import os; raise ValueError(os.environ['V'], [os.environ['V']])"),
        env={"V": secret},
        stderr=subprocess.PIPE,
        check=False,
    ).stderr
    assert b"Pr1vate" in written
    masker = Masker(needles([secret])[0])
    assert b"Pr1vate" not in masker.feed(written) + masker.finish()
