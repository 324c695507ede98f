"""`python -m croton.cli`."""

from croton.cli import main

main()
