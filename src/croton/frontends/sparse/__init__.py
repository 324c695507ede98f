"""Symbolic sparse matrices; `croton.sparse` is where users find them."""
