"""Checks of the packages, a file a kind: each installs one where nothing is, runs it and removes it."""
