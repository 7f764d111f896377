"""How features keep what they know: items, transactions, claims, counters and pages."""
