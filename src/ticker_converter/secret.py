"""A text that must not be shown, and the texts that are no secret at all."""

from __future__ import annotations

import re


class Secret:
    """A text that shows itself only when asked by `reveal()`."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        return self._text

    def __repr__(self) -> str:
        return "Secret(********)"

    def __str__(self) -> str:
        return "********"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._text == self._text

    def __hash__(self) -> int:
        return hash(self._text)


#: Texts that stand where a secret should be.
_PLACEHOLDER = re.compile(
    r".*change[-_ ]?(me|this|it).*|your[-_ ].*|.*placeholder.*|replace[-_ ].*|example.*|<.*>|\[.*\]|todo.*|fixme.*"
    r"|((super|my|jwt)[-_ ]?)*secret([-_ ]?key)?[0-9]*|pass(word|wd)?[0-9]*|postgres|admin|root|test(ing)?|default"
    r"|demo|none|null|ticker(_user|_reader)?|(api[-_ ]?)?key|(?P<one>.)(?P=one)*|123[0-9]*|qwerty",
    re.IGNORECASE | re.DOTALL,
)


def is_placeholder(text: str) -> bool:
    """Whether a text is what examples hold in place of a secret."""
    return _PLACEHOLDER.fullmatch(text.strip()) is not None
