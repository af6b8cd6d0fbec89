"""Pages of our own. Each module holds one blueprint."""

from __future__ import annotations

from .describe import describe
from .draft import draft
from .vocabulary import communitydata

__all__ = ["communitydata", "describe", "draft"]
