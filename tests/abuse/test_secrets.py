"""Cases 34 to 36 and 38: no secret that a job is given is seen anywhere; 37 is elsewhere."""

from __future__ import annotations

from tests.e2e.test_secrets import leaks, log, secrets
from tests.e2e.world import World

TOKEN = 'canary\'s "pa$s" <é>/+&=hunter2hunter2'
"""It overlaps itself, and every way of writing it down changes it."""


def test_a_step_can_not_read_the_settings_of_the_server(world: World) -> None:
    """Root could read everything, so the step gives up root's rights first."""
    steps = (
        "[ $(id -u) != 0 ] || less='setpriv --bounding-set -all --inh-caps -all'; "
        f"$less cat /proc/{world.bot.pid}/environ /proc/{world.bot.pid}/mem || true"
    )
    checks = world.build(world.repo(f"checks:\n  look:\n    run: {steps!r}\n"))
    path = checks["look"].details_url.removeprefix(world.bot.url)
    log = world.bot.get(f"{path}/log")
    assert log.count(b"Permission denied") == 2, log
    assert world.app.webhook_secret.encode() not in log


CUT = """\
checks:
  show:
    secrets: [TOKEN]
    run: |
      python3 - <<'END'
      import os, time
      token = os.environb[b"TOKEN"]
      for cut in range(1, len(token), 3):
          os.write(1, b"<" + token[:cut])
          time.sleep(0.02)
          os.write(1, token[cut:] + token + b">\\n")
      os.write(1, b"end\\n" + token[:-1])
      END
"""


def test_case_34_a_secret_is_masked_wherever_its_chunks_are_cut(world: World) -> None:
    repo = world.repo(CUT)
    secrets(world, "set", "TOKEN", "--repository", str(repo.id), value=TOKEN)
    run = world.concluded(repo.commit({"n.txt": "1"}))["show"]
    assert run.conclusion == "success"
    assert log(world, run).count("<******>") == len(range(1, len(TOKEN.encode()), 3))
    assert leaks(world, run, TOKEN) == []


SPELT = """\
checks:
  show:
    secrets: [TOKEN, KEY]
    run:
      - set -x; test "$TOKEN" != "x$TOKEN"; declare -p TOKEN; printf '%q\\n' "$TOKEN"
      - for before in "" u us; do printf '%s%s' "$before" "$TOKEN" | base64 -w0; echo; done
      - printf '%s' "$KEY" | base64; printf '%s' "$KEY" | sed 's/^/> /'
      - |
        python3 - <<'END'
        import html, json, os, urllib.parse
        from xml.sax.saxutils import quoteattr
        token = os.environ["TOKEN"]
        print(json.dumps([token]), json.dumps(json.dumps([token], ensure_ascii=False)))
        print(urllib.parse.quote(token), urllib.parse.quote_plus(token), token.encode().hex())
        print(html.escape(token), quoteattr(token), repr(token))
        raise ValueError(token)
        END
"""
KEY = "-----BEGIN KEY-----\n" + "MIIEvQIBADANBgkqhkiG9w0BAQEFAASC\n" * 4 + "-----END KEY-----\n"


def test_case_35_a_secret_is_masked_however_it_is_spelt(world: World) -> None:
    repo = world.repo(SPELT)
    for key, value in (("TOKEN", TOKEN), ("KEY", KEY)):
        secrets(world, "set", key, "--repository", str(repo.id), value=value)
    run = world.concluded(repo.commit({"n.txt": "1"}))["show"]
    assert run.conclusion == "failure"
    assert "ValueError: ***" in log(world, run)
    assert leaks(world, run, TOKEN, KEY) == []


def test_case_36_a_word_that_is_too_short_is_shown_and_that_is_said(world: World) -> None:
    repo = world.repo(
        "checks:\n  show: {secrets: [A, DEBUG], run: 'echo \"a true tale: $DEBUG $A\"'}\n"
    )
    for key, value in (("A", "a"), ("DEBUG", "true")):
        secrets(world, "set", key, "--repository", str(repo.id), value=value)
    run = world.concluded(repo.commit({"n.txt": "1"}))["show"]
    assert "\na true tale: true a\n" in log(world, run)
    page = world.bot.get(f"/jobs/{run.external_id}").decode()
    for key in ("A", "DEBUG"):
        assert f"The secret {key} is too short to be masked" in page


SINKS = """\
checks:
  show:
    secrets: [TOKEN]
    environment: {COPY: "it is $TOKEN"}
    annotate: [gcc, m.json]
    reports: {junit: r.xml}
    cache: {paths: [kept], key: "k-$COPY"}
    run:
      - mkdir -p kept; echo 1 > "$DISHWASHER_ARTIFACTS/of hunter2hunter2"
      - 'echo "n.txt:1:1: error: $TOKEN"; echo "n.txt#$TOKEN"'
      - |
        python3 - <<'END'
        import os
        from xml.sax.saxutils import quoteattr
        text = quoteattr("x" * 480 + os.environ["TOKEN"])
        case = f'<testcase name={text} file="n.txt"><failure message={text}/></testcase>'
        open("r.xml", "w").write(f"<testsuite>{case}</testsuite>")
        END
      - echo "::error::$TOKEN"; exit 3
"""
MATCHER = """{"problemMatcher": [{"owner": "own", "pattern": [
    {"regexp": "^(.+)#(.*)$", "file": 1, "message": 2}
]}]}"""


def test_case_38_a_secret_reaches_no_check_row_page_file_or_key(world: World) -> None:
    repo = world.repo(SINKS)
    secrets(world, "set", "TOKEN", "--repository", str(repo.id), value=TOKEN)
    run = world.concluded(repo.commit({"n.txt": "1", "m.json": MATCHER}))["show"]
    assert run.conclusion == "failure"
    assert {one.message for one in run.output.annotations} >= {"***"}
    # The report itself is an artifact, and what a job writes to its files is its own.
    places = [one for one in leaks(world, run, TOKEN) if "/blobs/" not in one]
    assert places == []
    assert TOKEN[:20] not in repr(run) + world.bot.get(f"/jobs/{run.external_id}").decode()
