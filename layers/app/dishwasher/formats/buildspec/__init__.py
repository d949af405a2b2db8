"""`buildspec.yml` of AWS CodeBuild, versions 0.1 and 0.2, read unmodified.

https://docs.aws.amazon.com/codebuild/latest/userguide/build-spec-ref.html
"""

from dishwasher.formats.buildspec.document import parse

__all__ = ["parse"]
