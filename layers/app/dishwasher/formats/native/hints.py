"""Keys that people bring from circle.yml, GitHub Actions, GitLab and Travis: what to write here."""

from __future__ import annotations

FILTERS = ("branch", "tag", "path", "label", "event")
JOB = (
    *((name, "Write `run`.") for name in ("script", "steps", "commands", "command", "override")),
    *((name, "Write `environment`.") for name in ("env", "variables")),
    *((name, "Write `when`.") for name in ("on", "only", "if", "filters", "rules")),
    *((name, "Write `needs`.") for name in ("requires", "depends_on", "depends-on", "after")),
    *((name, "Write `allow_failure: true`.") for name in ("continue-on-error", "ignore-failure")),
    *((name, "Write `finally`.") for name in ("after_script", "always", "post")),
    *((name, "`machine` at the top says it for all jobs.") for name in ("services", "machine")),
    *((name, "A `matrix` with this axis sets it for one check.") for name in ("python", "node")),
    ("timeout-minutes", "Write `timeout: 10m`."),
    ("strategy", "Write `matrix` in its place."),
)
FILE = (
    *((name, "Write `checks`.") for name in ("jobs", "test", "tests", "stages")),
    *((name, "It stands below `machine`.") for name in ("python", "node", "timezone", "services")),
    *(
        (name, "Write `environment` below `machine`.")
        for name in ("environment", "env", "variables")
    ),
    *((name, "Write it in each check.") for name in ("when", "matrix", "timeout", "secrets")),
    ("install", "Write `dependencies`."),
    ("deploy", "Write `deployments`."),
)
