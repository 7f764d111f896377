"""Deployments: how a commit becomes what serves a host."""
