"""Bringing tickets from another desk, with their history. Starts no clock and sends nothing."""
