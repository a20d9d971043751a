"""The report to the leader (P02-L1): six blocks, never "how much promotion I did"."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from playbook import format as fmt
from playbook.chapters.growth.analysis import late_leads, response_by
from playbook.chapters.growth.bottleneck import bottlenecks
from playbook.chapters.growth.changes import fair_changes
from playbook.chapters.growth.declared import METRICS
from playbook.chapters.growth.pace import usual_days
from playbook.chapters.growth.signs import foreseen
from playbook.derive import NO_ORIGIN
from playbook.metrics import evaluate

if TYPE_CHECKING:
    import pandas as pd

    from playbook.book import Book
    from playbook.findings import Finding

COUNTS = {"leads": "leads", "mql": "MQL", "sql": "SQL"}
"""The metrics of the first block, as its words."""

TOP = 3
"""So many channels, decisions and candidates are named."""


def report_title(book: Book) -> str:
    """What the report is called: a weekly report opens the page, others close it."""
    if book.period.kind == "week":
        return f"{book.period.title.partition(' (')[0]}: the weekly report"
    return "What to tell the leader"


def leader_report(book: Book, table: pd.DataFrame, found: list[Finding]) -> pd.DataFrame:
    """The six blocks of P02-L1, ready to paste, in the words of the period's length.

    Args:
        book: The Book.
        table: What `metrics` returned.
        found: What `findings` returned.

    Returns:
        `block` and `text`, one row per block in the handbook's order; a text with several points
        has one on each line.
    """
    import pandas as pd

    rows, kind = table.set_index("key"), book.period.kind
    blocks = {
        f"New leads, MQL, SQL this {kind}": _counts(book, rows),
        "Key channels": _channels(book),
        "Follow-up status": _follow_up(book, rows),
        "Where the funnel is stuck": _stuck(book, rows, found),
        f"Next {kind}'s optimisation": _next(found, kind),
        "What the leader must coordinate": _needs(found, kind),
    }
    return pd.DataFrame(
        {"block": list(blocks), "text": ["\n".join(lines) for lines in blocks.values()]}
    )


def _counts(book: Book, rows: pd.DataFrame) -> list[str]:
    """Leads, MQL and SQL against the period before, and whether that is unusual."""
    known = [key for key in COUNTS if not fmt.is_missing(rows.loc[key, "value"])]
    if not known:
        return ["No leads recorded."]
    kind, whole = book.period.kind, book.as_of >= book.period.end
    lines = [_count(rows.loc[key], COUNTS[key], kind, whole=whole) for key in known]
    valid = rows.loc["valid_leads", "value"]
    if not fmt.is_missing(valid):
        lines[0] += f" {fmt.number(valid)} of them are valid as known now."
    if not whole:
        return [*lines, f"The {kind} is not over: data up to {book.local(book.as_of):%Y-%m-%d}."]
    return [*lines, *_unusual(rows.loc[known], kind)]


def _count(row: Any, name: str, kind: str, *, whole: bool) -> str:
    text = f"{fmt.number(row['value'])} {name}"
    if not whole or fmt.is_missing(row["previous"]):
        return f"{text}{'' if whole else ' so far'}."
    before = f"last {kind} {fmt.number(row['previous'])}"
    return f"{text} ({fmt.change(row['value'], row['previous'], 'count')}; {before})."


def _unusual(rows: pd.DataFrame, kind: str) -> list[str]:
    """Which counts lie outside the band of the twelve periods before."""
    past = max(sum(not fmt.is_missing(x) for x in trend[:-1]) for trend in rows["trend"])
    before = f"the {fmt.plural(past, kind)} before"
    bands = {key: foreseen(row["trend"][:-1], row["value"]) for key, row in rows.iterrows()}
    judged = {str(key): band for key, band in bands.items() if not fmt.is_missing(band[3])}
    if not judged:
        return [f"Too few {kind}s on record for saying what is usual."]
    odd = [
        f"{COUNTS[key]} (usually {low:.0f} to {high:.0f})"
        for key, (_, low, high, p_value) in judged.items()
        if p_value < 0.05
    ]
    if odd:
        return [f"Unusual beside {before}: {', '.join(odd)}."]
    names = _listed([COUNTS[key] for key in judged])
    return [f"Against {before}, {names} are as usual."]


def _listed(names: list[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]] if names[1:] else names)


def _channels(book: Book) -> list[str]:
    """The channels that brought most leads, and the one with most MQLs, against last period."""
    metrics = [m for m in METRICS if m.key in COUNTS]
    long = evaluate(book, metrics, by="channel")
    wide = long.pivot(index="channel", columns="key", values="value").reindex(columns=list(COUNTS))
    before = long[long["key"] == "leads"].set_index("channel")["previous"]
    wide = wide.assign(before=before).drop(index=NO_ORIGIN, errors="ignore").sort_index()
    ranked = wide[wide["leads"] > 0].sort_values(["leads", "mql"], ascending=False, kind="stable")
    if ranked.empty:
        return ["No lead carries a channel."]
    best = ranked.sort_values("mql", ascending=False, kind="stable").head(1)
    named = list(dict.fromkeys([*ranked.head(TOP).index, *best.index]))
    return [_channel(str(name), ranked.loc[name], book.period.kind) for name in named]


def _channel(name: str, row: Any, kind: str) -> str:
    parts = [
        f"{fmt.number(row[key])} {word}"
        for key, word in COUNTS.items()
        if not fmt.is_missing(row[key])
    ]
    if not fmt.is_missing(row["before"]):
        parts[0] += f" (last {kind} {fmt.number(row['before'])})"
    return f"{name}: {', '.join(parts)}."


def _follow_up(book: Book, rows: pd.DataFrame) -> list[str]:
    """How many were answered in time, where most answers came late, and who still waits."""
    row = rows.loc["response_in_time"]
    if fmt.is_missing(row["value"]):
        if not book.has("activity"):
            return ["Not known: no sales activities were supplied."]
        return ["No answer was due yet."]
    kind = book.period.kind
    line = f"Answered in time: {fmt.rate(row['value'], row['n'])} of the leads due"
    if not fmt.is_missing(row["previous"]):
        line += f", last {kind} {fmt.percent(row['previous'])}"
    hours = rows.loc["response_hours", "value"]
    median = "" if fmt.is_missing(hours) else f" The median answer took {fmt.hours(hours)}."
    waiting = len(late_leads(book))
    wait = f"{fmt.plural(waiting, 'lead')} of any {kind} still {_s('wait', waiting)} for a first "
    lines = [f"{line}.{median}", *_worst_team(book)]
    return [*lines, f"{wait}answer past the SLA (list sla_overdue)."] if waiting else lines


def _worst_team(book: Book) -> list[str]:
    teams = response_by(book, "team")
    late = int(teams["late"].sum())
    if not late:
        return ["No answer came late."]
    worst = teams.sort_values(["late", "team"], ascending=[False, True]).iloc[0]
    share = f"{fmt.number(worst['in_time'])} of its {fmt.plural(worst['due'], 'lead')}"
    most = f"{worst['team']}, {fmt.number(worst['late'])} of {fmt.number(late)}"
    return [f"Most late answers: {most}; answered in time: {share}."]


def _s(verb: str, n: int) -> str:
    return f"{verb}s" if n == 1 else verb


def _stuck(book: Book, rows: pd.DataFrame, found: list[Finding]) -> list[str]:
    """The first of the nine bottlenecks, or what stays open; and what is too young to say."""
    kind = book.period.kind
    ranked = bottlenecks(book)
    stuck = ranked[ranked["verdict"] == "bottleneck"].head(TOP)
    lines = [_bottleneck(row, kind) for row in stuck.to_dict("records")]
    if not lines and (ranked["verdict"] == "cannot say").all():
        lines = ["The data cannot say which of the nine bottlenecks it is."]
    elif not lines:
        lines = [f"No bottleneck of the nine is worse than in the twelve {kind}s before."]
        lines += [f"No news, and still open: {f.claim}" for f in found if _stays_open(f)]
    return [*lines, *_young(book, rows)]


def _stays_open(finding: Finding) -> bool:
    return finding.id == "P02-R2/response" and finding.level == "act"


def _bottleneck(row: dict[Any, Any], kind: str) -> str:
    name = str(row["candidate"])
    text = f"{name[0].upper()}{name[1:]} ({row['zh']}): {row['measure']} "
    if row["unit"] == "share":
        text += f"{fmt.rate(row['now'], row['now_n'])}, usually {fmt.percent(row['usual'])}"
    else:
        text += f"{fmt.number(round(row['now']))}, usually {fmt.number(round(row['usual']))}"
    if fmt.is_missing(row["worth"]):
        return f"{text}."
    ends = f"95 % {fmt.number(row['worth_low'], 1)}–{fmt.number(row['worth_high'], 1)}"
    worth = f"{fmt.number(row['worth'], 1)} customers a {kind} ({ends})"
    return f"{text}. Back at usual it would bring {worth}."


def _young(book: Book, rows: pd.DataFrame) -> list[str]:
    """MQL → SQL of a period too young for it, and the fair comparison instead."""
    row = rows.loc["mql_to_sql"]
    if fmt.is_missing(row["value"]) or not row["immature"]:
        return []
    kind, days = book.period.kind, usual_days(book, "mql", "sql")
    text = f"MQL → SQL of the {kind} is too young to judge"
    text += f": nine in ten SQLs take up to {fmt.days(days)}." if days else "."
    steps = fair_changes(book)
    fair = steps[(steps["then"] == "sql") & (steps["n"] > 0) & (steps["base_n"] > 0)]
    for step in fair.to_dict("records"):
        now, base = (
            fmt.rate(step[k], step[n]) for k, n in (("rate", "n"), ("base_rate", "base_n"))
        )
        text += (
            f" All given {fmt.plural(step['days'], 'day')}: {now}, in the twelve {kind}s before "
        )
        text += f"{base}, {'beyond' if step['is_news'] else 'no more than'} chance."
    return [text]


def _next(found: list[Finding], kind: str) -> list[str]:
    """The remedies of the most pressing findings, each with who does it."""
    actions = [f for f in found if f.remedy and f.level in {"act", "watch"}]
    lines = [f"{f.remedy} Owner: {f.owner}." if f.owner else f.remedy for f in actions[:TOP]]
    return list(dict.fromkeys(lines)) or [f"Nothing to change next {kind}."]


def _needs(found: list[Finding], kind: str) -> list[str]:
    """What others must do, each with from whom."""
    needs = [f for f in found if f.question == "need"]
    lines = [f"{f.claim} From: {f.owner}." if f.owner else f.claim for f in needs]
    return lines or [f"Nothing this {kind} beyond what is planned."]
