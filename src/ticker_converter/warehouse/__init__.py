"""Dimensions, facts, revisions and what is derived from them; the migration runner."""
