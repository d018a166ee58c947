"""One file a result: the figures that it regenerates."""
