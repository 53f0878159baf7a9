"""The connection of these tests commits by itself, as the pipeline's does."""

from tests.support.writing import conn

__all__ = ["conn"]
