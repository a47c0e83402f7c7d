"""Attacks on a running studio. `python -m tests.hostile.attacks.NAME --url URL --pid PID` runs one and prints its figures as JSON."""
