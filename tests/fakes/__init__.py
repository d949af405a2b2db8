"""Hand-written stand-ins for the ports: in memory, exact, without threads or real time."""
