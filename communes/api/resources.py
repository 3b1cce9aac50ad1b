"""Authorities, agencies, communes and villages, to read."""

from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers

from ..models import Agency, Authority, Commune, Village
from ..permissions import Permission
from .filtering import Filtering, IdFilter, OneOf, Order, Search, TextFilter, ValidOn
from .frame import Resource


class AuthorityRef(serializers.ModelSerializer[Authority]):
    class Meta:
        model = Authority
        fields = ("id", "code", "name")


class AgencyRef(serializers.ModelSerializer[Agency]):
    class Meta:
        model = Agency
        fields = ("id", "code", "name")


class CommuneRef(serializers.ModelSerializer[Commune]):
    class Meta:
        model = Commune
        fields = ("id", "code", "name", "title")


class VillageRef(serializers.ModelSerializer[Village]):
    class Meta:
        model = Village
        fields = ("id", "code", "name", "title")


class AuthoritySerializer(serializers.ModelSerializer[Authority]):
    class Meta:
        model = Authority
        fields = ("id", "code", "name", "kind", "parent", "locality", "valid_from", "valid_to", "successor")


class AuthorityFilters(Filtering):
    search = Search("name", "code")
    code = TextFilter(label="Mã")
    kind = OneOf(Authority.Kind, label="Cấp")
    valid_on = ValidOn()
    ordering = Order(name=("name", "pk"), code=("code", "pk"))


class AuthorityViewSet(Resource):
    needs = (Permission.UNIT_READ,)
    tag = "Đơn vị"
    words = {"list": "Danh sách cơ quan", "retrieve": "Một cơ quan"}
    serializer_class = AuthoritySerializer
    filterset_class = AuthorityFilters

    def visible(self) -> QuerySet[Authority]:
        """With the authority of an agency or a commune one works for, whose name their pages show."""
        rows = Authority.objects.for_user(self.user) | Authority.objects.filter(pk__in=self.user.authority_ids)
        return rows.order_by("name", "pk")


class AgencySerializer(serializers.ModelSerializer[Agency]):
    authority = AuthorityRef()

    class Meta:
        model = Agency
        fields = ("id", "code", "name", "authority", "is_active")


class AgencyFilters(Filtering):
    search = Search("name", "code")
    authority = IdFilter(label="Id của cơ quan")
    code = TextFilter(label="Mã")
    ordering = Order(name=("name", "pk"), code=("code", "pk"))


class AgencyViewSet(Resource):
    needs = (Permission.UNIT_READ,)
    tag = "Đơn vị"
    words = {"list": "Danh sách phòng, ban", "retrieve": "Một phòng, ban"}
    serializer_class = AgencySerializer
    filterset_class = AgencyFilters

    def visible(self) -> QuerySet[Agency]:
        return Agency.objects.for_user(self.user).select_related("authority").order_by("name", "pk")


class CommuneSerializer(serializers.ModelSerializer[Commune]):
    authority = AuthorityRef()

    class Meta:
        model = Commune
        fields = (
            *("id", "code", "name", "title", "kind", "region", "group", "authority"),
            *("valid_from", "valid_to", "successor"),
        )


class CommuneSearch(Search):
    def filter(self, qs: Any, value: str) -> Any:
        """As the page of units searches: a kind typed before the name does not count."""
        return qs.search(value) if value else qs


class CommuneFilters(Filtering):
    search = CommuneSearch()
    authority = IdFilter(label="Id của cơ quan quản lý")
    code = TextFilter(label="Mã đơn vị hành chính")
    kind = OneOf(Commune.Kind, label="Loại")
    valid_on = ValidOn()
    ordering = Order(name=("name", "pk"), code=("code", "pk"))


class CommuneViewSet(Resource):
    needs = (Permission.UNIT_READ,)
    tag = "Đơn vị"
    words = {"list": "Danh sách xã, thị trấn, phường", "retrieve": "Một xã"}
    serializer_class = CommuneSerializer
    filterset_class = CommuneFilters

    def visible(self) -> QuerySet[Commune]:
        return Commune.objects.for_user(self.user).select_related("authority").order_by("name", "pk")


class VillageSerializer(serializers.ModelSerializer[Village]):
    commune = CommuneRef()

    class Meta:
        model = Village
        fields = ("id", "code", "name", "title", "kind", "commune", "is_sample", "valid_from", "valid_to", "successor")


class VillageFilters(Filtering):
    search = Search("name", "code")
    commune = IdFilter(label="Id của xã")
    code = TextFilter(label="Mã")
    kind = OneOf(Village.Kind, label="Loại")
    valid_on = ValidOn()
    ordering = Order(name=("name", "pk"), code=("code", "pk"))


class VillageViewSet(Resource):
    needs = (Permission.UNIT_READ,)
    tag = "Đơn vị"
    words = {"list": "Danh sách thôn, bản", "retrieve": "Một thôn, bản"}
    serializer_class = VillageSerializer
    filterset_class = VillageFilters

    def visible(self) -> QuerySet[Village]:
        return Village.objects.for_user(self.user).select_related("commune").order_by("name", "pk")
