"""Addresses of the inspections app: the commune's pages here, the team's in team_urls."""

from django.urls import URLPattern, URLResolver, path

from . import team_urls
from .views import again, dossiers, entry, evidence, library, offline, trial, uploads, workbooks

app_name = "inspections"

commune: list[URLPattern | URLResolver] = [
    # ho-so/
    path("ho-so/", dossiers.dossier_list, name="dossier-list"),
    path("ho-so/<int:pk>/", dossiers.dossier_detail, name="dossier-detail"),
    path("ho-so/<int:pk>/in/", dossiers.dossier_print, name="dossier-print"),
    path("ho-so/<int:pk>/nhat-ky/", dossiers.dossier_history, name="dossier-history"),
    path("ho-so/<int:pk>/cham-thu/", trial.dossier_trial, name="dossier-trial"),
    path("ho-so/<int:pk>/cham-thu/tep/", trial.dossier_check_files, name="dossier-check-files"),
    path("ho-so/<int:pk>/nop/", dossiers.dossier_submit, name="dossier-submit"),
    path("ho-so/<int:pk>/da-nop/", dossiers.dossier_submitted, name="dossier-submitted"),
    path("ho-so/<int:pk>/rut-lai/", dossiers.dossier_recall, name="dossier-recall"),
    path("ho-so/<int:pk>/bo-sung/", dossiers.dossier_returns, name="dossier-returns"),
    path("ho-so/<int:pk>/bo-sung/<int:item>/", dossiers.item_answer, name="item-answer"),
    path("ho-so/<int:pk>/giai-trinh/", dossiers.dossier_reply, name="dossier-reply"),
    path("ho-so/<int:pk>/bang-tinh/", workbooks.workbook_download, name="workbook-download"),
    path("ho-so/<int:pk>/bang-tinh/tai-len/", workbooks.workbook_upload, name="workbook-upload"),
    path("ho-so/<int:pk>/bang-tinh/<uuid:upload>/", workbooks.workbook_check, name="workbook-check"),
    path("ho-so/<int:pk>/tieu-chi/<int:number>/", entry.criterion_edit, name="criterion-edit"),
    path("ho-so/<int:pk>/tieu-chi/<int:number>/tai-len/", evidence.evidence_upload, name="evidence-upload"),
    path("ho-so/<int:pk>/tieu-chi/<int:number>/gan/", evidence.evidence_link, name="evidence-link"),
    path("ho-so/<int:pk>/tieu-chi/<int:number>/go/<int:evidence>/", evidence.evidence_unlink, name="evidence-unlink"),
    path("ho-so/<int:pk>/tieu-chi/<int:number>/dung-lai/", again.papers_reuse, name="papers-reuse"),
    # chi-tieu/
    path("chi-tieu/<int:pk>/luu/", entry.assessment_save, name="assessment-save"),
    path("chi-tieu/<int:pk>/dung-lai/", again.numbers_reuse, name="numbers-reuse"),
    # khoa-may/
    path("khoa-may/", offline.device_key, name="device-key"),
    # tai-len/
    path("tai-len/", uploads.upload_new, name="upload-new"),
    path("tai-len/<uuid:key>/", uploads.upload, name="upload"),
    # minh-chung/
    path("minh-chung/", library.evidence_list, name="evidence-list"),
    path("minh-chung/tai-len/", evidence.evidence_add, name="evidence-add"),
    path("minh-chung/<int:pk>/", library.evidence_detail, name="evidence-detail"),
    path("minh-chung/<int:pk>/thay/", library.evidence_replace, name="evidence-replace"),
    path("minh-chung/<int:pk>/thay/<int:new>/", library.replacement_check, name="evidence-replace-check"),
    path("minh-chung/<int:pk>/sua/", evidence.evidence_edit, name="evidence-edit"),
    path("minh-chung/<int:pk>/xoa/", evidence.evidence_remove, name="evidence-remove"),
    path("minh-chung/<int:pk>/tep/", evidence.evidence_download, name="evidence-download"),
    path("minh-chung/<int:pk>/trang/<int:number>/", evidence.evidence_page, name="evidence-page"),
]

urlpatterns = [*commune, *team_urls.urlpatterns]
