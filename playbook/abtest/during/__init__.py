"""While a test runs: is the split whole, and what may be said at a look."""
