"""Money: amounts, the ledger's accounts and transfers, and what each flow posts."""
