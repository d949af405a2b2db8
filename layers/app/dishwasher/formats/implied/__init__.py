"""What is checked where no file says so: the plan that a repository's files imply, and why."""

from dishwasher.formats.implied.plan import implied

__all__ = ["implied"]
