"""The fitted score: what past leads say that each factor is worth, and as points to paste."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, Any

from playbook import conditions, scoring
from playbook.book import remembered
from playbook.chapters.scoring.inputs import facts, touches
from playbook.chapters.scoring.past import (
    OUTCOME,
    TOUCH,
    cut,
    factors,
    is_dated,
    known_after,
    leads_at_capture,
    past_leads,
)
from playbook.chapters.scoring.standards import in_words
from playbook.errors import ParameterError
from playbook.scoring.translate import toml

if TYPE_CHECKING:
    import pandas as pd

    from playbook.book import Book
    from playbook.scoring import Fitted, PointRules

ENOUGH = 50
"""Past leads that must have become SQL before a score is fitted to them."""

LEAST = 15
"""Of them at least, on either side of the cut between the leads that teach and those that judge."""

HOT, WARM = 0.9, 0.7
"""Shares of past leads that lie below Hot and below Warm, for points that are pasted (ours)."""

SEEN, UNSEEN = "before capture", "not before capture"
LEVELS = {"true": "yes", "false": "no", "(missing)": "not known", "(other)": "any other"}


@remembered
def fitted_score(book: Book) -> Fitted:
    """Logistic regression of becoming SQL on what was known at capture, over the earlier leads.

    Both scores read the same: the factors of `[scoring]` and of the handbook, and the types of
    touch that have points. What is known only later is refused.

    Raises:
        ParameterError: Past leads cannot teach one; `fit_needs` says beforehand what is missing.
    """
    rows = past_leads(book)
    columns = [*factors(book), *(name for name in rows.columns if str(name).startswith(TOUCH))]
    later = known_after(book)
    return scoring.fit(
        rows[["lead_id", "created_at", OUTCOME, *dict.fromkeys([*columns, *later])]],
        OUTCOME,
        time="created_at",
        until=cut(book),
        key="lead_id",
        known_after=later,
        confirmed=[name for name in book.rules.scoring.confirmed if name in columns],
    )


@remembered
def fit_needs(book: Book) -> list[str]:
    """What must be supplied before past leads can teach a score; empty where they can."""
    if not is_dated(book):
        return ["stage_event"]
    if not factors(book) and not book.has("touch"):
        return ["person.seniority", "account.employee_band", "lead.need_clarity", "touch"]
    rows = past_leads(book)
    won = int(rows[OUTCOME].sum())
    if won < ENOUGH:
        return [f"{ENOUGH} past leads that became SQL ({won} so far)"]
    taught = rows["created_at"] < cut(book)
    later = int(rows.loc[~taught, OUTCOME].sum())
    if won - later < LEAST or later < LEAST:
        return [
            f"{LEAST} SQLs among the earlier leads ({won - later} so far)",
            f"{LEAST} among the latest three in ten, on which a score is judged ({later} so far)",
        ]
    try:
        fitted_score(book)
    except ParameterError as error:
        return [str(error)]
    return []


@remembered
def chances(book: Book) -> pd.DataFrame:
    """Every lead's chance of becoming SQL, by either score, from what was known at its capture.

    Returns:
        `lead_id`, `fitted` (chance by the fitted score), `rule` (points of `[scoring]`),
        `rule_chance` (what those points came to on the earlier leads), `pasted` (the fitted score
        written as whole points, as `[scoring]` would count them); in order of capture.
    """
    table = leads_at_capture(book)
    found = table[["lead_id"]].copy()
    found["fitted"] = scoring.predict(fitted_score(book), table)["probability"].to_numpy()
    found["rule"] = table["rule_score"].to_numpy()
    found["rule_chance"] = _chance_of_points(book, table)
    points = _points_of(book, pasted_rules(book)).set_index("lead_id")["score"]
    found["pasted"] = found["lead_id"].map(points)
    return found


def _points_of(book: Book, rules: PointRules) -> pd.DataFrame:
    """`lead_id` and `score` at capture by other points than those in force."""
    if not rules.fit and not rules.behaviour:
        return leads_at_capture(book)[["lead_id"]].assign(score=0)
    found = scoring.rule_score(facts(book), touches(book), rules, as_of="lead.created_at")
    table: pd.DataFrame = found.to_pandas()
    return table


def _chance_of_points(book: Book, table: pd.DataFrame) -> Any:
    """What the rules' points came to on the earlier leads; their base rate where all are equal."""
    rows = past_leads(book)
    early = rows[rows["created_at"] < cut(book)]
    if early["rule_score"].nunique() < 2:
        return float(early[OUTCOME].mean())
    name = "rule_score"
    fitted = scoring.fit(early, OUTCOME, columns=[name], confirmed=[name])
    return scoring.predict(fitted, table)["probability"].to_numpy()


@remembered
def odds(book: Book) -> pd.DataFrame:
    """What each factor of the fitted score is worth.

    Returns:
        One row per level: `factor`, `level`, `compared_with`, `odds_ratio`, `odds_low`,
        `odds_high` (95 %), `p_value`, `n` (leads of the level that it was fitted to), `sql` (of
        them), `is_clear` (the interval leaves out 1); the factors in order, the largest odds first
        within each.
    """
    rows = fitted_score(book).coefficients
    table = rows.assign(
        factor=rows["column"].map(_named),
        level=[_level(*pair) for pair in zip(rows["column"], rows["level"], strict=True)],
        compared_with=[_level("", text) for text in rows["compared_with"]],
        is_clear=(rows["low"] > 1) | (rows["high"] < 1),
    )
    table = table.rename(columns={"low": "odds_low", "high": "odds_high", "positives": "sql"})
    place = {name: i for i, name in enumerate(dict.fromkeys(table["factor"]))}
    table = table.assign(place=table["factor"].map(place))
    table = table.sort_values(["place", "odds_ratio"], ascending=[True, False], ignore_index=True)
    order = ["factor", "level", "compared_with", "odds_ratio", "odds_low", "odds_high", "p_value"]
    return table[[*order, "n", "sql", "is_clear"]]


def _named(column: str) -> str:
    """A factor as a reader says it."""
    return in_words(column).removeprefix(TOUCH).replace("_", " ")


def _level(column: str, level: str) -> str:
    if level == "(per standard deviation)":
        return "one standard deviation more"
    if column.startswith(TOUCH) and level in {"true", "false"}:
        return SEEN if level == "true" else UNSEEN
    return LEVELS.get(level, level)


@remembered
def refused(book: Book) -> pd.DataFrame:
    """The columns that the fitted score may not use, and why.

    Returns:
        `column` (its field), `zh`, `verdict` (`known after the outcome`, `suspected`, `no use`,
        `repeats`), `reason`, `auc` (how well it alone tells who became SQL, where that or being
        filled is more than can be known beforehand; missing elsewhere) and `evidence` of that;
        those that tell most first.
    """
    from playbook.data import schema

    out = fitted_score(book).excluded
    rows = past_leads(book)
    rows = rows[rows["created_at"] < cut(book)]
    asked = [name for name in dict.fromkeys(out["column"]) if rows[name].notna().any()]
    told = scoring.suspects(rows, OUTCOME, columns=asked) if asked else None
    best = None if told is None else told.groupby("column", sort=False).agg(
        auc=("auc", "max"), evidence=("evidence", "; ".join)
    )  # fmt: skip
    table = out if best is None else out.merge(best, on="column", how="left")
    table = table.reindex(columns=["column", "verdict", "reason", "auc", "evidence"])
    names = [str(name).partition(".") for name in table["column"]]
    table.insert(
        1, "zh", ["" if t == "touch" else schema.table(t).column(c).zh for t, _, c in names]
    )
    table["evidence"] = table["evidence"].fillna("")
    return table.sort_values("auc", ascending=False, kind="stable", ignore_index=True)


@remembered
def points_table(book: Book) -> pd.DataFrame:
    """The fitted score in whole points, ten of which double the odds.

    Returns:
        `kind` (`fit`, `behaviour`), `factor`, `what` (in words), `points`, `odds_ratio`, `toml`
        (its line in `[scoring]`). Levels below half a point have no row.
    """
    table = scoring.as_points(fitted_score(book))
    is_touch = table["factor"].str.startswith(TOUCH)
    table.insert(0, "kind", is_touch.map({True: "behaviour", False: "fit"}))
    rows = table.to_dict("records")
    lines = [
        _behaviour(row["factor"], row["level"], row["points"]) if touch else row["toml"]
        for row, touch in zip(rows, is_touch, strict=True)
    ]
    words = [
        (SEEN if row["level"].endswith("true") else UNSEEN) if touch else in_words(row["level"])
        for row, touch in zip(rows, is_touch, strict=True)
    ]
    table = table.assign(factor=table["factor"].map(_named), what=words, toml=lines)
    return table[["kind", "factor", "what", "points", "odds_ratio", "toml"]]


def _behaviour(factor: str, level: str, points: int) -> str:
    """A flag as the line of a touch type; points for its absence are taken off its presence."""
    worth = points if level.endswith("true") else -points
    name = factor.removeprefix(TOUCH)
    return toml({"touch_type": name, "points": worth, "cap": abs(worth)})


@remembered
def pasted_rules(book: Book) -> PointRules:
    """The points table as rules: what `[scoring]` would be with the fitted points in it.

    Without a level that is worth a point it has no factors, and gives nobody any.
    """
    lines = points_table(book)
    fit, behaviour = [], []
    for kind, line in zip(lines["kind"], lines["toml"], strict=True):
        entry: dict[str, Any] = tomllib.loads(f"line = {line}")["line"]
        if kind == "fit":
            when = conditions.parse(entry["when"], entry["factor"])
            fit.append(scoring.FitPoints(entry["factor"], when, entry["points"]))
        else:
            behaviour.append(scoring.BehaviourPoints(**entry))
    bare = scoring.PointRules(tuple(fit), tuple(behaviour), scoring.Bands(1, 0), 0)
    if lines.empty:
        return bare
    hot, warm = _bands(book, bare)
    return scoring.PointRules(bare.fit, bare.behaviour, scoring.Bands(hot, warm), warm)


def _bands(book: Book, rules: PointRules) -> tuple[int, int]:
    """Where Hot and Warm begin: above nine and above seven in ten of the earlier leads."""
    table, rows = _points_of(book, rules), past_leads(book)
    early = set(rows.loc[rows["created_at"] < cut(book), "lead_id"])
    points = table.loc[table["lead_id"].isin(early), "score"]
    warm = int(points.quantile(WARM, interpolation="higher"))
    hot = max(int(points.quantile(HOT, interpolation="higher")), warm + 1)
    most = scoring.most_points(rules)
    return (hot, warm) if hot <= most else (most, most - 1)


@remembered
def points_toml(book: Book) -> str:
    """The fitted score as the section `[scoring]` of `playbook.toml`, to paste; empty for none."""
    if points_table(book).empty:
        return ""
    lines, rules = points_table(book), pasted_rules(book)
    parts = {
        kind: [f"  {line}," for line in lines.loc[lines["kind"] == kind, "toml"]]
        for kind in ("fit", "behaviour")
    }
    blocks = [f"{kind} = [\n{chr(10).join(rows)}\n]" for kind, rows in parts.items()]
    head = f"[scoring]\nmql_points = {rules.mql_points}"
    bands = f"[scoring.bands]\nhot = {rules.bands.hot}\nwarm = {rules.bands.warm}"
    return "\n".join([head, *blocks, "", bands, ""])
