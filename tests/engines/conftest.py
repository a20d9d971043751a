"""The same events in DuckDB, PostgreSQL and Spark, and a private PostgreSQL cluster on loopback."""

from __future__ import annotations

import datetime as dt
import logging
import os
import re
import shutil
import socket
import subprocess
import tempfile
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from playbook import funnel
from playbook.data import sample

STAGES = ("lead", "mql", "sql", "won")
FEBRUARY = dt.datetime(2026, 2, 1)  # noqa: DTZ001 - naive UTC, as in a Book
MARCH = dt.datetime(2026, 3, 1)  # noqa: DTZ001
AS_OF = dt.datetime(2026, 4, 15)  # noqa: DTZ001
SPANS = {"before": (FEBRUARY, MARCH), "now": (MARCH, AS_OF)}

WAY = funnel.Funnel(STAGES, lost=("nurture",))
ANY = replace(WAY, order="any")
NARROW = replace(WAY, within_days=9.5, step_days={"mql": 4})

CALLS = {
    "cohort": lambda e: funnel.cohort(e, WAY),
    "cohort of a month": lambda e: funnel.cohort(e, WAY, start=FEBRUARY, end=MARCH, as_of=AS_OF),
    "cohort in a window": lambda e: funnel.cohort(e, NARROW, as_of=AS_OF, mature_only=True),
    "cohort by segment": lambda e: funnel.cohort(e, WAY, by="segment"),
    "cohort in strict order": lambda e: funnel.cohort(e, replace(WAY, order="strict")),
    "cohort in any order": lambda e: funnel.cohort(e, ANY, by="segment"),
    "cohort from the best entry": lambda e: funnel.cohort(e, replace(NARROW, anchor="best")),
    "cohort from each entry": lambda e: funnel.cohort(e, replace(ANY, anchor="each")),
    "flow": lambda e: funnel.flow(e, WAY, start=FEBRUARY, end=MARCH),
    "steps": lambda e: funnel.steps(
        e, WAY, days={"lead": 7, "mql": 14.5, "sql": 30}, spans=SPANS, as_of=AS_OF
    ),
    "times": lambda e: funnel.times(e, WAY, as_of=AS_OF, by="segment"),
    "days to reach": lambda e: funnel.to_reach(e, ANY, as_of=AS_OF),
    "days between": lambda e: funnel.days_between(e, WAY, [("lead", "mql"), ("sql", "won")]),
    "moves": lambda e: funnel.moves(e, WAY),
    "rows": lambda e: funnel.rows(e, ANY, "mql", what="stopped", by="segment"),
    "conversion at": lambda e: funnel.conversion_at(e, WAY, [7, 30], as_of=AS_OF),
    "expected won": lambda e: funnel.expected_won(e, WAY, as_of=AS_OF, replicates=20),
}
"""What must give the same on every engine, and be said in every dialect: a call of its events."""

TABLES = (
    "lead", "account", "person", "stage_event", "opportunity", "payment", "channel", "campaign",
    "activity", "spend", "target", "fx_rate", "staff",
)  # fmt: skip

SEGMENTS = ["搜索广告", "行业展会", "referral", None]
ENTITIES = 900
EVENTS = 5_000
START = pd.Timestamp("2026-01-01")
PASSWORD = "s3cret/of@the#tests"
ESCAPED = "s3cret%2Fof%40the%23tests"
START_S = 60
ATTEMPTS = 3


def pytest_generate_tests(metafunc):
    """A test of `call` runs for each of `CALLS`."""
    if "call" in metafunc.fixturenames:
        metafunc.parametrize("name", CALLS)


@pytest.fixture
def call(name):
    """What is called, with events as its argument."""
    return CALLS[name]


def missing(words):
    """Skip on a user's machine; fail where CI=true, for there everything must be installed."""
    if os.environ.get("CI") == "true":
        pytest.fail(words)
    pytest.skip(words)


@pytest.fixture(scope="session")
def events():
    """Random events of a funnel.

    Times are every fourth hour of 120 days, or of three, so that many are equal, also of one
    entity. Entities repeat stages, skip them, take them backwards or never enter; one stage is not
    of the funnel. An entity's segment changes with time, and is missing in a quarter of it.
    """
    rng = np.random.default_rng(20261101)
    entity = rng.integers(0, ENTITIES, EVENTS)
    moment = rng.integers(0, np.where(entity % 3 == 0, 18, 720), EVENTS)
    stage = rng.choice([*STAGES, "nurture"], EVENTS, p=[0.3, 0.25, 0.2, 0.15, 0.1])
    segment = np.array(SEGMENTS, dtype=object)[(entity + moment) % len(SEGMENTS)]
    return pd.DataFrame(
        {
            "entity": [f"客户-{number:04d}" for number in entity],
            "stage": stage.astype(object),
            "time": (START + pd.to_timedelta(4 * moment, unit="h")).as_unit("us"),
            "segment": segment,
        }
    )


@pytest.fixture(scope="session")
def same():
    """Holds two tables to be equal."""
    return hold_equal


def hold_equal(found, expected):
    """Equal columns, kinds, order, words and counts; shares and days to the ninth decimal."""
    assert found.columns.tolist() == expected.columns.tolist()
    for name in expected.columns:
        assert found[name].dtype.kind == expected[name].dtype.kind, name
        if expected[name].dtype.kind == "f":
            pd.testing.assert_series_equal(found[name], expected[name], rtol=0, atol=1e-9)
        else:
            both = [[None if pd.isna(v) else v for v in table[name]] for table in (found, expected)]
            assert both[0] == both[1], name


@pytest.fixture(scope="session")
def in_duckdb(events):
    """The events as a table of DuckDB."""
    import ibis

    con = ibis.duckdb.connect()
    yield con.create_table("events", ibis.memtable(events))
    con.disconnect()


@pytest.fixture(scope="session")
def in_postgres(events, cluster):
    """The events as a table of PostgreSQL, seen by a user who may only read."""
    import ibis

    cluster.load("warehouse", {"events": events})
    con = ibis.connect(cluster.url("warehouse", "reader"))
    yield con.table("events")
    con.disconnect()


@pytest.fixture(scope="session")
def in_spark(events, spark):
    """The events as a table of Spark."""
    import ibis

    con = ibis.pyspark.connect(spark)
    return con.create_table("events", events)


@pytest.fixture(scope="session")
def spark(tmp_path_factory):
    """One small Spark in this process: no page of its own, no network beyond loopback."""
    try:
        from pyspark.sql import SparkSession
    except ImportError:
        missing("needs PySpark: pip install '.[spark]'")
    java = java_home()
    if java is None:
        missing("needs Java 17, such as Debian's openjdk-17-jre-headless")
    os.environ["JAVA_HOME"] = str(java)
    os.environ["SPARK_LOCAL_IP"] = "127.0.0.1"  # else it looks its own name up, and complains
    folder = tmp_path_factory.mktemp("spark")
    settings = {
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.log.level": "OFF",
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.shuffle.partitions": "2",
        "spark.sql.warehouse.dir": str(folder / "warehouse"),
        "spark.local.dir": str(folder),
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.extraJavaOptions": f"-Dderby.system.home={folder} -XX:TieredStopAtLevel=1",
    }
    builder = SparkSession.builder.master("local[2]").appName("playbook")
    for name, value in settings.items():
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    logging.getLogger("py4j").setLevel(logging.WARNING)
    yield session
    session.stop()


def java_home():
    """A Java 17 or 21, which Spark 4 runs on; not any Java that comes first on the PATH."""
    on_path = shutil.which("java")
    homes = [Path(os.environ["JAVA_HOME"])] if "JAVA_HOME" in os.environ else []
    homes += [Path(on_path).resolve().parents[1]] if on_path else []
    homes += sorted(Path("/usr/lib/jvm").glob("*"))
    return next((home for home in homes if java_version(home) in {17, 21}), None)


def java_version(home):
    """The main version of a Java, None where there is none."""
    program = home / "bin" / "java"
    if not program.exists():
        return None
    said = subprocess.run([program, "-version"], capture_output=True, text=True, check=False)
    found = re.search(r'version "(\d+)', said.stderr)
    return int(found[1]) if found else None


@dataclass(frozen=True)
class Cluster:
    """A running PostgreSQL with an owner, and a reader who may only read."""

    port: int
    password = PASSWORD

    def url(self, database="postgres", user="owner", password=ESCAPED):
        secret = f":{password}" if password else ""
        return f"postgresql://{user}{secret}@127.0.0.1:{self.port}/{database}"

    def run(self, *statements, database="postgres"):
        """Run statements as the owner, each on its own."""
        import psycopg

        with psycopg.connect(self.url(database), autocommit=True) as con:
            for statement in statements:
                con.execute(statement)

    def load(self, database, tables):
        """Make a database of these tables, which the reader may read."""
        import ibis

        self.run(f"CREATE DATABASE {database}")
        con = ibis.connect(self.url(database))
        for name, frame in tables.items():
            con.create_table(name, frame)
        con.disconnect()
        self.run("GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader", database=database)


@pytest.fixture(scope="session")
def cluster():
    """A PostgreSQL of the tests' own, gone when they are over."""
    try:
        import psycopg  # noqa: F401 - the driver that Ibis uses
    except ImportError:
        missing("needs the driver of PostgreSQL: pip install '.[postgres]'")
    programs = postgres_programs()
    if programs is None:
        missing("needs initdb and pg_ctl, such as Debian's package postgresql")
    with running(programs) as found:
        found.run(
            f"CREATE ROLE reader LOGIN PASSWORD '{PASSWORD}'",
            "ALTER ROLE reader SET default_transaction_read_only = on",
        )
        yield found


def postgres_programs():
    """The folder of initdb and pg_ctl, or None; Debian keeps them off the PATH."""
    on_path = shutil.which("initdb")
    folders = [Path(on_path).resolve().parent] if on_path else []
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return next((f for f in folders if (f / "initdb").exists() and (f / "pg_ctl").exists()), None)


@contextmanager
def running(programs):
    """Starts a cluster in a folder of its own, which is removed afterwards."""
    root = Path(tempfile.mkdtemp(prefix="playbook-postgres-"))
    if os.geteuid() == 0:  # PostgreSQL refuses to run as root
        shutil.chown(root, "postgres", "postgres")
    try:
        (root / "password").write_text(PASSWORD, "utf-8")
        (root / "password").chmod(0o644)  # the folder is closed to others
        owner = ("--username=owner", "--auth=scram-sha-256", f"--pwfile={root / 'password'}")
        form = ("--encoding=UTF8", "--locale=C", "--no-sync")
        run(root, programs / "initdb", "-D", root / "data", *owner, *form)
        yield Cluster(started(root, programs / "pg_ctl"))
    finally:
        with suppress(subprocess.CalledProcessError):
            run(root, programs / "pg_ctl", "stop", "-D", root / "data", "-m", "immediate")
        shutil.rmtree(root)


def started(root, pg_ctl):
    """The port that the server listens on; tried again where another program takes it first."""
    for _ in range(ATTEMPTS):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        settings = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -F"
        log = root / "log.txt"
        with suppress(subprocess.CalledProcessError):
            run(root, pg_ctl, "start", "-w", "-D", root / "data", "-l", log, "-o", settings)
            return port
    raise RuntimeError(f"PostgreSQL does not start: {log.read_text('utf-8', 'replace')}")


def run(root, *command):
    """Runs a program of PostgreSQL, as the user postgres where this user is root."""
    other = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
    with (root / "output.txt").open("ab") as output:  # a pipe would wait for the server to end
        subprocess.run(
            [*(other if os.geteuid() == 0 else []), *map(str, command)],
            check=True,
            cwd=root,
            timeout=START_S,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )


@pytest.fixture(scope="session")
def files(tmp_path_factory):
    """Some tables of the sample company as Parquet."""
    folder = tmp_path_factory.mktemp("files")
    for path in sample.write(folder, format="parquet"):
        if path.suffix == ".parquet" and path.stem not in TABLES:
            path.unlink()
    return folder


@pytest.fixture(scope="session")
def crm(files, cluster):
    """The address of the same tables in PostgreSQL, for somebody who may only read."""
    cluster.load("crm", {path.stem: pq.read_table(path) for path in files.glob("*.parquet")})
    return cluster.url("crm", "reader")
