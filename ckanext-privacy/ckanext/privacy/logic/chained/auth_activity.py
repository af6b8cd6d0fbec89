"""Who may read an activity by its id."""

from __future__ import annotations

from ckan.plugins import toolkit as tk
from ckan.types import AuthFunction, AuthResult, Context, DataDict


@tk.chained_auth_function
@tk.auth_allow_anonymous_access
def activity_show(next_auth: AuthFunction, context: Context, data_dict: DataDict | None) -> AuthResult:
    """CKAN's own function fails where nobody says whether the data is wanted; the answer holds it in any case."""
    return next_auth(context, {"include_data": True, **(data_dict or {})})
