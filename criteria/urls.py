"""Addresses of the criteria sets."""

from django.urls import path

from . import views

app_name = "criteria"

SET = "bo-tieu-chi/<slug:code>/<int:version>/"

urlpatterns = [
    # bo-tieu-chi/
    path("bo-tieu-chi/", views.set_list, name="set-list"),
    path("bo-tieu-chi/lap-moi/", views.set_create, name="set-create"),
    path("bo-tieu-chi/nguong/<int:pk>/doi-chieu/", views.threshold_confirm, name="threshold-confirm"),
    # bo-tieu-chi/<mã>/<phiên bản>/
    path(SET, views.set_detail, name="set-detail"),
    path(SET + "sua/", views.set_edit, name="set-edit"),
    path(SET + "sao-chep/", views.set_copy, name="set-copy"),
    path(SET + "cong-bo/", views.set_publish, name="set-publish"),
    path(SET + "ngung-ap-dung/", views.set_retire, name="set-retire"),
    path(SET + "tieu-chi/them/", views.criterion_add, name="criterion-add"),
    path(SET + "tieu-chi/<int:number>/sua/", views.criterion_edit, name="criterion-edit"),
    path(SET + "tieu-chi/<int:number>/xoa/", views.criterion_remove, name="criterion-remove"),
    path(SET + "tieu-chi/<int:number>/chi-tieu/them/", views.indicator_add, name="indicator-add"),
    path(SET + "chi-tieu/<str:indicator>/sua/", views.indicator_edit, name="indicator-edit"),
    path(SET + "chi-tieu/<str:indicator>/xoa/", views.indicator_remove, name="indicator-remove"),
    path(SET + "chi-tieu/<str:indicator>/phu-trach/", views.indicator_agencies, name="indicator-agencies"),
]
