"""One module per notebook, each with the same three faces: cockpit, metrics, findings."""
