"""The measurements, one module each; each returns a section of the report."""
