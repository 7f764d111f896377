"""The process that clones, builds and runs users' code, spoken to over a Unix socket."""
