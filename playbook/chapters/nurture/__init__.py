"""Nurture (B2-R5): the programme of a Book's rules, and what happened as its evaluator reads it."""

from __future__ import annotations

from playbook.chapters.nurture.inputs import (
    cases,
    ladder,
    now,
    programme,
    responses,
    returns,
    tables,
)

__all__ = ["cases", "ladder", "now", "programme", "responses", "returns", "tables"]
