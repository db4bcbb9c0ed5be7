"""Classify and Regress, which take tf.Example, as the real server's classifier.cc and regressor.cc have them.

The method name of a signature plays no part, as in the real server without ``--enable_signature_method_name_check``.
"""

from collections.abc import Mapping
from typing import Final

import numpy as np
from tensorflow.core.framework import types_pb2
from tensorflow.core.protobuf.meta_graph_pb2 import SignatureDef
from tensorflow_serving.apis.classification_pb2 import Class, ClassificationResult, Classifications
from tensorflow_serving.apis.input_pb2 import Input
from tensorflow_serving.apis.regression_pb2 import Regression, RegressionResult

from serving.server.batches import Run
from serving.server.faults import invalid
from serving.server.tensors import MAX_TENSOR_BYTES, bytes_array, shape_of

#: Aliases, as in ``tf.saved_model``.
INPUTS: Final = "inputs"
CLASSES: Final = "classes"
SCORES: Final = "scores"
OUTPUTS: Final = "outputs"


def classify(name: str, given: Input, signatures: Mapping[str, SignatureDef], run: Run) -> ClassificationResult:
    """Labels and scores of each example; empty or 0 where the signature has none.

    Args:
        name: of the signature.
        given: the examples.
        signatures: of the version, by name.
        run: the version's.

    Raises:
        Fault: A signature that does not classify, no examples, or what the graph says.
    """
    signature = _named(name, signatures)
    _check_classifies(signature)
    examples = examples_of(given)
    outputs = run(name, {INPUTS: examples})
    classes = _matrix(CLASSES, types_pb2.DT_STRING, outputs, signature, len(examples))
    scores = _matrix(SCORES, types_pb2.DT_FLOAT, outputs, signature, len(examples))
    if classes is None:
        assert scores is not None
        classes = np.full(scores.shape, b"", object)
    if scores is None:
        scores = np.zeros(classes.shape, np.float32)
    if classes.shape != scores.shape:
        raise invalid(
            f"Tensors class and score should match in dim_size(1). Got {classes.shape[1]} vs. {scores.shape[1]}"
        )
    rows = zip(classes.tolist(), scores.tolist(), strict=True)
    return ClassificationResult(classifications=[_classifications(*row) for row in rows])


def regress(name: str, given: Input, signatures: Mapping[str, SignatureDef], run: Run) -> RegressionResult:
    """One number for each example.

    Args:
        name: of the signature.
        given: the examples.
        signatures: of the version, by name.
        run: the version's.

    Raises:
        Fault: A signature that does not regress, no examples, or what the graph says.
    """
    signature = _named(name, signatures)
    _check_regresses(signature)
    examples = examples_of(given)
    values = run(name, {INPUTS: examples})[OUTPUTS]
    if values.ndim != 1 and values.shape[1:] != (1,):
        raise invalid(
            f"Expected output Tensor shape to be either [batch_size] or [batch_size, 1] but got {shape_of(values)}"
        )
    if len(values) != len(examples):
        raise invalid(f"Input batch size did not match output batch size: {len(examples)} vs. {len(values)}")
    if (got := signature.outputs[OUTPUTS].dtype) != types_pb2.DT_FLOAT:
        raise invalid(f"Expected output Tensor of DT_FLOAT.  Got: {types_pb2.DataType.Name(got)}")
    return RegressionResult(regressions=[Regression(value=value) for value in values.ravel().tolist()])


def examples_of(given: Input) -> np.ndarray:
    """Serialized examples, object [N]; each after the context, where there is one: what it says itself counts.

    Raises:
        Fault: None, or a context that is too long to be repeated for each.
    """
    context, examples = b"", given.example_list.examples
    if given.WhichOneof("kind") == "example_list_with_context":
        context = given.example_list_with_context.context.SerializeToString()
        examples = given.example_list_with_context.examples
    if not examples:
        raise invalid("Input is empty.")
    if len(context) * len(examples) > MAX_TENSOR_BYTES:
        raise invalid(
            f"a context of {len(context)} bytes for each of {len(examples)} examples; at most {MAX_TENSOR_BYTES} bytes "
            "are read"
        )
    return bytes_array([context + example.SerializeToString() for example in examples])


def _named(name: str, signatures: Mapping[str, SignatureDef]) -> SignatureDef:
    if name not in signatures:
        raise invalid(f"No signature was found with the name: {name}")
    if len(signatures[name].inputs) != 1:
        raise invalid("Expected one input Tensor.")
    return signatures[name]


def _check_classifies(signature: SignatureDef) -> None:
    if len(signature.outputs) not in (1, 2):
        raise invalid(f"Expected one or two output Tensors, found {len(signature.outputs)}")
    if INPUTS not in signature.inputs:
        raise invalid(f"No classification inputs found in SignatureDef: {signature}")
    if CLASSES not in signature.outputs and SCORES not in signature.outputs:
        raise invalid(
            'Expected classification signature outputs to contain at least one of "classes" or "scores". Signature '
            f"was: {signature}"
        )


def _check_regresses(signature: SignatureDef) -> None:
    if len(signature.outputs) != 1:
        raise invalid("Expected one output Tensor.")
    if INPUTS not in signature.inputs:
        raise invalid(f"No regression inputs found in SignatureDef: {signature}")
    if OUTPUTS not in signature.outputs:
        raise invalid(f"No regression outputs found in SignatureDef: {signature}")


def _matrix(
    alias: str, dtype: int, outputs: Mapping[str, np.ndarray], signature: SignatureDef, rows: int
) -> np.ndarray | None:
    """An output [rows, classes]; None where the signature has none of that name."""
    if alias not in signature.outputs:
        return None
    array = outputs[alias]
    if array.ndim != 2:
        raise invalid(f"Expected Tensor shape: [batch_size num_classes] but got {shape_of(array)}")
    if (got := signature.outputs[alias].dtype) != dtype:
        wanted, found = types_pb2.DataType.Name(dtype), types_pb2.DataType.Name(got)
        raise invalid(f"Expected {alias} Tensor of {wanted}. Got: {found}")
    if len(array) != rows:
        raise invalid(f"Expected {alias} output batch size of {rows}. Got: {len(array)}")
    return array


def _classifications(labels: list[bytes], scores: list[float]) -> Classifications:
    texts = (label.decode("utf-8", "replace") for label in labels)
    return Classifications(classes=[Class(label=text, score=score) for text, score in zip(texts, scores, strict=True)])
