"""The admin API: users, invitations, impersonation, and the first administrator."""
