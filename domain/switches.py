"""What an admin turns off without a release. ``x-biore-kill-switch`` of the contract names one of these."""

from domain.config_keys import RATE_LIMIT_PREFIX, BoolKey

REGISTRATION_ENABLED = BoolKey("platform.registration_enabled", True, "kill switch of registration")
RATE_LIMITS_ENABLED = BoolKey(f"{RATE_LIMIT_PREFIX}enabled", True, "whether rate limits are enforced")
TRY_MUTATIONS = BoolKey(
    "portal.try_mutations",
    True,
    "whether the portal's forms send calls that change something; what the API allows is no matter of it",
    production=False,
)

SWITCHES = {key.name: key for key in (REGISTRATION_ENABLED, RATE_LIMITS_ENABLED, TRY_MUTATIONS)}
