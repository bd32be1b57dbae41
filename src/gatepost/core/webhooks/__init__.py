"""Webhooks (Standard Webhooks 1.0): others are told what happened, after it, at least once, signed."""
