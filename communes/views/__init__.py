"""Pages of the communes app: one's own account, people, units."""
