"""What follows from a test, by one rule set; and whether the rules keep their word."""
