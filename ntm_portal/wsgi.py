"""Entry point for gunicorn: `gunicorn ntm_portal.wsgi`."""

import gc
import os
from importlib import import_module

from django.conf import settings
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ntm_portal.settings")

application = get_wsgi_application()

# The program itself stays to the end: where a page makes many objects, the search for garbage passes it by.
import_module(settings.ROOT_URLCONF)
gc.collect()
gc.freeze()
