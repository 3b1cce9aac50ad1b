"""Official tables of a round: what they say (reading), how they look on paper (shape), and as a workbook (sheet)."""
