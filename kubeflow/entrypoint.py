"""What a pod runs: ``python -m kubeflow.entrypoint``, between Kubeflow's launcher and a component's executor.

TFX's own entry point fails behind the open-source launcher as soon as a component has an input, or an output that TFX
does not know; ``kubeflow/artifacts.py`` says why. Expected failures end in one line of the pod's log.
"""

import argparse
import json
import logging
import os
import sys
import traceback
from collections.abc import Sequence
from typing import Final

from kubeflow import data_digest
from kubeflow.artifacts import Adapted, Storage, adapt, restore
from kubeflow.in_pod import Told, complete
from pipeline.digests import PROJECT, code_digest
from pipeline.plan import CODE_OF_NODES
from pipeline.runtime import LOGGER, prepare_gpus, prepare_process, prepare_workers
from trainer.errors import CxrError, RunError
from trainer.settings import TrainerSettings

#: Beam's option for processes in a pod.
_WORKERS: Final = "--direct_num_workers="


def main(arguments: Sequence[str]) -> int:
    """Runs one component; the process's exit code comes back.

    Args:
        arguments: As the compiled pipeline has them; what is not known here goes to Beam.
    """
    logging.basicConfig(format="%(levelname).1s %(name)s: %(message)s", stream=sys.stderr)
    args, beam_args = _parser().parse_known_args(arguments)
    told = Told(
        **{name: value for name, value in vars(args).items() if name in Told.__dataclass_fields__ and value is not None}
    )
    prepare_process()
    LOGGER.setLevel(logging.INFO)
    try:
        _run(told, args, beam_args)
    except CxrError as error:
        return _failed(told.node, str(error), error.exit_code)
    except ImportError as error:
        return _failed(told.node, f"the image is not one that this pipeline was compiled for: {error}")
    except Exception as error:
        traceback.print_exc()
        return _failed(told.node, f"unexpected {type(error).__name__}: {' '.join(str(error).split())}")
    return 0


def _run(told: Told, args: argparse.Namespace, beam_args: Sequence[str]) -> None:
    executor_input = json.loads(args.json_serialized_invocation_args)
    if told.node == data_digest.NODE:
        data_digest.write_digest(executor_input, Storage.from_environment())
        return
    spec = json.loads(args.json_serialized_inputs_spec_args)
    adapted = adapt(executor_input, spec, Storage.from_environment())
    _check_code(told.node, adapted)
    networks = complete(told, adapted)
    _prepare_devices(told, beam_args)
    _check_backbones(networks, adapted)
    # Seconds; not before what can be found without it has been found.
    from tfx.orchestration.kubeflow.v2.container import kubeflow_v2_run_executor

    from pipeline.beam_runner import message_of

    try:
        kubeflow_v2_run_executor._run_executor(
            argparse.Namespace(
                executor_class_path=args.executor_class_path,
                json_serialized_invocation_args=json.dumps(adapted.executor_input),
                json_serialized_inputs_spec_args=args.json_serialized_inputs_spec_args,
            ),
            list(beam_args),
        )
    except CxrError as error:
        raise type(error)(message_of(error)) from error
    restore(adapted)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m kubeflow.entrypoint", allow_abbrev=False)
    for required in ("--node", "--json_serialized_invocation_args"):
        parser.add_argument(required, required=True)
    parser.add_argument("--executor_class_path", help="of every component but DataDigest, which is none of TFX's")
    parser.add_argument("--json_serialized_inputs_spec_args", default="{}")
    parser.add_argument("--gpus", type=int)
    for optional in ("--model_folder", "--plan_digest", "--data_settings", "--schema"):
        parser.add_argument(optional)
    return parser


def _check_code(node: str, adapted: Adapted) -> None:
    """Refuses an image whose code is not what the pipeline was compiled from: its cache keys would tell lies."""
    parameters = adapted.executor_input["inputs"].get("parameterValues", {})
    compiled = parameters.get("code_digest") or (json.loads(parameters.get("custom_config", "null")) or {}).get(
        "code_digest"
    )
    if compiled is None:
        return
    if not (PROJECT / "requirements" / "runtime.lock").is_file():
        LOGGER.warning("the image has no requirements/runtime.lock: whether it holds the compiled code is not checked")
    elif code_digest(CODE_OF_NODES[node]) != compiled:
        raise RunError(
            "the image holds other code, or another lock, than the pipeline was compiled from; compile with the code "
            "that is in the image, or give the image of that code with cxr compile --image"
        )


def _prepare_devices(told: Told, beam_args: Sequence[str]) -> None:
    if not told.gpus:
        os.environ["CUDA_VISIBLE_DEVICES"] = "-1"  # images with CUDA see every GPU of the node, asked for or not
        return
    seen = prepare_gpus()
    if seen < told.gpus:
        raise RunError(
            f"the pod asked for {told.gpus} GPUs (kubeflow.resources.{told.node}.gpus), but TensorFlow sees {seen}; "
            "look at the node's driver and at the CUDA libraries of the image, or set it to 0"
        )
    workers = [int(option.removeprefix(_WORKERS)) for option in beam_args if option.startswith(_WORKERS)]
    prepare_workers((workers or [1])[-1] or len(os.sched_getaffinity(0)))


def _check_backbones(networks: Sequence[TrainerSettings], adapted: Adapted) -> None:
    """Asks for weights and layers of every backbone before a record is read, as a run on one machine does."""
    if not networks:
        return
    from trainer.backbone_check import check_backbone  # these two bring TensorFlow
    from trainer.weights import fetch_weights

    config = json.loads(adapted.executor_input["inputs"]["parameterValues"]["custom_config"])
    for network in networks:
        check_backbone(network, json.loads(config["data"])["image_size"])
        fetch_weights(network)


def _failed(node: str, message: str, exit_code: int = 1) -> int:
    for line in message.splitlines():
        print(f"cxr: {node}: {line}", file=sys.stderr, flush=True)
    return exit_code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
