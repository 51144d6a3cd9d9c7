"""Apart from what proves anything, which every command would otherwise read to know how this one may be refused."""


class NoCheckout(Exception):
    """Evidence is of a state that git knows."""
