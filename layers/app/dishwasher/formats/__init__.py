"""A configuration file of one format to the Config that every format becomes, pure."""
