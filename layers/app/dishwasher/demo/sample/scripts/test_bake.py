"""Ask the oven for a test bake of the recipes at this commit; it takes as long as it takes."""

import os
import sys
import urllib.request

SECONDS = 600

url = f"{os.environ['OVEN_URL']}/{os.environ['DISHWASHER_SHA']}"
with urllib.request.urlopen(url, timeout=SECONDS) as answer:
    state = answer.read().decode()
print(f"the oven is {state}")
if state != "hot":
    sys.exit("nothing was baked: heat the oven and run this check again")
