"""What a check of `doctor` found: ok, a warning, a failure, or that it was not made."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Check:
    """One check; `do` says what to do about it, None where there is nothing to do."""

    check: str
    state: str
    detail: str
    do: str | None = None


def ok(check: str, detail: str) -> Check:
    return Check(check, "ok", detail)


def warning(check: str, detail: str, do: str) -> Check:
    return Check(check, "warning", detail, do)


def failed(check: str, detail: str, do: str) -> Check:
    return Check(check, "failed", detail, do)


def skipped(check: str, why: str) -> Check:
    return Check(check, "skipped", why)
