"""`circle.yml` of CircleCI 1.0, read unmodified.

https://github.com/circleci/circleci-docs/tree/8c6880a74c/jekyll/_cci1
"""

from dishwasher.formats.circle.document import parse

__all__ = ["parse"]
