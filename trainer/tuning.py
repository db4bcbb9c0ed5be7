"""What TFX's Tuner calls: ``tuner_fn``, by its dotted path ``trainer.tuning.tuner_fn``."""

from typing import Any

from tfx.components.tuner.component import TunerFnResult

from trainer.devices import check_gpu
from trainer.head_tuner import HeadTuner
from trainer.model import check_image_size
from trainer.search_job import SearchJob
from trainer.trained import check_classes
from trainer.tuner_objective import check_objective
from trainer.weights import fetch_weights


def tuner_fn(fn_args: Any) -> TunerFnResult:
    """The search that the settings ask for, refused where it could not come to an end.

    Raises:
        UsageError: Images too small for a backbone, or a weights file that is none.
        RunError: No GPU where one is asked for, weights out of reach, a split without films of both classes, or an eval
            split that tells no trial from another.
    """
    job = SearchJob.from_fn_args(fn_args)
    check_gpu(job.search.trainer)
    for network in job.search.networks:
        check_image_size(network.backbone, job.train.image_size, "choose others for tuner.backbones")
        fetch_weights(network)
    for split, name in ((job.train, "train"), (job.eval, "eval")):
        check_classes(split, job.positive, name)
    positives = job.eval.labels == job.eval.classes.index(job.positive)
    check_objective(positives, job.eval.patients, job.positive, job.search.tuner)
    return TunerFnResult(tuner=HeadTuner(job, fn_args.working_dir), fit_kwargs={})
