"""The chapter's documents (P03-D1 … D6), written from the rules in force and the Book."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playbook import format as fmt
from playbook.chapters.digital.blocking import blocking, candidates
from playbook.chapters.digital.classes import by, disagreements, strategy, wasted
from playbook.chapters.digital.cockpit import totals
from playbook.chapters.digital.explained import failing
from playbook.chapters.digital.health import health
from playbook.chapters.digital.inputs import lists, wording
from playbook.chapters.digital.layers import UNKNOWN
from playbook.chapters.digital.pages import mislanded, pages
from playbook.chapters.digital.search import cited_by_engine, gaps, visibility
from playbook.chapters.digital.tracking import tracking
from playbook.chapters.digital.words import (
    as_health,
    of_blocking,
    of_candidates,
    of_gaps,
    of_health,
    of_layers,
    of_mislanded,
    of_tracking,
    of_visibility,
    of_waste,
)
from playbook.chapters.span import span
from playbook.documents import Document, Section

if TYPE_CHECKING:
    import pandas as pd

    from playbook.book import Book

_PRICES = dict.fromkeys(
    ("cpl", "cpc", "cost_per_mql", "cost_per_mql_low", "cost_per_mql_high", "ad_cost", "pipeline"),
    "money",
)
_RATES = dict.fromkeys(("ctr", "cvr"), "share")


_STRATEGY = [
    "keyword", "action", "word_class", "intent_stage", "match_type", "page", "cost", "leads", "mql",
    "cost_per_mql",
]  # fmt: skip
_LANDING = ["keyword", "word_class", "intent_stage", "page", "verdict", "cost", "leads", "mql"]
_TOTALS = ["cost", "cost_share", "clicks", "ctr", "cpc", "cvr", "leads", "cpl", "mql"]


def diagnosis(book: Book) -> Document:
    """The channel diagnosis report (P03-D1): health, layers, tracking, and what to do first."""
    checked, failed = health(book), failing(book)
    layer, check = of_layers(book, failed), of_health(checked)
    shown = ["channel", "cost", "leads", "sql", "pipeline", "won_amount", "layer", "evidence"]
    sections = [
        Section("Health check", f"{check.title}. {check.see}", as_health(checked)),
        Section("Which layer fails", f"{layer.title}. {layer.see}", failed[shown], _PRICES),
        Section("What to look at", _look_at(failed)),
        Section("Tracking", _tracked(book), _tracked_table(book), _RATES),
    ]
    return Document(
        id="P03-D1",
        name="channel_diagnosis",
        title="Digital channel diagnosis",
        zh="数字营销渠道诊断报告",
        purpose="What is wrong in which channel, and in which layer, before any budget grows.",
        source="the ad reports, the CRM and [keywords] of playbook.toml",
        sections=tuple(sections),
    )


def _look_at(failed: pd.DataFrame) -> str:
    told = [
        f"{row['channel']}: {row['look_at']}" for row in failed.to_dict("records") if row["look_at"]
    ]
    if not told and set(failed["layer"]) <= {UNKNOWN}:
        return "No channel can be judged yet."
    return "\n".join(told) or "No channel that can be judged fails in a layer beyond chance."


def _tracked(book: Book) -> str:
    said = of_tracking(book, tracking(book))
    return f"{said.title}. {said.see}"


def _tracked_table(book: Book) -> pd.DataFrame:
    columns = ["channel", "leads", "campaign_share", "keyword_share", "traced_share", "untraced"]
    return tracking(book)[columns]


def keyword_strategy(book: Book) -> Document:
    """The keyword strategy table (P03-D2): every word, its class, intent, page and action."""
    table, apart = strategy(book), disagreements(book)
    words = lists(book)
    told = words[words["what"].isin(["class", "intent"])]
    spoken = (
        told.groupby(["what", "name", "source"], sort=False)["word"].agg("、".join).reset_index()
    )
    sections = [
        Section(
            "Every word",
            f"{span(book).title}, dearest first. A word is raised, lowered or paused only where "
            "the whole 95 % interval of its cost per MQL lies on one side of its platform's "
            "average; all others are kept as they are. Young leads may still become MQL.",
            table[_STRATEGY],
            _PRICES,
        ),
        Section("By class", "", _grouped(book, "word_class"), _PRICES),
        Section("By intent", of_waste(wasted(book)), _grouped(book, "intent_stage"), _PRICES),
        Section(
            "How words are told apart",
            "Class and intent as recorded; where nothing is recorded, by these words. English "
            "words count by themselves, Chinese ones wherever they stand.",
            spoken,
        ),
        Section(
            "Where record and rule differ",
            "The record counts." if len(apart) else "Nowhere.",
            apart if len(apart) else None,
        ),
    ]
    return Document(
        id="P03-D2",
        name="keyword_strategy",
        title="Keyword strategy table",
        zh="关键词策略表",
        purpose="Six classes and three intents, not mixed, and what to do with every word.",
        source="table keyword, the ad reports and [keywords] of playbook.toml",
        sections=tuple(sections),
    )


def _grouped(book: Book, group: str) -> pd.DataFrame:
    columns = [group, "zh", "words", "cost", "cost_share", "leads", "mql", "mql_share", "cpl"]
    return by(book, group)[[*columns, "cost_per_mql"]]


def negative_library(book: Book) -> Document:
    """The negative-word library (P03-D3): the list in force, what it saves, what is new."""
    saved, new = blocking(book), candidates(book)
    said = of_blocking(book, saved, blocking(book, over="period"))
    fresh = of_candidates(new, new.head(0))
    rules = wording(book)
    listed = saved.words[["word", "state", "terms", "keywords", "clicks", "cost", "cost_share"]]
    listed = listed.join(saved.words[["mql_most"]])
    matched = "as a word of the search" if rules.matching == "words" else "wherever it stands in it"
    sections = (
        Section("What it saves", f"{said.title}. {said.see}" if said.see else f"{said.title}."),
        Section(
            "The list in force",
            f"A Chinese word counts {matched}, an English one by itself or in the plural. A search "
            f"with {', '.join(rules.kept) or 'nothing else'} is kept. A search with two of the "
            "words counts with the first.",
            listed,
        ),
        Section(
            "New words",
            f"{fresh.title}. {fresh.see}",
            new.drop(columns=["p_value", "mql"]).head(20) if len(new) else None,
            {"expected": "ratio"},
        ),
        Section(
            "Keeping it",
            "Each week: look at the new search terms, add what does not belong. Each month: look "
            "at what declared words still cost, and ask sales for the reasons of invalid leads.\n"
            "Never on the list: our own names, products, and the words that mean a purchase.",
        ),
    )
    return Document(
        id="P03-D3",
        name="negative_words",
        title="Negative-word library",
        zh="否词库",
        purpose="Searches that are not worth a click, in one list for all accounts.",
        source="[keywords] negative, unrelated, kept and blocked of playbook.toml",
        sections=sections,
    )


def landing_plan(book: Book) -> Document:
    """The landing-page plan (P03-D4): words that land wrongly, pages whose forms are left."""
    wrong, every = mislanded(book), pages(book)
    said = of_mislanded(book, wrong)
    weak = every[every["is_below"]]
    columns = ["page", "page_type", "sessions", "bounce_rate", "form_views", "form_rate"]
    rules = book.rules.keywords.landing
    suited = ", ".join(rules.high_intent).replace("_", " ")
    sections = (
        Section(
            "Words to send elsewhere",
            f"{said.title}. {said.see}" if said.see else f"{said.title}.",
            wrong[_LANDING] if len(wrong) else None,
        ),
        Section(
            "Pages whose form is left more often than the others'",
            "Ask for less, say what happens next, show a customer's case; one change at a time, "
            "tested."
            if len(weak)
            else "Nothing beyond chance.",
            weak[[*columns, "form_low", "form_high", "others_rate"]] if len(weak) else None,
        ),
        Section("All pages", span(book).title, every[[*columns, "search_cost"]]),
        Section(
            "What a landing page needs",
            f"Evaluation and decision land on: {suited}. Never on: "
            f"{', '.join(rules.never).replace('_', ' ')}.\n"
            "The search's own words in the title; what it is for whom; proof by a case; one form "
            "with no more fields than the next step needs; one button.",
        ),
    )
    return Document(
        id="P03-D4",
        name="landing_page_plan",
        title="Landing-page plan",
        zh="落地页优化方案",
        purpose="Which words go to which page, and which pages to change first.",
        source="table keyword, web_daily and [keywords.landing] of playbook.toml",
        sections=sections,
    )


def monthly_review(book: Book) -> Document:
    """The monthly ad review (P03-D5): what was spent, what came, what to keep and cut."""
    sections = [
        Section(
            f"{label} in {book.period.title}",
            text,
            _totals(book, name),
            {**_PRICES, **_RATES},
        )
        for name, label, text in (
            ("channel", "Channels", ""),
            ("campaign", "Campaigns", "Leads and MQL of the leads captured in the period."),
            ("match_type", "Match types", "Conversions as the platforms count them."),
        )
    ]
    month, year = blocking(book, over="period"), blocking(book)
    said = of_blocking(book, year, month)
    wrong = of_mislanded(book, mislanded(book))
    sections += [
        Section("Classes", of_waste(wasted(book)), _grouped(book, "word_class"), _PRICES),
        Section("Negative words", f"{said.title}. {said.see}" if said.see else f"{said.title}."),
        Section("Landing pages", f"{wrong.title}."),
        Section(
            "Keep and cut (保留高质量渠道，砍掉无效流量)",
            "Verdicts by channel stand on the page beside the ROI board; by word in the keyword "
            "strategy table.",
        ),
    ]
    return Document(
        id="P03-D5",
        name="monthly_ad_review",
        title=f"Ad review, {book.period.title}",
        zh="月度投放复盘",
        purpose="What the month's ads cost and brought, and what changes next month.",
        source="the ad reports and the CRM",
        sections=tuple(sections),
    )


def _totals(book: Book, by: str) -> pd.DataFrame:
    table = totals(book, by)
    return table[[by, *[column for column in _TOTALS if column in table]]]


def search_plan(book: Book) -> Document:
    """The SEO and GEO content plan (P03-D6): where the company is not found or not cited."""
    table, seen = gaps(book), visibility(book)
    open_ = table[table["gap"] != ""]
    said = of_gaps(table)
    place = f"{of_visibility(book, seen).title}." if len(seen) else ""
    cited = cited_by_engine(book)
    latest = cited[cited["period"] == book.period.label]
    engines = "; ".join(f"{r.series} {fmt.rate(r.value, r.n)}" for r in latest.itertuples())
    sections = (
        Section("Where we stand", f"{place}\nCited in AI answers: {engines or 'not known'}."),
        Section(
            "Pages to write",
            f"{said.title}. {said.see} Ad cost is what is paid for the word in {span(book).title}.",
            open_ if len(open_) else None,
            _PRICES,
        ),
        Section(
            "How an answer is cited",
            "One page for one question; the answer in the first paragraph, with figures and their "
            "source; who wrote it and when; questions and answers as people ask them; the same "
            "name of product and company everywhere.",
        ),
    )
    return Document(
        id="P03-D6",
        name="seo_geo_plan",
        title="SEO and GEO content plan",
        zh="SEO/GEO内容规划",
        purpose="Which pages to write so that search engines find and AI answers cite us.",
        source="tables search_daily and keyword",
        sections=sections,
    )
