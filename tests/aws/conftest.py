"""What only one target runs."""

from __future__ import annotations

import os

from tests.aws.emulator import LOCALSTACK

# LocalStack is half a gigabyte, for one Python alone: not for `test-real`, which skips nothing.
collect_ignore = [] if os.environ.get(LOCALSTACK) else ["test_presigned.py"]
