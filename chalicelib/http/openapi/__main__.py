"""Prints the description: ``python -m chalicelib.http.openapi``."""

import json

import app
from chalicelib.http.openapi import describe
from chalicelib.http.surfaces import all_routes

if __name__ == "__main__":
    del app  # importing it declares the routes
    print(json.dumps(describe(all_routes()), indent=1))
