"""The one-pass rendering: a small network that renders any photo in any style in one pass."""
