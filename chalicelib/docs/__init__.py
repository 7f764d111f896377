"""The reference: every operation and every error, as pages made from the routes."""
