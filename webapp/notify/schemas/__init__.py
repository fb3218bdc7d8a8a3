"""Channels, rules and deliveries as they come in and go out."""
