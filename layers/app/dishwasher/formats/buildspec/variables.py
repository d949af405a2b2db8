"""The CODEBUILD_* variables as templates of `core.facts`.

https://docs.aws.amazon.com/codebuild/latest/userguide/build-env-ref-env-vars.html. Not set, for
want of a meaning here: CODEBUILD_KMS_KEY_ID, and CODEBUILD_WEBHOOK_MERGE_COMMIT, which only a
build of a merged pull request has.
"""

from __future__ import annotations

RESERVED = "CODEBUILD_"
"""The page asks nobody else to begin a name so, and CodeBuild does not enforce it."""
SUCCEEDING = "CODEBUILD_BUILD_SUCCEEDING"
IDENTIFIER = "CODEBUILD_BATCH_BUILD_IDENTIFIER"
IMAGE = "CODEBUILD_BUILD_IMAGE"

FACTS = (
    (
        "CODEBUILD_BUILD_ARN",
        "arn:aws:codebuild:{region}:{account}:build/{repository_name}:{job_id}",
    ),
    ("CODEBUILD_BUILD_ID", "{repository_name}:{job_id}"),
    (IMAGE, "{image}"),
    ("CODEBUILD_BUILD_NUMBER", "{build_number}"),
    ("CODEBUILD_BUILD_URL", "{build_url}"),
    ("CODEBUILD_CI", "true"),
    # What it is for a webhook; scripts tell it from `codepipeline/…` and a user's name.
    ("CODEBUILD_INITIATOR", "GitHub-Hookshot/{build}"),
    ("CODEBUILD_LOG_PATH", "{job_id}"),
    ("CODEBUILD_PUBLIC_BUILD_URL", "{build_url}"),
    ("CODEBUILD_RESOLVED_SOURCE_VERSION", "{sha}"),
    ("CODEBUILD_SOURCE_REPO_URL", "{repository_url}.git"),
    ("CODEBUILD_SOURCE_VERSION", "{source_version}"),
    ("CODEBUILD_SRC_DIR", "{checkout}"),
    ("CODEBUILD_START_TIME", "{start_ms}"),
    ("CODEBUILD_WEBHOOK_ACTOR_ACCOUNT_ID", "{sender_id}"),
    ("CODEBUILD_WEBHOOK_BASE_REF", "refs/heads/{base_branch}"),
    ("CODEBUILD_WEBHOOK_EVENT", "{webhook_event}"),
    ("CODEBUILD_WEBHOOK_HEAD_REF", "{ref}"),
    ("CODEBUILD_WEBHOOK_PREV_COMMIT", "{before}"),
    ("CODEBUILD_WEBHOOK_TRIGGER", "{version}"),
    ("AWS_DEFAULT_REGION", "{region}"),
    ("AWS_REGION", "{region}"),
)
NAMES = frozenset({name for name, _ in FACTS} | {SUCCEEDING, IDENTIFIER})
"""What a file can not set itself, besides the two of AWS."""
SETTABLE = frozenset({"AWS_DEFAULT_REGION", "AWS_REGION"})


def facts(
    identifier: str = "", image: str = "", own: frozenset[str] = frozenset()
) -> tuple[tuple[str, str], ...]:
    """Of one build; `own` are the variables that the file sets."""
    asked = dict(FACTS)
    if image:
        asked[IMAGE] = image
    if identifier:
        asked[IDENTIFIER] = identifier
    return tuple((name, text) for name, text in asked.items() if name not in own & SETTABLE)
