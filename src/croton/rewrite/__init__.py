"""Graph -> equivalent Graph: tables of patterns, and the pipeline that lists the passes in order."""
