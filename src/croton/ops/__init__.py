"""What a program can say: one file per family, each operation whole in one place."""
