"""After a test: what differs, by how much, and how sure that is."""
