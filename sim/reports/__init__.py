"""Tables in, pages out: figures, the brief, the generated documents."""
