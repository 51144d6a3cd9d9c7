"""What an admin turns off without a release. ``x-biore-kill-switch`` of the contract names one of ``SWITCHES``."""

from dataclasses import dataclass

from domain.config_keys import RATE_LIMIT_PREFIX, BoolKey

THROWN_PREFIX = "kill_switch."
ENABLED_SUFFIX = "_enabled"


@dataclass(frozen=True, slots=True, eq=False)
class SwitchKey(BoolKey):
    """Whether a feature runs, which its name says how to read.

    ``*_enabled``: true lets it run, false refuses. ``kill_switch.<NAME>``: true refuses, because the switch is thrown;
    false lets it run, and is the default. Raises InvalidConfig for another name or default.
    """

    def __post_init__(self) -> None:
        named = self.name.startswith(THROWN_PREFIX) or self.name.endswith(ENABLED_SUFFIX)
        self._expect(named, self.name, f"must be {THROWN_PREFIX}<NAME> or *{ENABLED_SUFFIX}")
        defaults = (self.default, self.development, self.production)
        self._expect(not self.stops_while_true or True not in defaults, True, "is not thrown by default")

    @property
    def stops_while_true(self) -> bool:
        return self.name.startswith(THROWN_PREFIX)

    def stops(self, value: bool) -> bool:
        """Whether the feature refuses while the key has the value."""
        return value is self.stops_while_true


def enabled_key(name: str, feature: str, *, default: bool = True) -> SwitchKey:
    """``platform.registration_enabled``; ``feature`` begins the meaning."""
    return SwitchKey(name, default, f"{feature}: true allows it, false refuses it")


def kill_switch_key(name: str, feature: str) -> SwitchKey:
    """``PAYOUT`` -> the key ``kill_switch.PAYOUT``; ``feature`` begins the meaning."""
    meaning = f"{feature}: true refuses it, false allows it"
    return SwitchKey(THROWN_PREFIX + name, False, meaning)


REGISTRATION_ENABLED = enabled_key("platform.registration_enabled", "kill switch of registration")
RATE_LIMITS_ENABLED = BoolKey(f"{RATE_LIMIT_PREFIX}enabled", True, "whether rate limits are enforced")
TRY_MUTATIONS = BoolKey(
    "portal.try_mutations",
    True,
    "whether the portal's forms send calls that change data; this does not affect what the API allows",
    production=False,
)

CREATOR_UPGRADE = kill_switch_key("CREATOR_UPGRADE", "kill switch of becoming a creator")
DISCOVER = kill_switch_key("DISCOVER", "kill switch of search, lists and history of creators")
KYC = kill_switch_key("KYC", "kill switch of starting a verification of identity")
PAYMENT = kill_switch_key("PAYMENT", "kill switch of wallets and of loading them")
PAYOUT = kill_switch_key("PAYOUT", "kill switch of requesting and sending payouts, not of looking at those under way")
REFERRAL = kill_switch_key("REFERRAL", "kill switch of referral links")

SWITCHES = {key.name: key for key in (REGISTRATION_ENABLED, CREATOR_UPGRADE, DISCOVER, KYC, PAYMENT, PAYOUT, REFERRAL)}
