"""How an operation is named: a verb that readers of API references search for, Title Case, short."""

import re
from collections.abc import Iterator

_VERBS = """
    Accept Activate Add Adjust Apply Approve Archive Assign Attach Ban Block Cancel Capture Change Check Clear Close
    Collect Compare Complete Confirm Connect Count Create Deactivate Delete Deny Detach Disable Disconnect Dismiss
    Download Duplicate Edit Enable End Escalate Estimate Execute Expire Export Filter Find Finish Flag Follow Freeze
    Generate Get Grant Hide Identify Impersonate Import Initialize Initiate Install Invite Issue Join Leave Link
    List Load Lock Login Logout Mark Merge Move Mute Notify Open Pause Pay Pin Preview Process Promote Publish
    Purchase Query Rank Rate Reactivate Read Reconcile Record Redeem Refresh Refund Regenerate Register Reject
    Release Remove Rename Renew Reopen Reorder Replace Replay Reply Report Request Resend Reset Resolve Restore
    Resume Retry Return Reverse Revert Review Revoke Rotate Run Save Scan Schedule Search Send Set Share Show
    Simulate Sort Start Stop Stream Submit Subscribe Suspend Switch Sync Test Track Transfer Trigger Unarchive
    Unassign Unban Unblock Undo Unflag Unfollow Unfreeze Unhide Unlink Unlock Unmute Unpin Unpublish Unsubscribe
    Unsuspend Update Upgrade Upload Validate Verify View Void Warn Withdraw
"""
VERBS = frozenset(_VERBS.split())
# Documented names that do not begin with a verb.
NOUNS = frozenset({"Current User Identity", "Forgot Password"})
# Words that nobody searches an API reference by, wherever they stand.
REFUSED = re.compile(
    r"\b(?:answer|ask|become|bring|give|heed|house|look|mend|prove|somebody|someone|take|tell|thing|told|trade|trading"
    r"|what|whether|who|whom|whose|wish)(?:e?s|e?d|ing)?\b",
    re.IGNORECASE,
)
SMALL = frozenset(
    {"a", "an", "and", "as", "at", "by", "for", "from", "in", "of", "on", "or", "per", "the", "to", "via", "with"}
)
CAPITAL = re.compile(r"[A-Z0-9][A-Za-z0-9]*(?:[-'/][A-Z0-9][A-Za-z0-9]*)*")
MAX_WORDS, MAX_LENGTH = 6, 48


def faults(title: str) -> Iterator[tuple[str, str]]:
    """What is wrong with a title, and what to do about it."""
    words = title.split()
    if title not in NOUNS and (not words or words[0] not in VERBS):
        remedy = "begin with a verb such as Get, List or Create (contract/readable/titles.py has them all)"
        yield "begins with no known verb", remedy
    for refused in dict.fromkeys(found[0] for found in REFUSED.finditer(title)):
        yield f"has the word {refused!r}", "use the word that readers search for"
    for word in words:
        if not _is_title_case(word, inner=word not in (words[0], words[-1])):
            yield f"has {word!r}, which is not Title Case", "write it as in Get Presigned Upload URL"
    if len(words) > MAX_WORDS or len(title) > MAX_LENGTH:
        yield "is too long", f"use at most {MAX_WORDS} words and {MAX_LENGTH} characters"


def _is_title_case(word: str, *, inner: bool) -> bool:
    bare = word[1:-1] if word.startswith("(") and word.endswith(")") else word
    return bool(CAPITAL.fullmatch(bare)) or (inner and bare in SMALL)
