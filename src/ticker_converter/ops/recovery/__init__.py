"""Backups in one file, what restores them, and the drill that proves it."""
