"""What takes a real Docker, which make test does without."""
