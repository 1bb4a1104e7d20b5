"""Figures, side by side in one run; nothing is asserted. `make bench`."""
