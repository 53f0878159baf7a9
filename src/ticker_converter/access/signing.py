"""Access tokens: signed, short-lived, checked without a look into the database (whether the user is still good is asked
apart).

The algorithm is the setting's, never the header's: a token that names another, `none` included, is refused. A key is
found by its id (`kid`), so that JWT_PREVIOUS_KEYS lets tokens live on through a change of JWT_SECRET_KEY.
"""

from __future__ import annotations

import hmac
import os
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import jwt
from jwt.algorithms import HMACAlgorithm

from ticker_converter.errors import BadSetting, NotKnown
from ticker_converter.settings import Settings

ISSUER = AUDIENCE = "ticker-converter"
#: Seconds by which the clocks of two servers may differ.
LEEWAY = 5
REFUSED = "The token is not one that this service gave, or it has expired."
CHALLENGE = 'Bearer error="invalid_token"'


@dataclass(frozen=True, slots=True)
class Token:
    """What a good token says."""

    user_id: int
    scopes: frozenset[str]
    issued_at: datetime
    expires_at: datetime


class _Keys(HMACAlgorithm):
    """PyJWT warns of a secret shorter than the hash; the least that is allowed here is checked by the settings."""

    def check_key_length(self, key: bytes) -> str | None:
        del key
        return None


class Signer:
    """Makes and checks tokens with the settings' keys."""

    def __init__(self, settings: Settings) -> None:
        self._algorithm = settings.jwt_algorithm
        self._life = timedelta(minutes=settings.jwt_access_token_expire_minutes)
        current = settings.jwt_secret_key.reveal() if settings.jwt_secret_key else _own(settings)
        previous = settings.jwt_previous_keys.reveal().split(",") if settings.jwt_previous_keys else []
        self._kid = _kid(current)
        self._keys = {_kid(text): text for text in (*map(str.strip, previous), current) if text}
        self._jws = jwt.PyJWS(algorithms=[])
        hash_of = {
            "HS256": HMACAlgorithm.SHA256,
            "HS384": HMACAlgorithm.SHA384,
            "HS512": HMACAlgorithm.SHA512,
        }
        self._jws.register_algorithm(self._algorithm, _Keys(hash_of[self._algorithm]))
        self._jwt = jwt.PyJWT()
        self._jwt._jws = self._jws

    @property
    def seconds(self) -> int:
        """How long a token lives."""
        return int(self._life.total_seconds())

    def sign(self, user_id: int, scopes: list[str]) -> str:
        """A token for a user."""
        now = datetime.now(UTC)
        claims = {
            "iss": ISSUER, "aud": AUDIENCE, "sub": str(user_id), "scope": " ".join(scopes), "iat": now,
            "exp": now + self._life, "jti": secrets.token_hex(16),
        }  # fmt: skip
        return self._jwt.encode(claims, self._keys[self._kid], self._algorithm, {"kid": self._kid})

    def check(self, token: str) -> Token:
        """What a token says; NotKnown, always in the same words, when it is not good."""
        try:
            kid = str(self._jws.get_unverified_header(token)["kid"])
            claims = self._jwt.decode(
                token, self._keys[kid], algorithms=[self._algorithm], audience=AUDIENCE, issuer=ISSUER,
                leeway=0, options={"require": ["iss", "aud", "sub", "exp", "iat", "jti"], "verify_iat": False},
            )  # fmt: skip
            found = Token(
                int(claims["sub"]), frozenset(str(claims.get("scope", "")).split()),
                datetime.fromtimestamp(claims["iat"], UTC), datetime.fromtimestamp(claims["exp"], UTC),
            )  # fmt: skip
        except (jwt.PyJWTError, KeyError, TypeError, ValueError, OverflowError):
            raise NotKnown(REFUSED, CHALLENGE) from None
        if found.issued_at > datetime.now(UTC) + timedelta(seconds=LEEWAY):
            raise NotKnown(REFUSED, CHALLENGE)
        return found


def _kid(secret: str) -> str:
    """A key's id, which says nothing of the key."""
    return hmac.digest(secret.encode(), b"ticker-converter kid", "sha256").hex()[:12]


def _own(settings: Settings) -> str:
    """A laptop's secret, made once and kept beside its database; production has JWT_SECRET_KEY."""
    path = settings.ticker_converter_home / "jwt.key"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            _make(path)
        return path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise BadSetting(f"JWT_SECRET_KEY is not set and {path} cannot be used instead: {error}") from error


def _make(path: Path) -> None:
    """Written aside and linked: of two workers that start at once one wins, and both read a whole file."""
    aside = path.with_name(f"jwt.key.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(secrets.token_hex(32) + "\n")
    try:
        os.link(aside, path)
    except FileExistsError:
        pass
    finally:
        aside.unlink()
