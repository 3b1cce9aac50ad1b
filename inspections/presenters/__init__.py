"""Read-only presenters: what a person may see of a dossier, a criterion and their history, ready to show."""
