"""How often somebody did something within the hour: a count in Redis under a keyed hash, no name and no address."""

from __future__ import annotations

import hashlib
import hmac

from ckan.lib.redis import connect_to_redis
from ckan.plugins import toolkit as tk

from ckanext.privacy.model.columns import now

_HOUR = 3600


def count(what: str, who: str) -> int:
    """Count once more and return the number so far; Redis' errors are the caller's."""
    named = f"{now().date().isoformat()}\0{who}".encode()
    digest = hmac.new(str(tk.config["SECRET_KEY"]).encode(), named, hashlib.sha256).hexdigest()
    key = f"ckan:{tk.config['ckan.site_id']}:privacy:{what}:{digest}"
    with connect_to_redis().pipeline() as pipe:
        pipe.incr(key)
        pipe.expire(key, _HOUR, nx=True)
        return int(pipe.execute()[0])
