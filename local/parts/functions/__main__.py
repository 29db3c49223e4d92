"""`python -m local.parts.functions`: the part, configured by DESKSIDE_LOCAL."""

from __future__ import annotations

from local.config import LocalConfig
from local.parts.functions.process import run

if __name__ == "__main__":
    run(LocalConfig.from_environment())
