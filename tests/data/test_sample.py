"""The synthetic company: reproducible, consistent, and with every planted truth to be found."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pandas as pd
import pytest

from playbook.data import schema
from playbook.data.sample import tables, write
from playbook.errors import ParameterError

COMMITTED = Path(__file__).parents[2] / "data" / "sample"
LIMIT = 12 * 2**20
END = pd.Timestamp("2026-10-31 16:00")
RATES = {"CNY": 1.0, "USD": 7.12, "EUR": 7.71}
TOO_LARGE = (
    "scale is 11; as CSV and Excel it can be at most 10. Use format parquet for a larger company"
)
Tables = dict[str, pd.DataFrame]


@pytest.fixture(scope="module")
def clean() -> Tables:
    return tables()


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sample")
    write(folder)
    return folder


def content(path: Path) -> dict[str, bytes]:
    """What a file holds; of a workbook its members, for how they are packed depends on zlib."""
    if path.suffix != ".xlsx":
        return {path.name: path.read_bytes()}
    with zipfile.ZipFile(path) as book:
        return {name: book.read(name) for name in book.namelist()}


def test_two_generations_are_equal_byte_by_byte(written: Path, tmp_path: Path) -> None:
    write(tmp_path)
    names = sorted(p.name for p in tmp_path.iterdir())
    assert names == sorted(p.name for p in written.iterdir())
    assert [n for n in names if (tmp_path / n).read_bytes() != (written / n).read_bytes()] == []


def test_the_committed_sample_is_what_the_generator_writes(written: Path) -> None:
    names = {p.name for p in COMMITTED.iterdir()}
    assert names == {p.name for p in written.iterdir()}
    changed = [n for n in names if content(COMMITTED / n) != content(written / n)]
    assert changed == [], "run `playbook sample` and commit data/sample"


def test_the_sample_stays_small() -> None:
    assert sum(p.stat().st_size for p in COMMITTED.iterdir()) <= LIMIT


def test_another_seed_gives_another_company() -> None:
    assert not tables(seed=1)["lead"].equals(tables(seed=2)["lead"])


def test_every_table_is_filled_but_the_calendar(clean: Tables) -> None:
    assert list(clean) == [name for name in schema.TABLES if name != "calendar"]
    assert all(len(frame) for frame in clean.values())
    for name, frame in clean.items():
        assert list(frame.columns) == list(schema.table(name).column_names)


def test_nearly_every_column_is_filled_somewhere(clean: Tables) -> None:
    empty = [f"{n}.{c}" for n, f in clean.items() for c in f if f[c].isna().all()]
    assert empty == ["lead.merged_into_lead_id", "touch.event_id", "manual_metric.note"]


def test_clean_tables_obey_the_schema(clean: Tables) -> None:
    wrong = []
    for name, frame in clean.items():
        table = schema.table(name)
        if frame.duplicated(list(table.key)).any():
            wrong.append(f"{name}: duplicate key")
        for column in table.columns:
            values = frame[column.name].dropna()
            if column.required and len(values) < len(frame):
                wrong.append(f"{name}.{column.name}: empty")
            if column.values and not column.open and not values.isin(list(column.values)).all():
                wrong.append(f"{name}.{column.name}: label")
            if column.references and not values.isin(clean[column.references].iloc[:, 0]).all():
                wrong.append(f"{name}.{column.name}: orphan")
            if column.low is not None and (values.astype(float) < column.low).any():
                wrong.append(f"{name}.{column.name}: low")
            if column.high is not None and (values.astype(float) > column.high).any():
                wrong.append(f"{name}.{column.name}: high")
    assert wrong == []


def test_nothing_happens_after_the_end(clean: Tables) -> None:
    late = [
        f"{name}.{column.name}"
        for name, frame in clean.items()
        for column in schema.table(name).columns
        if column.type == "timestamp" and (frame[column.name] >= END).any()
    ]
    assert late == []


def test_stages_follow_each_other(clean: Tables) -> None:
    first = stage_times(clean)
    reached = first.dropna(subset=["sql"])
    assert (first["valid"] > first["lead"])[first["valid"].notna()].all()
    assert (first["mql"] >= first["valid"])[first["mql"].notna()].all()
    assert (reached["sql"] > reached["mql"]).all()
    deals = clean["opportunity"].dropna(subset=["lead_id"]).set_index("lead_id")
    assert (deals["created_at"] > first["sql"].reindex(deals.index)).all()
    closed = clean["opportunity"].dropna(subset=["closed_at"])
    assert (closed["closed_at"] > closed["created_at"]).all()


def test_an_opportunity_moves_forward(clean: Tables) -> None:
    events = clean["stage_event"].dropna(subset=["opportunity_id"])
    order = ["opportunity", "poc", "quote", "contract", "won", "lost"]
    rank = events["stage"].map(order.index).to_numpy()
    steps = events.assign(rank=rank).sort_values(["opportunity_id", "rank"])
    gaps = steps.groupby("opportunity_id")["entered_at"].diff().dropna()
    assert (gaps > pd.Timedelta(0)).all()


def test_touches_of_a_capture_lie_on_the_right_side_of_it(clean: Tables) -> None:
    lead = clean["lead"].set_index("lead_id")["created_at"]
    tied = clean["touch"].dropna(subset=["lead_id"])
    assert (tied["touched_at"].to_numpy() >= lead.loc[tied["lead_id"]].to_numpy()).all()
    acted = clean["activity"].dropna(subset=["lead_id"])
    assert (acted["activity_at"].to_numpy() > lead.loc[acted["lead_id"]].to_numpy()).all()


def test_receipts_follow_their_contract(clean: Tables) -> None:
    paid = clean["payment"].merge(clean["opportunity"], on="opportunity_id")
    won = (paid["closed_at"] + pd.Timedelta(hours=8)).dt.normalize()
    assert paid["is_won"].all()
    assert (paid["booked_on"] >= won).all()


def test_targets_add_up(clean: Tables) -> None:
    goals = clean["target"]
    company = goals[(goals["scope_type"] == "company") & (goals["metric_id"] != "response_24h")]
    for (year, metric), rows in company.groupby([company["period"].str[:4], "metric_id"]):
        value = rows.set_index("period")["value"]
        months = value[[p for p in value.index if "-" in p]].sum()
        quarters = value[[p for p in value.index if "Q" in p]].sum()
        assert months == pytest.approx(value[year]), metric
        assert quarters == pytest.approx(value[year]), metric
    teams = goals[(goals["scope_type"] == "team") & (goals["period"] == "2026")]["value"].sum()
    whole = goals[(goals["scope_type"] == "company") & (goals["metric_id"] == "revenue")]
    assert teams == pytest.approx(whole.set_index("period")["value"]["2026"])


def test_a_month_reads_like_a_real_one(clean: Tables) -> None:
    leads = month(clean["lead"]["created_at"]).value_counts()["2026-10"]
    first = stage_times(clean)
    valid, mql, sql = (first[s].notna().sum() for s in ("valid", "mql", "sql"))
    deals = clean["opportunity"]
    new = deals[deals["lead_id"].notna()]
    assert 200 <= leads <= 420
    assert 0.30 <= mql / valid <= 0.38
    assert 0.30 <= sql / mql <= 0.40
    assert 0.52 <= len(new) / sql <= 0.66
    assert 0.20 <= new["is_won"].mean() <= 0.32
    assert 80_000 <= (new["amount"] * new["currency"].map(RATES)).median() <= 300_000


def test_revenue_stands_below_its_target_and_near_its_pace(clean: Tables) -> None:
    deals = clean["opportunity"]
    won = deals[(month(deals["closed_at"]) >= "2026-01") & deals["is_won"].eq(True)]
    money = (won["won_amount"] * won["currency"].map(RATES)).sum()
    goals = clean["target"].query("metric_id == 'revenue' and scope_type == 'company'")
    assert money / goals.set_index("period")["value"]["2026"] == pytest.approx(0.81, abs=0.01)


def test_weekends_and_holidays_are_quieter(clean: Tables) -> None:
    created = clean["lead"]["created_at"] + pd.Timedelta(hours=8)
    days = (
        created.dt.normalize()
        .value_counts()
        .reindex(pd.date_range("2024-11-01", "2026-10-31"), fill_value=0)
    )
    week = days.groupby(days.index.day_of_week >= 5).mean()
    assert week[True] < 0.6 * week[False]
    assert days["2026-10-01":"2026-10-07"].mean() < 0.6 * days["2026-10-12":"2026-10-16"].mean()


def test_a_larger_company_is_the_same_company_with_more_of_everything(
    clean: Tables, tmp_path: Path
) -> None:
    paths = write(tmp_path, scale=11, format="parquet")
    large = {p.stem: pd.read_parquet(p) for p in paths}
    assert list(large) == list(clean)
    for name in ("lead", "touch", "opportunity"):
        assert len(large[name]) == pytest.approx(11 * len(clean[name]), rel=0.03)
    for name in ("account", "person", "lead", "touch", "activity", "stage_event"):
        table = schema.table(name)
        assert large[name][table.key[0]].is_unique
    assert large["account"]["account_name"].is_unique
    assert large["account"]["domain"].dropna().is_unique
    assert large["person"]["mobile"].dropna().is_unique
    assert large["touch"]["person_id"].dropna().isin(large["person"]["person_id"]).all()
    assert len(large["staff"]) == len(clean["staff"])
    assert large["ad_daily"]["cost"].sum() > 10 * clean["ad_daily"]["cost"].sum()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"scale": 0}, "scale is 0; it must be 1 or more"),
        ({"scale": 11}, TOO_LARGE),
        ({"format": "orc"}, "format is 'orc'; allowed: export, parquet"),
    ],
)
def test_wrong_arguments_say_what_is_allowed(
    tmp_path: Path, arguments: dict[str, object], message: str
) -> None:
    with pytest.raises(ParameterError) as error:
        write(tmp_path, **arguments)
    assert str(error.value) == message


def month(times: pd.Series) -> pd.Series:
    return (times + pd.Timedelta(hours=8)).dt.strftime("%Y-%m")


def stage_times(data: Tables) -> pd.DataFrame:
    """First entry of every lead into every stage."""
    events = data["stage_event"].dropna(subset=["lead_id"])
    return events.pivot_table(index="lead_id", columns="stage", values="entered_at", aggfunc="min")
