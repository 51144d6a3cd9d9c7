"""Whom a build is for. A public one is for those who call the API, so it leaves out what only staff may call."""

from dataclasses import replace

from contract.audience import STAFF, for_everybody
from portal import model
from portal.guides import OF_STAFF
from portal.model import Site


def without_staff(site: Site) -> Site:
    """The same site without operations of scope admin, and without what only these answer and refer to."""
    contract = site.contract
    gone = {name for name, policy in contract.policies.items() if policy.scope == STAFF}
    kept = {name: policy for name, policy in contract.policies.items() if name not in gone}
    codes = {code for name in gone for code in contract.policies[name].statuses}
    codes -= {code for policy in kept.values() for code in policy.statuses} | contract.door_codes
    narrowed = replace(
        contract,
        document=for_everybody(contract.document),
        errors={code: entry for code, entry in contract.errors.items() if code not in codes},
        policies=kept,
    )
    pages = {f"/docs/{contract.policies[name].page}" for name in gone} | {f"/docs/guides/{slug}" for slug in OF_STAFF}
    return replace(model.read(narrowed), left_out=frozenset(gone | codes | pages))
