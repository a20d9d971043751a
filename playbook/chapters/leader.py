"""What every chapter's words to the leader are made of: blocks of lines, claims, actions."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import pandas as pd

    from playbook.book import Book
    from playbook.findings import Finding, Level


def blocks(parts: Mapping[str, Iterable[str]]) -> pd.DataFrame:
    """One row per block as `show.blocks` takes it: `block`, `text` (one item a line)."""
    import pandas as pd

    return pd.DataFrame({"block": list(parts), "text": ["\n".join(x) for x in parts.values()]})


def claims(found: Iterable[Finding], ids: tuple[str, ...]) -> list[str]:
    """The claims of the findings whose ids begin so."""
    return [finding.claim for finding in found if finding.id.startswith(ids)]


def actions(
    found: Iterable[Finding],
    otherwise: str,
    *,
    levels: tuple[Level, ...] = ("act",),
    most: int | None = None,
) -> list[str]:
    """What to do and who does it, each once; `otherwise` where there is nothing.

    Args:
        found: What `findings` returned.
        otherwise: What is said where nothing is to be done.
        levels: Of the findings that count.
        most: So many of them at most.
    """
    pressing = [finding for finding in found if finding.remedy and finding.level in levels]
    return list(dict.fromkeys(_action(finding) for finding in pressing[:most])) or [otherwise]


def by_block(
    book: Book,
    short: Iterable[str],
    found: list[Finding],
    told: Mapping[str, tuple[str, ...]],
    most: int,
) -> pd.DataFrame:
    """In short, then the claims of the findings block by block, then what is next.

    Args:
        book: The Book.
        short: The lines of the first block.
        found: What `findings` returned.
        told: Per block how the ids of its findings begin; one without findings is left out.
        most: So many actions at most.
    """
    lines = {name: claims(found, ids) for name, ids in told.items()}
    kind = book.period.kind
    do = actions(found, f"Nothing to change next {kind}.", levels=("act", "watch"), most=most)
    said = {name: each for name, each in lines.items() if each}
    return blocks({"In short": short, **said, f"Next {kind}": do})


def _action(finding: Finding) -> str:
    owner = f" Owner: {finding.owner}." if finding.owner else ""
    worth = f" Worth {finding.worth}." if finding.worth and finding.level == "act" else ""
    return f"{finding.remedy}{owner}{worth}"
