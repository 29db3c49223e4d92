"""What the Makefile relies on, and nobody would notice in a complete `.venv`."""

import subprocess
import sys

from deployment.pulumi_cli import ROOT

IMPORT_ALL = """
import importlib, pkgutil, sys
import local, services
for package in (local, services):
    for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        importlib.import_module(module.name)
print(len(sys.modules), *{name.partition(".")[0] for name in sys.modules})
"""

NOT_INSTALLED_FOR_THE_DEMO = {
    *("pulumi", "pulumi_aws", "pulumi_awsx", "cfnlint", "parliament", "resvg_py", "pytest"),
    *("components", "deployment", "validation", "diagrams"),
}


def test_what_runs_the_stack_needs_no_package_of_tests_or_deployment() -> None:
    """`make demo` installs only some groups: Pulumi's packages are large."""
    done = subprocess.run([sys.executable, "-c", IMPORT_ALL], cwd=ROOT, capture_output=True, text=True, check=True)
    count, *found = done.stdout.split()
    assert int(count) > 500
    assert set(found) & NOT_INSTALLED_FOR_THE_DEMO == set()
    assert {"local", "services", "boto3", "strands"} <= set(found)
