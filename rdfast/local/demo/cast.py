"""The people and places of the demonstration."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.contrib.auth.hashers import make_password

from rdfast.people.models import Organisation, User
from rdfast.programmes import operations as programmes
from rdfast.programmes.models import Appointment, Call, Envelope, Programme, Topic

PASSWORD = "rdfast-demo"  # noqa: S105 - printed by `make run`, for a demonstration only
Role = Appointment.Role
ORGANISATIONS = {
    "agency": ("agency", "한국연구혁신진흥원", "Korea Research Innovation Agency", "101-82-00001"),
    "gaon": ("institute", "가온에너지연구원", "Gaon Energy Research Institute", "101-82-10001"),
    "hanbit": ("university", "한빛대학교", "Hanbit University", "101-82-10002"),
    "lumina": ("small", "루미나바이오(주)", "Lumina Bio Inc.", "101-81-20001"),
    "daehan": ("mid", "대한소재(주)", "Daehan Materials Co.", "101-81-20002"),
    "mir": ("small", "미르로보틱스(주)", "Mir Robotics Inc.", "101-81-20003"),
    "saebyeok": ("large", "새벽반도체(주)", "Saebyeok Semiconductor Corp.", "101-81-20004"),
    "neutral": ("university", "누리과학기술원", "Nuri Institute of Science and Technology", "101-82-10003"),
}
# e-mail name, name, organisation, role in both programmes
OFFICIALS = [
    ("manager", "김민준", "agency", Role.MANAGER),
    ("deputy", "이서연", "agency", Role.DEPUTY),
    ("head", "박도윤", "agency", Role.HEAD),
    ("second", "정유나", "agency", Role.SECOND_APPROVER),
    ("finance", "최지훈", "agency", Role.FINANCE),
    ("auditor", "한예린", "agency", Role.AUDITOR),
    ("reviewer", "오세훈", "neutral", Role.REVIEWER),
    ("reviewer2", "Maria Lindqvist", "neutral", Role.REVIEWER),
    ("reviewer3", "강하은", "neutral", Role.REVIEWER),
    ("reviewer4", "윤태오", "neutral", Role.REVIEWER),
    ("reviewer5", "James Okafor", "neutral", Role.REVIEWER),
    ("reviewer6", "서지안", "neutral", Role.REVIEWER),
    ("committee", "유재원", "neutral", Role.COMMITTEE),
    ("committee2", "남궁솔", "neutral", Role.COMMITTEE),
    ("committee3", "Anna Kowalska", "neutral", Role.COMMITTEE),
    ("committee4", "백도현", "neutral", Role.COMMITTEE),
]
SIGNATORIES = [
    ("signatory", "문성호", "gaon"),
    ("sign.hanbit", "배수진", "hanbit"),
    ("sign.lumina", "임채원", "lumina"),
    ("sign.daehan", "조현우", "daehan"),
    ("sign.mir", "신유진", "mir"),
    ("sign.saebyeok", "권도현", "saebyeok"),
]
# What `make run` prints: one account per role.
PRINTED = [
    "researcher",
    "signatory",
    "manager",
    "second",
    "head",
    "finance",
    "reviewer",
    "committee",
    "auditor",
    "admin",
]


@dataclass
class Stage:
    """What the cases play on."""

    organisations: dict[str, Organisation]
    people: dict[str, User]
    programme: Programme
    call: Call
    topics: dict[str, Topic]


def account(name: str, full_name: str, organisation: Organisation, *, hashed: str, **fields: object) -> User:
    """A person who reads in the language of their name."""
    return User.objects.create(
        email=f"{name}@rdfast.example",
        name=full_name,
        organisation=organisation,
        language="en" if full_name.isascii() else "ko",
        password=hashed,
        **fields,
    )


TOPICS = {
    "battery": ("이차전지·에너지저장", "Batteries and energy storage"),
    "bio": ("첨단바이오", "Advanced biotechnology"),
    "chips": ("반도체·소재", "Semiconductors and materials"),
    "robots": ("로봇·제조", "Robotics and manufacturing"),
    "ai": ("인공지능·데이터", "AI and data"),
    "climate": ("기후·환경", "Climate and environment"),
}


def make(*, at: datetime) -> Stage:
    """Organisations, officials, a programme with its policy, envelope and an open call."""
    hashed = make_password(PASSWORD)
    places = {
        code: Organisation.objects.create(kind=kind, name_ko=ko, name_en=en, registration_number=number)
        for code, (kind, ko, en, number) in ORGANISATIONS.items()
    }
    people = {
        name: account(name, full, places[where], hashed=hashed) for name, full, where, _role in OFFICIALS
    }
    for name, full, where in SIGNATORIES:
        people[name] = account(name, full, places[where], hashed=hashed, is_signatory=True)
    people["admin"] = account(
        "admin", "관리자", places["agency"], hashed=hashed, is_staff=True, is_superuser=True
    )
    programme = Programme.objects.create(
        code="frontier", name_ko="도전·혁신 선지원 사업", name_en="Perform-First Frontier Programme"
    )
    Appointment.objects.bulk_create(
        Appointment(programme=programme, user=people[name], role=role)
        for name, _full, _where, role in OFFICIALS
    )
    topics = {
        code: Topic.objects.create(programme=programme, name_ko=ko, name_en=en)
        for code, (ko, en) in TOPICS.items()
    }
    call = _call(programme, people["admin"], at=at)
    call.topics.set(topics.values())
    return Stage(places, people, programme, call, topics)


def _call(programme: Programme, admin: User, *, at: datetime) -> Call:
    programmes.adopt(programme.pk, values={}, reason="사업 시작 운영기준", starts_at=at, by=admin, at=at)
    envelope = Envelope.objects.create(programme=programme, year=at.year)
    programmes.allot(
        envelope.pk,
        amount=20_000_000_000,
        reason="연간 예산 배정",
        key=f"{programme.code}-{at.year}",
        by=None,
        at=at,
    )
    return Call.objects.create(
        programme=programme,
        envelope=envelope,
        title_ko="도전·혁신 선지원 상시 공고",
        title_en="Standing call: perform first, account later",
        summary_ko=(
            "48시간 안에 선지급 여부를 결정하고, 약속한 단계목표로 평가합니다. "
            "기업이 이미 마친 연구를 되풀이하지 않는 도전적 과제를 찾습니다."
        ),
        summary_en=(
            "We decide within 48 hours on a capped provisional amount and evaluate at the milestones you promise. "
            "We look for bold work that does not repeat what companies have already finished."
        ),
        continuation_criteria_ko=(
            "단계목표의 판정기준을 달성하지 못하고 보완 기한 안에 보완하지 못한 과제, "
            "선지급금을 기한 안에 정산하지 않은 과제는 계속 지원하지 않을 수 있습니다."
        ),
        continuation_criteria_en=(
            "Work may not be continued if a milestone's criterion is neither reached nor put right in the time for "
            "it, or if payments are not accounted for in time."
        ),
        opens_at=at,
        closes_at=at + timedelta(days=400),
        work_ends_on=date(at.year + 2, 12, 31),
    )
