"""How the chapter's tables are named, ordered and written on a page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playbook.chapters.ab_testing.inputs import in_words
from playbook.chapters.ab_testing.record import UNPROVEN, forest, record

if TYPE_CHECKING:
    import pandas as pd

    from playbook.book import Book

NAMES: dict[str, tuple[str, str]] = {
    "experiment_id": ("Test", "实验"),
    "arm": ("Variant", "分组"),
    "page": ("Page", "页面"),
    "element": ("What was changed", "测试元素"),
    "hypothesis": ("Hypothesis", "假设"),
    "started": ("Started", "开始"),
    "ended": ("Ended", "结束"),
    "planned_end": ("Planned end", "计划结束"),
    "days": ("Days", "天数"),
    "weeks": ("Full weeks", "整周数"),
    "people": ("People", "人数"),
    "n_control": ("People, control", "对照组人数"),
    "n": ("People, new", "实验组人数"),
    "conversions_control": ("Conversions, control", "对照组转化"),
    "conversions": ("Conversions, new", "实验组转化"),
    "value_control": ("Control", "对照组转化率"),
    "value": ("New", "实验组转化率"),
    "difference": ("Difference", "差值"),
    "low": ("At least", "下限"),
    "high": ("At most", "上限"),
    "lift": ("Lift", "提升"),
    "lift_low": ("Lift at least", "提升下限"),
    "lift_high": ("Lift at most", "提升上限"),
    "p_value": ("p", "p值"),
    "p_adjusted": ("p, all tests together", "校正p值"),
    "split": ("Split", "分流"),
    "split_p": ("Split p", "分流p值"),
    "split_ok": ("Split as planned", "分流正常"),
    "week_ok": ("A full week", "满一周"),
    "enough": ("Of the people needed", "样本完成度"),
    "enough_ok": ("Enough people", "样本足够"),
    "says": ("What follows", "判断"),
    "needed": ("People needed in each arm", "每组所需人数"),
    "detectable": ("Lift it can find in time", "限期内可检测提升"),
    "power": ("Power", "检验力"),
    "verdict": ("Verdict", "结论"),
    "reason": ("Why", "理由"),
    "decision": ("Decided then", "当时决定"),
    "reread": ("Read again", "复核"),
    "agrees": ("Still holds", "一致"),
    "days_left": ("Days left", "剩余天数"),
    "worth": ("Worth a month", "月价值"),
    "worth_low": ("At least a month", "月价值下限"),
    "worth_high": ("At most a month", "月价值上限"),
    "people_week": ("People a week", "周访问人数"),
    "people_month": ("People a month", "月访问人数"),
    "baseline": ("Rate today", "当前转化率"),
    "owner": ("Owner", "负责人"),
    "untested": ("Never tested there", "未测元素"),
    "progress": ("Of the people needed", "样本完成度"),
    "metric": ("Measure", "指标"),
    "start": ("Could start", "建议开始"),
    "why": ("Why this one", "理由"),
    "with_claim": ("With the claim", "宣称后转化率"),
    "forms_month": ("More forms a month", "月新增表单"),
    "zh": ("中文", "中文"),
    "tests": ("Tests", "测试数"),
    "answered": ("With an answer", "有结论"),
    "shipped": ("Proven winners", "已验证"),
    "best_lift": ("Best proven lift", "最佳提升"),
    "last": ("Last begun", "最近开始"),
    "rule": ("Way to look", "查看方式"),
    "looks": ("Looks", "查看次数"),
    "wrong": ("Wrong winners", "误判率"),
    "exact": ("By formula", "理论值"),
}
"""Headers in English and Chinese."""

_SHARES = (
    "value_control", "value", "lift", "lift_low", "lift_high", "enough", "detectable", "power",
    "baseline", "best_lift", "wrong", "promised", "low", "high", "exact", "progress", "with_claim",
)  # fmt: skip
UNITS: dict[str, str] = {
    "difference": "points",
    **dict.fromkeys(_SHARES, "share"),
    **dict.fromkeys(("p_value", "p_adjusted", "split_p"), "p"),
    **dict.fromkeys(("worth", "worth_low", "worth_high"), "money"),
    **dict.fromkeys(("days", "days_left", "weeks", "people_week", "forms_month"), "count"),
}
"""Units that the names of columns do not tell."""

MISSING: dict[str, str] = {
    "ended": "it still runs",
    "planned_end": "not on record",
    "hypothesis": "not written down",
    "decision": "none recorded",
    "lift": "nobody converted in the control, or the test cannot be read",
    "p_value": "the test cannot be read",
    "p_adjusted": "the test cannot be read",
    "worth": "what a form is worth is not known",
    "days_left": "it is over",
    "best_lift": "nothing proven",
    "last": "never tested",
    "weeks": "no rate to plan from",
    "needed": "no rate to plan from",
}
"""Why a cell may be empty."""

RECORD = ("experiment_id", "verdict", "reason", "decision", "element", "ended")
"""The columns of the record that a page shows first; page and lift stand in the figure."""

RESULTS = (
    "experiment_id", "n_control", "n", "value_control", "value", "difference", "lift", "lift_low",
    "lift_high", "p_value", "p_adjusted",
)  # fmt: skip
"""The columns of the record that hold what was measured."""

CHECKS = ("experiment_id", "split", "split_p", "days", "needed", "enough", "says")
"""The columns of the checks that a page shows."""

REREAD = ("experiment_id", "element", "days", "people", "decision", "verdict", "reread")
"""The columns of decisions read again that a page shows; why, the record says."""

COCKPIT = (
    "experiment_id", "page", "element", "started", "days", "progress", "lift", "lift_low",
    "lift_high", "verdict", "days_left",
)  # fmt: skip
"""The columns of the tests of the moment that a page shows."""

PAGES = ("page", "people_week", "baseline", "needed", "weeks", "detectable", "worth")
"""The columns of the pages to test that a page shows."""

PLAN = ("page", "element", "hypothesis", "weeks", "detectable", "worth", "why")
"""The columns of the next tests that a page shows."""

PLANNER = {"quantity": ("Question", "问题"), "answer": ("Answer", "答案")}
"""The headers of one question to the planner."""

ORDER = ("ship", "stop", "keep running", "cannot say")


def by_verdict(book: Book) -> pd.DataFrame:
    """The lifts as `plots.forest` takes them: the winners first, what says nothing last.

    Returns:
        The columns of `record.forest`, and `remark`: what was kept although nothing proves it.
    """
    table, known = forest(book), record(book)
    known = known[known["lift"].notna()].reset_index(drop=True)
    loose = known["reread"].isin(UNPROVEN)
    table = table.assign(remark=loose.map({True: "yet kept", False: ""}))
    first = table["verdict"].map({word: place for place, word in enumerate(ORDER)})
    order = (first * 2 - loose).sort_values(kind="stable").index
    return table.loc[order].reset_index(drop=True)


def readable(table: pd.DataFrame) -> pd.DataFrame:
    """The table with elements in words and people a week in whole numbers."""
    done = {}
    if "element" in table.columns:
        done["element"] = table["element"].map(in_words)
    for name in ("people_week", "forms_month"):
        if name in table.columns:
            done[name] = table[name].round(0)
    return table.assign(**done)


def names(table: pd.DataFrame) -> dict[str, tuple[str, str]]:
    """The headers of a table's columns."""
    return {name: NAMES[name] for name in table.columns if name in NAMES}


def units(table: pd.DataFrame) -> dict[str, str]:
    """The units of a table's columns that their names do not tell."""
    numeric = set(table.select_dtypes("number").columns)
    return {name: UNITS[name] for name in table.columns if name in UNITS and name in numeric}


def why_missing(table: pd.DataFrame) -> dict[str, str]:
    """Why cells of a table's columns may be empty."""
    return {name: MISSING[name] for name in table.columns if name in MISSING}
