"""The one-machine run: AWS in process, an HTTP server, a queue pump and schedules."""
