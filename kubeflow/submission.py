"""Brings a compiled pipeline to Kubeflow, starts a run, and follows it to its end."""

import contextlib
import datetime
import json
import sys
import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from components.manifest_gen.settings import DataSettings
from kubeflow.data_digest import NODE
from kubeflow.documents import PIPELINE_NAME, Spec, dump
from kubeflow.parameters import AUTO, RUN_PARAMETERS, read_parameter
from pipeline.digests import data_digest
from pipeline.settings import merge, parse_override
from trainer.errors import RunError, UsageError

Say = Callable[[str], None]

#: States in which a run has ended.
ENDED: Final = ("SUCCEEDED", "FAILED", "CANCELED", "SKIPPED")
#: Seconds between two looks at a run.
PERIOD: Final = 5.0


@dataclass(frozen=True)
class Server:
    """Where Kubeflow's API is, and who asks.

    Attributes:
        host: URL, as a browser opens Kubeflow's page of pipelines.
        token: For the header Authorization; empty where there is none.
        cookie: Of a session in a browser; empty where there is none.
        namespace: Of the profile; empty for a stand-alone Kubeflow Pipelines.
        ca_cert: File of the authority that the server's certificate is from; empty for those of the system.
    """

    host: str
    token: str = ""
    cookie: str = ""
    namespace: str = ""
    ca_cert: str = ""


@dataclass(frozen=True)
class Uploaded:
    """Ids of a pipeline on the server.

    Attributes:
        experiment: Under which its runs are.
        pipeline: The pipeline's.
        version: That of the version.
    """

    experiment: str
    pipeline: str
    version: str


def run_parameters(spec: Spec, overrides: Sequence[str], digest: str) -> dict[str, str]:
    """The parameters of a run: those that differ from the compiled ones, checked.

    Args:
        spec: The compiled specification, which has the defaults.
        overrides: Texts like ``trainer.epochs=5``, of the groups data, trainer and gate.
        digest: Names the films.

    Raises:
        UsageError: Every fault of a group, a line each; or the films are to be looked at, and nothing in it does.
    """
    if digest == AUTO and NODE not in spec["root"]["dag"]["tasks"]:
        raise UsageError(f"the pipeline has no {NODE}, which names the films in the cluster; write it with cxr compile")
    defaults = spec["root"]["inputDefinitions"]["parameters"]
    groups = {name.removesuffix("_settings"): name for name, one in RUN_PARAMETERS.items() if one.model is not None}
    values: dict[str, Any] = {}
    for override in overrides:
        over = parse_override(override)
        (group,) = over
        if group not in groups or not isinstance(over[group], dict):
            raise UsageError(
                f"--set '{override}' is no key of {', '.join(groups)}; all else is compiled: change it with cxr compile"
            )
        merge(values.setdefault(groups[group], json.loads(defaults[groups[group]]["defaultValue"])), over[group])
    texts = {name: json.dumps(value) for name, value in values.items()} | {"data_digest": digest}
    for name, text in texts.items():
        read_parameter(name, text)
    return texts


def name_films(spec: Spec, films: Path | None, memo_file: Path) -> str:
    """A digest of the films where they can be seen, else the word that has the run look at them itself.

    Args:
        spec: The compiled specification, which knows the sources.
        films: Where ``data.root`` is on this machine; None for the place of the pods.
        memo_file: Kept from call to call, see :func:`pipeline.digests.data_digest`.

    Raises:
        SourceError: Films are named, and a source's folder is missing there.
    """
    text = spec["root"]["inputDefinitions"]["parameters"]["data_settings"]["defaultValue"]
    data = DataSettings.model_validate_json(text)
    folder = films or Path(data.root or "")
    if films is None and not folder.is_dir():
        return AUTO
    return data_digest(data.model_copy(update={"root": str(folder.resolve())}), memo_file)


def connect(server: Server) -> Any:
    """Kubeflow's own client.

    Raises:
        UsageError: The host is no URL.
        RunError: It does not answer.
    """
    if not server.host.startswith(("http://", "https://")):
        raise UsageError(
            f"--host is '{server.host}'; give the URL of Kubeflow Pipelines, such as http://localhost:8080"
        )
    with answers(server), warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # on servers before 2.0
        from kfp.client import Client

        class Impatient(Client):
            """Asks once: Kubeflow's own asks five times in 25 seconds, with a traceback each, whatever the answer."""

            def get_kfp_healthz(self, sleep_duration: int = 0) -> Any:
                return self._healthz_api.get_healthz()

        return Impatient(
            host=server.host,
            existing_token=server.token or None,
            cookies=server.cookie or None,
            namespace=server.namespace or "kubeflow",
            ssl_ca_cert=server.ca_cert or None,
        )


def upload(client: Any, server: Server, documents: tuple[Spec, Spec], folder: Path) -> Uploaded:
    """Uploads the pipeline, as a new version where it is there already.

    Args:
        client: Of :func:`connect`.
        server: The same.
        documents: Both documents.
        folder: For the file that is uploaded.

    Raises:
        RunError: The server refuses.
    """
    file = folder / "pipeline.yaml"
    file.write_text(dump(*documents), encoding="utf-8")
    name = _with_the_time(PIPELINE_NAME)
    with answers(server), contextlib.redirect_stdout(sys.stderr):  # the client prints links
        experiment = client.create_experiment(PIPELINE_NAME, namespace=server.namespace or None)
        pipeline = client.get_pipeline_id(PIPELINE_NAME)
        if pipeline is None:
            pipeline = client.upload_pipeline(str(file), PIPELINE_NAME, namespace=server.namespace or None).pipeline_id
            version = client.list_pipeline_versions(pipeline).pipeline_versions[0].pipeline_version_id
        else:
            version = client.upload_pipeline_version(str(file), name, pipeline_id=pipeline).pipeline_version_id
    return Uploaded(experiment.experiment_id, pipeline, version)


def start(client: Any, server: Server, uploaded: Uploaded, parameters: Mapping[str, str]) -> str:
    """Starts a run of an uploaded pipeline; gives its id.

    Raises:
        RunError: The server refuses.
    """
    with answers(server), contextlib.redirect_stdout(sys.stderr):
        run = client.run_pipeline(
            uploaded.experiment,
            _with_the_time(PIPELINE_NAME),
            params=dict(parameters),
            pipeline_id=uploaded.pipeline,
            version_id=uploaded.version,
        )
    return str(run.run_id)


def _with_the_time(name: str) -> str:
    return f"{name}-{datetime.datetime.now(datetime.timezone.utc):%Y%m%d-%H%M%S}"


def follow(client: Any, server: Server, run: str, tasks: Sequence[str], say: Say) -> str:
    """Says every change of a task's state, until the run has ended; gives its state.

    Args:
        client: Of :func:`connect`.
        server: The same.
        run: Id of the run.
        tasks: Names of the components; the backend has tasks of its own besides.
        say: Takes a line.

    Raises:
        RunError: The server does not answer any more.
    """
    known: dict[str, str] = {}
    while True:
        with answers(server):
            seen = client.get_run(run)
        for task in (seen.run_details and seen.run_details.task_details) or ():
            if task.display_name in tasks and task.state and known.get(task.display_name) != task.state:
                known[task.display_name] = task.state
                say(f"{task.display_name} {task.state.lower()}{_why(task)}")
        if seen.state in ENDED:
            return str(seen.state)
        time.sleep(PERIOD)


def _why(task: Any) -> str:
    message = task.error.message if task.error else ""
    return f": {' '.join(message.split())}" if message else ""


@contextlib.contextmanager
def answers(server: Server) -> Iterator[None]:
    """Turns what Kubeflow's client raises into one line."""
    import kfp_server_api
    import urllib3

    try:
        yield
    except kfp_server_api.ApiException as error:
        said = error.body.decode(errors="replace") if isinstance(error.body, bytes) else str(error.body or "")
        with contextlib.suppress(ValueError, KeyError, TypeError):
            said = json.loads(said)["error"]
        hint = "; give --token or --cookie" if error.status in (401, 403) else ""
        reason = " ".join(f"{error.status} {error.reason}: {said}".split())
        raise RunError(f"{server.host} answered {reason}{hint}") from error
    except (urllib3.exceptions.HTTPError, OSError) as error:
        raise RunError(
            f"{server.host} does not answer ({' '.join(str(error).split())}); check --host, or open the way to it, for "
            "instance with kubectl port-forward"
        ) from error
