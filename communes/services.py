"""Accounts and memberships: making them, ending them, handing them over."""

from .units import load_reference_units

__all__ = ["load_reference_units"]
