"""Addresses of the team's pages: rounds, matrix, queue, review, decisions."""

from django.urls import URLPattern, URLResolver, path

from .views import bulk, decisions, field, phrases, queue, results, review, rounds, setup, sheets, visits

ROUND = "dot-kiem-tra/<str:code>"
REVIEW = "kiem-tra/<int:pk>"
VISIT = "cuoc-kiem-tra/<int:pk>"
FIELD = f"{VISIT}/tai-cho/<int:row>"

urlpatterns: list[URLPattern | URLResolver] = [
    # dot-kiem-tra/
    path("dot-kiem-tra/", rounds.round_list, name="round-list"),
    path("dot-kiem-tra/lap-moi/", rounds.round_create, name="round-create"),
    path("dot-kiem-tra/nhap-ket-qua/", results.results_import, name="results-import"),
    path("dot-kiem-tra/nhap-ket-qua/<uuid:upload>/", results.results_check, name="results-check"),
    path(f"{ROUND}/nhap-ket-qua/", results.results_import_again, name="results-import-again"),
    path(f"{ROUND}/bang-ket-qua/", results.results_export, name="results-export"),
    path(f"{ROUND}/", rounds.round_detail, name="round-detail"),
    path(f"{ROUND}/sua/", rounds.round_edit, name="round-edit"),
    path(f"{ROUND}/mo/", rounds.round_open, name="round-open"),
    path(f"{ROUND}/dong/", rounds.round_close, name="round-close"),
    path(f"{ROUND}/huy/", rounds.round_cancel, name="round-cancel"),
    path(f"{ROUND}/don-vi/", setup.round_units, name="round-units"),
    path(f"{ROUND}/don-vi/<int:pk>/bo/", setup.unit_remove, name="unit-remove"),
    path(f"{ROUND}/don-vi/<int:pk>/gia-han/", setup.unit_extend, name="unit-extend"),
    path(f"{ROUND}/don-vi/<int:pk>/gia-han-giai-trinh/", setup.unit_extend_reply, name="unit-extend-reply"),
    path(f"{ROUND}/don-vi/<int:pk>/ket-thuc-gia-han/", setup.unit_end_extension, name="unit-end-extension"),
    path(f"{ROUND}/don-vi/<int:pk>/khong-dua-vao/", setup.unit_leave_out, name="unit-leave-out"),
    path(f"{ROUND}/doan/", setup.round_team, name="round-team"),
    path(f"{ROUND}/doan/<int:pk>/", setup.member_edit, name="member-edit"),
    path(f"{ROUND}/doan/<int:pk>/bo/", setup.member_remove, name="member-remove"),
    # hang-cho/
    path("hang-cho/", queue.queue, name="queue"),
    path("hang-cho/ket-luan-nhieu/", bulk.bulk_conclude, name="bulk-conclude"),
    path("hang-cho/ket-luan-nhieu/ket-qua/", bulk.bulk_concluded, name="bulk-concluded"),
    # cau-mau/
    path("cau-mau/", phrases.phrase_list, name="phrase-list"),
    path("cau-mau/<int:pk>/", phrases.phrase_edit, name="phrase-edit"),
    path("cau-mau/<int:pk>/bo/", phrases.phrase_remove, name="phrase-remove"),
    # kiem-tra/
    path(f"{REVIEW}/", review.review_dossier, name="review-dossier"),
    path(f"{REVIEW}/tieu-chi/<int:number>/", review.review_criterion, name="review-criterion"),
    path(f"{REVIEW}/tieu-chi/<int:number>/da-xem/", review.criterion_looked, name="criterion-looked"),
    path(f"{REVIEW}/tieu-chi/<int:number>/ket-luan/", review.criterion_conclude, name="criterion-conclude"),
    path(f"{REVIEW}/chi-tieu/<int:assessment_pk>/ket-luan/", review.indicator_conclude, name="indicator-conclude"),
    path(f"{REVIEW}/chi-tieu/<int:assessment_pk>/bo-sung/", review.item_return, name="item-return"),
    path(f"{REVIEW}/chi-tieu/<int:assessment_pk>/y-kien/", review.opinion_give, name="opinion-give"),
    path(f"{REVIEW}/yeu-cau/<int:item_pk>/hoi-them/", review.item_ask_again, name="item-ask-again"),
    path(f"{REVIEW}/yeu-cau/<int:item_pk>/chap-nhan/", review.item_settle, name="item-settle"),
    path(f"{REVIEW}/yeu-cau/<int:item_pk>/rut/", review.item_withdraw, name="item-withdraw"),
    path(f"{REVIEW}/giai-trinh/<int:reply_pk>/", review.reply_respond, name="reply-respond"),
    path(f"{REVIEW}/cong-bo-du-thao/", decisions.dossier_provisional, name="dossier-provisional"),
    path(f"{REVIEW}/phe-duyet/", decisions.dossier_approve, name="dossier-approve"),
    path(f"{REVIEW}/nhac/", decisions.dossier_remind, name="dossier-remind"),
    path(f"{REVIEW}/xem-lai/", decisions.dossier_take_up_reply, name="dossier-take-up-reply"),
    path(f"{REVIEW}/mo-lai/", decisions.dossier_reopen, name="dossier-reopen"),
    path(f"{REVIEW}/da-quyet-dinh/", decisions.dossier_decided, name="dossier-decided"),
    # cuoc-kiem-tra/
    path(f"{VISIT}/", visits.visit_detail, name="visit-detail"),
    path(f"{VISIT}/luu/", visits.visit_save, name="visit-save"),
    path(f"{VISIT}/ket-thuc/", visits.visit_end, name="visit-end"),
    path(f"{VISIT}/mo-lai/", visits.visit_resume, name="visit-resume"),
    path(f"{VISIT}/thoi-han/", visits.deadline_add, name="deadline-add"),
    path(f"{VISIT}/thoi-han/<int:row>/", visits.deadline_edit, name="deadline-edit"),
    path(f"{VISIT}/thoi-han/<int:row>/bo/", visits.deadline_remove, name="deadline-remove"),
    path(f"{VISIT}/thoi-han/<int:row>/yeu-cau/", visits.deadline_ask, name="deadline-ask"),
    path(f"{VISIT}/ban-ky/", visits.signed_attach, name="signed-attach"),
    path("bien-ban-da-ky/<int:pk>/tep/", visits.signed_download, name="signed-download"),
    path(f"{VISIT}/tai-cho/", field.field_list, name="field-list"),
    path(f"{FIELD}/", field.field_criterion, name="field-criterion"),
    path(f"{FIELD}/luu/", field.finding_save, name="finding-save"),
    path(f"{FIELD}/anh/", field.photo_add, name="photo-add"),
    path(f"{VISIT}/phieu/", sheets.sheet_print, name="sheet-print"),
    path(f"{VISIT}/phieu/thu-hoi/", sheets.sheet_revoke, name="sheet-revoke"),
    # anh-tai-cho/: for whoever holds a printed code, without an account
    path("anh-tai-cho/", sheets.sheet_upload, name="sheet-upload"),
]
