"""The page's files, and the two questions that it asks: which models are there, and what of this film."""

import base64
import threading
from pathlib import Path
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from tensorflow_serving.apis.get_model_status_pb2 import ModelVersionStatus
from tensorflow_serving.apis.model_pb2 import ModelSpec

from serving.server.body import Bodies
from serving.server.faults import Fault, invalid
from serving.server.limits import Limits
from serving.server.models import AVAILABLE, Models
from serving.server.predict import Predictor
from serving.server.rest import failed, in_time
from serving.server.servable import Servable
from serving.server.tensors import bytes_array
from serving.server.work import Workers
from trainer.dicom import DicomFault, is_dicom, to_png

#: Nothing is fetched from elsewhere, and the page is in nobody else's frame.
HEADERS: Final = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' blob: data:; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
}
_FILES: Final = {
    "/": ("page.html", "text/html"),
    "/cxr/page.css": ("page.css", "text/css"),
    "/cxr/page.js": ("page.js", "text/javascript"),
}
_EXPLAIN: Final = "explain"
#: The label that production follows, and so does the page.
_STABLE: Final = "stable"
#: The conversion of DICOM holds back warnings for the whole process while it runs: one at a time.
_CONVERSION: Final = threading.Lock()


class Page:
    """Everything that is not TF Serving's API."""

    def __init__(self, models: Models, predictor: Predictor, workers: Workers, bodies: Bodies, limits: Limits) -> None:
        self._models, self._predictor, self._workers = models, predictor, workers
        self._bodies, self._limits = bodies, limits

    @property
    def routes(self) -> list[Route]:
        """``/``, its files, ``/cxr/models`` and ``/cxr/film``."""
        files = [Route(path, _file(*file)) for path, file in _FILES.items()]
        return [*files, Route("/cxr/models", self.models), Route("/cxr/film", self.film, methods=["POST"])]

    async def models(self, request: Request) -> Response:
        """Every model with the version that is served, what is to be known of it, and the states of all versions."""
        models = [self._model(name) for name in self._models.names()]
        return JSONResponse({"film_bytes": self._limits.body_bytes, "models": models}, headers=HEADERS)

    async def film(self, request: Request) -> Response:
        """What a model says of the film that is the body, ``?model=NAME``, with its heat map."""
        name = request.query_params.get("model", "")
        try:
            async with self._bodies.of(request) as body:
                answer = await in_time(self._workers.run(self._explain, name, bytes(body)), self._limits)
        except Fault as fault:
            return failed(fault)
        return JSONResponse(answer, headers=HEADERS)

    def _model(self, name: str) -> dict[str, Any]:
        try:
            versions = [_state(status) for status in self._models.statuses(name)]
        except Fault:
            versions = []  # not one was ever seen
        try:
            with self._models.borrowed(self._spec(name)) as servable:
                labels = {label: str(number) for label, number in self._models.labels(name).items()}
                return {"name": name, "versions": versions, "labels": labels, **_about(servable)}
        except Fault:
            return {"name": name, "versions": versions, "version": None}

    def _spec(self, name: str) -> ModelSpec:
        """The version that has the label ``stable``, or the newest where none has."""
        return ModelSpec(name=name, version_label=_STABLE if _STABLE in self._models.labels(name) else None)

    def _explain(self, name: str, content: bytes) -> dict[str, Any]:
        picture = as_picture(content, self._predictor) if is_dicom(content) else None
        with self._models.borrowed(self._spec(name)) as servable:
            signature = servable.signature(_EXPLAIN)
            if set(signature.inputs) != {"image_bytes"}:
                raise invalid("this model takes no films as image_bytes")
            outputs = self._predictor.run(servable, _EXPLAIN, {"image_bytes": bytes_array([picture or content])})
            about = _about(servable)
        row = {name: array[0] for name, array in outputs.items()}
        if not row["valid"]:
            raise invalid(f"the film cannot be read: {row['error'].decode()}")
        return {
            **about,
            "label": row["label"].decode(),
            "score": float(row["score"]),
            "is_positive": bool(row["positive"]),
            "probabilities": {
                name.decode(): float(value) for name, value in zip(row["classes"], row["probabilities"], strict=True)
            },
            "heat_map": base64.b64encode(row["heatmap_png_bytes"]).decode("ascii"),
            "picture": base64.b64encode(picture).decode("ascii") if picture else None,
        }


def as_picture(content: bytes, predictor: Predictor) -> bytes:
    """A DICOM film as PNG, made within the bounds of all that is decoded.

    Raises:
        Fault: It cannot be read.
    """
    try:
        with _CONVERSION, predictor.room_for_a_film():
            return to_png(content)
    except DicomFault as fault:
        raise invalid(f"the film cannot be read: {fault.detail}") from fault


def _file(name: str, kind: str) -> Any:
    content = Path(__file__).with_name(name).read_bytes()

    async def answer(request: Request) -> Response:
        return Response(content, headers=HEADERS, media_type=kind)

    return answer


def _about(servable: Servable) -> dict[str, Any]:
    """What a reader of an answer must know of the model."""
    head: dict[str, Any] = {"model": servable.name, "version": str(servable.version)}
    info = servable.info
    if info is None:
        return {**head, "notes": ["There is no model.json beside this model: nothing is known of it."], "gate": []}
    notes = list(info.notes)
    if info.weights == "random":
        notes.append("Its network has random weights: it has learnt next to nothing.")
    gate: list[dict[str, Any]] = [
        {"passed": bool(rule.get("passed")), "message": str(rule.get("message", ""))} for rule in info.gate
    ]
    notes += [rule["message"] for rule in gate if not rule["passed"] or "waived" in rule["message"]]
    return {
        **head,
        "positive": info.positive,
        "threshold": info.threshold,
        "notes": notes,
        "gate": gate,
    }


def _state(status: ModelVersionStatus) -> dict[str, Any]:
    return {
        "version": str(status.version),
        "state": ModelVersionStatus.State.Name(status.state),
        "served": status.state == AVAILABLE,
        "error": status.status.error_message,
    }
