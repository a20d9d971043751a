"""Duplicates of accounts, persons and leads, found by keys that leave no doubt, merged reversibly.

All rows stay. A duplicate account or person names the one it belongs to in `merged_into_id`, a
duplicate lead in `merged_into_lead_id`; the references of other tables stay as they were
exported. Kept is what was created first, among equals the smallest id.

- Accounts: the same credit code, web domain (free mail providers apart) or normalised name.
  Never merged: accounts with different credit codes, a company with its parent or its sister.
- Persons of one account: the same mobile number or e-mail address, compared as keyed hashes that
  live in a temporary table and are dropped. A number or address of more than five persons is a
  switchboard: listed, not used.
- Leads: captures of one person through one channel, each within the hours that the rules give
  after the one before.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from playbook.data.checks import mask
from playbook.data.checks.problems import Collector, Kind, table_sql
from playbook.data.checks.sqltext import fold, literal, literals

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import duckdb

    from playbook.data.checks.load import Loaded
    from playbook.data.rules import Rules

_ACCOUNT_KEYS = {"credit_code": "credit_code", "domain": "domain", "name": "account_name"}

_LEGAL = (
    *("股份有限公司", "有限责任公司", "有限公司", "股份公司", "公司", "股份"),
    *("coltd", "ltd", "limited", "inc", "corp", "gmbh", "llc", "plc"),
)

SHARED = 5
"""More holders of one number or address than this make it a switchboard."""


class Merge(NamedTuple):
    """One row that counts as another.

    Attributes:
        table: `account`, `person` or `lead`.
        kept_id: The one that stays.
        merged_id: The one that counts as it.
        rule: The key they share; `recorded` where the CRM had merged them already.
    """

    table: str
    kept_id: str
    merged_id: str
    rule: str


@dataclass(slots=True)
class Groups:
    """Union-find over ids; `marks` keeps groups apart whose marks differ."""

    marks: dict[str, str] = field(default_factory=dict)
    parents: dict[str, str] = field(default_factory=dict)

    def root(self, node: str) -> str:
        """The id that stands for the node's group."""
        path = []
        while (parent := self.parents.get(node, node)) != node:
            path.append(node)
            node = parent
        for step in path:
            self.parents[step] = node
        return node

    def join(self, one: str, other: str) -> bool:
        """Unite two groups; False where their marks forbid it."""
        first, second = self.root(one), self.root(other)
        if first == second:
            return True
        marks = {self.marks[n] for n in (first, second) if n in self.marks}
        if len(marks) > 1:
            return False
        self.parents[second] = first
        if marks:
            self.marks[first] = marks.pop()
        return True


def company(sql: str) -> str:
    """A company's name without its legal form: what two spellings of it have in common."""
    text = f"regexp_replace(lower({fold(sql)}), '[\\s.,·。，、\\-_\"“”]+', '', 'g')"
    text = f"regexp_replace({text}, '[(（【\\[](中国|china)[)）】\\]]', '', 'g')"
    text = f"regexp_replace({text}, '[()（）【】\\[\\]]', '', 'g')"
    legal = f"({'|'.join(_LEGAL)})+$"
    return f"regexp_replace({text}, {literal(legal)}, '')"


def web_domain(sql: str) -> str:
    """The domain of a web address: no protocol, no www, no path."""
    text = f"regexp_replace(lower(trim({fold(sql)})), '^[a-z]+://', '')"
    return f"regexp_replace(regexp_replace({text}, '[/:?#].*$', ''), '^www\\.', '')"


def mobile(sql: str) -> str:
    """A mobile number's digits, or a hash as delivered; NULL for what cannot identify a person."""
    digits = f"regexp_replace(regexp_replace({fold(sql)}, '[\\s\\-().]', '', 'g'), '^(\\+|00)', '')"
    local = f"regexp_replace({digits}, '^86(1[3-9]\\d{{9}})$', '\\1')"
    real = f"regexp_full_match({local}, '\\d{{8,15}}|[0-9a-fA-F]{{32,128}}')"
    same = f"length(replace(right({local}, 8), right({local}, 1), '')) = 0"
    fake = f"{local} IN ('13800138000', '12345678901', '13812345678', '12345678')"
    return f"CASE WHEN {real} AND NOT {same} AND NOT {fake} THEN lower({local}) END"


def email(sql: str) -> str:
    """An e-mail address in lower case, or a hash as delivered; NULL where it is neither."""
    text = f"lower(trim({fold(sql)}))"
    real = f"regexp_full_match({text}, '[^@\\s*]+@[^@\\s*]+\\.[a-z]{{2,}}|[0-9a-f]{{32,128}}')"
    return f"CASE WHEN {real} THEN {text} END"


class Merger:
    """Finds and marks duplicates, accounts first, because persons and leads build on them."""

    def __init__(
        self,
        con: duckdb.DuckDBPyConnection,
        rules: Rules,
        problems: Collector,
        secret: bytes,
    ) -> None:
        self._con = con
        self._rules = rules
        self._problems = problems
        self._secret = secret

    def merge(self, loaded: Mapping[str, Loaded]) -> list[Merge]:
        """Mark the duplicates of the three tables, and list them."""
        merges: list[Merge] = []
        if "account" in loaded:
            merges += self._finish("account", self._accounts(loaded["account"]))
        if "person" in loaded:
            merges += self._finish("person", self._persons(loaded["person"]))
        return merges + self._finish("lead", self._leads())

    def _accounts(self, loaded: Loaded) -> list[Merge]:
        free = literals(self._rules.checks.free_mail_domains)
        domain, name = web_domain("domain"), company("account_name")
        code = "regexp_replace(upper(credit_code), '[\\s\\-]', '', 'g')"
        keys = {
            "credit_code": f"CASE WHEN length({code}) >= 15 THEN {code} END",
            "domain": f"CASE WHEN contains({domain}, '.') AND {domain} NOT IN ({free}) "
            f"THEN {domain} END",
            "name": f"CASE WHEN length({name}) >= 2 THEN {name} END",
        }
        selected = [
            f"SELECT account_id AS id, '{rule}' AS rule, {keys[rule]} AS key, "
            f"created_at, {code} AS mark FROM clean.account"
            for rule, column in _ACCOUNT_KEYS.items()
            if rule in self._rules.checks.account_keys and column in loaded.native
        ]
        family = dict(
            self._con.execute(
                "SELECT account_id, parent_account_id FROM clean.account "
                "WHERE parent_account_id IS NOT NULL"
            ).fetchall()
        )
        return self._groups("account", selected, family)

    def _persons(self, loaded: Loaded) -> list[Merge]:
        spelled = {"mobile": mobile, "email": email}
        keys = [k for k in self._rules.checks.person_keys if k in loaded.native]
        if not keys:
            return []
        hashed = ", ".join(
            f"{mask.keyed(spelled[k](f'r.{k}::VARCHAR'), self._secret)} AS {k}" for k in keys
        )
        self._con.execute(
            f"""CREATE OR REPLACE TEMP TABLE person_keys AS
            SELECT p.person_id AS id, p.created_at, p._file, p._row,
                coalesce(a.merged_into_id, p.account_id) AS account, {hashed}
            FROM clean.person AS p JOIN raw.person AS r USING (_file, _row)
            LEFT JOIN clean.account AS a ON a.account_id = p.account_id"""
        )
        try:
            selected = []
            for key in keys:
                self._switchboards(key)
                selected.append(
                    f"SELECT id, '{key}' AS rule, {key} || ' ' || account AS key, created_at, "
                    f"NULL AS mark FROM person_keys WHERE {key} NOT IN "
                    f"(SELECT {key} FROM person_keys WHERE {key} IS NOT NULL "
                    f"GROUP BY 1 HAVING count(*) > {SHARED})"
                )
            return self._groups("person", selected, {})
        finally:
            self._con.execute("DROP TABLE person_keys")

    def _switchboards(self, key: str) -> None:
        kind = Kind(
            "flag", "shared-contact", "person", key,
            f"more than {SHARED} persons share this contact; it makes nobody a duplicate",
            "correct it in the CRM, unless it is a switchboard or a shared mailbox",
        )  # fmt: skip
        shared = f"SELECT {key} FROM person_keys GROUP BY 1 HAVING count(*) > {SHARED}"
        self._problems.query(
            kind,
            f"SELECT k._file, k._row, p.{key} AS value FROM person_keys AS k "
            f"JOIN clean.person AS p ON p.person_id = k.id WHERE k.{key} IN ({shared})",
        )

    def _groups(self, table: str, selected: list[str], family: Mapping[str, str]) -> list[Merge]:
        """The groups of ids that share a key, each with the id that is kept."""
        if not selected:
            return []
        order = " ".join(
            f"WHEN '{rule}' THEN {place}"
            for place, rule in enumerate(("credit_code", "domain", "mobile", "email", "name"))
        )
        pairs = self._con.execute(
            f"""WITH keys AS ({" UNION ALL ".join(selected)}),
            linked AS (
                SELECT *, first_value(id) OVER kin AS kept, first_value(mark) OVER kin AS kept_mark
                FROM keys SEMI JOIN (
                    SELECT rule, key FROM keys WHERE key IS NOT NULL
                    GROUP BY rule, key HAVING count(*) > 1
                ) USING (rule, key)
                WINDOW kin AS (PARTITION BY rule, key ORDER BY created_at NULLS LAST, id)
            )
            SELECT kept, id, rule, kept_mark, mark, created_at FROM linked
            ORDER BY CASE rule {order} END, kept, id"""
        ).fetchall()
        groups = Groups({i: mark for kept, one, _, km, m, _ in pairs
                         for i, mark in ((kept, km), (one, m)) if mark})  # fmt: skip
        created = {one: at for _, one, _, _, _, at in pairs}
        rules: dict[str, str] = {}
        for kept, one, rule, *_ in pairs:
            if kept == one or _related(family, kept, one):
                continue
            if groups.join(kept, one):
                rules.setdefault(one, rule)
                rules.setdefault(kept, rule)
        members: dict[str, list[str]] = {}
        for one in rules:
            members.setdefault(groups.root(one), []).append(one)
        merges = []
        for group in members.values():
            kept = min(group, key=lambda i: (created.get(i) is None, created.get(i) or 0, i))
            merges += [Merge(table, kept, i, rules[i]) for i in sorted(group) if i != kept]
        return sorted(merges)

    def _leads(self) -> list[Merge]:
        """Chains of captures of one person by one channel, and what the CRM merged itself."""
        recorded = self._con.execute(
            "SELECT l.merged_into_lead_id, l.lead_id FROM clean.lead AS l "
            "JOIN clean.lead AS k ON k.lead_id = l.merged_into_lead_id ORDER BY l.lead_id"
        ).fetchall()
        seconds = int(self._rules.checks.lead_hours * 3600)
        found = self._con.execute(
            f"""WITH captures AS (
                SELECT l.lead_id, l.created_at, l.channel_id,
                    coalesce(p.merged_into_id, l.person_id) AS person
                FROM clean.lead AS l LEFT JOIN clean.person AS p USING (person_id)
                WHERE l.person_id IS NOT NULL AND l.merged_into_lead_id IS NULL
            ), gaps AS (
                SELECT *, coalesce(created_at - lag(created_at) OVER own > to_seconds({seconds}),
                    true) AS fresh
                FROM captures
                WINDOW own AS (PARTITION BY person, channel_id ORDER BY created_at, lead_id)
            ), chains AS (
                SELECT *, sum(fresh::INT) OVER (PARTITION BY person, channel_id
                    ORDER BY created_at, lead_id) AS chain FROM gaps
            )
            SELECT first_value(lead_id) OVER chained AS kept, lead_id FROM chains
            WINDOW chained AS (PARTITION BY person, channel_id, chain ORDER BY created_at, lead_id)
            QUALIFY kept <> lead_id ORDER BY lead_id"""
        ).fetchall()
        parents = {one: kept for kept, one in found} | {one: kept for kept, one in recorded}
        self._cycles(parents)
        known = {one for _, one in recorded}
        return [
            Merge("lead", _end(parents, one), one, "recorded" if one in known else "person")
            for one in sorted(parents)
        ]

    def _cycles(self, parents: dict[str, str]) -> None:
        """Drop what leads back to itself, and report it."""
        lost = sorted(one for one in parents if _end(parents, one) == one)
        if not lost:
            return
        kind = Kind(
            "flag", "merge-cycle", "lead", "merged_into_lead_id",
            "the lead is merged into itself, directly or through others",
            "name the lead that is kept in merged_into_lead_id (合并至); none of them is merged",
        )  # fmt: skip
        self._problems.query(
            kind,
            "SELECT _file, _row, lead_id AS value FROM clean.lead "
            f"WHERE lead_id IN ({literals(lost)})",
        )
        self._con.execute(
            f"UPDATE clean.lead SET merged_into_lead_id = NULL WHERE lead_id IN ({literals(lost)})"
        )
        for one in lost:
            del parents[one]

    def _finish(self, table: str, merges: list[Merge]) -> list[Merge]:
        """Write the merges into their table and report them."""
        if not merges:
            return []
        self._con.execute(
            "CREATE OR REPLACE TEMP TABLE merging (kept VARCHAR, id VARCHAR, rule VARCHAR)"
        )
        self._insert(merges)
        key, clean = f"{table}_id", table_sql(table)
        automatic = "rule <> 'recorded'"
        acts = self._rules.checks.merge_duplicates
        kind = Kind(
            "note" if acts else "flag", f"duplicate-{table}", table, key,
            f"the same {table} as an earlier one; "
            + ("counted as it, both rows are kept" if acts else "both are counted"),
            "merge them in the CRM; " + ("" if acts else "checks.merge_duplicates = true or ")
            + "see the list of merges",
        )  # fmt: skip
        self._problems.query(
            kind,
            f"SELECT t._file, t._row, m.id || ' = ' || m.kept || ' (' || m.rule || ')' AS value "
            f"FROM {clean} AS t JOIN merging AS m ON t.{key} = m.id WHERE {automatic}",
        )
        target = "merged_into_lead_id" if table == "lead" else "merged_into_id"
        written = "true" if acts else "rule = 'recorded'"
        self._con.execute(
            f"UPDATE {clean} AS t SET {target} = m.kept FROM merging AS m "
            f"WHERE t.{key} = m.id AND {written}"
        )
        self._con.execute("DROP TABLE merging")
        return merges if acts else [m for m in merges if m.rule == "recorded"]

    def _insert(self, merges: Iterable[Merge]) -> None:
        import pandas as pd

        frame = pd.DataFrame([(m.kept_id, m.merged_id, m.rule) for m in merges])
        self._con.register("merging_frame", frame)
        self._con.execute("INSERT INTO merging SELECT * FROM merging_frame")
        self._con.unregister("merging_frame")


def _related(family: Mapping[str, str], one: str, other: str) -> bool:
    """Whether one company is the other's parent, or both have the same one."""
    first, second = family.get(one), family.get(other)
    return first == other or second == one or (first is not None and first == second)


def _end(parents: Mapping[str, str], one: str) -> str:
    """Where the chain of merges ends; the id itself where it goes round in a circle."""
    seen, node = {one}, one
    while node in parents:
        node = parents[node]
        if node in seen:
            return one
        seen.add(node)
    return node
