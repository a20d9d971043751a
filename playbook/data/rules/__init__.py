"""The rules of a company: `playbook.toml`, typed, with the handbook's numbers as defaults.

>>> from playbook.data import rules
>>> rules.load(None).onboarding.phase_days
(7, 30, 60, 90)
"""

from __future__ import annotations

from playbook.data.rules.loading import load
from playbook.data.rules.model import Rules
from playbook.data.rules.source import GeneratedKey, Join, Source
from playbook.data.rules.template import template

__all__ = ["GeneratedKey", "Join", "Rules", "Source", "load", "template"]
