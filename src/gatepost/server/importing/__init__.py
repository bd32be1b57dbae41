"""`gatepost import`, `gatepost migrate` and `gatepost export`: people, between here and elsewhere."""
