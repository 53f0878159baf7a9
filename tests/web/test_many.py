"""Ten thousand instruments: a few rows are in the page, and any of them is reached by scrolling, sorting or a word."""

from __future__ import annotations

import psycopg
import pytest

from tests.support import writing


@pytest.mark.slow
def test_ten_thousand_instruments_scroll(visit, own_site) -> None:
    site, _ = own_site(empty=True)
    with psycopg.connect(site.database, autocommit=True) as conn:
        days = ("2024-01-02", "2024-01-03", "2024-01-04")
        writing.bars(
            conn,
            (f"S{n:05},{day},{n % 90 + d + 10}" for n in range(10_000) for d, day in enumerate(days)),
            mic="XNAS",
        )
        writing.rates(conn, [f"EUR,USD,{day},1.1" for day in days])
    seen = visit(of=site)
    seen.open("#/watch")
    table = seen.page.get_by_role("region", name="The watch list")
    seen.page.get_by_text("10,000 instruments in EUR, 10,000 not up to date").wait_for(timeout=60_000)
    assert table.locator("table").get_attribute("aria-rowcount") == "10001"
    assert table.locator("tbody tr").count() < 60
    frames = seen.page.evaluate(
        """async () => {
          const box = document.querySelector(".grid");
          const taken = [];
          for (let n = 0; n < 60; n += 1) {
            const began = performance.now();
            box.scrollTop += (box.scrollHeight - box.clientHeight) / 60;
            await new Promise(requestAnimationFrame);
            box.getBoundingClientRect();
            taken.push(performance.now() - began);
            if (!box.querySelectorAll("tbody tr:not(.space)").length) throw new Error("nothing is drawn");
          }
          return { rows: box.querySelectorAll("tbody tr").length, last: box.innerText.includes("S09999") };
        }"""
    )
    assert frames["last"] and frames["rows"] < 60
    table.get_by_role("button", name="Symbol").click()
    assert table.get_by_role("link").first.inner_text() == "S09999"
    seen.page.get_by_label("Find").fill("s0042")
    assert {one[:5] for one in table.get_by_role("link").all_inner_texts()} == {"S0042"}
    assert seen.complaints == []
