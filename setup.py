"""Installs the project's packages and the console script ``cxr``.

An application with an environment of its own: its requirements are the hashed lock in ``requirements/``,
not ranges resolved here.
"""

from setuptools import find_packages, setup

setup(
    name="cxr",
    version="0.1.0",
    description="A TFX pipeline that turns chest X-rays into a served, audited classifier",
    license="Apache-2.0",
    python_requires=">=3.10,<3.11",  # TFX 1.16 wants < 3.11
    packages=find_packages(
        include=[
            f"{package}{suffix}"
            for package in ("cxr", "pipeline", "components", "trainer", "schema", "serving", "kubeflow")
            for suffix in ("", ".*")
        ]
    ),
    package_data={
        "pipeline": ["profiles/*.yaml"],
        "pipeline.report": ["templates/*"],
        "pipeline.compare": ["templates/*"],
        "schema": ["*.pbtxt"],
        "serving.server.page": ["*.html", "*.css", "*.js"],
    },
    entry_points={"console_scripts": ["cxr = cxr.main:main"]},
)
