"""Loads what the portal needs to know before the first round: units, agencies, criteria sets."""

from typing import Any

from django.core.management.base import BaseCommand
from django.db import transaction

from communes.services import load_reference_units
from criteria import services


class Command(BaseCommand):
    help = "Nạp danh mục: cơ quan, phòng ban, xã, bản và các bộ tiêu chí. Chạy lại không làm thay đổi gì."

    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> None:
        load_reference_units()
        loaded = services.load_supplied_sets()
        for criteria_set in loaded.made:
            self.stdout.write(f"Đã nạp {criteria_set}: {criteria_set.get_status_display().lower()}.")
        if not loaded.made:
            self.stdout.write(f"{len(loaded.kept)} bộ tiêu chí đã có, không thay đổi.")
