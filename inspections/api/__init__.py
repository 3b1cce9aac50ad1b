"""Rounds, inspections, dossiers, evidence and their history in the API."""
