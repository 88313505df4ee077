"""One adapter per framework; each imports its own framework and none of the others."""
