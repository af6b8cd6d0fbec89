"""Who may read which rows. Rows are read by name of table, and working tables bear the resource's id."""

from __future__ import annotations

from ckan.plugins import toolkit as tk
from ckan.types import AuthFunction, AuthResult, Context, DataDict

from ckanext.privacy.gate import audience, sql


@tk.chained_auth_function
@tk.auth_allow_anonymous_access
def datastore_search_sql(next_auth: AuthFunction, context: Context, data_dict: DataDict | None) -> AuthResult:
    """SQL reads working tables, so each must be named, and belong to a dataset the reader works on."""
    # CKAN hands over a generator: whoever reads it first leaves nothing for the next.
    tables = list(context.get("table_names", ()))
    context["table_names"] = tables
    user = audience.reader(context)
    named = bool(tables) and not sql.reaches_beyond(str((data_dict or {}).get("sql", "")))
    if named and all(audience.works_on_resource(user, table) for table in tables):
        return next_auth(context, data_dict or {})
    sentence = tk._("SQL reads tables that may not be released yet. Use datastore_search: it reads the released rows.")
    return {"success": False, "msg": sentence}
