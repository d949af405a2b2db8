"""Worlds that are hard in one way alone: there a protection that is missing shows soon."""

from __future__ import annotations

from tests.sim.faults import Faults

KIND = Faults()
LATE_WEBHOOKS = Faults(delivery_late=0.4)
UNTOLD = Faults(delivery_unsent=0.3)
"""Webhooks that never leave GitHub."""
LOST_BELLS = Faults(bell_lost=0.3, github_before=0.1)
STALLING = Faults(stall=0.005)
"""Moments for which many wait, so that jobs end together."""
LOST_ANSWERS = Faults(github_after=0.3, github_before=0.1, throttle=0.05, bell_lost=0.2)
"""GitHub does what it was asked, and nobody hears so."""
UNLISTED = Faults(github_after=0.15, github_before=0.1, github_refused=0.1, unlisted=0.9)
"""Nor do its lists show it yet."""
ZOMBIES = Faults(freeze=0.03, freeze_longest=300.0)
"""Workers that freeze between asking and sending, and overwrite what was said since."""
SHORT_ZOMBIES = Faults(freeze=0.01, freeze_longest=60.0)
"""Not so long that nobody speaks of the matter any more when they thaw."""
UNHEARD_ZOMBIES = Faults(freeze=0.01, freeze_longest=400.0, github_after=0.1)
"""They do not hear what came of it."""
SILENT_ZOMBIES = Faults(freeze=0.01, freeze_longest=120.0, thaw_dies=1.0)
"""They die before they can say so."""
DYING_RUNNERS = Faults(runner_crash=0.1, slow=0.05)
FAILING_FILES = Faults(blob=0.1, runner_crash=0.03)
VANISHING = Faults(gone=1.0, slow=0.05, delivery_unsent=0.5)
"""Repositories that go just when a deployment is about to begin, and nobody tells."""
SLOW_DEPLOYMENTS = Faults(slow=0.1, lag=30.0, runner_crash=0.05)
SLOW_WORDS = Faults(freeze=0.02, freeze_longest=60.0, http_answer_lost=0.1)
"""Words that are handled twice at once, and one of the two later."""
IMPATIENT = Faults(impatience=1.0, slow=0.05)
"""People who stop what hangs, at the very moment at which it ends by itself."""
OWNERS = Faults(tenancy=0.9, slow=0.05)
"""Owners that do something all the time, to a bot that is not the fastest."""
UNTOLD_OWNERS = Faults(tenancy=0.9, delivery_unsent=0.4)
"""GitHub does not even tell."""
