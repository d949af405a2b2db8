"""The variables that CircleCI 1.0 gave to every command, as templates of `core.facts`.

https://circleci.com/docs/1.0/environment-variables/. `HOME` is the job's own here, and
CIRCLE_PREVIOUS_BUILD_NUM is not given: build numbers are not consecutive.
"""

from __future__ import annotations

FACTS = (
    ("CIRCLECI", "true"),
    ("CI", "true"),
    ("CIRCLE_PROJECT_USERNAME", "{owner}"),
    ("CIRCLE_PROJECT_REPONAME", "{repository_name}"),
    ("CIRCLE_BRANCH", "{branch}"),
    ("CIRCLE_TAG", "{tag}"),
    ("CIRCLE_SHA1", "{sha}"),
    ("CIRCLE_REPOSITORY_URL", "{repository_url}"),
    ("CIRCLE_COMPARE_URL", "{compare_url}"),
    ("CIRCLE_BUILD_URL", "{build_url}"),
    ("CIRCLE_BUILD_NUM", "{build_number}"),
    ("CIRCLE_USERNAME", "{sender}"),
    ("CI_PULL_REQUEST", "{pull_request_url}"),
    ("CI_PULL_REQUESTS", "{pull_request_url}"),
    ("CIRCLE_PR_USERNAME", "{head_owner}"),
    ("CIRCLE_PR_REPONAME", "{head_repository}"),
    ("CIRCLE_PR_NUMBER", "{fork_pull_request}"),
    ("CIRCLE_ARTIFACTS", "{artifacts}"),
    ("CIRCLE_TEST_REPORTS", "{reports}"),
    ("CIRCLE_NODE_TOTAL", "1"),
    ("CIRCLE_NODE_INDEX", "0"),
    ("CIRCLE_BUILD_IMAGE", "dishwasher"),
    ("DISPLAY", ":99"),
    ("LANG", "en_US.UTF-8"),
)
