"""The front door: surfaces, dialects, parsing, pages, OpenAPI. It knows no feature."""
