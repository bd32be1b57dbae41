"""The applications under measurement that run in the project's own environment."""
