"""The ports on one machine: SQLite, files and this process's clock."""
