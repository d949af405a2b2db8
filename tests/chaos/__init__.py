"""Kills at random moments: nothing lost, stuck or deployed twice."""
