"""What each language needs to be built and started, by the files that are there."""
