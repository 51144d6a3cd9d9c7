"""Money: wallets, and the ledger by which alone a balance changes."""
