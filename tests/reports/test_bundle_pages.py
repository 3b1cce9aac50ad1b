"""The coordinator's pages of bundles: out with one press, in with a preview, all by forms without a script."""

from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django_tasks_db.models import DBTaskResult

from communes.models import Event
from inspections.models import InspectionRound
from reports import jobs
from reports.bundles import loading
from reports.models import BroughtRound, RoundBundle
from reports.services import bundles as service

from ..factories import CommuneFactory
from ..inspections import factories as work
from . import bundles

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def there(django_db_setup, django_db_blocker, tmp_path_factory):
    folder = tmp_path_factory.mktemp("there")
    with django_db_blocker.unblock():
        bundles.make(folder, with_notice=False)
    return folder


@pytest.fixture
def here(district, commune):
    return work.open_round(district, communes=[commune], criteria_set=work.small_set(code="xa-day"), code="DAY-1")


@pytest.fixture
def keeper(client, here):
    """A coordinator, signed in."""
    client.force_login(here.coordinator)
    return here.coordinator


def send(client, path):
    file = SimpleUploadedFile("goi của huyện.zip", Path(path).read_bytes())
    return client.post(reverse("reports:bundle-upload"), {"bundle": file})


def files(settings):
    return [path for path in Path(settings.MEDIA_ROOT).rglob("*") if path.is_file()]


# ---------------------------------------------------------------- out


def test_a_round_goes_out_with_one_press_and_is_fetched(client, keeper, here):
    page = reverse("reports:bundle-export", args=[here.round.code])
    assert "Gói gồm những gì" in client.get(page).content.decode()
    assert client.post(page).status_code == 302
    made = RoundBundle.objects.get()
    shown = client.get(page).content.decode()
    assert made.status == "done"
    assert made.sha256 in shown
    answer = client.get(reverse("reports:bundle-file", args=[made.pk]))
    assert b"".join(answer.streaming_content) == service.path_of(made).read_bytes()
    assert answer["Content-Disposition"].startswith("attachment")
    assert Event.objects.filter(action="round.bundle_fetched", actor=keeper).count() == 1


def test_a_large_round_is_made_by_the_worker(client, keeper, here, monkeypatch):
    monkeypatch.setattr(service, "AT_ONCE", -1)
    page = reverse("reports:bundle-export", args=[here.round.code])
    client.post(page)
    client.post(page)
    made = RoundBundle.objects.get()
    answer = client.get(page)
    assert made.status == "asked"
    assert answer["Refresh"] == "5"
    assert "tự xem lại" in answer.content.decode()
    assert DBTaskResult.objects.count() == 2
    assert [jobs.carry_out.func(str(made.pk)) for _ in range(2)] == ["done", "done"]
    assert "Refresh" not in client.get(page)


def test_what_cannot_go_out_says_why(client, keeper, here, settings, officer, commune):
    piece = work.prove(here.dossier_of(commune), "2.1", by=officer)
    Path(piece.file.path).unlink()
    page = reverse("reports:bundle-export", args=[here.round.code])
    client.post(page)
    assert "Thiếu tệp" in client.get(page).content.decode()
    assert list(Path(settings.MEDIA_ROOT, service.FOLDER).glob("*.zip")) == []
    draft = work.open_round(here.round.authority, communes=[], is_open=False)
    client.force_login(draft.coordinator)
    answer = client.post(reverse("reports:bundle-export", args=[draft.round.code]))
    assert answer.status_code == 409
    assert "chưa mở" in answer.content.decode()


# ---------------------------------------------------------------- in


def test_a_round_comes_in_after_its_preview(client, keeper, there, settings):
    answer = send(client, there / bundles.OPEN)
    kept = RoundBundle.objects.get()
    assert answer.url == reverse("reports:bundle-check", args=[kept.pk])
    shown = client.get(answer.url).content.decode()
    for words in ("Nhập đợt XA-2025", "UBND huyện Xa", kept.sha256, "Xã Hố Mít", "Sẽ thêm", "đặt dưới UBND huyện Thử"):
        assert words in shown
    assert "ngưỡng đã đối chiếu ở nơi lập được nhập là chưa đối chiếu" in shown
    assert not BroughtRound.objects.exists()
    assert client.post(answer.url).status_code == 302
    round_ = InspectionRound.objects.get(code="XA-2025")
    assert round_.brought.brought_by == keeper
    # Pressed twice: it is there, and nothing is done again.
    assert client.post(answer.url).url == round_.get_absolute_url()
    page = client.get(round_.get_absolute_url()).content.decode()
    assert "Nhập từ UBND huyện Xa" in page
    assert str(keeper) in page
    assert "chỉ để xem" in page
    assert not service.path_of(kept).exists()
    assert BroughtRound.objects.count() == 1


def test_what_is_typed_wrong_stands_beside_its_field_and_stays(client, keeper, there):
    page = send(client, there / bundles.OPEN).url
    code = client.get(page).context["form"].groups[0][2][0][0].row["code"]
    answer = client.post(page, {f"don-vi-{code}": "99999", "nguoi-khong-co": "x"})
    assert answer.status_code == 400
    shown = answer.content.decode()
    assert "Không có đơn vị mang mã 99999" in shown
    assert 'value="99999"' in shown
    assert not BroughtRound.objects.exists()


def test_a_successor_is_named_on_the_page(client, keeper, there, here):
    page = send(client, there / bundles.OPEN).url
    line = client.get(page).context["form"].groups[0][2][0][0]
    new = CommuneFactory(authority=here.round.authority, code="03598", valid_from="2020-07-01")
    assert client.post(page, {f"don-vi-{line.row['code']}": "03598"}).status_code == 302
    assert new.predecessors.get().code == line.row["code"]


def test_the_worker_brings_a_large_one_in(client, keeper, there, monkeypatch):
    page = send(client, there / bundles.OPEN).url
    monkeypatch.setattr(service, "AT_ONCE", -1)
    client.post(page)
    client.post(page)
    answer = client.get(page)
    assert "Đang nhập đợt kiểm tra" in answer.content.decode()
    assert answer["Refresh"] == "5"
    assert DBTaskResult.objects.count() == 1
    assert jobs.carry_out.func(str(RoundBundle.objects.get().pk)) == "done"
    assert client.get(page).url == "/dot-kiem-tra/XA-2025/"


def test_a_bundle_that_is_altered_is_named_beside_the_field_and_not_kept(client, keeper, there, tmp_path, settings):
    answer = send(client, bundles.flipped(there / bundles.OPEN, tmp_path / "x.zip", 2000, 1))
    assert answer.status_code == 400
    assert "đã bị thay đổi hoặc hỏng" in answer.content.decode()
    assert not RoundBundle.objects.exists()
    assert files(settings) == []
    answer = client.post(reverse("reports:bundle-upload"), {})
    assert "Chưa chọn tệp" in answer.content.decode()
    (tmp_path / "y.zip").write_bytes(b"not a zip at all" * 30)
    assert "goi của huyện.zip" in send(client, tmp_path / "y.zip").content.decode()


def test_what_goes_wrong_in_the_end_is_told_and_can_be_done_again(client, keeper, there, monkeypatch):
    page = send(client, there / bundles.OPEN).url
    with monkeypatch.context() as patch:
        patch.setattr(loading.Loader, "_tell", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left")))
        client.post(page)
    assert RoundBundle.objects.get().status == "failed"
    assert "Không ghi được tệp" in client.get(page).content.decode()
    client.post(page)
    assert RoundBundle.objects.get().status == "done"


def test_what_is_old_is_cleared_away_with_its_file(client, keeper, there, here):
    send(client, there / bundles.OPEN)
    kept = RoundBundle.objects.get()
    RoundBundle.objects.update(asked_at=kept.asked_at - service.KEPT * 2)
    assert service.clear_old() == 1
    assert not service.path_of(kept).exists()
    assert client.get(reverse("reports:bundle-check", args=[kept.pk])).status_code == 404


def test_what_is_beyond_the_own_reach_stands_in_the_preview(client, keeper, there, here, tmp_path):
    """The own office works here: its bundle is shown with the reason, and confirming it does nothing."""
    own = here.round.authority
    columns = {"code": own.code, "valid_from": str(own.valid_from)}
    page = send(client, bundles.altered(there / bundles.OPEN, tmp_path / "x.zip", "authorities", 1, **columns)).url
    for answer in (client.get(page), client.post(page)):
        assert (
            "UBND huyện Xa đang làm việc trên cổng này; người quản trị nhập được bằng lệnh" in answer.content.decode()
        )
    assert not BroughtRound.objects.exists()


def test_the_page_costs_the_same_for_more_units(client, keeper, there, django_assert_max_num_queries):
    page = send(client, there / bundles.OPEN).url
    with django_assert_max_num_queries(60):
        client.get(page)
