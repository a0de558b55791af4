"""How the libraries are loaded: late, without what we do not use of them, and without a voice of their own."""

import logging
import sys
from types import ModuleType


def load() -> ModuleType:
    """httpx, without its command line tool and what that would bring (rich, click, pygments)."""
    sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]
    import httpx

    silence("httpx", "httpcore")
    return httpx


def silence(*names: str) -> None:
    """Without a handler of their own, libraries write tracebacks to stderr through logging.lastResort."""
    for name in names:
        logger = logging.getLogger(name)
        if not logger.handlers:
            logger.addHandler(logging.NullHandler())
