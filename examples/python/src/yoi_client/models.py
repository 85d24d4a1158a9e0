"""All types of the wire."""

from .generated.models import *  # noqa: F403
