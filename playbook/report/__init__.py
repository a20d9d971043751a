"""Tables in, pages out."""
