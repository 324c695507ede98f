"""Loop nests -> C text, and the C headers it leans on."""
