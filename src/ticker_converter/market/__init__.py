"""Pure knowledge of markets: currencies, price units, symbols across providers, exchange sessions. No I/O but data/."""
