"""Handwritten statements, read threads, and snapshots shared by several reads."""
