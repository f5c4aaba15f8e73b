"""What things cost, beside what they would cost bare: `make bench`."""
