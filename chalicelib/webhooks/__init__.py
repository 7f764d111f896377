"""Webhooks: events that are sent, signed, to the addresses a workspace names, until they arrive.

A feature says ``events.emit`` in its own transaction: for every webhook that listens a delivery
and its job are committed with the change itself or not at all. The job sends until the receiver
answers 2xx, or the schedule is at its end. Events arrive at least once; ``webhook-id`` is the same
each time.
"""
