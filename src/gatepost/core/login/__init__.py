"""Signing in: budgets, proof, remaining factors, and only then a session."""

from gatepost.core.login.domain import LoginPolicy, MailSignInPolicy
from gatepost.core.login.events import SignedIn, SignInFailed
from gatepost.core.login.flow import Login

__all__ = ["Login", "LoginPolicy", "MailSignInPolicy", "SignInFailed", "SignedIn"]
