"""A stand-in for the API server of Kubeflow Pipelines v2, which checks what the real one checks."""

import email.parser
import email.policy
import json
import re
import threading
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import yaml
from google.protobuf import json_format
from kfp.pipeline_spec import pipeline_spec_pb2

Json = dict[str, Any]

#: Fields of KubernetesExecutorConfig in Kubeflow Pipelines 2.3; the driver refuses any other.
EXECUTOR_FIELDS = {
    "secretAsVolume", "secretAsEnv", "pvcMount", "nodeSelector", "podMetadata", "imagePullSecret", "imagePullPolicy",
    "configMapAsVolume", "configMapAsEnv", "activeDeadlineSeconds", "fieldPathAsEnv", "tolerations",
    "genericEphemeralVolume", "emptyDirMounts",
}  # fmt: skip


class Refused(Exception):
    """What the server answers with a status other than 200."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


@dataclass
class ApiServer:
    """What is on the server.

    Attributes:
        states: What a run is at each look: its state, and the state of every task by name.
        header: Name and value of a header without which nothing is answered.
    """

    states: Sequence[tuple[str, dict[str, str]]] = (("SUCCEEDED", {}),)
    header: tuple[str, str] | None = None
    versions: dict[str, Json] = field(default_factory=dict)
    experiments: list[str] = field(default_factory=list)
    runs: list[Json] = field(default_factory=list)
    recurring: dict[str, Json] = field(default_factory=dict)
    looks: int = 0

    def answer(self, method: str, path: str, query: Json, body: bytes, headers: Any) -> Json:
        """The answer to a request."""
        if self.header and headers.get(self.header[0]) != self.header[1]:
            raise Refused(401, "Unauthenticated")
        place = path.removeprefix("/apis/v2beta1/")
        if (method, place) == ("GET", "healthz"):
            return {"multi_user": False}
        if (method, place) == ("GET", "experiments"):
            return {"experiments": [{"experiment_id": "e", "display_name": name} for name in self.experiments]}
        if (method, place) == ("POST", "experiments"):
            self.experiments.append(json.loads(body)["display_name"])
            return {"experiment_id": "e", "display_name": self.experiments[-1]}
        if (method, place) == ("GET", "pipelines"):
            return {"pipelines": [{"pipeline_id": "p", "display_name": "cxr"}] if self.versions else []}
        if (method, place) == ("POST", "pipelines/upload"):
            self._upload("v1", body, headers)
            return {"pipeline_id": "p", "display_name": query["name"]}
        if (method, place) == ("GET", "pipelines/p/versions"):
            return {"pipeline_versions": [{"pipeline_version_id": name} for name in self.versions]}
        if (method, place) == ("POST", "pipelines/upload_version"):
            if query["pipelineid"] != "p":
                raise Refused(404, "no such pipeline")
            name = f"v{len(self.versions) + 1}"
            self._upload(name, body, headers)
            return {"pipeline_id": "p", "pipeline_version_id": name}
        if (method, place) == ("POST", "runs"):
            return self._start(json.loads(body))
        if (method, place) == ("GET", f"runs/r{len(self.runs)}"):
            return self._look()
        if (method, place) == ("POST", "recurringruns"):
            return self._recur(json.loads(body))
        if (method, place) == ("GET", "recurringruns"):
            return self._list_recurring(int(query["page_size"]), int(query.get("page_token") or 0))
        if method == "DELETE" and self.recurring.pop(place.removeprefix("recurringruns/"), None):
            return {}
        raise Refused(404, f"{method} {path} is nothing that this server has")

    def _upload(self, version: str, body: bytes, headers: Any) -> None:
        text = _file_of(body, headers["Content-Type"])
        documents = list(yaml.load_all(text, Loader=yaml.CSafeLoader))
        if len(documents) > 2:
            raise Refused(400, "multiple platform specs")
        spec = documents[0]
        try:
            json_format.ParseDict(spec, pipeline_spec_pb2.PipelineSpec())
            for document in documents[1:]:
                json_format.ParseDict(document, pipeline_spec_pb2.PlatformSpec())
        except json_format.ParseError as error:
            raise Refused(400, f"invalid v2 pipeline spec: {error}") from error
        if spec["schemaVersion"] != "2.1.0":
            raise Refused(400, f"KFP only supports schema version 2.1.0, but the spec has {spec['schemaVersion']}")
        if not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,127}", spec["pipelineInfo"]["name"]):
            raise Refused(400, "pipeline's name must contain only lower case alphanumeric characters or '-'")
        for document in documents[1:]:
            executors = document["platforms"]["kubernetes"]["deploymentSpec"]["executors"]
            if unknown := set().union(*executors.values()) - EXECUTOR_FIELDS:
                raise Refused(400, f"unknown field {', '.join(unknown)}")
        self.versions[version] = spec

    def _start(self, run: Json) -> Json:
        self._check(run)
        self.runs.append(run)
        return {"run_id": f"r{len(self.runs)}", **run}

    def _recur(self, run: Json) -> Json:
        self._check(run)
        if not run.get("display_name"):
            raise Refused(400, "Recurring run name is empty. Please specify a valid name")
        if not 1 <= int(run["max_concurrency"]) <= 10:
            raise Refused(400, "The max concurrency of the recurring run is out of range. Support 1-10")
        cron = run["trigger"]["cron_schedule"]["cron"]
        if not cron.startswith("@") and len(cron.split()) not in (5, 6):  # five, too: see kubeflow/cron.py
            raise Refused(400, f"Schedule cron is not a supported format: {cron}")
        name = str(uuid.uuid4())
        self.recurring[name] = run
        return {"recurring_run_id": name, **run}

    def _list_recurring(self, size: int, begin: int) -> Json:
        listed = [{"recurring_run_id": name, **run} for name, run in self.recurring.items()]
        more = {"next_page_token": str(begin + size)} if begin + size < len(listed) else {}
        return {"recurringRuns": listed[begin : begin + size], "total_size": len(listed), **more}

    def _check(self, run: Json) -> None:
        reference = run["pipeline_version_reference"]
        if reference["pipeline_id"] != "p" or reference["pipeline_version_id"] not in self.versions:
            raise Refused(404, "no such pipeline version")
        wanted = self.versions[reference["pipeline_version_id"]]["root"]["inputDefinitions"]["parameters"]
        given = run.get("runtime_config", {}).get("parameters", {})
        if unknown := set(given) - set(wanted):
            raise Refused(400, f"parameters {', '.join(unknown)} not found")
        missing = [name for name, one in wanted.items() if name not in given and "defaultValue" not in one]
        if missing:
            raise Refused(400, f"parameters {', '.join(missing)} have neither values nor defaults")

    def _look(self) -> Json:
        state, tasks = self.states[min(self.looks, len(self.states) - 1)]
        self.looks += 1
        details = [
            {"display_name": name, "state": state, **({"error": {"message": "exit 1"}} if state == "FAILED" else {})}
            for name, state in {"root": "RUNNING", **tasks}.items()
        ]
        return {"run_id": f"r{len(self.runs)}", "state": state, "run_details": {"task_details": details}}


def _file_of(body: bytes, content_type: str) -> bytes:
    head = f"Content-Type: {content_type}\r\n\r\n".encode()
    message = email.parser.BytesParser(policy=email.policy.default).parsebytes(head + body)
    (part,) = message.iter_parts()  # type: ignore[attr-defined]
    content: bytes = part.get_payload(decode=True)
    return content


@contextmanager
def serving(server: ApiServer) -> Iterator[str]:
    """Serves on a port of this machine; gives its URL."""

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            parts = urlsplit(self.path)
            query = {key: values[0] for key, values in parse_qs(parts.query).items()}
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            try:
                status, said = 200, server.answer(self.command, parts.path, query, body, self.headers)
            except Refused as error:
                status, said = error.status, {"error": str(error)}
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(json.dumps(said).encode())

        do_GET = do_POST = do_DELETE = _answer

        def log_message(self, *_: Any) -> None:
            pass

    listening = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=listening.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listening.server_address[1]}"
    finally:
        listening.shutdown()
        thread.join()
        listening.server_close()
