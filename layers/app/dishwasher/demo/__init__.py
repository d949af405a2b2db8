"""The whole story on one machine: a stand-in GitHub and a sample project."""
