"""The first call of every notebook: parameters checked, display set up, Book opened."""

from __future__ import annotations

import ast
import datetime as dt
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from playbook.errors import ParameterError, PlaybookError, unknown
from playbook.report.show.html import Language

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from playbook.book import Book

_INJECTED = "# Parameters"


class _State:
    book: Book | None = None
    parameters: Mapping[str, object] = {}


def start(
    *,
    data: str | Path = "sample",
    period: str = "",
    as_of: str = "",
    rules: str | Path = "",
    lang: str = "en",
    **more: object,
) -> Book:
    """Open the Book of this notebook and set up how things look.

    Args:
        data: A folder, a file, a connection URL, `sample`, or a frozen Book.
        period: Such as `2026-10`; empty for the last full month that the data knows.
        as_of: What was known on that day, such as `2026-10-31`; empty for the data's own.
        rules: A `playbook.toml`; empty for the one beside the data.
        lang: `en` or `zh`, the language of names.
        more: Further parameters that this notebook declares; any simple value.

    Returns:
        The Book, also to be had from `current()`.

    Raises:
        ParameterError: A parameter that papermill injected is not declared here, or a value is
            not allowed. Every mistake is listed.
        InputError: Nothing usable in `data`.
        RulesError: Mistakes in the rules.
    """
    given = {"data": data, "period": period, "as_of": as_of, "rules": rules, "lang": lang, **more}
    cells = _cells()
    mistakes = [*_undeclared(cells, given), *_wrong_kinds(cells, more), *_wrong_values(given)]
    if mistakes:
        raise ParameterError("\n".join(mistakes))
    _display()
    from playbook import book as books
    from playbook.report import show

    opened = books.open_book(
        data=data if isinstance(data, Path) else data.strip(),
        period=str(period).strip() or None,
        as_of=as_of.strip() or None,
        rules=rules or None,
    )
    show.configure(
        currency=opened.rules.company.currency,
        style=opened.rules.report.number_style,
        lang="zh" if lang == "zh" else "en",
        period=opened.period.kind,
    )
    _State.book, _State.parameters = opened, given
    return opened


def current() -> Book:
    """The Book that `start` opened.

    Raises:
        PlaybookError: `start` has not been called.
    """
    if _State.book is None:
        raise PlaybookError(
            "no Book is open: run the notebook's first cells, or call "
            'session.start(data="sample", period="2026-10")'
        )
    return _State.book


def parameters() -> dict[str, object]:
    """The parameters that this notebook was started with."""
    return dict(_State.parameters)


def injected(cells: Sequence[str]) -> dict[str, object]:
    r"""What papermill injected: the assignments of the last cell that begins `# Parameters`.

    Args:
        cells: Sources of the cells run so far.

    >>> injected(["x: int = 1  # help", "# Parameters\nperod = '2026-10'\n"])
    {'perod': '2026-10'}
    """
    found = [cell for cell in cells if cell.lstrip().startswith(_INJECTED)]
    return {name: value for name, (_, value) in _assigned(found[-1]).items()} if found else {}


def _cells() -> list[str]:
    shell = _shell()
    return [] if shell is None else [str(cell) for cell in shell.user_ns.get("In", [])]


def _shell() -> Any:
    import sys

    # Outside a notebook IPython need not be there, and importing it takes half a second.
    ipython = sys.modules.get("IPython")
    return None if ipython is None else ipython.get_ipython()


def _undeclared(cells: Sequence[str], given: Mapping[str, object]) -> list[str]:
    return [unknown("parameter", name, given) for name in injected(cells) if name not in given]


def _wrong_kinds(cells: Sequence[str], more: Mapping[str, object]) -> list[str]:
    """Injected values whose type is not the one that the parameters cell declares."""
    declared: dict[str, str] = {}
    for cell in cells:
        if not cell.lstrip().startswith(_INJECTED):
            declared |= {name: kind for name, (kind, _) in _assigned(cell).items() if kind}
    allowed: dict[str, tuple[type, ...]] = {
        "str": (str,), "int": (int,), "float": (float, int), "bool": (bool,)
    }  # fmt: skip
    out = []
    for name, value in injected(cells).items():
        kinds = allowed.get(declared.get(name, "")) if name in more else None
        off = isinstance(value, bool) and kinds is not None and bool not in kinds
        if kinds and (off or not isinstance(value, kinds)):
            word = declared[name]
            out.append(f"parameter '{name}' is {value!r}; it must be of type {word}")
    return out


def _wrong_values(given: Mapping[str, object]) -> list[str]:
    out = [
        f"parameter '{name}' is {given[name]!r}; it must be a path, as text"
        for name in ("data", "rules")
        if not isinstance(given[name], (str, Path))
    ]
    if not str(given["data"]).strip():
        out.append("parameter 'data' is empty; name a folder, a file or 'sample'")
    # papermill -p makes a number of 2026, which is a year and a valid period.
    if isinstance(given["period"], bool) or not isinstance(given["period"], (str, int)):
        out.append(f"parameter 'period' is {given['period']!r}; write it as text, '2026-10'")
    as_of = given["as_of"]
    if not isinstance(as_of, str) or (as_of.strip() and not _is_moment(as_of.strip())):
        out.append(
            f"parameter 'as_of' is {as_of!r}; write a date such as '2026-10-31', or leave it empty"
        )
    if given["lang"] not in get_args(Language):
        out.append(unknown("value of parameter 'lang':", str(given["lang"]), get_args(Language)))
    return out


def _is_moment(text: str) -> bool:
    try:
        dt.datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def _assigned(cell: str) -> dict[str, tuple[str, object]]:
    """Annotation and value of each name that a cell sets to a literal."""
    try:
        tree = ast.parse(cell)
    except SyntaxError:  # a cell with magics declares no parameters
        return {}
    out: dict[str, tuple[str, object]] = {}
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            name, kind, value = node.targets[0].id, "", node.value
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value:
            name, kind, value = node.target.id, ast.unparse(node.annotation), node.value
        else:
            continue
        out[name] = (kind, _literal(value))
    return out


def _literal(node: ast.expr) -> object:
    try:
        return ast.literal_eval(node)
    except ValueError:  # an expression such as float('nan'), which papermill writes
        return ast.unparse(node)


def _display() -> None:
    """Pictures inline as SVG with words as words, and the style sheet of the blocks, once."""
    shell = _shell()
    if shell is None or not hasattr(shell, "kernel"):
        return
    import matplotlib as mpl
    from IPython import display as ipython
    from matplotlib_inline import backend_inline

    from playbook.report import show
    from playbook.report.plots import look

    inline: Any = backend_inline
    screen: Any = ipython
    shell.run_line_magic("matplotlib", "inline")
    inline.set_matplotlib_formats("svg")
    settings: Any = look.RC
    mpl.rcParams.update(settings)
    # A figure that an analyst shows without show.figure is drawn long after this call.
    warnings.filterwarnings("ignore", message=look.GLYPHS, category=UserWarning)
    screen.display(show.style())
