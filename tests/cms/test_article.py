"""The article's file, unmodified: green, its tarball kept, its site deployed."""

from __future__ import annotations

from pathlib import Path

from tests.cms.running import kept, restores, run, steps


def test_the_articles_circle_file(project: Path) -> None:
    code, told, said = run(project, "circle.yml", "circle.yml", "--deploy", "--env", "STAGING_ROOT")
    assert code == 0, said
    assert steps(told, "build") == {"dependencies": [0] * 4, "test": [0] * 6}
    # Installed once a build.
    assert steps(told, "staging") == {"deployment": [0]} and restores(told, "staging")
    assert [name for name in kept(project) if name.endswith(".tar.gz")] != []
    deployed = (project.parent / "staging" / "deployed").read_text()
    assert deployed.startswith("staging on ")
    assert "Ran 3 tests" in said
