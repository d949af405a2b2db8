"""`make test` in a newcomer's clone, which has none of the packages for AWS."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import REAL

ROOT = Path(__file__).parent.parent
PACKAGES = (
    "aws_lambda_powertools",
    "awslambdaric",
    "boto3",
    "botocore",
    "flask",
    "moto",
    "samcli",
)
"""Of the extras `aws`, `aws-local` and `sam` of pyproject.toml."""
WITHOUT = f"""
import sys
import pytest

sys.modules.update(dict.fromkeys({PACKAGES!r}))
sys.exit(pytest.main(["-q", "-p", "no:cacheprovider", "-m", "not slow", *sys.argv[1:]]))
"""
TESTS = ("aws", "aws_local", "wiring", "cli/test_account.py", "cli/test_cloud.py")


@pytest.mark.slow
def test_what_needs_packages_for_aws_is_skipped_without_them() -> None:
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT, *(f"tests/{name}" for name in TESTS)],
        cwd=ROOT,
        env={name: value for name, value in os.environ.items() if name != REAL},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr
    assert "needs botocore" in done.stdout
