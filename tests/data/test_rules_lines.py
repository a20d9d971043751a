"""Line numbers of TOML keys, against `tomllib` as the oracle of what keys there are."""

import tomllib

from hypothesis import given
from hypothesis import strategies as st

from playbook.data.rules.lines import lines
from playbook.data.rules.template import toml


def test_lines_are_found_in_every_way_of_writing():
    text = '''\
# a comment with [brackets] and "quotes
top = """
line # two
]"""
a.b."c d" = 1

[t] # note
"键" = {x = 1, 'y' = [{z = 2}]}
list = [
  # first
  "a, ] # b",
  {k = 'v'},
]
[[t.items]]
n = 2026-10-01 10:00:00
[t.items.sub]
m = \'\'\'x\'\'\'
[[t.items]]
n = 2
'''
    found = lines(text)
    expected = {
        ("top",): 2,
        ("a",): 5,
        ("a", "b", "c d"): 5,
        ("t",): 7,
        ("t", "键", "y", 0, "z"): 8,
        ("t", "list"): 9,
        ("t", "list", 0): 11,
        ("t", "list", 1, "k"): 12,
        ("t", "items"): 14,
        ("t", "items", 0): 14,
        ("t", "items", 0, "n"): 15,
        ("t", "items", 0, "sub"): 16,
        ("t", "items", 0, "sub", "m"): 17,
        ("t", "items", 1): 18,
        ("t", "items", 1, "n"): 19,
    }
    assert {path: found[path] for path in expected} == expected


def paths(value, base=()):
    """Every path in parsed TOML."""
    pairs = value.items() if isinstance(value, dict) else enumerate(value)
    for key, below in pairs:
        yield (*base, key)
        if isinstance(below, dict | list):
            yield from paths(below, (*base, key))


SCALARS = st.one_of(
    st.booleans(),
    st.integers(-(10**9), 10**9),
    st.dates(),
    st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"])),
    st.text("[]{},.#=\"'\\ ", max_size=6),
)
KEYS = st.text("ab[]{}.#=\"' 键", min_size=1, max_size=5)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(KEYS, st.dictionaries(KEYS, VALUES, max_size=4), max_size=4))
def test_every_path_that_tomllib_reads_has_its_line(tables):
    """One key a line, so that the line of each value is known beforehand."""
    text, expected = "", {}
    for name, table in tables.items():
        text += f"[{toml({name: 0})[1:-5]}]\n"
        expected[name,] = text.count("\n")
        for key, value in table.items():
            text += f"# {key}\n{toml({key: value})[1:-1]}\n"
            expected |= {path: text.count("\n") for path in paths({key: value}, (name,))}
    assert tomllib.loads(text) == tables
    assert lines(text) == expected
