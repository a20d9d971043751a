"""Three documents: the test record, the growth-experiment plan, the A/A test of the tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playbook import format as fmt
from playbook.chapters.ab_testing.inputs import NEEDS, TRAFFIC_NEEDS, in_words, today
from playbook.chapters.ab_testing.next_tests import plan
from playbook.chapters.ab_testing.planned import page_needs, pages
from playbook.chapters.ab_testing.record import ended, record, running
from playbook.chapters.ab_testing.said import change
from playbook.chapters.ab_testing.simulated import aa_test, power_test
from playbook.chapters.ab_testing.traffic import ALL, daily, visited
from playbook.documents import Document, Section

if TYPE_CHECKING:
    import pandas as pd

    from playbook.book import Book

HEADS = {
    "experiment_id": "test",
    "arm": "variant",
    "n_control": "people_control",
    "n": "people_new",
    "value_control": "rate_control",
    "value": "rate_new",
    "lift_low": "lift_from",
    "lift_high": "lift_to",
    "p_adjusted": "p_all_tests",
    "decision": "decided",
    "reread": "read_again",
    "needed": "people_per_arm",
    "people_week": "people_a_week",
    "weeks": "full_weeks",
    "detectable": "lift_it_can_show",
    "untested": "never_tested",
    "worth": "worth_a_month",
    "worth_low": "at_least",
    "worth_high": "at_most",
    "what": "counted_as_wrong",
}
"""What the columns are called in a document."""

UNITS = {
    **dict.fromkeys(
        ("rate_control", "rate_new", "lift", "lift_from", "lift_to", "baseline"), "share"
    ),
    **dict.fromkeys(("lift_it_can_show", "wrong", "low", "high", "promised"), "share"),
    **dict.fromkeys(("p_value", "p_all_tests", "split_p"), "p"),
    **dict.fromkeys(("worth_a_month", "at_least", "at_most"), "money"),
    **dict.fromkeys(("people_control", "people_new", "people_per_arm"), "count"),
    **dict.fromkeys(("people_a_week", "full_weeks"), "count"),
}

RULES = (
    "One change at a time, its hypothesis, its one metric and its end written down before it "
    "begins.\n"
    "It runs in full weeks, and nobody stops it because it looks good: on the day of its planned "
    "end it is read once; on every other day only the always-valid interval counts.\n"
    "First the split is checked, then harm, then the week, then the figures. A broken split ends "
    "the test.\n"
    "What becomes of the leads (share that becomes SQL) is looked at beside the form rate before "
    "anything is rolled out: more forms are worth nothing where they are worse."
)


def test_record(book: Book) -> Document:
    """《A/B测试记录表》 (P03-D8): every test, what it showed, what was decided, what holds."""
    return Document(
        id="P03-D8",
        name="ab_test_record",
        title="A/B test record",
        zh="A/B测试记录表",
        purpose="What was tested, what came of it, and which decisions hold by today's rules.",
        source="table experiment_arm; [abtest] of playbook.toml",
        sections=tuple(_record(book)) if book.has(*NEEDS) else (_lacking(book, NEEDS),),
    )


def experiment_plan(book: Book) -> Document:
    """《增长实验计划表》 (P02-D9): which tests come next, how many people and weeks they take."""
    return Document(
        id="P02-D9",
        name="growth_experiment_plan",
        title="Growth experiment plan",
        zh="增长实验计划表",
        purpose="The next test of each page, with what it takes and what it would be worth.",
        source="tables web_daily and experiment_arm; [abtest] of playbook.toml",
        sections=tuple(_plan(book)) if len(visited(book)) else (_lacking(book, TRAFFIC_NEEDS),),
    )


def aa_document(book: Book) -> Document:
    """The A/A test of the tests (P03-T5): the error rates of the methods are what they say."""
    return Document(
        id="P03-T5",
        name="aa_test",
        title="A/A test of the tests",
        zh="A/A测试",
        purpose="Shows by simulation that the methods call a winner where there is none no more "
        "often than they promise, and find a real one as often as planned.",
        source="simulation with a fixed seed; [abtest] of playbook.toml",
        sections=tuple(_aa(book)),
    )


def _lacking(book: Book, asked: tuple[str, ...]) -> Section:
    absent = ", ".join(book.missing(*asked)) or "people who come to a page with a form"
    return Section("What is needed", f"Supply: {absent}.")


def _record(book: Book) -> list[Section]:
    table, over = record(book), ended(book)
    if table.empty:
        return [Section("No tests", f"No test had begun by {book.period.title}.")]
    told = ["experiment_id", "page", "element", "hypothesis", "started", "ended"]
    told += ["planned_end", "days"]
    figures = ["experiment_id", "arm", "n_control", "n", "value_control", "value", "lift"]
    figures += ["lift_low", "lift_high", "p_value", "p_adjusted", "split_p"]
    decided = ["experiment_id", "verdict", "reason", "decision", "reread"]
    worth = ["experiment_id", "verdict", "worth", "worth_low", "worth_high"]
    known = table[table["worth"].notna() & (table["verdict"] == "ship")]
    sections = [
        Section("What was tested", _scope(book), _shown(table.drop_duplicates(told[0]), told)),
        Section("What it showed", _read(book), _shown(table, figures), UNITS),
        Section("What follows", _follows(book), _shown(table, decided)),
    ]
    if len(known):
        sections.append(Section("What it is worth a month", _worth(), _shown(known, worth), UNITS))
    if len(over):
        sections.append(Section("How tests are run", RULES))
    return sections


def _shown(table: pd.DataFrame, columns: list[str]) -> pd.DataFrame:
    """Some columns of a table, as a document shows them."""
    shown = table[columns].reset_index(drop=True)
    if "element" in shown:
        shown["element"] = shown["element"].map(in_words)
    if "people_week" in shown:
        shown["people_week"] = shown["people_week"].round()
    return shown.rename(columns=HEADS)


def _scope(book: Book) -> str:
    runs = running(book)["experiment_id"].nunique()
    over = ended(book)["experiment_id"].nunique()
    return (
        f"{fmt.plural(over, 'test')} ended, {fmt.number(runs)} running, as of "
        f"{fmt.date(today(book))}. A test ends on the day it is taken down."
    )


def _read(book: Book) -> str:
    rules = book.rules.abtest
    return (
        f"Intervals are {fmt.percent(1 - rules.alpha, 0)} and two-sided, of the score test; the "
        "lift's come from the same test as the p value. Those of a running test are always-valid, "
        "but on the day of its planned end.\n"
        "The adjusted p value allows for all tests that may be judged (Holm).\n"
        f"A split p below {rules.split_alpha:g} means that the arms' sizes are no work of chance."
    )


def _follows(book: Book) -> str:
    rules = book.rules.abtest
    return (
        f"No verdict under a broken split. What is surely worse is stopped at any time; else no "
        f"verdict before {rules.min_days} days or with fewer than {rules.min_conversions} "
        "conversions in an arm.\n"
        "Ship: the interval lies above zero. Stop: it lies below, or includes zero and lies wholly "
        f"within ±{fmt.percent(rules.minimum_lift, 0)}. Cannot say: it ended open.\n"
        "Who ends a test on another day than was planned, or without a plan, may have waited for a "
        "good one: it is shipped only where the always-valid interval lies above zero too."
    )


def _worth() -> str:
    return (
        "Visitors of the page a month × difference × worth of a form. A form is taken for a lead "
        "of its channel: the share of these that become SQL × won amount per SQL. The interval is "
        "the difference's; the worth of a form is taken as given."
    )


def _plan(book: Book) -> list[Section]:
    rules, table = book.rules.abtest, plan(book)
    lift = f"+{fmt.percent(rules.minimum_lift, 0)}"
    what = ["page", "element", "hypothesis", "start", "owner", "why"]
    takes = ["page", "baseline", "needed", "people_week", "weeks", "detectable", "worth"]
    reach = ["page", "people_week", "baseline", "needed", "weeks", "detectable", "untested"]
    return [
        Section(
            "Next tests",
            "Of each page the first that applies: what was kept without proof or was to be "
            "repeated, what won on another page, what was never tested there. One test at a time "
            f"on a page. The metric is forms sent ÷ visitors, success is {lift}.",
            _shown(table, what),
        ),
        Section("What they take", _takes(book, lift), _shown(table, takes), UNITS),
        Section(
            "What each page can show",
            f"Full weeks for {lift} at a power of {fmt.percent(rules.power, 0)}, and the smallest "
            f"lift that {rules.max_weeks} weeks can show.",
            _shown(pages(book), reach),
            UNITS,
        ),
        Section("How tests are run", RULES),
    ]


def _takes(book: Book, lift: str) -> str:
    """How long, for the pages one by one and together, with the convention of the formula."""
    rules, last = book.rules.abtest, visited(book).iloc[-1]
    found = page_needs(book, last["page_id"])
    text = (
        f"People per arm for {lift}, from the last {fmt.plural(_weeks(book), 'full week')} of "
        "traffic; weeks are full ones. Worth is a month's, if the lift came true."
    )
    if found.plan is None or found.time is None:
        return text
    late = plan(book)["weeks"] > rules.max_weeks
    if late.all():
        text += (
            f"\nNot one fits into {rules.max_weeks} weeks, which show only the lifts of the column "
            "“lift it can show”: bolder changes, or one change on all pages at once, need less."
        )
    name = last["page"] if last["page_id"] == ALL else f"On {last['page']}"
    return f"{text}\n{name}: {found.plan}\n{found.time}"


def _weeks(book: Book) -> int:
    return int(daily(book)["date"].nunique() // 7)


def _aa(book: Book) -> list[Section]:
    table, found = aa_test(book), power_test(book)
    ours = table[table["is_ours"].astype(bool)]
    kept = int(ours["holds"].sum())
    columns = ["method", "what", "draws", "wrong", "low", "high", "promised", "holds"]
    naive = table[~table["is_ours"].astype(bool)].iloc[0]
    row = found.iloc[0]
    return [
        Section(
            "Nothing differs",
            f"{fmt.number(table['draws'].iloc[0])} drawn tests for each method, both arms the "
            f"same. {kept} of {len(ours)} methods keep what they promise; what is below it is "
            "careful, not wrong. The intervals say what so many draws leave open, for all methods "
            "together.",
            _shown(ours, columns),
            UNITS,
        ),
        Section(
            "What looking too often does",
            f"The ordinary p value, looked at every day until it calls a winner, is wrong in "
            f"{fmt.percent(naive['wrong'], 0)} of the tests instead of "
            f"{fmt.percent(naive['promised'], 0)} ({naive['what']}). That is why a test "
            "is read by the always-valid interval on every day but that of its planned end.",
        ),
        Section(
            "Something differs",
            f"With the people that the plan asks for, {change(book.rules.abtest.minimum_lift)} was "
            f"found in {fmt.percent(row['found'])} of {fmt.number(row['draws'])} drawn tests (95 % "
            f"{fmt.interval(row['low'], row['high'])}); planned were "
            f"{fmt.percent(row['promised'], 0)}.",
        ),
    ]
