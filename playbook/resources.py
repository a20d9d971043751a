"""What ships with the package: the notebooks, the sample data, the version.

In a checkout they lie beside the package; an installed wheel carries them inside.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from playbook.errors import InputError

_PACKAGE = Path(__file__).parent
_PLACES = {
    "notebooks": (_PACKAGE / "_bundle" / "notebooks", _PACKAGE.parent / "notebooks"),
    "sample": (_PACKAGE / "_bundle" / "sample", _PACKAGE.parent / "data" / "sample"),
}


def notebooks() -> Path:
    """The folder of the notebooks, in reading order by their names."""
    return _find("notebooks")


def is_bundled(folder: Path) -> bool:
    """Whether a folder lies inside the installed package, where nobody should write."""
    return _PACKAGE in folder.parents


def sample() -> Path:
    """The folder of the synthetic company's data."""
    return _find("sample")


@cache
def version() -> str:
    """The version of this package; `0+unknown` in a checkout that is not installed."""
    from importlib import metadata

    try:
        return metadata.version("playbook")
    except metadata.PackageNotFoundError:
        return "0+unknown"


def _find(name: str) -> Path:
    for place in _PLACES[name]:
        if place.is_dir():
            return place
    places = " or ".join(str(place) for place in _PLACES[name])
    raise InputError(f"the {name} that ship with playbook are missing from {places}; reinstall it")
