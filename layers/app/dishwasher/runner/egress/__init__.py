"""The way out of a job's own network: a proxy of the runner that lets through what may be."""
