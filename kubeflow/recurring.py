"""The recurring run: Kubeflow starts the pipeline by itself, at the times of a cron expression."""

from collections.abc import Mapping
from typing import Any, Final

from kubeflow.documents import PIPELINE_NAME, Spec
from kubeflow.submission import Server, Uploaded, answers

#: Recurring runs that are asked for at once, the most that Kubeflow gives.
_PAGE: Final = 200
#: Without which no model is trained; a run in which no film has changed takes them from the cache.
_TRAINED_FROM: Final = ("ManifestGen", "XrayExampleGen", "Tuner", "Trainer")


def recur(client: Any, server: Server, uploaded: Uploaded, parameters: Mapping[str, str], cron: str) -> tuple[str, int]:
    """Has an uploaded pipeline run at the times of a cron expression, in the place of what recurred before.

    No two of its runs are under way at once, and of several times that were missed only the last is made up for.

    Args:
        client: Of :func:`kubeflow.submission.connect`.
        server: The same.
        uploaded: Of :func:`kubeflow.submission.upload`. All runs are of this version.
        parameters: Of every run.
        cron: Of :func:`kubeflow.cron.check_cron`.

    Returns:
        The id of the recurring run, and how many it has replaced.

    Raises:
        RunError: The server refuses. What recurred before then still does, unless it refuses to end that.
    """
    with answers(server):
        before = _ids(client, server)
        made = client.create_recurring_run(
            uploaded.experiment,
            PIPELINE_NAME,
            cron_expression=cron,
            max_concurrency=1,
            no_catchup=True,
            params=dict(parameters),
            pipeline_id=uploaded.pipeline,
            version_id=uploaded.version,
        )
        for one in before:
            client.delete_recurring_run(one)
    return str(made.recurring_run_id), len(before)


def end_recurring(client: Any, server: Server) -> int:
    """Ends what recurs; a run that is under way goes on.

    Returns:
        How many there were.

    Raises:
        RunError: The server refuses.
    """
    with answers(server):
        ids = _ids(client, server)
        for one in ids:
            client.delete_recurring_run(one)
    return len(ids)


def never_cached(spec: Spec) -> list[str]:
    """Components for the sake of which every run trains anew, whether films have changed or not."""
    tasks = spec["root"]["dag"]["tasks"]
    return [name for name in _TRAINED_FROM if name in tasks and not tasks[name]["cachingOptions"]["enableCache"]]


def _ids(client: Any, server: Server) -> list[str]:
    """Ids of the recurring runs of our name."""
    ids: list[str] = []
    token = ""
    while True:
        page = client.list_recurring_runs(page_token=token, page_size=_PAGE, namespace=server.namespace or None)
        ids += [one.recurring_run_id for one in page.recurring_runs or () if one.display_name == PIPELINE_NAME]
        token = page.next_page_token or ""
        if not token:
            return ids
