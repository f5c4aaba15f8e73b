"""What things cost, next to a bare version of the same: `make bench`."""
