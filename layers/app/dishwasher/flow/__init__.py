"""What Dishwasher does: one use case a file, over the ports."""
