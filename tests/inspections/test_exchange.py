"""Results and indicators as tables: who gets which rows, and what stands in them."""

import csv
from io import StringIO

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse

from communes.exchange.kinds import KINDS
from criteria.judgement import Judgement
from inspections import services

from .factories import conclusion_of, fill, open_round, small_set

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(district, commune, officer):
    found = open_round(district, communes=[commune], criteria_set=small_set(), code="TU-THU")
    dossier = found.dossier_of(commune)
    fill(dossier, by=officer)
    services.submit(dossier, by=officer)
    row = conclusion_of(dossier, 1)
    services.conclude_criterion(
        row, verdict=Judgement.NOT_MET, reason="=Thiếu hồ sơ", by=found.inspector, version=row.version
    )
    return found


def rows(client, user, kind, target=""):
    client.force_login(user)
    answer = client.get(reverse("communes:exchange-export", args=[kind, "csv"]), {"muc": target})
    assert answer.status_code == 200
    return list(csv.DictReader(StringIO(b"".join(answer.streaming_content).decode("utf-8-sig"))))


def test_results_are_one_line_for_each_criterion(client, world):
    found = rows(client, world.coordinator, "ket-qua", "TU-THU")
    assert len(found) == world.round.dossiers.get().conclusions.count()
    first = found[0]
    assert (first["Mã đơn vị"], first["Đơn vị"], first["Tiêu chí số"]) == ("03602", "Xã Phúc Khoa", "1")
    assert (first["Kết luận"], first["Lý do"]) == ("Chưa đạt", "'=Thiếu hồ sơ")
    assert found[1]["Kết luận"] == "Chưa đánh giá"


def test_indicators_come_with_values(client, world):
    found = rows(client, world.coordinator, "chi-tieu")
    assert {row["Mã chỉ tiêu"] for row in found} >= {"1.1", "2.1", "2.2"}
    assert any(row["Tử số"] or row["Giá trị"] for row in found)


def test_rounds_of_others_are_not_in_it(client, world, other_district):
    other = open_round(
        other_district, communes=[], criteria_set=small_set(code="xa-khac"), is_open=False, code="XA-THU"
    )
    assert rows(client, other.coordinator, "ket-qua") == []
    answer = client.get(reverse("communes:exchange-export", args=["ket-qua", "csv"]), {"muc": "TU-THU"})
    assert answer.status_code == 404


def test_only_who_keeps_rounds_takes_them_out(client, world, officer, administrator):
    for user in (officer, world.inspector, administrator):
        client.force_login(user)
        assert client.get(reverse("communes:exchange-export", args=["ket-qua", "csv"])).status_code == 403
        with pytest.raises(PermissionDenied):
            KINDS["ket-qua"].require(user)


def test_recommendations_go_out(client, world):
    assert rows(client, world.coordinator, "kien-nghi") == []
