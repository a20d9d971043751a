"""A company of any size as Parquet: one file a table, one row group or more a block."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playbook.data import schema
from playbook.data.sample.build import blocks

if TYPE_CHECKING:
    from pathlib import Path

    import pyarrow.parquet as pq


def write_parquet(folder: Path, scale: int, seed: int) -> list[Path]:
    """Writes every table block by block; memory holds one block."""
    import pyarrow.parquet as pq

    writers: dict[str, pq.ParquetWriter] = {}
    try:
        for name, table in blocks(scale, seed):
            if name not in writers:
                path = folder / f"{name}.parquet"
                writers[name] = pq.ParquetWriter(path, table.schema, compression="snappy")
            writers[name].write_table(table)
    finally:
        for writer in writers.values():
            writer.close()
    return [folder / f"{name}.parquet" for name in schema.TABLES if name in writers]
