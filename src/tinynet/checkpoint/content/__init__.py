"""From the inert values of a pickle to what the caller gets: plain values, and modules' state dicts."""
