"""Adapters of the ports: each package implements the port of one kind of outside system."""
