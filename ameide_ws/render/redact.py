"""Nothing we print holds a token: the last thing that happens to a text before it leaves us."""

import re

_MASK = "***"
# Headers, cookies and query parameters that carry one, and the name and password in an address.
_CARRIERS = re.compile(
    r"(?i)(\bbearer\s+|coder[-_]session[-_]token['\"]?\s*[=:]\s*['\"]?|\b(?:access_|refresh_|id_)?token=)"
    r"[^\s&;'\",)]+"
)
_USERINFO = re.compile(r"(?i)(\b[a-z][a-z0-9+.-]{0,20}://)[^\s/@?#]+@")


class Redactor:
    """Masks the tokens it knows, whole or in part, and whatever stands where a token would."""

    def __init__(self) -> None:
        self._parts: list[str] = []

    def learn(self, token: str) -> None:
        """Mask this one too, and its two halves: the id with its dash, and the part that is the secret."""
        key, dash, value = token.strip().partition("-")
        parts = {token.strip(), value if len(value) >= 8 else "", f"{key}-" if dash and len(key) >= 8 else ""}
        self._parts = sorted({*self._parts, *filter(None, parts)}, key=len, reverse=True)

    def __call__(self, text: str) -> str:
        """The text without the token we know."""
        for part in self._parts:
            if part in text:
                text = text.replace(part, _MASK)
        return text

    def thoroughly(self, text: str) -> str:
        """For tracebacks, debug lines and errors: also what only looks as if it carried one."""
        return _USERINFO.sub(rf"\1{_MASK}@", _CARRIERS.sub(rf"\1{_MASK}", self(text)))
