"""The driver: Graph -> rewritten graph -> program -> C -> shared library -> callable."""
