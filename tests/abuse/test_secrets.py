"""Cases 37 and 38, as far as a job meets the server itself: its settings stay its own."""

from __future__ import annotations

from tests.e2e.world import World


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
