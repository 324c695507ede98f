"""Slices with fixed steps."""
