"""What must hold whatever happens: invented histories, forty in one warehouse at a time.

An example of these properties is one history: hypothesis draws each of the forty by itself, and
each is checked by itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import psycopg
from hypothesis import given
from hypothesis import strategies as st

from tests.support.tally import Batch, batches, checked, histories
from tests.trust import playing
from tests.trust.histories import LATE, TICKS, History, Step, eventful, heaps, taken_back
from tests.trust.playing import KINDS
from ticker_converter import acts
from ticker_converter.pipeline import Run

TOGETHER = 40


def same(left: Any, right: Any, history: object) -> None:
    """Equal, else the rows that differ and the history that they are of."""
    if left != right:
        names = left if isinstance(left, dict) else {"answers": left}
        other = right if isinstance(right, dict) else {"answers": right}
        raise AssertionError(
            "\n".join(
                [f"{history}"]
                + [
                    f"- {name}: {row}"
                    for name in names
                    for row in names[name]
                    if row not in other.get(name, [])
                ]
                + [
                    f"+ {name}: {row}"
                    for name in other
                    for row in other[name]
                    if row not in names.get(name, [])
                ]
            )
        )


@given(batches(eventful(), TOGETHER))
@histories(TOGETHER)
def test_answers_of_a_time_never_change(module_conn: psycopg.Connection, batch: Batch) -> None:
    """An import with a knowledge time of its own may change what is known from then on, and nothing of before."""
    conn, told = module_conn, batch.histories
    playing.prepare(conn, told)
    runs: dict[int, list[int]] = {n: [] for n in range(len(told))}
    before: list[tuple[datetime, dict[int, list[str]]]] = []
    for tick in range(max(len(history.steps) for history in told)):
        now = [(n, history.steps[tick]) for n, history in enumerate(told) if tick < len(history.steps)]
        for (late, _), (run_id, whose) in playing.deliveries(conn, now).items():
            for n in whose:
                runs[n].append(run_id)
                if late is not None:
                    for known, said in before:
                        if known >= LATE[late]:
                            said.pop(n, None)
        done: set[str] = set()
        for n, step in now:  # one undo and one check a tick: each reads again what all have said
            if step.kind not in KINDS and (step.kind not in ("undo", "check") or step.kind not in done):
                done.add(step.kind)
                playing.act(conn, n, step, runs[n])
        for known in [playing.clock(conn), *([LATE[tick % 3] + timedelta(hours=1)] if tick < 3 else [])]:
            before.append((known, playing.answers(conn, told, known, part=len(before))))
    for place, (known, said) in enumerate(before):
        again = playing.answers(conn, told, known, part=place)
        for n, rows in said.items():
            same(rows, again[n], told[n])
    checked(len(told))


@given(batches(taken_back(), TOGETHER))
@histories(TOGETHER)
def test_what_was_taken_back_is_as_if_it_had_never_been(
    module_conn: psycopg.Connection, batch: Batch
) -> None:
    """A run and its undo, a correction and its release: the end is that of the same history without them, in which a
    person gave the same answers to those of the rows that are held there too."""
    conn, told = module_conn, batch.histories
    answers: dict[int, list[tuple[str, str]]] = {}
    play_reversals(conn, told, answers)
    ends = [playing.state(conn)]
    without = [
        History(history.scene, tuple(step if step.doomed is None else Step("nothing") for step in history.steps),
                history.preferred)
        for history in told
    ]  # fmt: skip
    play_reversals(conn, without, answers)
    ends.append(playing.state(conn))
    for n, history in enumerate(told):
        same(ends[0].get(n, {}), ends[1].get(n, {}), history)
    checked(len(told))


def play_reversals(
    conn: psycopg.Connection, told: Sequence[History], answers: dict[int, list[tuple[str, str]]]
) -> None:
    """`answers`: by tick, which row got which; told by the first play to the second."""
    playing.prepare(conn, told)
    first = not answers
    ends: dict[int, list[tuple[str, int, Step | None]]] = {}
    for tick in range(max((len(history.steps) for history in told), default=0)):
        now = [(n, history.steps[tick]) for n, history in enumerate(told) if tick < len(history.steps)]
        for (_, doomed), (run_id, _) in playing.deliveries(conn, now).items():
            if doomed is None:
                continue
            ends.setdefault(doomed, []).append(("undo", run_id, None))
        if first:
            answers[tick] = [
                (key, step.text)
                for n, step in now
                if step.kind in KINDS and step.text
                for key in playing.waiting(conn, n)
            ]
        for key, verdict in answers.get(tick, ()):
            playing.answer(conn, key, verdict)
        for n, step in now:
            if step.kind == "correct":
                playing.act(conn, n, step, [])
                ends.setdefault(step.doomed or 0, []).append(("release", n, step))
        for kind, number, step in ends.pop(tick, []):
            if step is None:
                playing.act(conn, 0, Step(kind), [number])
            else:
                playing.act(conn, number, Step(kind, day=step.day), [])
    for kind, number, step in (each for tick in sorted(ends) for each in ends[tick]):
        playing.act(conn, number if step else 0, Step(kind, day=step.day if step else ""), [number])


@given(batches(heaps(), TOGETHER), st.permutations(KINDS), st.booleans())
@histories(TOGETHER)
def test_any_order_and_grouping_gives_the_same_tables(
    module_conn: psycopg.Connection, batch: Batch, order: list[str], backwards: bool
) -> None:
    """All at once, and in four parts of which each row is in any; `check` looks at the whole once more."""
    conn, told, ends = module_conn, batch.histories, []
    for ticks in (1, TICKS):
        playing.prepare(conn, told)
        for tick in range(ticks):
            kinds = order if ticks > 1 else KINDS
            rows = [
                (kind, [(n, [row for each, row, when in heap.rows if each == kind and (ticks == 1 or when == tick)])
                        for n, heap in enumerate(told)])
                for kind in kinds
            ]  # fmt: skip
            playing.deliver(conn, [(kind, each[::-1] if backwards else each) for kind, each in rows])
        with Run(conn, "check", {}) as run:
            acts.check(run, ("files",))
        ends.append(playing.state(conn))
    for n, heap in enumerate(told):
        same(ends[0].get(n, {}), ends[1].get(n, {}), heap)
        if not heap.faulty and not any(kind == "actions" for kind, _, _ in heap.rows):
            assert not ends[0].get(n, {}).get("held"), heap
    checked(len(told))
