"""Judges the licences in an SBOM: each package has one that permits what we do, or this fails naming it.

    python deploy/pipeline/licences.py dist/sbom.json

Reads CycloneDX. A package without a licence, or with one that is on no list, is a failure and never a guess. What a
package forgot to say in its metadata stands in SAID_ELSEWHERE with the place where it says so.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

#: May be used, linked and distributed beside Apache-2.0 code. LGPL and MPL: as separate, unchanged packages.
PERMITTED = {
    "0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "CC0-1.0", "ISC", "LGPL-3.0-only", "LGPL-3.0-or-later", "MIT",
    "MIT-0", "MPL-2.0", "PostgreSQL", "PSF-2.0", "Python-2.0", "Unlicense", "Zlib",
}  # fmt: skip
#: Names that older metadata use, as SPDX has them.
SPELLINGS = {
    "apache 2": "Apache-2.0", "apache 2.0": "Apache-2.0", "apache license 2.0": "Apache-2.0",
    "apache license, version 2.0": "Apache-2.0", "apache software license": "Apache-2.0", "bsd": "BSD-3-Clause",
    "bsd license": "BSD-3-Clause", "mit license": "MIT", "the mit license": "MIT",
    "mozilla public license 2.0 (mpl 2.0)": "MPL-2.0", "python software foundation license": "PSF-2.0",
    "isc license (iscl)": "ISC", "gnu lesser general public license v3 (lgplv3)": "LGPL-3.0-only",
    "license :: osi approved :: apache software license": "Apache-2.0", "license :: osi approved :: mit license": "MIT",
    "license :: osi approved :: bsd license": "BSD-3-Clause",
    "license :: osi approved :: isc license (iscl)": "ISC",
    "license :: osi approved :: mozilla public license 2.0 (mpl 2.0)": "MPL-2.0",
}  # fmt: skip
#: Packages whose metadata name no licence: the licence, and where it is said.
SAID_ELSEWHERE: dict[str, tuple[str, str]] = {
    "pyrage": ("MIT", "the LICENSE file of its wheel, and the last section of its description"),
}


def permitted(expression: str) -> bool:
    """Whether an SPDX expression (or an old name) can be met: every AND, one of each OR."""
    plain = SPELLINGS.get(expression.strip().lower(), expression.strip())
    if plain in PERMITTED:
        return True
    inner = re.fullmatch(r"\((.*)\)", plain)
    for word, judge in (("OR", any), ("AND", all)):
        parts = _split(plain, word)
        if len(parts) > 1:
            return judge(permitted(part) for part in parts)
    return inner is not None and permitted(inner[1])


def _split(expression: str, word: str) -> list[str]:
    parts, depth, part = [], 0, ""
    for token in re.split(r"(\(|\)|\s+)", expression):
        depth += (token == "(") - (token == ")")
        if token == word and depth == 0:
            parts.append(part)
            part = ""
        else:
            part += token
    return [*parts, part]


def said(component: dict[str, Any]) -> list[str]:
    """What a component's metadata say of its licence; all that are given hold at once."""
    found = []
    for each in component.get("licenses", []):
        one = each.get("license", {})
        found.append(each.get("expression") or one.get("id") or one.get("name") or "")
    # A licence's whole text is no name; what names it stands beside it.
    return [text for text in found if text and len(text) < 200]


def judge(bill: dict[str, Any]) -> list[tuple[str, str, str]]:
    """Name, licence and fault (or nothing) of each package."""
    rows = []
    for component in bill.get("components", []):
        name = component["name"]
        texts = said(component) or ([SAID_ELSEWHERE[name][0]] if name in SAID_ELSEWHERE else [])
        good = [text for text in texts if permitted(text)]
        fault = "says no licence" if not texts else "" if len(good) == len(texts) else "not on the list"
        if good and any(re.fullmatch(r"[\w.+-]+", text) for text in good):
            fault = ""  # an identifier beside a classifier such as "OSI Approved" is what counts
        rows.append((name, "; ".join(texts), fault))
    return rows


def main() -> int:
    """Print the faults, exit 1 if there are any."""
    if len(sys.argv) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    rows = judge(json.loads(Path(sys.argv[1]).read_text()))
    if not rows:
        print(f"{sys.argv[1]}: lists no package; nothing was judged", file=sys.stderr)
        return 2
    for name, text, fault in rows:
        if fault:
            print(f"{name}: {fault}: {text or '-'}", file=sys.stderr)
    faults = sum(1 for row in rows if row[2])
    print(f"licences: {len(rows)} packages, {faults} not permitted")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
