"""ticker-converter: every price in your currency, with a receipt."""

__version__ = "0.1.0"
