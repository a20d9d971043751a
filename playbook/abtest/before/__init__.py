"""Before a test: how many people, what they can find, and how long it takes."""
