"""The list of reasons against INTERFACE's order, the rules and their files."""

from __future__ import annotations

from pathlib import Path

from ticker_converter import sql, validate


def test_every_reason_has_a_rule_and_every_rule_a_reason() -> None:
    rules = {rule for phases in validate.RULES.values() for phase in phases for rule in phase}
    assert rules == set(validate.ORDER)
    assert len(validate.ORDER) == len(set(validate.ORDER)) == 15


def test_each_rule_is_one_file() -> None:
    folder = Path(sql.__file__).parent / "validate"
    for kind, phases in validate.RULES.items():
        for rule in (rule for phase in phases for rule in phase):
            assert (folder / kind / f"{rule}.sql").is_file()
