"""What Dishwasher decides: values and pure functions, no clock, no randomness, no I/O."""
