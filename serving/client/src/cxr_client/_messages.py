"""TF Serving's messages, as far as the client needs them, without tensorflow-serving-api, which requires TensorFlow.

They live in a descriptor pool of their own under names of their own, so that they meet neither TensorFlow's nor
tensorflow-serving-api's in the same process; on the wire only numbers and types count. A map is written as what it is
on the wire, a list of entries with key and value; an enumeration as its number.

Source: tensorflow/core/framework/{tensor,tensor_shape,types}.proto, tensorflow/core/protobuf/meta_graph.proto and
tensorflow_serving/{apis,util}/*.proto, versions 2.16.
"""

from typing import Any, Final

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

_PACKAGE: Final = "cxr_client"
_SCALARS: Final = {"double": 1, "float": 2, "int64": 3, "int32": 5, "bool": 8, "string": 9, "bytes": 12}
_MESSAGE: Final = 11
_OPTIONAL, _REPEATED = 1, 3

#: Message -> its fields: number, type ("[]" if repeated), name.
_FIELDS: Final = {
    "Dim": ((1, "int64", "size"),),
    "Shape": ((2, "Dim[]", "dim"), (3, "bool", "unknown_rank")),
    "Tensor": (
        (1, "int32", "dtype"),
        (2, "Shape", "tensor_shape"),
        (4, "bytes", "tensor_content"),
        (5, "float[]", "float_val"),
        (6, "double[]", "double_val"),
        (7, "int32[]", "int_val"),
        (8, "bytes[]", "string_val"),
        (10, "int64[]", "int64_val"),
        (11, "bool[]", "bool_val"),
    ),
    "TensorEntry": ((1, "string", "key"), (2, "Tensor", "value")),
    "Version": ((1, "int64", "value"),),
    "ModelSpec": (
        (1, "string", "name"),
        (2, "Version", "version"),
        (3, "string", "signature_name"),
        (4, "string", "version_label"),
    ),
    "PredictRequest": ((1, "ModelSpec", "model_spec"), (2, "TensorEntry[]", "inputs")),
    "PredictResponse": ((1, "TensorEntry[]", "outputs"), (2, "ModelSpec", "model_spec")),
    "GetModelStatusRequest": ((1, "ModelSpec", "model_spec"),),
    "Status": ((1, "int32", "error_code"), (2, "string", "error_message")),
    "ModelVersionStatus": ((1, "int64", "version"), (2, "int32", "state"), (3, "Status", "status")),
    "GetModelStatusResponse": ((1, "ModelVersionStatus[]", "model_version_status"),),
    "GetModelMetadataRequest": ((1, "ModelSpec", "model_spec"), (2, "string[]", "metadata_field")),
    "TypedBytes": ((1, "string", "type_url"), (2, "bytes", "value")),
    "MetadataEntry": ((1, "string", "key"), (2, "TypedBytes", "value")),
    "GetModelMetadataResponse": ((1, "ModelSpec", "model_spec"), (2, "MetadataEntry[]", "metadata")),
    "TensorInfo": ((1, "string", "name"), (2, "int32", "dtype"), (3, "Shape", "tensor_shape")),
    "TensorInfoEntry": ((1, "string", "key"), (2, "TensorInfo", "value")),
    "SignatureDef": (
        (1, "TensorInfoEntry[]", "inputs"),
        (2, "TensorInfoEntry[]", "outputs"),
        (3, "string", "method_name"),
    ),
    "SignatureEntry": ((1, "string", "key"), (2, "SignatureDef", "value")),
    "SignatureDefMap": ((1, "SignatureEntry[]", "signature_def"),),
}

#: DataType -> its name, of the types that models of this kind have.
DTYPES: Final = {
    0: "DT_INVALID",
    1: "DT_FLOAT",
    2: "DT_DOUBLE",
    3: "DT_INT32",
    4: "DT_UINT8",
    7: "DT_STRING",
    9: "DT_INT64",
    10: "DT_BOOL",
}
#: ModelVersionStatus.State -> its name.
STATES: Final = {0: "UNKNOWN", 10: "START", 20: "LOADING", 30: "AVAILABLE", 40: "UNLOADING", 50: "END"}


def _classes() -> dict[str, Any]:
    # proto3: repeated numbers are packed, as TensorFlow writes them.
    file = descriptor_pb2.FileDescriptorProto(name="cxr_client.proto", package=_PACKAGE, syntax="proto3")
    for name, fields in _FIELDS.items():
        message = file.message_type.add(name=name)
        for number, kind, field_name in fields:
            field = message.field.add(name=field_name, number=number)
            field.label = _REPEATED if kind.endswith("[]") else _OPTIONAL
            element = kind.removesuffix("[]")
            field.type = _SCALARS.get(element, _MESSAGE)
            if field.type == _MESSAGE:
                field.type_name = f".{_PACKAGE}.{element}"
    pool = descriptor_pool.DescriptorPool()
    pool.AddSerializedFile(file.SerializeToString())
    descriptors = {name: pool.FindMessageTypeByName(f"{_PACKAGE}.{name}") for name in _FIELDS}
    if hasattr(message_factory, "GetMessageClass"):  # protobuf 4.22 and later
        return {name: message_factory.GetMessageClass(descriptor) for name, descriptor in descriptors.items()}
    factory = message_factory.MessageFactory(pool)
    return {name: factory.GetPrototype(descriptor) for name, descriptor in descriptors.items()}


_CLASSES: Final = _classes()

Tensor: Final = _CLASSES["Tensor"]
ModelSpec: Final = _CLASSES["ModelSpec"]
PredictRequest: Final = _CLASSES["PredictRequest"]
PredictResponse: Final = _CLASSES["PredictResponse"]
GetModelStatusRequest: Final = _CLASSES["GetModelStatusRequest"]
GetModelStatusResponse: Final = _CLASSES["GetModelStatusResponse"]
GetModelMetadataRequest: Final = _CLASSES["GetModelMetadataRequest"]
GetModelMetadataResponse: Final = _CLASSES["GetModelMetadataResponse"]
SignatureDefMap: Final = _CLASSES["SignatureDefMap"]
