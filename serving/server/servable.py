"""One version of a model in memory."""

import ctypes
import gc
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import grpc
import numpy as np
import tensorflow as tf
from tensorflow.core.protobuf.meta_graph_pb2 import SignatureDef
from tensorflow_serving.apis.classification_pb2 import ClassificationRequest
from tensorflow_serving.apis.predict_pb2 import PredictRequest

from serving.server.batches import Batches
from serving.server.examples import classify, regress
from serving.server.faults import Fault, invalid
from serving.server.tensors import arrays_of
from serving.server.warm_up import WarmUpRequest, warm_up_requests
from trainer.errors import RunError
from trainer.servable import ModelInfo

SERVING_DEFAULT: Final = "serving_default"


class Servable:
    """A SavedModel in a session of TensorFlow 1, as the real server runs it.

    Not ``tf.saved_model.load``: that makes exports work whose every request fails in the real server, because it
    restores variables object by object, where a session restores them by name.

    Attributes:
        name: the model's.
        version: as its folder is called.
        signatures: what it can be asked, the one that initialises it included.
        info: what ``model.json`` says; None for a model that has none, or one that is not understood.
    """

    def __init__(self, name: str, version: int, folder: Path) -> None:
        self.name = name
        self.version = version
        self.info = _info(folder)
        self._batches = Batches(self._run)
        self._graph = tf.Graph()
        options = tf.compat.v1.GPUOptions(allow_growth=True)
        self._session = tf.compat.v1.Session(
            graph=self._graph, config=tf.compat.v1.ConfigProto(gpu_options=options, allow_soft_placement=True)
        )
        try:
            with self._graph.as_default():
                loaded = tf.compat.v1.saved_model.loader.load(self._session, ["serve"], str(folder))
        except BaseException:
            self._session.close()
            raise
        self.signatures: Mapping[str, SignatureDef] = {
            key: SignatureDef.FromString(signature.SerializeToString())  # a copy: the rest is the whole graph again
            for key, signature in loaded.signature_def.items()
        }

    @classmethod
    def load(cls, name: str, version: int, folder: Path) -> "Servable":
        """Loads a version and runs its warm-up requests.

        Raises:
            Fault: It cannot be loaded, or fails a warm-up request.
        """
        try:
            servable = cls(name, version, folder)
        except tf.errors.OpError as error:
            raise Fault.of(error) from error
        except Exception as error:  # whatever a broken file makes of protobuf, numpy and TensorFlow's Python
            raise Fault(grpc.StatusCode.UNKNOWN, f"{type(error).__name__}: {error}") from error
        try:
            for request in warm_up_requests(folder):
                servable._warm_up(request)
        except BaseException:
            servable.close()
            raise
        return servable

    def _warm_up(self, request: WarmUpRequest) -> None:
        name = request.model_spec.signature_name or SERVING_DEFAULT
        if isinstance(request, PredictRequest):
            self.run(name, arrays_of(request.inputs, self.signature(name)))
        elif isinstance(request, ClassificationRequest):
            classify(name, request.input, self.signatures, self.run)
        else:
            regress(name, request.input, self.signatures, self.run)

    def signature(self, name: str) -> SignatureDef:
        """A signature by its name, empty for ``serving_default``.

        Raises:
            Fault: There is none; FAILED_PRECONDITION, as in the real server's gRPC.
        """
        name = name or SERVING_DEFAULT
        if name not in self.signatures:
            raise Fault(grpc.StatusCode.FAILED_PRECONDITION, f'Serving signature key "{name}" not found.')
        return self.signatures[name]

    def run(self, signature: str, inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """All outputs of a signature; from any thread. What several ask for at once is computed together.

        Args:
            signature: its name.
            inputs: of every input of the signature its array, strings as bytes objects.

        Raises:
            Fault: The graph refuses them; with its message.
        """
        return self._batches.run(signature, inputs)

    def _run(self, signature: str, inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        definition = self.signatures[signature]
        feeds = {definition.inputs[alias].name: array for alias, array in inputs.items()}
        outputs = {alias: info.name for alias, info in definition.outputs.items()}
        try:
            # Always all of them: each other set of outputs would keep an executor of its own in memory.
            answer = self._session.run(outputs, feeds)
        except tf.errors.OpError as error:
            raise Fault.of(error) from error
        except UnicodeDecodeError as error:  # the runtime quotes bytes that Python takes for text
            raise invalid(bytes(error.object).decode("utf-8", "replace")) from error
        except (ValueError, TypeError) as error:  # Python looks at shapes that the real server leaves to the graph
            raise invalid(str(error)) from error
        return {alias: _array(value) for alias, value in answer.items()}

    def close(self) -> None:
        """Frees its memory. Nothing may run in it any more."""
        self._session.close()
        del self._session, self._graph
        gc.collect()  # the graph holds itself
        _give_back()


def _array(value: Any) -> np.ndarray:
    """A session gives scalars as numpy's or Python's own."""
    return np.array(value, dtype=object) if isinstance(value, bytes) else np.asarray(value)


def _info(folder: Path) -> ModelInfo | None:
    try:
        return ModelInfo.read(folder)
    except (RunError, OSError, UnicodeDecodeError):
        return None


def _give_back() -> None:
    """Returns freed memory to the system: glibc keeps it otherwise, once per version."""
    try:
        ctypes.CDLL(None).malloc_trim(0)
    except (OSError, AttributeError):  # another C library
        return
