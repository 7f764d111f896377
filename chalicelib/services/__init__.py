"""Web services: what is built from a repository and run."""
