"""Who may reach what: cases, reviewed sets of everything allowed, a linter, and mutations that test the three."""
