"""A typed client of `yoi rpc`."""

from .client import Yoi
from .errors import (
    Overloaded,
    ProtocolError,
    Refused,
    ServerGone,
    ServerNotFound,
    TimedOut,
    YoiError,
)
from . import models
from .stream import Stream

__all__ = [
    "Overloaded",
    "ProtocolError",
    "Refused",
    "ServerGone",
    "ServerNotFound",
    "Stream",
    "TimedOut",
    "Yoi",
    "YoiError",
    "models",
]
