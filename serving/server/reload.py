"""What must hold of models that a client asks for, with the real server's messages (its server_core.cc)."""

from collections.abc import Iterable, Mapping

import grpc

from serving.server.configuration import ModelConfig, versions_in
from serving.server.faults import CODES, Fault
from serving.server.models import Models


def check_before(configs: Mapping[str, ModelConfig], new: Iterable[str], models: Models) -> None:
    """What must hold before anything changes: labels stand on versions that are served, and new models have some.

    Args:
        configs: of all models that are asked for.
        new: those that there are not yet.
        models: as they are.

    Raises:
        Fault: It does not.
    """
    for name, config in configs.items():
        served = models.served(name)
        for version in config.labels.values():
            if version not in served:
                raise Fault(
                    grpc.StatusCode.FAILED_PRECONDITION,
                    f"Request to assign label to version {version} of model {name}, which is not currently available "
                    "for inference",
                )
    for name in new:
        if not configs[name].aspired(versions_in(configs[name].folder) or ()):
            raise Fault(  # the real server would wait for one
                grpc.StatusCode.FAILED_PRECONDITION,
                f"Model {name} has no such version under its base_path yet; push one, then ask again",
            )


def check_after(new: Iterable[str], models: Models) -> None:
    """New models are served, now that all have been loaded.

    Raises:
        Fault: One is not.
    """
    failed = [f"{{{_failure(name, models)}}}, " for name in new if not models.served(name)]
    if failed:
        message = f"{len(failed)} model(s) did not become available: {{{''.join(failed)}}}"
        raise Fault(grpc.StatusCode.UNKNOWN, message)


def _failure(name: str, models: Models) -> str:
    """What the newest version has ended with."""
    newest = models.statuses(name)[0]
    code, message = CODES[newest.status.error_code], newest.status.error_message
    error = f"{code.name}: {message}" if message else "NOT_FOUND: it has no saved_model.pb yet"
    return f"{{name: {name} version: {newest.version}}} due to error: {error}"
