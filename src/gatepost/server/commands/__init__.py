"""One module for each group of commands; `cli` imports it when one of them is asked for."""
