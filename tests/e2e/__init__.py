"""The whole bot as a user has it: real processes, real HTTP, real git."""
