"""What the chapter says about tests: findings and the headline."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playbook import format as fmt
from playbook.book import remembered
from playbook.chapters.ab_testing import plan_claims
from playbook.chapters.ab_testing.inputs import in_words
from playbook.chapters.ab_testing.record import (
    UNPROVEN,
    ended,
    record,
    running,
    seen_beside,
)
from playbook.chapters.ab_testing.said import (
    Row,
    change,
    named,
    owner,
    rows_of,
    span_of,
    worth_a_month,
)
from playbook.findings import Finding, Level, Question, by_level

if TYPE_CHECKING:
    import pandas as pd

    from playbook.book import Book

MANY_TIMES = 2.0
"""A test that counted so many times the visitors of its page counted something else (ours)."""


MOST = 3
"""Tests whose reasons are told in one finding."""


@remembered
def findings(book: Book) -> list[Finding]:
    """What the tests on record, and the traffic for further ones, say; most pressing first."""
    found = [
        *_unproven(book),
        *_winners(book),
        *_decided(book),
        *_counted(book),
        *_unreadable(book),
        *plan_claims.too_few(book),
        *plan_claims.still_open(book),
        *plan_claims.untested(book),
        *plan_claims.next_test(book),
        *plan_claims.vendors(book),
    ]
    return by_level(found)


def headline(book: Book, table: pd.DataFrame) -> str:
    """The answer to the chapter's question in one sentence.

    Args:
        book: The Book.
        table: What `metrics` returned.
    """
    over, runs = ended(book), table.set_index("key")["value"].get("tests_running")
    n, when = over["experiment_id"].nunique(), book.period.title
    still = "" if fmt.is_missing(runs) or not runs else f"; {fmt.plural(runs, 'test')} running"
    if not n:
        return f"No test has ended by the end of {when}{still}."
    return f"{_won_of(over, n)}{_loose(over)}{still}."


def _won_of(over: pd.DataFrame, n: int) -> str:
    """How many of the tests that ended are proven winners, and the best of them."""
    shipped = over[over["verdict"] == "ship"].sort_values("lift", ascending=False, kind="stable")
    if shipped.empty:
        if n == 1:
            return "The one test that ended is no proven winner"
        return f"Not one of the {n} tests that ended is a proven winner"
    best, many = shipped.iloc[0], shipped["experiment_id"].nunique()
    found = "one is a proven winner:" if many == 1 else f"{many} are proven winners, best"
    return (
        f"Of {fmt.plural(n, 'test')} that ended {found} the {in_words(best['element'])} of "
        f"{best['experiment_id']}, {change(best['lift'])} ({span_of(best)})"
    )


def _loose(over: pd.DataFrame) -> str:
    """How many of the changes kept are not proven, as the middle of a sentence."""
    kept = over[over["decision"] == "keep"].drop_duplicates("experiment_id")
    loose = int(kept["reread"].isin(UNPROVEN).sum())
    if not loose:
        return ""
    return f"; nothing proves {fmt.number(loose)} of the {fmt.plural(len(kept), 'change')} kept"


def _unproven(book: Book) -> list[Finding]:
    """P03-D8: what was kept although the test proves nothing."""
    table = ended(book)
    loose = table[table["reread"].isin(UNPROVEN)]
    broken = loose["why"] == "broken split"
    worse = loose["verdict"] == "stop"
    kinds = {
        "broken-split": (loose[broken], "Mend what parts the visitors, then test again"),
        "kept-worse": (loose[worse], "Take it back"),
        "false-winner": (loose[~broken & ~worse], "Go back to the old one, or test again"),
    }
    return [
        _kept_anyway(book, word, rows_of(rows), remedy)
        for word, (rows, remedy) in kinds.items()
        if len(rows)
    ]


def _kept_anyway(book: Book, word: str, rows: list[Row], remedy: str) -> Finding:
    first = rows[0]
    claim = f"{named(first)} was kept {_although(first)}."
    if len(rows) > 1:
        names = fmt.listed([row["experiment_id"] for row in rows])
        claim = f"{len(rows)} changes were kept without proof: {names}."
    ending = "" if word == "kept-worse" else ", planned and to its end"
    tests = fmt.listed([f"{in_words(row['element'])} of {row['experiment_id']}" for row in rows])
    return Finding(
        f"P03-D8/{word}", "act", claim, " ".join(_seen(row, rows) for row in rows[:MOST]),
        f"{remedy}{ending}: the {tests}.", owner(first), _question(book, rows), "",
        fmt.plural(len(rows), "test") if ending else "one change",
    )  # fmt: skip


def _question(book: Book, rows: list[Row]) -> Question:
    """What a test that has just ended, or runs, answers on the first page; old ones do not."""
    is_new = any(row["ended"] is None or row["ended"] >= book.period.first for row in rows)
    return "real" if is_new else ""


def _although(row: Row) -> str:
    """What the decision overlooked, as the end of a sentence."""
    people = fmt.number(row["n_control"] + row["n"])
    if row["why"] == "broken split":
        sizes = f"{fmt.number(row['n_control'])} people against {fmt.number(row['n'])}"
        return f"although its split is broken: {sizes}"
    if row["verdict"] == "stop":
        return "although it is no gain worth having"
    if row["why"] == "no full week":
        return f"after {fmt.days(row['days'])} and {people} people: a winner that is none yet"
    if row["why"] == "no planned end":
        return f"although nobody had planned when it ends, on {people} people"
    if row["why"] in {"ended early", "ended late"}:
        when = "before" if row["why"] == "ended early" else "after"
        return f"although it ended {when} its planned end, on {people} people"
    return f"although it ended open, on {people} people"


def _seen(row: Row, rows: list[Row]) -> str:
    """The reason of the verdict, and what was seen where the split is whole."""
    text = row["reason"] if len(rows) == 1 else f"{row['experiment_id']}: {row['reason']}"
    if row["why"] == "no full week" and not fmt.is_missing(row["lift"]):
        text += f" Seen: {change(row['lift'])} ({span_of(row)}), p = {row['p_value']:.2g}."
    return text


def _winners(book: Book) -> list[Finding]:
    """P03-D8: what is proven to be better, in place or not."""
    table = record(book)
    won = table[table["verdict"] == "ship"].sort_values("lift", ascending=False, kind="stable")
    kept = won["decision"] == "keep"
    found = []
    if rows := rows_of(won[kept]):
        remedy = "Try the same on the other pages, in a test of its own."
        found.append(_won(book, "winner", "good", rows, remedy))
    if rows := rows_of(won[~kept]):
        parts = fmt.listed([f"{in_words(r['element'])} of {r['experiment_id']}" for r in rows])
        found.append(_won(book, "not-kept", "act", rows, f"Put it in place: the {parts}."))
    return found


def _won(book: Book, word: str, level: Level, rows: list[Row], remedy: str) -> Finding:
    best = rows[0]
    claim = f"{named(best)} won: {change(best['lift'])}, beyond chance"
    if len(rows) > 1:
        names = fmt.listed([f"{row['experiment_id']} ({change(row['lift'])})" for row in rows])
        claim = f"{len(rows)} tests won beyond chance: {names}"
    claim += (
        "."
        if word == "winner"
        else ", and is not in place."
        if len(rows) == 1
        else ("; none of them is in place.")
    )
    worth = worth_a_month(book, best)
    evidence = best["reason"]
    if min(best["n_control"], best["n"]) < best["needed"]:
        evidence += (
            " It had fewer people than planned for; winners of small tests look larger than they "
            f"are, so count on the lower end, {change(best['lift_low'])}."
        )
    if worth:
        evidence += (
            f" {best['experiment_id']} is worth {worth} at today's traffic, with a form taken for a"
            " lead of its channel and the worth of a lead as given."
        )
    effort = "one test" if word == "winner" else fmt.plural(len(rows), "change")
    return Finding(
        f"P03-D8/{word}", level, claim, evidence, remedy, owner(best),
        _question(book, rows) if word == "winner" else "next", worth, effort,
    )  # fmt: skip


def _decided(book: Book) -> list[Finding]:
    """P03-D8: running tests that go on for nothing: stopped by the rules, or open at their end."""
    table = running(book)
    is_through = (table["verdict"] == "cannot say") & (table["why"] == "open")
    rows = rows_of(table[(table["verdict"] == "stop") | is_through])
    if not rows:
        return []
    claim = f"{named(rows[0])} still runs and can be stopped."
    if len(rows) > 1:
        names = fmt.listed([row["experiment_id"] for row in rows])
        claim = f"{len(rows)} tests still run and can be stopped: {names}."
    evidence = " ".join(f"{row['experiment_id']}: {row['reason']}" for row in rows[:MOST])
    return [
        Finding(
            "P03-D8/stop", "act", claim, evidence, "Stop, and give the people to the next test.",
            owner(rows[0]), "next", "", "a day",
        )
    ]  # fmt: skip


def _counted(book: Book) -> list[Finding]:
    """P03-D8: tests that counted other people than the website does."""
    table = seen_beside(book)
    far = table[table["times"] > MANY_TIMES]
    if far.empty:
        return []
    first = far.sort_values("times", ascending=False, kind="stable").iloc[0]
    claim = (
        f"{fmt.number(len(far))} of {fmt.plural(len(table), 'test')} counted more than twice as "
        "many people as their page had visitors."
    )
    evidence = (
        f"Most apart: {first['experiment_id']}, {fmt.number(first['people'])} people in the test, "
        f"{fmt.number(first['visitors'])} visitors of {first['page']} in those days. Where views "
        "are counted as people, intervals are too narrow; plans and worth rest on the visitors."
    )
    return [
        Finding(
            "P03-D8/counting", "info", claim, evidence,
            "Compare the test tool's count with the website's for a day.", "digital marketing", "",
        )
    ]  # fmt: skip


def _unreadable(book: Book) -> list[Finding]:
    table = record(book)
    wrong = table[table["why"] == "not readable"]
    if wrong.empty:
        return []
    claim = f"{fmt.plural(len(wrong), 'test')} on record cannot be read."
    evidence = " ".join(f"{r['experiment_id']}: {r['reason']}" for r in rows_of(wrong.head(3)))
    return [
        Finding(
            "P03-D8/unreadable", "watch", claim, evidence, "Complete the record.",
            "digital marketing", "",
        )
    ]  # fmt: skip
