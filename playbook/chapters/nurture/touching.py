"""The rules of touch in force (B2-R1, B5-R2), and the messages that broke them."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from playbook.book import remembered
from playbook.chapters.nurture.evaluated import flow_titles, programs, step_when

if TYPE_CHECKING:
    import pandas as pd

    from playbook.book import Book

CHANNEL_OF = {"email_sent": "email", "wecom_add": "wecom", "sms_sent": "sms"}
"""The channel that a kind of outbound touch uses."""

WEEK = 7


def touch_rules(book: Book) -> pd.DataFrame:
    """The rules of touch in words: `rule`, `now` (what is in force), `setting` (where it is)."""
    import pandas as pd

    touch = book.rules.nurture.touch
    opens, closes = touch.send_hours
    order = ", then ".join(_channel(name) for name in touch.order)
    consent = ", ".join(_channel(name) for name in touch.needs_consent) or "no channel"
    if not book.has("person.consent_status"):
        consent += " (not asked for: no consent is on record)"
    rows = [
        ("Order of channels, where a step or a contact names none", order, "order"),
        ("Hour at which the steps of a day go out", f"{touch.send_at:%H:%M}", "send_at"),
        ("Hours in which messages may go out", f"{opens:%H:%M} to {closes:%H:%M}", "send_hours"),
        ("Messages to a contact in a day, at most", str(touch.per_day), "per_day"),
        ("Messages to a contact in any seven days, at most", str(touch.per_week), "per_week"),
        ("Channels that need consent; who withdrew it gets nothing", consent, "needs_consent"),
        (
            "Days after which a step that was not done is given up",
            str(touch.missed_after_days),
            "missed_after_days",
        ),
    ]
    table = pd.DataFrame(rows, columns=["rule", "now", "setting"])
    table["setting"] = "[nurture.touch] " + table["setting"]
    return table


def templates(book: Book) -> pd.DataFrame:
    """What each step sends: `flow`, `step`, `channels` (in order of choice), `content`, `template`.

    A template is named by channel where the rules name one.
    """
    import pandas as pd

    titles, rows = flow_titles(book), []
    for flow, step in programs(book).values():
        order = step.channels or book.rules.nurture.touch.order
        named = "; ".join(f"{_channel(k)}: {v}" for k, v in step.templates.items())
        rows.append(
            {
                "flow": titles[flow.name],
                "step": step_when(step),
                "channels": ", else ".join(_channel(name) for name in order),
                "content": step.content or step.name.replace("_", " "),
                "by_industry": step.personal,
                "template": named,
            }
        )
    columns = ["flow", "step", "channels", "content", "by_industry", "template"]
    return pd.DataFrame(rows, columns=columns)


def personal_rules(book: Book) -> pd.DataFrame:
    """What is said differently to whom (B5-R2), and to how many leads on record it applies.

    Returns:
        `where` (industry or channel group), `value`, `what` (content or opening line), `leads`.
    """
    import pandas as pd

    own = book.rules.nurture
    rules = [("industry", k, f"send: {v}") for k, v in own.content_by_industry.items()]
    rules += [("channel_group", k, f"open with: {v}") for k, v in own.opening_by_source.items()]
    counts = {
        name: book.sql(f"SELECT {name} AS value, count(*) AS n FROM lead_journey GROUP BY ALL")
        .set_index("value")["n"]
        .to_dict()
        for name in ("industry", "channel_group")
    }
    rows = [(w.replace("_", " "), v, t, int(counts[w].get(v, 0))) for w, v, t in rules]
    return pd.DataFrame(rows, columns=["where", "value", "what", "leads"])


@remembered
def messages(book: Book) -> pd.DataFrame:
    """Every outbound message of the period and of the week before it, and its place in the caps.

    The thanks that answer a form and steps that people do are no messages.

    Returns:
        `touch_id`, `lead_id`, `contact`, `sent` (report zone), `channel`, `program`, `consent`
        (as exported), `on_day` and `in_week` (the message's number of that day, and of the seven
        days that end with it), `in_period`.
    """
    silent = sorted({*programs(book)} - {*programs(book, messages=True)})
    table = book.sql(
        """SELECT t.touch_id, l.lead_id, coalesce(l.person_id, t.person_id, l.lead_id) AS contact,
            t.touched_at, t.touch_type, t.program, coalesce(p.consent_status, 'none') AS consent,
            t.touched_at >= $start AS in_period
        FROM clean.touch t
        LEFT JOIN lead_alias a ON a.lead_id = t.lead_id
        LEFT JOIN lead_journey l ON l.lead_id = a.kept_id
        LEFT JOIN clean.person p ON p.person_id = coalesce(l.person_id, t.person_id)
        WHERE t.direction = 'out' AND t.touch_type <> 'thank_you'
            AND NOT coalesce(list_contains($silent, t.program), false)
            AND coalesce(l.person_id, t.person_id, l.lead_id) IS NOT NULL
            AND t.touched_at >= $since AND t.touched_at < $end
        ORDER BY contact, t.touched_at, t.touch_id""",
        silent=silent,
        start=book.period.start,
        since=book.period.start - timedelta(days=WEEK),
        end=book.period.end,
    )
    table.insert(3, "sent", book.local_times(table.pop("touched_at")))
    table["channel"] = table.pop("touch_type").map(CHANNEL_OF).fillna("other")
    numbered = table.assign(**_numbers(table))
    return numbered[[c for c in numbered if c != "in_period"] + ["in_period"]]


def _numbers(table: pd.DataFrame) -> dict[str, Any]:
    """The place of each message in its day and in the seven days that end with it."""
    import numpy as np

    days = table["sent"].to_numpy().astype("datetime64[D]").astype("int64")
    who = table["contact"].astype("category").cat.codes.to_numpy().astype("int64")
    # One number that grows with contact and day; contacts lie further apart than any week.
    keys = who * 1_000_000 + days
    order = np.argsort(keys, kind="stable")
    place = np.empty(len(keys), dtype="int64")
    place[order] = np.arange(len(keys))
    ranked = keys[order]
    on_day = place - np.searchsorted(ranked, keys, side="left") + 1
    in_week = place - np.searchsorted(ranked, keys - (WEEK - 1), side="left") + 1
    return {"on_day": on_day, "in_week": in_week}


@remembered
def broken(book: Book) -> pd.DataFrame:
    """How many messages of the period broke a rule of touch.

    Returns:
        One row per rule: `rule`, `messages` (of the period that it judges), `broke`, `broke_rate`,
        `most` (which step or programme broke it most often, with the number). Consent is judged as
        exported, and only where it is on record.
    """
    import pandas as pd

    touch = book.rules.nurture.touch
    table = messages(book).query("in_period").reset_index(drop=True)
    clock = table["sent"].dt.time
    opens, closes = touch.send_hours
    needs = table["channel"].isin(touch.needs_consent)
    checks: dict[str, tuple[Any, Any]] = {
        f"more than {touch.per_day} to a contact in a day": (table["on_day"] > touch.per_day, None),
        f"more than {touch.per_week} to a contact in seven days": (
            table["in_week"] > touch.per_week,
            None,
        ),
        f"outside {opens:%H:%M} to {closes:%H:%M}": ((clock < opens) | (clock >= closes), None),
    }
    if book.has("person.consent_status"):
        checks["on a channel that needs consent, without it"] = (
            needs & (table["consent"] != "granted"),
            needs,
        )
        checks["to a contact who withdrew consent"] = (table["consent"] == "withdrawn", None)
    rows = [
        {"rule": name, **_counted(book, table, broke, judged)}
        for name, (broke, judged) in checks.items()
    ]
    return pd.DataFrame(rows, columns=["rule", "messages", "broke", "broke_rate", "most"])


def _counted(book: Book, table: pd.DataFrame, broke: Any, judged: Any) -> dict[str, Any]:
    n = len(table) if judged is None else int(judged.sum())
    names = _labels(book)
    programs_of = table.loc[broke, "program"].fillna("no programme").replace(names).value_counts()
    first = programs_of.sort_index().sort_values(ascending=False, kind="stable").head(1)
    most = "; ".join(f"{name} ({count})" for name, count in first.items())
    bad = int(broke.sum())
    return {
        "messages": n,
        "broke": bad,
        "broke_rate": bad / n if n else float("nan"),
        "most": most,
    }


def _labels(book: Book) -> dict[str, str]:
    """Every step by its program, with its flow: `After an event, day 7`."""
    titles = flow_titles(book)
    return {
        program: f"{titles[flow.name]}, {step_when(step)}"
        for program, (flow, step) in programs(book).items()
    }


def over_cap(book: Book, per_week: int, per_day: int | None = None) -> int:
    """How many messages of the period lie above a cap, in a week or in a day.

    Args:
        book: The Book.
        per_week: Messages to a contact in seven days, at most.
        per_day: Messages to a contact in a day, at most; that of the rules where None.
    """
    table = messages(book).query("in_period")
    daily = book.rules.nurture.touch.per_day if per_day is None else per_day
    return int(((table["in_week"] > per_week) | (table["on_day"] > daily)).sum())


def caps(book: Book, per_day: int | None = None) -> pd.DataFrame:
    """What other weekly caps would have held back in the period.

    Returns:
        `name` (the cap), `value` (messages above it or above the daily one), `beside` (their
        share), `emphasis` (the cap in force).
    """
    import pandas as pd

    from playbook import format as fmt

    total = int(messages(book)["in_period"].sum())
    now = book.rules.nurture.touch.per_week
    rows = []
    for cap in sorted({1, 2, 3, 4, 5, now}):
        over = over_cap(book, cap, per_day)
        rows.append((f"{cap} a week", over, fmt.percent(fmt.div(over, total)), cap == now))
    return pd.DataFrame(rows, columns=["name", "value", "beside", "emphasis"])


def _channel(name: str) -> str:
    return {"wecom": "WeCom", "email": "e-mail", "sms": "SMS"}.get(name, name.replace("_", " "))
