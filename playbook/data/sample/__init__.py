"""The synthetic company: an AI vendor with 24 months of data, planted truths and real-life dirt.

`write` makes its files as a CRM and ad platforms would export them, or, as Parquet, a company many
times larger. `tables` gives the clean tables. `TRUTHS` says what is planted, `DIRT` what is wrong.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from playbook.data.sample.dirt import DIRT, Dirt
from playbook.data.sample.story import COMPANY, SEED, TRUTHS, Truth
from playbook.errors import ParameterError

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

__all__ = ["COMPANY", "DIRT", "SEED", "TRUTHS", "Dirt", "Truth", "tables", "write"]

Format = Literal["export", "parquet"]
LARGEST_EXPORT = 10


def write(out: Path, *, scale: int = 1, seed: int = SEED, format: Format = "export") -> list[Path]:  # noqa: A002 - the word of the command line
    """Writes the company's files into a folder and returns their paths.

    Args:
        out: Folder; made if it is not there. Files of the same names are replaced.
        scale: How many times larger than the sample the company is.
        seed: The same seed gives the same bytes.
        format: `export` for CSV and Excel files with dirt, a `playbook.toml` and a page about them,
            `parquet` for one clean Parquet file a table, written in pieces so that memory stays
            bounded.

    Raises:
        ParameterError: The scale is not a positive number, or too large for Excel sheets.
    """
    if scale < 1:
        raise ParameterError(f"scale is {scale}; it must be 1 or more")
    if format == "parquet":
        from playbook.data.sample.parquet import write_parquet

        out.mkdir(parents=True, exist_ok=True)
        return write_parquet(out, scale, seed)
    if format != "export":
        raise ParameterError(f"format is {format!r}; allowed: export, parquet")
    if scale > LARGEST_EXPORT:
        raise ParameterError(
            f"scale is {scale}; as CSV and Excel it can be at most {LARGEST_EXPORT}. "
            "Use format parquet for a larger company"
        )
    from playbook.data.dictionary import sample_readme
    from playbook.data.sample.build import clean
    from playbook.data.sample.export import write_export

    out.mkdir(parents=True, exist_ok=True)
    page = out / "README.md"
    page.write_text(sample_readme(), encoding="utf-8", newline="\n")
    return sorted([*write_export(out, clean(scale, seed), seed), page])


def tables(scale: int = 1, seed: int = SEED) -> dict[str, pd.DataFrame]:
    """The clean tables, in the order of the schema.

    Times are naive UTC, dates are midnights, money is a float with two places, missing is missing.
    """
    from playbook.data.sample.build import clean
    from playbook.data.sample.frames import pandas_frame

    return {name: pandas_frame(table) for name, table in clean(scale, seed).items()}
