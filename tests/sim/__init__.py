"""The flows on a virtual clock in a world that fails: `python -m tests.sim --seeds 200`."""
