"""What Orbitra says of itself: its health and its description."""
