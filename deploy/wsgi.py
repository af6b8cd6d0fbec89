"""The WSGI application that gunicorn serves; `CKAN_INI` names the site."""

from __future__ import annotations

import os

from ckan.cli import CKANConfigLoader
from ckan.config.middleware import make_app
from flask import Flask, Response
from flask_compress import Compress
from flask_login import current_user

from ckanext.privacy import warming


def compress_for_visitors(app: Flask) -> None:
    """Compress what goes to visitors; a compressed page could betray the form token of who is logged in (BREACH)."""
    app.config["COMPRESS_REGISTER"] = False
    compress = Compress(app)

    @app.after_request
    def _compress(response: Response) -> Response:
        return response if current_user.is_authenticated else compress.after_request(response)


application = make_app(CKANConfigLoader(os.environ["CKAN_INI"]).get_config())
compress_for_visitors(application._wsgi_app)  # type: ignore[attr-defined] # the Flask application itself
warming.start()
