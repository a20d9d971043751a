"""How a test is read: aggregates as tables, or unit rows where they are, into `Arms`."""
