"""A Todo app on Gatepost, as a newcomer writes it: sign-up, sign-in and one private list for each user."""
