"""The image of infra/runner: built, started, and used as docker, CodeBuild and Lambda use it."""
