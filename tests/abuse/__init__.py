"""The cases of abuse and faults, by number, over real HTTP and processes: see README.md."""
