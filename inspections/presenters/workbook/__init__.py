"""A dossier as a workbook, and a workbook that comes back: its plan, its writing, its comparing."""
