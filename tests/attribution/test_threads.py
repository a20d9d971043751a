"""NumPy's linear algebra is held to one thread, and let go again."""

from __future__ import annotations

import numpy as np
import pytest

from playbook.attribution import threads
from playbook.attribution.threads import one_thread


def asked():
    return threads._found(threads._library(), threads.ASKS)


def test_inside_there_is_one_thread_and_afterwards_what_there_was():
    ask = asked()
    if ask is None:
        pytest.skip("NumPy has another library here")
    before = ask()
    with one_thread():
        assert ask() == 1
        assert np.linalg.inv(np.eye(3) * 2)[0, 0] == 0.5
    assert ask() == before
    with pytest.raises(ZeroDivisionError), one_thread():
        assert 1 / 0
    assert ask() == before


def test_another_library_is_left_alone(monkeypatch):
    monkeypatch.setattr(threads, "SETS", ("no_such_name",))
    ask = asked()
    before = ask and ask()
    with one_thread():
        assert (ask and ask()) == before
