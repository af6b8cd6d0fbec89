"""Pages of our own. Each module holds one blueprint."""

from __future__ import annotations

from .describe import describe
from .draft import draft
from .exports import exports
from .look import look
from .maps import maps
from .offline import offline
from .places import places
from .vocabulary import communitydata

__all__ = ["communitydata", "describe", "draft", "exports", "look", "maps", "offline", "places"]
