"""How a program gets in: symbolic, eager with a tape, and tracing."""
