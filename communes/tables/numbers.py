"""Numbers as spreadsheet programs show them."""

from decimal import Decimal


def plain(value: int | float) -> str:
    """Fifteen significant digits, as spreadsheet programs keep and show them: 9.949999999999999 was typed 9.95."""
    text = f"{Decimal(f'{value:.15g}'):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
