"""Who has allowed what: waivers turn a warning or a stop into a known thing, and never into silence."""

import difflib
from collections.abc import Sequence

from components.data_audit.audit import Check
from components.data_audit.settings import Waiver


def apply_waivers(checks: Sequence[Check], waivers: Sequence[Waiver]) -> list[Check]:
    """Marks what is waived, and tells of waivers that do nothing.

    Args:
        checks: The findings.
        waivers: At most one per check.

    Returns:
        The checks, a waived one with its waiver and with a message that begins with it; and a warning for every waiver
        of a check that does not exist, needs none, or cannot be waived.
    """
    of = {waiver.check: waiver for waiver in waivers}
    return [
        *(_waived(check, of[check.name]) if _is_heard(check) and check.name in of else check for check in checks),
        *(
            Check(name="waivers", verdict="warn", value=1, bound=0, message=fault)
            for waiver in waivers
            if (fault := _fault(waiver, checks))
        ),
    ]


def _is_heard(check: Check) -> bool:
    return check.waivable and check.verdict in ("warn", "stop")


def _waived(check: Check, waiver: Waiver) -> Check:
    told = f"waived by {waiver.by} on {waiver.date} ({waiver.reason}): {check.message}"
    return check.model_copy(update={"verdict": "waived", "message": told, "waiver": waiver})


def _fault(waiver: Waiver, checks: Sequence[Check]) -> str:
    names = [check.name for check in checks]
    found = next((check for check in checks if check.name == waiver.check), None)
    if found is None:
        near = difflib.get_close_matches(waiver.check, names, n=1)
        hint = f"did you mean '{near[0]}'?" if near else f"there are {', '.join(names)}"
        return f"the waiver of '{waiver.check}' is for no check of this audit; {hint}"
    if found.verdict == "pass":
        return f"the waiver of '{waiver.check}' is not needed: the check passes; remove it from audit.waivers"
    if not found.waivable:
        return f"the waiver of '{waiver.check}' is not heard; this check is allowed by {found.allowed_by}"
    return ""
