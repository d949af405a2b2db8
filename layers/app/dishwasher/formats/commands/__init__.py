"""What the commands that people write tell before they run: programs, effects, tools that lint."""
