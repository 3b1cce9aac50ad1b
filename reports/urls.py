"""Addresses of the reports app."""

from django.urls import path, register_converter
from django.urls.converters import StringConverter

from .views import changes, composer, decisions, figures, library, pages, public, verifying


class FormatConverter(StringConverter):
    regex = "docx|html|json"


class KeyConverter(StringConverter):
    regex = "[0-9a-f]{32}"


class DirectionConverter(StringConverter):
    regex = "len|xuong"


class RenditionConverter(StringConverter):
    """What the public may have besides the issued PDF."""

    regex = "docx|khong-ky|ky-so"


register_converter(FormatConverter, "format")
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
    # soan-thong-bao/
    path("soan-thong-bao/", composer.notice_list, name="notice-list"),
    path("soan-thong-bao/moi/", composer.notice_create, name="notice-create"),
    # soan-thong-bao/thu-vien/
    path("soan-thong-bao/thu-vien/", library.library, name="library"),
    path("soan-thong-bao/thu-vien/<int:pk>/doi-ten/", library.snippet_rename, name="snippet-rename"),
    path("soan-thong-bao/thu-vien/<int:pk>/rut/", library.snippet_withdraw, name="snippet-withdraw"),
    # soan-thong-bao/<notice>/
    path("soan-thong-bao/<uuid:public_id>/", decisions.notice_preview, name="notice-preview"),
    path("soan-thong-bao/<uuid:public_id>/ban-in/", decisions.notice_draft_pdf, name="notice-draft-pdf"),
    path("soan-thong-bao/<uuid:public_id>/tep/<format:wanted>/", decisions.notice_rendition, name="notice-rendition"),
    path("soan-thong-bao/<uuid:public_id>/tep/", decisions.notice_file, name="notice-file"),
    path("soan-thong-bao/<uuid:public_id>/phe-duyet/", decisions.notice_approve, name="notice-approve"),
    path("soan-thong-bao/<uuid:public_id>/gui-lai/", decisions.notice_send_back, name="notice-send-back"),
    path("soan-thong-bao/<uuid:public_id>/ban-hanh/", decisions.notice_issue, name="notice-issue"),
    path("soan-thong-bao/<uuid:public_id>/soan/", composer.notice_edit, name="notice-edit"),
    path("soan-thong-bao/<uuid:public_id>/so-lieu/", figures.notice_figures, name="notice-figures"),
    path("soan-thong-bao/<uuid:public_id>/thay-doi/", changes.notice_changes, name="notice-changes"),
    path("soan-thong-bao/<uuid:public_id>/trang-in/", pages.notice_pages, name="notice-pages"),
    path("soan-thong-bao/<uuid:public_id>/trang-in/<key:key>/<int:number>/", pages.notice_page, name="notice-page"),
    path("soan-thong-bao/<uuid:public_id>/phan-dau/", composer.notice_details, name="notice-details"),
    path("soan-thong-bao/<uuid:public_id>/kien-nghi/", composer.recommendations_save, name="recommendations-save"),
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
