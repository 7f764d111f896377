"""The environments of a project: which services run in each, and which secrets they may take."""
