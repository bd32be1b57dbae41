"""Choosing a new password by a proof of the mailbox."""
