"""What people type on the pages of the inspections app, turned into final types."""
