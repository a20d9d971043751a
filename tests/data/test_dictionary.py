"""The data dictionary says everything the schema declares, and the sample's page is current."""

from __future__ import annotations

from pathlib import Path

from playbook.data import schema
from playbook.data.dictionary import markdown, sample_readme
from playbook.data.sample import DIRT, TRUTHS

README = Path(__file__).parents[2] / "data" / "sample" / "README.md"


def test_the_sample_readme_is_generated() -> None:
    assert README.read_text(encoding="utf-8") == sample_readme(), (
        "run `playbook sample`, or write playbook.data.dictionary.sample_readme() to it"
    )


def test_every_table_column_label_and_alias_is_in_the_dictionary() -> None:
    text = markdown()
    for table in schema.TABLES.values():
        _, _, part = text.partition(f"#### {table.name} {table.zh}\n")
        part = part.partition("\n#### ")[0]
        assert part, table.name
        for column in table.columns:
            starts = (f"| `{column.name}`", f"| **`{column.name}`**")
            row = next(line for line in part.splitlines() if line.startswith(starts))
            words = [column.zh, *column.aliases, *sum((column.values or {}).values(), ())]
            assert [word for word in words if word not in row] == []
            assert f"→ `{column.references}`" in row or column.references is None
            assert row.startswith("| **") == column.required


def test_every_truth_and_every_kind_of_dirt_is_on_the_sample_page() -> None:
    text = sample_readme()
    assert [truth.id for truth in TRUTHS if truth.title not in text] == []
    assert [kind.id for kind in DIRT if f"`{kind.id}`" not in text] == []


def test_tables_of_the_page_keep_their_columns() -> None:
    """A bar inside a cell would add one."""
    blocks = sample_readme().split("\n\n")
    for block in blocks:
        rows = [line.replace("\\|", "") for line in block.splitlines() if line.startswith("| ")]
        assert len({row.count("|") for row in rows}) <= 1
