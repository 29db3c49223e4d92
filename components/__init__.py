"""The AWS infrastructure: one component a file, wired by `__main__.py`."""
