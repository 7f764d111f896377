"""How a stranger's tree is cloned, built and started, by the files that are there."""
