"""Helpers that several suites share: fixtures are in conftest.py, everything else that is shared is here."""
