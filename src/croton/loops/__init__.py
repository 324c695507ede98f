"""Graph -> fused loop nests, library calls, schedule and memory plan."""
