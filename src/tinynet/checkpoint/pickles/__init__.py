"""Pickles, read without unpickling: an interpreter that moves inert values, and the table of what it knows."""
