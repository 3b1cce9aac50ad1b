"""What the home page puts together for a person: work on dossiers, rounds that run, accounts to look after."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Count, Min, Q, QuerySet
from django.urls import reverse

from communes import clock, services
from communes.models import Agency, Authority, User
from communes.permissions import Permission
from criteria.models import CriteriaSet, Threshold
from inspections.models import Dossier, InspectionRound
from inspections.progress import DossierLine, Task, dossiers_for, tasks_for, urgency
from reports import monthly
from reports.models import FollowUp, Notice
from reports.presenters.monthly import boards, own_months

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
    rounds = list(open_rounds(user)[:ROUNDS_AT_MOST]) if reads_rounds else []
    return Home(
        tasks=tasks_of(user, rounds),
        dossiers=dossiers_for(user) if reads_dossiers else [],
        rounds=rounds,
    )


def tasks_of(user: User, rounds: Iterable[InspectionRound] | None = None) -> list[Task]:
    """Everything that waits for a person, most urgent first. rounds: those of `open_rounds`, where they are known."""
    if rounds is None:
        rounds = open_rounds(user)[:ROUNDS_AT_MOST] if user.has(Permission.ROUND_MANAGE) else []
    tasks = [
        *tasks_for(user),
        *notice_tasks(user),
        *follow_up_tasks(user),
        *monthly_tasks(user),
        *awaited(user, rounds),
        *threshold_tasks(user),
        *account_tasks(user),
    ]
    return sorted(tasks, key=urgency)


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


def awaited(user: User, rounds: Iterable[InspectionRound]) -> list[Task]:
    """For who keeps rounds: units that have not handed in yet, while there is time to call them."""
    if not user.has(Permission.ROUND_MANAGE):
        return []
    return [
        Task(f"{left} hồ sơ chưa nộp", round_.name, round_.due_on, round_.get_absolute_url(), "Xem đơn vị")
        for round_ in rounds
        if (left := round_.dossier_count - round_.handed_in) and round_.due_on >= clock.today()  # type: ignore[attr-defined]
    ]


def notice_tasks(user: User) -> list[Task]:
    """Notices on their way: to go on writing, to approve, to issue."""
    wording = {
        Notice.Status.DRAFT: [
            (Permission.NOTICE_COMPOSE, "Thông báo đang soạn", "Soạn tiếp", "notice-edit"),
            (Permission.NOTICE_APPROVE, "Dự thảo thông báo chờ phê duyệt", "Xem và phê duyệt", "notice-preview"),
        ],
        Notice.Status.APPROVED: [
            (Permission.NOTICE_ISSUE, "Thông báo đã phê duyệt, chờ ban hành", "Cho số và ban hành", "notice-issue"),
        ],
    }
    if not any(user.has(permission) for steps in wording.values() for permission, *_ in steps):
        return []
    running = Notice.objects.for_user(user).filter(status__in=list(wording)).select_related("round")
    return [
        Task(title, notice.round.name, None, reverse(f"reports:{page}", args=[notice.public_id]), action, state="draft")
        for notice in running.order_by("pk")
        for permission, title, action, page in wording[Notice.Status(notice.status)]
        if user.has(permission)
    ]


def follow_up_tasks(user: User) -> list[Task]:
    """Recommendations put to the own commune or agency; for the office those that are overdue."""
    found, address = [], reverse("reports:follow-up-list")
    if user.has(Permission.DOSSIER_EDIT) or user.has(Permission.OPINION_GIVE):
        own = FollowUp.objects.put_to(user).running().order_by()
        told = own.aggregate(all=Count("pk"), late=Count("pk", filter=Q(due_on__lt=clock.today())), due=Min("due_on"))
        if told["all"]:
            past = f", {told['late']} đã quá hạn" if told["late"] else ""
            found.append(
                Task(
                    f"{told['all']} kiến nghị cần thực hiện{past}",
                    "Kiến nghị tại thông báo kết luận",
                    told["due"],
                    f"{address}?status=theo-doi",
                    "Báo tiến độ",
                    is_urgent=bool(told["late"]),
                    state="overdue" if told["late"] else "todo",
                )
            )
    if user.has(Permission.NOTICE_COMPOSE) and (
        late := FollowUp.objects.for_user(user).overdue(clock.today()).order_by().count()
    ):
        title, detail = f"{late} kiến nghị quá hạn, chưa thực hiện xong", "Theo dõi kiến nghị"
        found.append(Task(title, detail, None, f"{address}?due=qua-han", "Xem kiến nghị", True, "overdue"))
    return found


def monthly_tasks(user: User) -> list[Task]:
    """Monthly reports that are asked for and not submitted; for the office how many agencies are late, by month."""
    found = []
    if user.has(Permission.OPINION_GIVE):
        own = Agency.objects.filter(pk__in=user.scope("agency", needs=Permission.OPINION_GIVE))
        found += [
            Task(
                f"Báo cáo tháng {cell.month_label} chưa nộp",
                agency.name,
                cell.due_on,
                reverse("reports:monthly-report", args=[agency.pk, cell.month]),
                "Lập và nộp",
                is_urgent=cell.is_late,
                state="overdue" if cell.is_late else "todo",
            )
            for agency, cells in own_months(own)
            for cell in cells
            if cell.is_missing and cell.due_on
        ]
    if user.has(Permission.NOTICE_COMPOSE):
        ids = user.scope("authority", needs=Permission.NOTICE_COMPOSE)
        late = [cell for board in boards(Authority.objects.filter(pk__in=ids)) for cell in board.late]
        address = reverse("reports:monthly-list")
        for month in sorted({cell.month for cell in late}):
            count = sum(cell.month == month for cell in late)
            title = f"{count} phòng, ban nộp muộn báo cáo tháng {monthly.label(month)}"
            found.append(Task(title, "Báo cáo tháng", None, address, "Xem và nhắc", True, "overdue"))
    return found


def threshold_tasks(user: User) -> list[Task]:
    """Thresholds that decide nothing until someone has held them against the decision."""
    if not user.has(Permission.THRESHOLD_CONFIRM):
        return []
    unconfirmed = Threshold.objects.unconfirmed().filter(
        indicator__criterion__criteria_set__status=CriteriaSet.Status.PUBLISHED
    )
    count = unconfirmed.count()
    if not count:
        return []
    detail = "Chưa đối chiếu thì chỉ hiện để tham khảo, không dùng để đề xuất kết luận"
    return [Task(f"{count} ngưỡng chưa đối chiếu", detail, None, reverse("criteria:set-list"), "Xem bộ tiêu chí")]


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
