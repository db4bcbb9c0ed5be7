"""The compiled file: a specification, and what Kubernetes is to give its pods. No TFX."""

from pathlib import Path
from typing import Any, Final

import yaml

from kubeflow.rules import check
from trainer.errors import UsageError

#: Also the name under which runs share a cache.
PIPELINE_NAME: Final = "cxr"

Spec = dict[str, Any]


def dump(spec: Spec, platform: Spec) -> str:
    """Both documents as the text of one YAML file."""
    return yaml.dump_all([spec, platform], Dumper=_NoAliases, sort_keys=True, allow_unicode=True, width=120)


def read_compiled(file: Path, image: str = "") -> tuple[Spec, Spec]:
    """Both documents of a compiled file, with another image where one is given.

    Raises:
        UsageError: It is no such file, or breaks a rule.
    """
    try:
        spec, platform = yaml.load_all(file.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
        containers = [one["container"] for one in spec["deploymentSpec"]["executors"].values() if "container" in one]
        for container in containers if image else ():
            container["image"] = image
        check(spec, platform)
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror}; write it with cxr compile") from error
    except (yaml.YAMLError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise UsageError(f"{file} is not what cxr compile writes; write it again") from error
    return spec, platform


class _NoAliases(yaml.CSafeDumper):
    """Writes every value out: Kubeflow's parser of the second document knows no anchors."""

    def ignore_aliases(self, data: Any) -> bool:
        return True
