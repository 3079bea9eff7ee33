"""The mechanisms, one a file: pure cited rules and the step that applies them to one world."""
