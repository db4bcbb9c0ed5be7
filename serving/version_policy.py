"""Which versions of a model are served and under which labels: read from its config, and changed in it.

A server takes a label only on a version that it serves, and moves one only once the version that it goes to is loaded.
So every change here leaves labels on versions that are there, complete and served; ``faults`` says where one does not.
"""

from collections.abc import Iterable, Sequence
from typing import Final

from tensorflow_serving.config.model_server_config_pb2 import ModelConfig

from serving.server_status import ServerStatus
from serving.versions import Version
from trainer.errors import UsageError

LABELS: Final = ("stable", "canary")


def served(model: ModelConfig, numbers: Iterable[int]) -> list[int]:
    """Those of the versions on disk that the config serves, oldest first."""
    found = sorted(numbers)
    policy = model.model_version_policy
    choice = policy.WhichOneof("policy_choice")
    if choice == "all":
        return found
    if choice == "specific":
        return [number for number in found if number in policy.specific.versions]
    return found[-max(1, policy.latest.num_versions) :]


def policy_of(model: ModelConfig) -> str:
    """The version policy in words."""
    policy = model.model_version_policy
    choice = policy.WhichOneof("policy_choice")
    if choice == "all":
        return "all versions"
    if choice == "specific":
        named = sorted(policy.specific.versions)
        return f"version{'s' if len(named) > 1 else ''} {', '.join(map(str, named))}"
    count = max(1, policy.latest.num_versions)
    return "the newest version" if count == 1 else f"the {count} newest versions"


def faults(model: ModelConfig, versions: Sequence[Version]) -> list[str]:
    """What a server would refuse of this model, or load and not be able to run; one sentence each."""
    by_number = {version.number: version for version in versions}
    serving = served(model, by_number)
    found = []
    if not model.base_path.startswith("/"):
        found.append(f"base_path '{model.base_path}' is not absolute, and the server ends at once")
    if not serving:
        found.append("no version that it names is there, and the server waits for one with its ports closed")
    for number in sorted(set(model.model_version_policy.specific.versions) - set(by_number)):
        found.append(f"version {number} is to be served, and is not there")
    for number in serving:
        if by_number[number].fault:
            found.append(f"version {number} is to be served, and is incomplete ({by_number[number].fault})")
    for label, number in sorted(model.version_labels.items()):
        if number not in serving:
            found.append(f"label {label} stands on version {number}, which is not served")
    return found


def server_faults(
    before: ModelConfig, after: ModelConfig, versions: Sequence[Version], status: ServerStatus
) -> list[str]:
    """Why an edit would leave a running server worse off; one sentence each.

    A version that failed to load stays failed. And the one that answers must not go before its successor does.
    """
    numbers = [version.number for version in versions]
    was, will = set(served(before, numbers)), set(served(after, numbers))
    labelled = {number for label, number in after.version_labels.items() if before.version_labels.get(label) != number}
    found = [
        f"version {number} has failed there ({status.errors[number]}) and stays failed; "
        "push it again under a new number"
        for number in sorted((will - was) | labelled)
        if number in status.errors and number not in status.available
    ]
    if was != will and (unloaded := status.available - will):
        found += [
            f"version {number} is {status.states.get(number, 'unknown')} there, and version {max(unloaded)}, which is "
            "AVAILABLE, would be unloaded; serve both until the new one is AVAILABLE"
            for number in sorted(will - status.available - set(status.errors))
        ]
    return found


def set_label(model: ModelConfig, label: str, number: int, versions: Sequence[Version]) -> None:
    """Puts a label on a version, which is served from then on beside what is served already.

    Under a policy of the newest versions the next push would take the version away under its label, so the versions
    are named one by one instead.

    Raises:
        UsageError: There is no such label, or the version is not there or incomplete.
    """
    _check_label(label)
    _check_version(model, number, versions)
    now = served(model, (version.number for version in versions))
    if model.model_version_policy.WhichOneof("policy_choice") != "all":
        _serve_specific(model, {*now, number})
    model.version_labels[label] = number


def take_label(model: ModelConfig, label: str) -> None:
    """Takes a label away.

    Raises:
        UsageError: There is no such label, or it stands on no version.
    """
    _check_label(label)
    if label not in model.version_labels:
        raise UsageError(f"label '{label}' of '{model.name}' stands on no version; cxr models shows the labels")
    del model.version_labels[label]


def serve_versions(model: ModelConfig, numbers: Sequence[int], versions: Sequence[Version]) -> None:
    """Serves these versions and no others.

    Raises:
        UsageError: A version is not there or incomplete, or one that is not among them has a label.
    """
    for number in numbers:
        _check_version(model, number, versions)
    for label, number in sorted(model.version_labels.items()):
        if number not in numbers:
            raise UsageError(
                f"label '{label}' of '{model.name}' stands on version {number}, which is not among "
                f"{', '.join(map(str, sorted(numbers)))}; move or take the label first: cxr models label {label} ..."
            )
    _serve_specific(model, numbers)


def serve_newest(model: ModelConfig) -> None:
    """Serves the newest version, whichever is pushed.

    Raises:
        UsageError: A version has a label: the next push would take the version away under it.
    """
    if model.version_labels:
        labels = ", ".join(f"{label} on version {number}" for label, number in sorted(model.version_labels.items()))
        raise UsageError(
            f"'{model.name}' has labels ({labels}), which the next push would leave on a version that is not served; "
            "name the versions, or take the labels first: cxr models label LABEL none"
        )
    model.model_version_policy.latest.num_versions = 1


def roll_back(model: ModelConfig, versions: Sequence[Version]) -> tuple[int, int]:
    """Goes back to the complete version before the stable one, or before the newest served one without that label.

    With a label the version that is left stays served: the server moves a label only once its new version is loaded,
    and until then answers with the old one.

    Returns:
        The version that was left, and the one gone back to.

    Raises:
        UsageError: Nothing is served, there is no complete version before, or another label than stable stands on the
            version that would no longer be served.
    """
    now = served(model, (version.number for version in versions))
    labelled = "stable" in model.version_labels
    if not labelled and not now:
        raise UsageError(f"no version of '{model.name}' is served; name one: cxr models serve VERSION")
    current = model.version_labels["stable"] if labelled else now[-1]
    before = [version.number for version in versions if version.number < current and not version.fault]
    if not before:
        raise UsageError(
            f"there is no complete version of '{model.name}' before {current} to go back to; "
            "cxr models lists what is there"
        )
    if labelled:
        set_label(model, "stable", max(before), versions)
    else:
        serve_versions(model, sorted({*now, max(before)} - {current}), versions)
    return current, max(before)


def _serve_specific(model: ModelConfig, numbers: Iterable[int]) -> None:
    versions = model.model_version_policy.specific.versions
    versions[:] = sorted(set(numbers))


def _check_label(label: str) -> None:
    if label not in LABELS:
        raise UsageError(f"label '{label}' is unknown; it is {' or '.join(LABELS)}")


def _check_version(model: ModelConfig, number: int, versions: Sequence[Version]) -> None:
    for version in versions:
        if version.number == number:
            if version.fault:
                raise UsageError(
                    f"version {number} of '{model.name}' is incomplete ({version.fault}); "
                    "push it again under a new number"
                )
            return
    there = ", ".join(str(version.number) for version in versions) or "none"
    raise UsageError(f"version {number} of '{model.name}' is not there; there are: {there}")
