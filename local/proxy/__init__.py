"""The proxy of the local run: ``<name>.localhost:PORT`` leads to the app of that name."""
