"""Pages of the inspections app: the commune's (dossiers, entry, evidence) and the team's (rounds, review)."""
