"""Keys, tokens, encryption and the egress guard."""
