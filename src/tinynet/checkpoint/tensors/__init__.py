"""From bytes of a file to NumPy arrays, every bound proven before."""
