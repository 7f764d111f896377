"""Projects: what a workspace's services belong to."""
