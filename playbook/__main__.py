"""`python -m playbook` is the `playbook` command."""

from __future__ import annotations

from playbook.cli import main

if __name__ == "__main__":
    main()
