"""Calls of the API made up by schemathesis from its description, as each role, on the scene of the door tests.

All its checks run, undocumented statuses included. Whatever a call writes is taken back.
"""

import re
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

import hypothesis
import schemathesis
import werkzeug.test
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from django.test import override_settings
from django.urls import reverse
from hypothesis import HealthCheck, Phase
from schemathesis.core import NOT_SET, NotSet
from schemathesis.generation.hypothesis.builder import HypothesisTestConfig, HypothesisTestMode, create_test
from schemathesis.generation.modes import GenerationMode
from schemathesis.specs.openapi.checks import negative_data_rejection, positive_data_acceptance

from communes import services as accounts
from ntm_portal.api import docs
from ntm_portal.wsgi import application

from .doors import API, Door
from .doorstep import taken_back
from .inspections.factories import assessment_of, pdf_upload
from .scene import Scene

ROLES = ("officer", "agency", "inspector", "head", "coordinator", "viewer", "administrator", "anonymous")
# What fits the description may still be against a rule of the moment: 422 with its reasons; If-Match is made up: 412.
RIGHT = ["2xx", "3xx", "401", "403", "404", "409", "412", "422", "429"]
WRONG = ["400", "401", "403", "404", "405", "409", "412", "415", "422", "429"]
PREFIX = "/api/v1/"


@contextmanager
def one_connection():
    """Calls made in this process must not close the connection that holds the scene's transaction."""
    with override_settings(ALLOWED_HOSTS=["localhost", "testserver"]), _unclosed():
        yield


@contextmanager
def _unclosed():
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    try:
        yield
    finally:
        for signal in (request_started, request_finished):
            signal.connect(close_old_connections)


def whole(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    """The portal, each answer read to its end and closed: schemathesis leaves files that are sent open."""
    response = application(environ, start_response)
    try:
        return [b"".join(response)]
    finally:
        response.close()


@dataclass
class Fuzz:
    """answers: {operation: how often which status}; failures: what the checks found, in words."""

    scene: Scene
    answers: dict[str, Counter[int]] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        config = schemathesis.Config.from_dict(
            {
                "checks": {
                    "positive_data_acceptance": {"expected-statuses": RIGHT},
                    "negative_data_rejection": {"expected-statuses": WRONG},
                }
            }
        )
        self.schema = schemathesis.openapi.from_dict(docs.description(), config=config)
        self.schema.app = whole
        self.operations = {item.ok().label: item.ok() for item in self.schema.get_all_operations()}
        self.answers = {label: Counter() for label in self.operations}
        self.keys = {who: accounts.give_token(user) for who, user in self.scene.people.items() if user and who in ROLES}
        self.places = known_places(self.scene)
        self.needing_body = {
            f"{method.upper()} {path}"
            for path, nodes in docs.description()["paths"].items()
            for method, node in nodes.items()
            if node.get("requestBody", {}).get("required")
        }

    def never_succeeded(self) -> list[str]:
        return [label for label, found in self.answers.items() if not any(200 <= status < 300 for status in found)]

    # ------------------------------------------------------------ what people do

    def rightly(self) -> None:
        """Each door of the API once as somebody who gets in, with what makes it succeed."""
        for door in API:
            for method in door.methods:
                url = reverse(door.name, kwargs=door.address(self.scene))
                label, place = self._operation(method, url)
                if label is None:
                    continue
                only = dict(door.only).get(method, "").split()
                who = (only or [name for name in ROLES if name in door.may])[0]
                self._checked(label, who, place, **self._sent(door, method))

    def _operation(self, method: str, url: str) -> tuple[str | None, dict[str, str]]:
        for label, operation in self.operations.items():
            pattern = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", operation.path)
            if operation.method.upper() == method and (match := re.fullmatch(pattern, url)):
                return label, match.groupdict()
        return None, {}

    def _sent(self, door: Door, method: str) -> dict[str, Any]:
        if method == "PATCH":
            row = assessment_of(self.scene.get("dossier", "own-draft"), "2.1")
            return {"body": {"version": row.entry_version, "remark": "Đã đối chiếu."}}
        if method == "POST" and door.data:
            return {"body": door.data(self.scene)}
        return {}

    def _checked(self, label: str, who: str, place: dict[str, str], body: Any = NOT_SET, query: Any = None) -> None:
        operation = self.operations[label]
        with taken_back():
            if body is not NOT_SET and "file" in body:
                response = self._upload(operation, who, body)
            else:
                kind = "application/json" if body is not NOT_SET else None
                case = operation.Case(path_parameters=place, body=body, query=query or {}, media_type=kind)
                response = case.call(headers=self.headers(who))
                self._look(label, who, lambda: case.validate_response(response, headers=self.headers(who)))
        self.answers[label][response.status_code] += 1

    def _upload(self, operation: Any, who: str, body: dict[str, Any]) -> Any:
        """A file under its name, which schemathesis does not send."""
        client = werkzeug.test.Client(whole)
        data = {**body, "file": (BytesIO(pdf_upload().read()), "bao-cao.pdf")}
        response = client.post(operation.path, data=data, headers=self.headers(who))
        self._look(operation.label, who, lambda: operation.validate_response(response))
        return response

    # ------------------------------------------------------------ what is made up

    def invented(self, who: str, *, examples: int, modes: list[HypothesisTestMode], labels: Any = None) -> None:
        """So many calls of each operation as somebody, right and wrong ones; examples of the description first."""
        settings = hypothesis.settings(
            max_examples=examples,
            deadline=None,
            database=None,
            derandomize=True,
            phases=[Phase.explicit, Phase.generate],
            suppress_health_check=list(HealthCheck),
            report_multiple_bugs=True,
        )
        for label in labels or self.operations:
            test = create_test(
                operation=self.operations[label],
                test_func=self._call_as(label, who),
                config=HypothesisTestConfig(
                    project=self.schema.config, modes=modes, settings=settings, explicit_settings=settings
                ),
            )
            self._look(label, who, test)

    def _call_as(self, label: str, who: str) -> Any:
        def call(case: Any) -> None:
            self._aim(label, case)
            with taken_back():
                response = case.call(headers=self.headers(who))
                self.answers[label][response.status_code] += 1
                # Any name and password fit the description of signing in; those made up are rightly refused.
                # One without the body that it must have was wrong from the start; a new address hides that.
                lacks_body = isinstance(case.body, NotSet) and label in self.needing_body
                left_out = [positive_data_acceptance] if lacks_body or label.endswith("/token/") else []
                if self._loses_a_part(case):
                    left_out = [*left_out, negative_data_rejection]
                case.validate_response(response, headers=self.headers(who), excluded_checks=left_out)

        return call

    @staticmethod
    def _loses_a_part(case: Any) -> bool:
        """Empty parts of a form do not reach the portal from here; what it does with them is tested by hand."""
        is_form = case.media_type == "multipart/form-data" and isinstance(case.body, dict)
        return is_form and any(value == "" for value in case.body.values())

    def _aim(self, label: str, case: Any) -> None:
        """Let three of four calls be about something that exists, where the address is not what is wrong."""
        places = self.places.get(label.split(" ")[1])
        if not places or not case.path_parameters:
            return
        is_wrong = any(
            str(location) == "path" and part.mode == GenerationMode.NEGATIVE
            for location, part in (case.meta.components if case.meta else {}).items()
        )
        pick = len(repr((case.body, case.query, case.path_parameters)))
        if not is_wrong and pick % 4:
            case.path_parameters = dict(places[pick % len(places)])

    def headers(self, who: str) -> dict[str, str]:
        # Checks read the answer as it comes; compressed they cannot.
        plain = {"Accept-Encoding": "identity"}
        return plain | ({"Authorization": f"Token {self.keys[who]}"} if who in self.keys else {})

    def _look(self, label: str, who: str, check: Any) -> None:
        try:
            check()
        except BaseException as error:  # groups of failures are no Exceptions
            if isinstance(error, KeyboardInterrupt):
                raise
            self.failures.append(f"{who}: {label}\n{told(error)}")


def told(error: BaseException) -> str:
    """An error of the checks in words, those of a group one after the other."""
    inner = getattr(error, "exceptions", None)
    return "\n".join(map(told, inner)) if inner else f"{type(error).__name__}: {error}"[:1500]


def known_places(scene: Scene) -> dict[str, list[dict[str, Any]]]:
    """{address of an operation: path parameters of things that exist}."""

    def ids(kind: str, *names: str) -> list[dict[str, Any]]:
        return [{"id": scene.get(kind, name).pk} for name in names]

    dossiers = ids("dossier", "own-draft", "own-sent", "own-fresh", "own-replied", "own-concluded", "near-sent")
    rows = [scene.get("assessment", name) for name in ("own-draft-2.1", "own-returned-1.1", "near-sent-2.1")]
    notices = {
        name: {"public_id": str(scene.get("notice", name).public_id)} for name in ("draft", "issued", "far-draft")
    }
    rounds = [{"code": scene.get("round", name).code} for name in ("open", "setup", "far")]
    found: dict[str, list[dict[str, Any]]] = {
        "authorities/{id}/": [{"id": scene.get("commune", "own").authority_id}],
        "agencies/{id}/": ids("agency", "agency"),
        "communes/{id}/": ids("commune", "own", "near", "far"),
        "villages/{id}/": ids("village", "own", "far"),
        "criteria-sets/{id}/": ids("set", "published", "draft"),
        "inspections/{id}/": ids("inspection", "own", "far"),
        "evidence/{id}/": ids("evidence", "own-sent", "near-sent"),
        "evidence/{id}/download/": ids("evidence", "own-sent", "near-sent"),
        "dossiers/{dossier}/assessments/": [{"dossier": place["id"]} for place in dossiers],
        "dossiers/{dossier}/assessments/{id}/": [{"dossier": row.dossier_id, "id": row.pk} for row in rows],
        **{f"rounds/{{code}}/{act}": rounds for act in ("", "open/", "close/", "figures/", "matrix/")},
        **{f"dossiers/{{id}}/{act}": dossiers for act in ("", "submit/", "return/", "conclude/", "reopen/")},
        **{f"notices/{{public_id}}/{act}": list(notices.values()) for act in ("", "approve/", "issue/", "supersede/")},
        # Of a draft each file would be printed anew.
        **{f"notices/{{public_id}}/{kind}/": [notices["issued"]] for kind in ("pdf", "docx", "html", "json")},
        "recommendations/{id}/": [{"id": scene.get("notice", "issued").recommendations.first().pk}],
    }
    return {f"{PREFIX}{path}": places for path, places in found.items()}
