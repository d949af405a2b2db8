"""How programs write a secret down: quoted, escaped and encoded, as the tools of a job do it.

Those that people meet without wishing for them: a shell that traces, a report in XML, a request
that is logged. What is done to show a secret (`rev`, `xxd`, upper case) is not among them, nor is
base64 of more than the secret that is broken into lines somewhere within it.
"""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Iterator
from urllib.parse import quote, quote_plus

SHORTEST = 6
"""Bytes; a shorter secret would take every `a` or `true` out of the log, which tells it as well.

https://github.com/buildkite/agent/blob/main/internal/redact/redact.go (LengthMin)
"""
WRAPPED = (64, 76)
"""Characters of a line of base64, as openssl and PEM, and as `base64` and MIME, break it."""
PIECE = 8
"""Characters of the last such line that are looked for: as many as a secret of SHORTEST has."""

# Beside letters, digits and `-_.~`: RFC 3986, a path, JavaScript's encodeURIComponent and
# encodeURI, what Go and others leave alone in a path, and what may stand in a password.
_SAFE = ("", "/", "!*'()", "!*'();/?:@&=+$,#", "/:@&=+$", "!$&'()*+,;=:")
_PERCENT = re.compile(r"%[0-9A-F]{2}")
_ESCAPED = re.compile(r"\\u[0-9a-f]{4}")
# What encoders of JSON escape though they need not: PHP the slash, Go and Gson for HTML.
# https://pkg.go.dev/encoding/json#HTMLEscape, com.google.gson.stream.JsonWriter
_PHP, _GO, _GSON = "/", "<>&\u2028\u2029", "<>&='\u2028\u2029"
_SPECIAL = re.compile(r"([^\w@%+=:./#~-]|^[#~])", re.ASCII)
_IN_DOUBLE = re.compile(r'([\\"$`])')
_ANSI_C = {7: "a", 8: "b", 9: "t", 10: "n", 11: "v", 12: "f", 13: "r", 27: "E", 39: "'", 92: "\\"}
"""Of bash's `$'…'`: https://www.gnu.org/software/bash/manual/html_node/ANSI_002dC-Quoting.html"""
_NAMED = {9: "&#9;", 10: "&#10;", 13: "&#13;"}
_PASSWORD = re.compile(r"[A-Za-z][\w+.-]{0,30}://[^/?#@:]{0,200}:([^/?#@]{1,500})@")


def of(secret: str) -> Iterator[bytes]:
    """Every spelling of it that is looked for, some of them more than once."""
    for text in _texts(secret):
        yield text.encode()
    raw = secret.encode()
    yield from (raw.hex().encode(), raw.hex().upper().encode())
    yield repr(raw)[2:-1].encode()
    yield from _base64(raw)


def parts(secret: str) -> Iterator[str]:
    """What of it is a secret by itself: all of it, each of its lines, an address's password."""
    yield secret
    for line in secret.splitlines():
        yield line
        yield line.strip()
    yield secret.strip()
    address = _PASSWORD.match(secret)
    # The same word may stand elsewhere in it: `postgres://postgres:postgres@localhost`.
    if address and secret.count(address[1]) == 1:
        yield address[1]


def _texts(secret: str) -> Iterator[str]:
    yield secret
    yield from _json(secret)
    for safe in _SAFE:
        encoded = quote(secret, safe=safe)
        yield from (encoded, _PERCENT.sub(lambda found: found[0].lower(), encoded))
    # HTML forms: https://url.spec.whatwg.org/#application-x-www-form-urlencoded-percent-encode-set
    for encoded in (quote_plus(secret), quote_plus(secret, safe="*").replace("~", "%7E")):
        yield from (encoded, _PERCENT.sub(lambda found: found[0].lower(), encoded))
    yield from _html(secret)
    yield from _shell(secret)
    # Python's own, which Node's are alike; SQL's strings.
    yield from (repr(secret)[1:-1], ascii(secret)[1:-1])
    yield secret.replace("'", "\\'")
    yield secret.replace("'", "''")
    yield secret.replace("\n", "\r\n")


def _json(secret: str) -> Iterator[str]:
    for escapes in (True, False):
        plain = json.dumps(secret, ensure_ascii=escapes)[1:-1]
        for text in (plain, plain.replace(_PHP, r"\/"), _marked(plain, _GO), _marked(plain, _GSON)):
            yield from (text, _ESCAPED.sub(lambda found: rf"\u{found[0][2:].upper()}", text))
            # JSON within JSON, as services that log requests write it.
            yield json.dumps(text, ensure_ascii=escapes)[1:-1]


def _marked(text: str, letters: str) -> str:
    return "".join(f"\\u{ord(one):04x}" if one in letters else one for one in text)


def _html(secret: str) -> Iterator[str]:
    text = html.escape(secret, quote=False)
    yield text
    for double in ("&quot;", "&#34;"):
        for single in ("'", "&#x27;", "&#39;", "&apos;"):
            marked = text.replace('"', double).replace("'", single)
            # In attributes of XML, white space is named: a parser would make spaces of it.
            yield from (marked, marked.translate(_NAMED))


def _shell(secret: str) -> Iterator[str]:
    """As `set -x`, `declare -p`, `printf %q` and shlex.quote write it between their quotes."""
    yield secret.replace("'", r"'\''")
    yield secret.replace("'", "'\"'\"'")
    yield _IN_DOUBLE.sub(r"\\\1", secret)
    yield _SPECIAL.sub(r"\\\1", secret)
    for is_ascii in (True, False):
        yield "".join(_ansi_c(one, is_ascii) for one in secret)


def _ansi_c(one: str, is_ascii: bool) -> str:
    point = ord(one)
    if point in _ANSI_C:
        return f"\\{_ANSI_C[point]}"
    if point < 0x20 or point == 0x7F or (is_ascii and point > 0x7F):
        return "".join(f"\\{byte:03o}" for byte in one.encode())
    return one


def _base64(raw: bytes) -> Iterator[bytes]:
    # A secret inside a longer text begins at one of three places of base64's groups of three bytes.
    # Only the characters that it alone decides are looked for.
    for before in range(3):
        bits = 8 * (before + len(raw))
        first, last = -(-8 * before // 6), bits // 6
        for encoded in (base64.b64encode, base64.urlsafe_b64encode):
            # Never shorter than the secret itself: six bits a character.
            text = encoded(b"\0" * before + raw)[first:last]
            yield text
            if before == 0:
                yield from _lines(text)


def _lines(text: bytes) -> Iterator[bytes]:
    """Of one that stands alone and is broken into lines."""
    for width in WRAPPED:
        for at in range(0, len(text), width) if len(text) > width else ():
            line = text[at : at + width]
            if len(line) >= PIECE:
                yield line
