"""Tests of project secrets."""
