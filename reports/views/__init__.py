"""Pages of the reports app: composing, deciding, and what the public reads."""
