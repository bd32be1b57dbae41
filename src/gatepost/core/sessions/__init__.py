"""Sessions: opened after every factor, rotated by generation, ended everywhere at once."""
