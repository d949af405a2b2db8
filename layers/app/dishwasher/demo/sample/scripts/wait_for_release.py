"""Wait until the site at a URL serves the revision that was just deployed."""

import sys
import time
import urllib.request

SECONDS = 30

url, wanted = sys.argv[1:]
deadline = time.monotonic() + SECONDS
while True:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            found = answer.read().decode()
    except OSError as error:
        found = str(error)
    if found == wanted:
        print(f"{url} serves {wanted[:12]}")
        break
    if time.monotonic() > deadline:
        sys.exit(f"{url} still says {found!r} after {SECONDS} s")
    time.sleep(0.2)
