#!/usr/bin/env python3
"""Command line of the portal: `python manage.py help` lists what it can do."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ntm_portal.settings")
    try:
        from django.core.management import execute_from_command_line
    except ImportError as error:
        raise SystemExit("Django is not installed here: run `make setup` first.") from error
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
