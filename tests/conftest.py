"""For all tests."""

from __future__ import annotations

# moto has to be there before the first botocore session: some test modules make one when they are
# imported, and the services' tables would then be looked for in AWS.
import moto.core.models  # noqa: F401  # pyright: ignore[reportUnusedImport]
