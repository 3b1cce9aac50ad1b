"""Addresses of the reports app."""

from django.urls import path, register_converter
from django.urls.converters import StringConverter

from .views import composer, decisions, minutes, public


class DirectionConverter(StringConverter):
    regex = "len|xuong"


register_converter(DirectionConverter, "direction")

app_name = "reports"
urlpatterns = [
    # thong-bao/: for everyone, without an account
    path("thong-bao/", public.public_list, name="public-list"),
    path("thong-bao/<uuid:public_id>/", public.public_detail, name="public-detail"),
    path("thong-bao/<uuid:public_id>/pdf/", public.public_file, name="public-file"),
    # soan-thong-bao/
    path("soan-thong-bao/", composer.notice_list, name="notice-list"),
    path("soan-thong-bao/moi/", composer.notice_create, name="notice-create"),
    path("soan-thong-bao/dot/<str:code>/bien-ban/", minutes.round_minutes, name="round-minutes"),
    path("soan-thong-bao/dot/<str:code>/bien-ban/<int:pk>/<slug:kind>/", minutes.minutes_create, name="minutes-create"),
    # soan-thong-bao/<notice>/
    path("soan-thong-bao/<uuid:public_id>/", decisions.notice_preview, name="notice-preview"),
    path("soan-thong-bao/<uuid:public_id>/ban-in/", decisions.notice_draft_pdf, name="notice-draft-pdf"),
    path("soan-thong-bao/<uuid:public_id>/tep/", decisions.notice_file, name="notice-file"),
    path("soan-thong-bao/<uuid:public_id>/phe-duyet/", decisions.notice_approve, name="notice-approve"),
    path("soan-thong-bao/<uuid:public_id>/gui-lai/", decisions.notice_send_back, name="notice-send-back"),
    path("soan-thong-bao/<uuid:public_id>/ban-hanh/", decisions.notice_issue, name="notice-issue"),
    path("soan-thong-bao/<uuid:public_id>/soan-lai/", minutes.notice_redraft, name="notice-redraft"),
    path("soan-thong-bao/<uuid:public_id>/bao-cao-cua-dot/", minutes.report_bind, name="report-bind"),
    path("soan-thong-bao/<uuid:public_id>/soan/", composer.notice_edit, name="notice-edit"),
    path("soan-thong-bao/<uuid:public_id>/phan-dau/", composer.notice_details, name="notice-details"),
    path("soan-thong-bao/<uuid:public_id>/kien-nghi/", composer.recommendations_save, name="recommendations-save"),
    # soan-thong-bao/<notice>/phan/
    path("soan-thong-bao/<uuid:public_id>/phan/them/", composer.section_add, name="section-add"),
    path("soan-thong-bao/<uuid:public_id>/phan/<int:pk>/luu/", composer.section_save, name="section-save"),
    path("soan-thong-bao/<uuid:public_id>/phan/<int:pk>/xoa/", composer.section_remove, name="section-remove"),
    path(
        "soan-thong-bao/<uuid:public_id>/phan/<int:pk>/<direction:direction>/",
        composer.section_move,
        name="section-move",
    ),
]
