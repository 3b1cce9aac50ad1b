"""What the home page puts together for a person: work on dossiers, rounds that run, accounts to look after."""

from dataclasses import dataclass

from django.db.models import Count, Q, QuerySet
from django.urls import reverse

from communes import services
from communes.models import User
from communes.permissions import Permission
from inspections.models import Dossier, InspectionRound
from inspections.progress import DossierLine, Task, dossiers_for, tasks_for

ROUNDS_AT_MOST = 20


@dataclass(frozen=True)
class Home:
    """tasks: what waits, most urgent first; dossiers: for communes and agencies; rounds: for who reads whole rounds."""

    tasks: list[Task]
    dossiers: list[DossierLine]
    rounds: list[InspectionRound]


def home_of(user: User) -> Home:
    reads_rounds = user.has(Permission.ROUND_READ)
    reads_dossiers = user.has(Permission.DOSSIER_READ) and (not reads_rounds or user.has(Permission.DOSSIER_EDIT))
    return Home(
        tasks=[*tasks_for(user), *account_tasks(user)],
        dossiers=dossiers_for(user) if reads_dossiers else [],
        rounds=list(open_rounds(user)[:ROUNDS_AT_MOST]) if reads_rounds else [],
    )


def open_rounds(user: User) -> QuerySet[InspectionRound]:
    """Rounds under way with `dossier_count`, `handed_in` and `concluded`: one query."""
    counted = Q(dossiers__round_unit__left_out_reason="")
    status = Dossier.Status
    return (
        InspectionRound.objects.for_user(user)
        .filter(status=InspectionRound.Status.OPEN)
        .annotate(
            dossier_count=Count("dossiers", filter=counted, distinct=True),
            handed_in=Count("dossiers", filter=counted & ~Q(dossiers__status=status.DRAFT), distinct=True),
            concluded=Count("dossiers", filter=counted & Q(dossiers__status=status.CONCLUDED), distinct=True),
        )
        .order_by("due_on", "pk")
    )


def account_tasks(user: User) -> list[Task]:
    """Accounts that wait for the people who look after them: locked ones, ones never used."""
    if not user.has(Permission.ACCOUNT_MANAGE):
        return []
    people = User.objects.for_user(user).filter(is_active=True)
    found = []
    address = reverse("communes:user-list")
    locked = people.filter(username__in=services.locked_usernames()).count()
    if locked:
        title = f"{locked} tài khoản đang tạm khóa đăng nhập"
        detail = "Nhập sai mật khẩu nhiều lần"
        found.append(Task(title, detail, None, f"{address}?trang-thai=locked", "Xem và mở khóa", True, "locked"))
    unused = people.filter(must_change_password=True).count()
    if unused:
        title = f"{unused} tài khoản chưa đổi mật khẩu ban đầu"
        detail = "Nhắc người dùng đăng nhập và đặt mật khẩu riêng"
        found.append(Task(title, detail, None, f"{address}?trang-thai=initial", "Xem danh sách", False, "todo"))
    return found
