"""Linear algebra on LAPACK, for matrices stacked along leading axes, with derivatives of every order."""
