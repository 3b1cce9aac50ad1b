"""Addresses of the communes app: account, people, units."""

from django.urls import path

from .views import account, exchange, notifications, people, units

app_name = "communes"
urlpatterns = [
    # tai-khoan/
    path("tai-khoan/", account.account, name="account"),
    path("tai-khoan/mat-khau/", account.password_change, name="password-change"),
    path("tai-khoan/ma-truy-cap/thu-hoi/", account.token_revoke, name="token-revoke"),
    # tin-bao/
    path("tin-bao/", notifications.notification_list, name="notification-list"),
    path("tin-bao/<int:pk>/mo/", notifications.notification_open, name="notification-open"),
    path("tin-bao/<int:pk>/da-doc/", notifications.notification_read, name="notification-read"),
    path("tin-bao/da-doc-het/", notifications.notifications_read, name="notifications-read"),
    path("tin-bao/tuy-chon/", notifications.notification_choices, name="notification-choices"),
    # nguoi-dung/
    path("nguoi-dung/", people.user_list, name="user-list"),
    path("nguoi-dung/them/", people.user_create, name="user-create"),
    path("nguoi-dung/<int:pk>/", people.user_detail, name="user-detail"),
    path("nguoi-dung/<int:pk>/sua/", people.user_edit, name="user-edit"),
    path("nguoi-dung/<int:pk>/mat-khau/", people.user_reset_password, name="user-reset-password"),
    path("nguoi-dung/<int:pk>/mo-khoa/", people.user_unlock, name="user-unlock"),
    path("nguoi-dung/<int:pk>/ma-truy-cap/thu-hoi/", people.user_revoke_token, name="user-revoke-token"),
    path("nguoi-dung/<int:pk>/khoa/", people.user_deactivate, name="user-deactivate"),
    path("nguoi-dung/<int:pk>/mo-lai/", people.user_reactivate, name="user-reactivate"),
    path("nguoi-dung/<int:pk>/ban-giao/", people.user_hand_over, name="user-hand-over"),
    path("nguoi-dung/<int:pk>/vai-tro/them/", people.membership_add, name="membership-add"),
    # vai-tro/
    path("vai-tro/<int:pk>/ket-thuc/", people.membership_end, name="membership-end"),
    # don-vi/
    path("don-vi/", units.commune_list, name="commune-list"),
    path("don-vi/them/", units.commune_create, name="commune-create"),
    path("don-vi/<int:pk>/", units.commune_detail, name="commune-detail"),
    path("don-vi/<int:pk>/sua/", units.commune_edit, name="commune-edit"),
    path("don-vi/<int:pk>/thon-ban/them/", units.village_create, name="village-create"),
    path("don-vi/<int:pk>/danh-hieu/them/", units.recognition_add, name="recognition-add"),
    # nhap-xuat/
    path("nhap-xuat/", exchange.exchange, name="exchange"),
    path("nhap-xuat/lan-nhap/<uuid:pk>/", exchange.import_detail, name="import-detail"),
    path("nhap-xuat/lan-nhap/<uuid:pk>/lua-chon/", exchange.import_choose, name="import-choose"),
    path("nhap-xuat/lan-nhap/<uuid:pk>/xac-nhan/", exchange.import_confirm, name="import-confirm"),
    path("nhap-xuat/lan-nhap/<uuid:pk>/chay-lai/", exchange.import_resume, name="import-resume"),
    path("nhap-xuat/lan-nhap/<uuid:pk>/bo/", exchange.import_drop, name="import-drop"),
    path("nhap-xuat/lan-nhap/<uuid:pk>/hoan-tac/", exchange.import_undo, name="import-undo"),
    path("nhap-xuat/lan-nhap/<uuid:pk>/mat-khau/", exchange.import_passwords, name="import-passwords"),
    path("nhap-xuat/<slug:kind>/mau/", exchange.exchange_template, name="exchange-template"),
    path("nhap-xuat/<slug:kind>/xuat/<slug:form>/", exchange.exchange_export, name="exchange-export"),
    path("nhap-xuat/<slug:kind>/nhap/", exchange.exchange_import, name="exchange-import"),
    # thon-ban/, danh-hieu/
    path("thon-ban/<int:pk>/sua/", units.village_edit, name="village-edit"),
    path("danh-hieu/<int:pk>/ket-thuc/", units.recognition_end, name="recognition-end"),
]
