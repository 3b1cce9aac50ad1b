"""Addresses of the reports app."""

from datetime import date

from django.urls import path, register_converter
from django.urls.converters import StringConverter

from .presenters.tables.reading import KEY as TABLE_KEY
from .views import (
    bundles,
    changes,
    comparing,
    composer,
    decisions,
    figures,
    findings,
    following,
    issuing,
    lapsing,
    library,
    minutes,
    monthly,
    overview,
    pages,
    profile,
    public,
    replacing,
    signing,
    tables,
    verifying,
    what_if,
)


class FormatConverter(StringConverter):
    regex = "docx|html|json"


class KeyConverter(StringConverter):
    regex = "[0-9a-f]{32}"


class DirectionConverter(StringConverter):
    regex = "len|xuong"


class RenditionConverter(StringConverter):
    """What the public may have besides the issued PDF."""

    regex = "docx|khong-ky|ky-so"


class TableConverter(StringConverter):
    """Which official table: of all criteria, of one, of an agency."""

    regex = TABLE_KEY


class TableFileConverter(StringConverter):
    regex = "pdf|xlsx"


class MonthConverter(StringConverter):
    """A month as its first day: 2025-06."""

    regex = "20[0-9]{2}-(?:0[1-9]|1[0-2])"

    def to_python(self, value: str) -> date:  # type: ignore[override]
        return date.fromisoformat(f"{value}-01")

    def to_url(self, value: date) -> str:  # type: ignore[override]
        return f"{value:%Y-%m}"


class SheetConverter(StringConverter):
    regex = "csv|xlsx"


register_converter(FormatConverter, "format")
register_converter(TableConverter, "table")
register_converter(TableFileConverter, "tablefile")
register_converter(MonthConverter, "month")
register_converter(SheetConverter, "sheet")
register_converter(KeyConverter, "key")
register_converter(DirectionConverter, "direction")
register_converter(RenditionConverter, "rendition")

app_name = "reports"
urlpatterns = [
    # thong-bao/: for everyone, without an account
    path("thong-bao/", public.public_list, name="public-list"),
    path("thong-bao/feed/", public.public_feed, name="public-feed"),
    path("thong-bao/<uuid:public_id>/", public.public_detail, name="public-detail"),
    path("thong-bao/<uuid:public_id>/pdf/", public.public_file, name="public-file"),
    path("thong-bao/<uuid:public_id>/<rendition:part>/", public.public_rendition, name="public-rendition"),
    path("xac-minh/", verifying.verify, name="verify"),
    # bieu-tong-hop/
    path("bieu-tong-hop/<str:code>/", tables.table_list, name="table-list"),
    path("bieu-tong-hop/<str:code>/<slug:set_code>/<table:key>/", tables.table_detail, name="table-detail"),
    path(
        "bieu-tong-hop/<str:code>/<slug:set_code>/<table:key>/<tablefile:kind>/", tables.table_file, name="table-file"
    ),
    # tong-quan/
    path("tong-quan/", overview.overview, name="overview"),
    path("tong-quan/<int:pk>/", overview.overview_of, name="overview-of"),
    path("tong-quan/<int:pk>/dien-bien/", overview.overview_course, name="overview-course"),
    path("tong-quan/<int:pk>/danh-sach/<slug:kind>/", overview.overview_list, name="overview-list"),
    # tong-quan/: for leaders
    path("tong-quan/xa/<int:pk>/", profile.profile, name="profile"),
    path("tong-quan/so-sanh/", comparing.compare, name="compare"),
    path("tong-quan/khoang-cach/", what_if.what_if_page, name="what-if"),
    path("tong-quan/canh-bao/", lapsing.lapsing, name="lapsing"),
    # goi-dot-kiem-tra/
    path("goi-dot-kiem-tra/nhap/", bundles.bundle_upload, name="bundle-upload"),
    path("goi-dot-kiem-tra/nhap/<uuid:key>/", bundles.bundle_check, name="bundle-check"),
    path("goi-dot-kiem-tra/tep/<uuid:key>/", bundles.bundle_file, name="bundle-file"),
    path("goi-dot-kiem-tra/xuat/<str:code>/", bundles.bundle_export, name="bundle-export"),
    # kien-nghi/
    path("kien-nghi/", following.follow_up_list, name="follow-up-list"),
    path("kien-nghi/<int:pk>/", following.follow_up, name="follow-up"),
    path("kien-nghi/<int:pk>/tien-do/", following.follow_up_note, name="follow-up-note"),
    path("kien-nghi/<int:pk>/giao/", following.follow_up_terms, name="follow-up-terms"),
    path("kien-nghi/<int:pk>/ket-thuc/", following.follow_up_end, name="follow-up-end"),
    path("kien-nghi/<int:pk>/mo-lai/", following.follow_up_reopen, name="follow-up-reopen"),
    path("kien-nghi/<int:pk>/tep/<int:proof>/", following.follow_up_proof, name="follow-up-proof"),
    # bao-cao-thang/
    path("bao-cao-thang/", monthly.monthly_list, name="monthly-list"),
    path("bao-cao-thang/quy-dinh/<int:pk>/", monthly.monthly_rule, name="monthly-rule"),
    path("bao-cao-thang/<month:month>/tai-ve/<sheet:wanted>/", monthly.monthly_table, name="monthly-table"),
    path("bao-cao-thang/<int:agency>/<month:month>/", monthly.monthly_report, name="monthly-report"),
    path("bao-cao-thang/<int:agency>/<month:month>/luu/", monthly.monthly_save, name="monthly-save"),
    path("bao-cao-thang/<int:agency>/<month:month>/nop/", monthly.monthly_submit, name="monthly-submit"),
    path("bao-cao-thang/<int:agency>/<month:month>/sua/", monthly.monthly_correct, name="monthly-correct"),
    path("bao-cao-thang/<int:agency>/<month:month>/nhac/", monthly.monthly_remind, name="monthly-remind"),
    # soan-thong-bao/
    path("soan-thong-bao/", composer.notice_list, name="notice-list"),
    path("soan-thong-bao/moi/", composer.notice_create, name="notice-create"),
    path("soan-thong-bao/dot/<str:code>/bien-ban/", minutes.round_minutes, name="round-minutes"),
    path("soan-thong-bao/dot/<str:code>/bien-ban/<int:pk>/<slug:kind>/", minutes.minutes_create, name="minutes-create"),
    # soan-thong-bao/thu-vien/
    path("soan-thong-bao/thu-vien/", library.library, name="library"),
    path("soan-thong-bao/thu-vien/<int:pk>/doi-ten/", library.snippet_rename, name="snippet-rename"),
    path("soan-thong-bao/thu-vien/<int:pk>/rut/", library.snippet_withdraw, name="snippet-withdraw"),
    # soan-thong-bao/<notice>/
    path("soan-thong-bao/<uuid:public_id>/", decisions.notice_preview, name="notice-preview"),
    path("soan-thong-bao/<uuid:public_id>/ban-in/", decisions.notice_draft_pdf, name="notice-draft-pdf"),
    path("soan-thong-bao/<uuid:public_id>/tep/", issuing.notice_file, name="notice-file"),
    path("soan-thong-bao/<uuid:public_id>/tep/<rendition:part>/", issuing.notice_rendition, name="notice-rendition"),
    path("soan-thong-bao/<uuid:public_id>/tai-ve/<format:wanted>/", decisions.notice_download, name="notice-download"),
    path("soan-thong-bao/<uuid:public_id>/phe-duyet/", decisions.notice_approve, name="notice-approve"),
    path("soan-thong-bao/<uuid:public_id>/gui-lai/", decisions.notice_send_back, name="notice-send-back"),
    path("soan-thong-bao/<uuid:public_id>/cap-so/", issuing.notice_number, name="notice-number"),
    path("soan-thong-bao/<uuid:public_id>/ban-hanh/", issuing.notice_issue, name="notice-issue"),
    path("soan-thong-bao/<uuid:public_id>/da-ban-hanh/", issuing.notice_issued, name="notice-issued"),
    path("soan-thong-bao/<uuid:public_id>/thay-the/", replacing.notice_replace, name="notice-replace"),
    path("soan-thong-bao/<uuid:public_id>/bo-thay-the/", replacing.replacement_abandon, name="replacement-abandon"),
    path("soan-thong-bao/<uuid:public_id>/soan-lai/", minutes.notice_redraft, name="notice-redraft"),
    path("soan-thong-bao/<uuid:public_id>/bao-cao-cua-dot/", minutes.report_bind, name="report-bind"),
    path("soan-thong-bao/<uuid:public_id>/soan/", composer.notice_edit, name="notice-edit"),
    path("soan-thong-bao/<uuid:public_id>/so-lieu/", figures.notice_figures, name="notice-figures"),
    path("soan-thong-bao/<uuid:public_id>/thay-doi/", changes.notice_changes, name="notice-changes"),
    path("soan-thong-bao/<uuid:public_id>/trang-in/", pages.notice_pages, name="notice-pages"),
    path("soan-thong-bao/<uuid:public_id>/trang-in/<key:key>/<int:number>/", pages.notice_page, name="notice-page"),
    path("soan-thong-bao/<uuid:public_id>/phan-dau/", composer.notice_details, name="notice-details"),
    path("soan-thong-bao/<uuid:public_id>/kien-nghi/", composer.recommendations_save, name="recommendations-save"),
    # soan-thong-bao/<notice>/ky-so/
    path("soan-thong-bao/<uuid:public_id>/ky-so/", signing.notice_signing, name="notice-signing"),
    path("soan-thong-bao/<uuid:public_id>/ky-so/chuan-bi/", signing.signing_start, name="signing-start"),
    path("soan-thong-bao/<uuid:public_id>/ky-so/huy/", signing.signing_void, name="signing-void"),
    path("soan-thong-bao/<uuid:public_id>/ky-so/tep/", signing.signing_file, name="signing-file"),
    path("soan-thong-bao/<uuid:public_id>/ky-so/tai-len/", signing.signing_upload, name="signing-upload"),
    path("soan-thong-bao/<uuid:public_id>/ky-so/yeu-cau/", signing.signing_request, name="signing-request"),
    path("soan-thong-bao/<uuid:public_id>/ky-so/can-ky/", signing.signing_request_file, name="signing-request-file"),
    path("soan-thong-bao/<uuid:public_id>/ky-so/chu-ky/", signing.signing_complete, name="signing-complete"),
    # soan-thong-bao/<notice>/luu-y/
    path("soan-thong-bao/<uuid:public_id>/luu-y/<slug:key>/", findings.finding, name="finding"),
    path("soan-thong-bao/<uuid:public_id>/luu-y/<slug:key>/rut/", findings.finding_withdraw, name="finding-withdraw"),
    # soan-thong-bao/<notice>/phan/
    path("soan-thong-bao/<uuid:public_id>/phan/them/", composer.section_add, name="section-add"),
    path("soan-thong-bao/<uuid:public_id>/phan/<int:pk>/luu/", composer.section_save, name="section-save"),
    path("soan-thong-bao/<uuid:public_id>/phan/<int:pk>/thu-vien/", library.section_texts, name="section-texts"),
    path("soan-thong-bao/<uuid:public_id>/phan/<int:pk>/dung/", library.section_take, name="section-take"),
    path("soan-thong-bao/<uuid:public_id>/phan/<int:pk>/giu/", library.section_keep, name="section-keep"),
    path("soan-thong-bao/<uuid:public_id>/phan/<int:pk>/xoa/", composer.section_remove, name="section-remove"),
    path(
        "soan-thong-bao/<uuid:public_id>/phan/<int:pk>/<direction:direction>/",
        composer.section_move,
        name="section-move",
    ),
]
