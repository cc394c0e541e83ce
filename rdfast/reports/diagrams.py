"""docs/states.md: the state machines as pictures and tables, drawn from the declarations the database enforces."""

from rdfast.core.machines import Machine
from rdfast.reports.invariants import MACHINES

_HEAD = """# States

Drawn by `manage.py diagrams` from the same declarations that the models, the database guards and the tests read;
a test fails when this page is out of date. Every move is an operation, leaves an entry in the history, and is
refused by the database when it is not listed here.
"""


def page() -> str:
    """The whole page."""
    return _HEAD + "".join(_section(machine) for machine in MACHINES.values())


def _section(machine: Machine) -> str:
    rows = "\n".join(f"| {m.name.strip('_')} | {m.source} | {m.target} | {m.who} |" for m in machine.moves)
    table = f"| move | from | to | who |\n|---|---|---|---|\n{rows}"
    return f"\n## {machine.name.capitalize()}\n\n```mermaid\n{machine.diagram()}\n```\n\n{table}\n"
