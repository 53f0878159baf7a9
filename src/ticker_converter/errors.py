"""Every error this package raises on purpose, and whether to try again.

    TickerConverterError                 exit  what to do
    ├── Transient                        3     try again later; nothing is lost
    │   ├── ProviderUnavailable                timeout, connection reset, 5xx
    │   ├── ProviderBusy                       refused per second or per minute (`retry_after` seconds)
    │   ├── DatabaseUnavailable          1     the server does not answer
    │   ├── Locked                       1     another run holds the lock
    │   └── TooMany                      1     asked too often (`retry_after` seconds)
    └── Permanent                        1     trying again gives the same answer
        ├── Usage                        2     wrong words, options or settings
        │   └── BadSetting               2     a setting, named, never its value
        ├── NotThere                     4     the data is not there
        │   ├── UnknownSymbol            4
        │   ├── NoBars                   4
        │   ├── NoRate                   4     no source answers for the date
        │   └── NoBasis                  4     an adjustment the stored basis cannot give
        ├── Unreadable                   1     a payload or file that is not what it should be
        ├── NotKnown                     1     who asks could not be made sure of
        ├── NotAllowed                   1     who asks may not
        ├── WrongDatabase                1     a database of another major version, or not migrated, or newer than this
        ├── DatabaseRefused              1     the server refused a statement: a constraint, a right, a fault
        └── Refused                      1     the provider said no
            ├── QuotaSpent               3     per hour, day or month (`span`, `resets`)
            ├── NotEntitled              1     a premium endpoint, or the demo key on another call
            ├── BadKey                   1     the key is missing or wrong
            └── NoSuchSymbol             1     the provider does not know the symbol

The message of an error is one line for the person it happened to: what, where, and what to do.
A leaf is Transient or Permanent, never both; `exit_code` is the command line's.
"""

from __future__ import annotations

from datetime import datetime

__all__ = [
    "BadKey", "BadSetting", "DatabaseRefused", "DatabaseUnavailable", "Locked", "NoBars", "NoBasis", "NoRate",
    "NoSuchSymbol", "NotAllowed", "NotEntitled", "NotKnown", "NotThere", "Permanent", "ProviderBusy",
    "ProviderUnavailable", "QuotaSpent", "Refused", "TickerConverterError", "TooMany", "Transient", "UnknownSymbol",
    "Unreadable", "Usage", "WrongDatabase",
]  # fmt: skip


class TickerConverterError(Exception):
    """Base of all errors raised on purpose."""

    exit_code = 1


class Transient(TickerConverterError):
    """The same call may succeed later."""

    exit_code = 3


class ProviderUnavailable(Transient):
    """A provider did not answer, or answered 5xx."""


class ProviderBusy(Transient):
    """A provider asked to slow down."""

    def __init__(self, message: str, retry_after: float = 60.0) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class DatabaseUnavailable(Transient):
    """PostgreSQL does not answer."""

    exit_code = 1


class Locked(Transient):
    """Another run holds the lock that this one needs."""

    exit_code = 1


class TooMany(Transient):
    """Asked more often than is allowed."""

    exit_code = 1

    def __init__(self, message: str, retry_after: int) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Permanent(TickerConverterError):
    """The same call gives the same answer again."""


class Usage(Permanent):
    """Wrong words, options or settings."""

    exit_code = 2


class BadSetting(Usage):
    """A setting that is missing or wrong, by name, never by value."""


class NotThere(Permanent):
    """The data is not there."""

    exit_code = 4


class UnknownSymbol(NotThere):
    """A symbol that is not on the list."""


class NoBars(NotThere):
    """No bars are stored for the symbol and range."""


class NoRate(NotThere):
    """No source answers for the pair and date."""


class NoBasis(NotThere):
    """An adjustment that the stored basis cannot give."""


class Unreadable(Permanent):
    """A payload or file that is not what it should be."""


class NotKnown(Permanent):
    """Who asks could not be made sure of: no credential, or none that is good."""

    def __init__(self, message: str, challenge: str = "Bearer") -> None:
        super().__init__(message)
        self.challenge = challenge


class NotAllowed(Permanent):
    """Who asks is known and may not."""


class WrongDatabase(Permanent):
    """A database this version cannot work with: another major version, not migrated, or migrated further."""


class DatabaseRefused(Permanent):
    """The server refused a statement: a constraint, a missing right, or a fault of ours."""


class Refused(Permanent):
    """The provider said no."""


class QuotaSpent(Refused):
    """The provider's calls of the `span` (hour, day, month) are spent, of this key; `resets` is when more are free."""

    exit_code = 3

    def __init__(self, message: str, span: str = "day", resets: datetime | None = None) -> None:
        super().__init__(message)
        self.span, self.resets = span, resets


class NotEntitled(Refused):
    """The key may not make this call."""


class BadKey(Refused):
    """The provider does not accept the key."""


class NoSuchSymbol(Refused):
    """The provider does not know the symbol."""
