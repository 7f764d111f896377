"""Tests, in the order of the modules they prove."""
