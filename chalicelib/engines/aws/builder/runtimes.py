"""The versions that apps are built with, and so run on."""

PYTHON, NODE = "3.13", "22"
