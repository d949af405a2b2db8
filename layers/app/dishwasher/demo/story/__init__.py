"""The story that `dishwasher demo` tells, chapter by chapter, with what must be seen in each."""

from dishwasher.demo.story.story import Story

__all__ = ["Story"]
