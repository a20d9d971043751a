"""A company's files, whatever they are, into one DuckDB connection under our names.

`stage` reads a folder (CSV, TSV, Excel, Parquet, DuckDB), one such file or a database address;
`fingerprint` is a hash of the same input. Nothing is checked here and nothing is lost: rows keep
their file and the row number that a person sees there.
"""

from __future__ import annotations

from playbook.data.sources.folder import describe, fingerprint
from playbook.data.sources.model import SourceFile, Staged, to_frame
from playbook.data.sources.staging import stage

__all__ = ["SourceFile", "Staged", "describe", "fingerprint", "stage", "to_frame"]
