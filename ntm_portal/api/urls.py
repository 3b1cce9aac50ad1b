"""Addresses of the API."""

from django.urls import path
from rest_framework.routers import SimpleRouter

from communes.api.resources import AgencyViewSet, AuthorityViewSet, CommuneViewSet, VillageViewSet
from criteria.api import CriteriaSetViewSet
from inspections.api.dossiers import AssessmentViewSet, DossierViewSet
from inspections.api.events import EventViewSet
from inspections.api.evidence import EvidenceViewSet
from inspections.api.rounds import InspectionViewSet, RoundViewSet
from reports.api import NoticeViewSet, RecommendationViewSet

from . import docs
from .views import TokenView

app_name = "api"
router = SimpleRouter(use_regex_path=False)
for prefix, viewset, name in (
    ("authorities", AuthorityViewSet, "authority"),
    ("agencies", AgencyViewSet, "agency"),
    ("communes", CommuneViewSet, "commune"),
    ("villages", VillageViewSet, "village"),
    ("criteria-sets", CriteriaSetViewSet, "criteria-set"),
    ("rounds", RoundViewSet, "round"),
    ("inspections", InspectionViewSet, "inspection"),
    ("dossiers", DossierViewSet, "dossier"),
    ("dossiers/<int:dossier>/assessments", AssessmentViewSet, "assessment"),
    ("evidence", EvidenceViewSet, "evidence"),
    ("notices", NoticeViewSet, "notice"),
    ("recommendations", RecommendationViewSet, "recommendation"),
):
    router.register(prefix, viewset, name)
urlpatterns = [
    path("token/", TokenView.as_view(), name="token"),
    path("schema/", docs.schema, name="schema"),
    path("docs/", docs.page, name="docs"),
    path("events/", EventViewSet.as_view({"get": "list"}), name="event-list"),
    *router.urls,
]
