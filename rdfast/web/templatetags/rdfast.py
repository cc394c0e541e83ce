"""Filters and tags of every page: money, days and instants as people write them here, and the small
sums behind bars. Built into the template engine, so no `{% load %}` is needed."""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django import forms, template
from django.apps import apps
from django.conf import settings
from django.contrib import messages
from django.contrib.messages.storage.base import Message
from django.forms.boundfield import BoundField
from django.utils import dateformat, formats, timezone
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext, ngettext

from rdfast.audit.models import Event
from rdfast.core import amounts
from rdfast.ledger.kinds import BoxKind
from rdfast.plans.models import Plan, PlanBudgetLine
from rdfast.proposals.models import BudgetLine, Proposal
from rdfast.reports.story import label_of
from rdfast.reviews.models import Review
from rdfast.reviews.rules import RUBRIC
from rdfast.screening.rules import OK, RULES, Finding, message_of
from rdfast.web import names

register = template.Library()

# Weekdays belong to a date in office work, and Django's own formats have none. Korean shortens them to one
# syllable, which Django does not: it takes the place of the %.
_DAY_FORMATS = {"ko": "Y년 n월 j일 (%)", "en": "D j M Y"}
_INSTANT_FORMATS = {"ko": "Y년 n월 j일 (%) H:i", "en": "D j M Y H:i"}
_KOREAN_WEEKDAYS = "월화수목금토일"


def _language() -> str:
    return (get_language() or settings.LANGUAGE_CODE).split("-")[0]


@register.filter
def money(amount: int | None) -> str:
    """An amount as people read it in their language. No amount is a dash."""
    return amounts.written(amount) if isinstance(amount, int) else "–"


@register.filter
def when(at: dt.datetime | None) -> str:
    """An instant in local time, with its weekday."""
    if not at:
        return "–"
    return _written(
        timezone.localtime(at), _INSTANT_FORMATS.get(_language()) or formats.get_format("DATETIME_FORMAT")
    )


@register.filter
def day(on: dt.date | dt.datetime | None) -> str:
    """A day with its weekday; of an instant, the local day."""
    if not on:
        return "–"
    local = timezone.localtime(on) if isinstance(on, dt.datetime) else on
    return _written(local, _DAY_FORMATS.get(_language()) or formats.get_format("DATE_FORMAT"))


def _written(local: dt.date, pattern: str) -> str:
    return dateformat.format(local, pattern).replace("%", _KOREAN_WEEKDAYS[local.weekday()])


@register.filter
def iso(at: dt.date | dt.datetime) -> str:
    """For the `datetime` attribute of `<time>`."""
    return at.isoformat(timespec="seconds") if isinstance(at, dt.datetime) else at.isoformat()


def span_in_words(span: dt.timedelta) -> str:
    """A length of time in at most two units: 5 days, 1 day 4 hours, 12 minutes.

    `static/js/rdfast.js` says the same with the browser's own words, so keep both in step.
    """
    minutes = int(abs(span).total_seconds() // 60)
    days, hours, minutes = minutes // 1440, minutes % 1440 // 60, minutes % 60
    in_days = ngettext("%(count)d day", "%(count)d days", days) % {"count": days}
    in_hours = ngettext("%(count)d hour", "%(count)d hours", hours) % {"count": hours}
    in_minutes = ngettext("%(count)d minute", "%(count)d minutes", minutes) % {"count": minutes}
    if days >= 3 or (days and not hours):
        return in_days
    if days:
        return f"{in_days} {in_hours}"
    if hours:
        return f"{in_hours} {in_minutes}" if minutes else in_hours
    return in_minutes


@register.filter
def remaining(at: dt.datetime | None, now: dt.datetime) -> str:
    """How long until `at`, or how long since, in words."""
    if not at:
        return ""
    template_ = gettext("%(span)s left") if at > now else gettext("Overdue by %(span)s")
    return template_ % {"span": span_in_words(at - now)}


@register.filter
def span(length: dt.timedelta | None) -> str:
    """A length of time in words; none is a dash."""
    return "–" if length is None else span_in_words(length)


@register.filter
def month(day_of_it: dt.date) -> str:
    """A month as people write it."""
    return dateformat.format(day_of_it, {"ko": "Y년 n월", "en": "M Y"}.get(_language(), "Y-m"))


@register.simple_tag
def hours(length: dt.timedelta | None, whole: int) -> str:
    """A length of time as a width for SVG, of a bar that is `whole` hours long."""
    return share(length.total_seconds() / 3600 if length else 0, whole)


@register.filter
def is_past(at: dt.datetime | None, now: dt.datetime) -> bool:
    """Whether a deadline has gone by."""
    return bool(at and at <= now)


@register.filter
def is_near(at: dt.datetime | None, now: dt.datetime) -> bool:
    """Whether a deadline falls within the next day."""
    return bool(at and now < at <= now + dt.timedelta(days=1))


@register.filter
def in_language(thing: object, field: str) -> str:
    """The text of a bilingual field (`name_ko`, `name_en`) in the reader's language, or the other."""
    wanted = _language()
    others = [code for code, _name in settings.LANGUAGES if code != wanted]
    texts = (_attribute(thing, f"{field}_{code}") for code in (wanted, *others))
    return next((text for text in texts if text), "")


def _attribute(thing: object, name: str) -> str:
    return (thing.get(name) if isinstance(thing, Mapping) else getattr(thing, name, "")) or ""


@register.simple_tag
def state_name(machine: str, state: str) -> names.StateName:
    """Words and tone of a state: `{% state_name "proposal" proposal.state as name %}`."""
    return names.state_name(machine, str(state))


@register.filter
def beside(headings: Iterable[object], cells: Iterable[object]) -> list[tuple[object, object]]:
    """Each cell of a row with the heading of its column."""
    return list(zip(headings, cells, strict=True))


@register.filter
def scores(review: Review) -> list[tuple[str, int | None]]:
    """The rubric's criteria in words, each with the score that the review gives."""
    return [(str(words), getattr(review, f"score_{name}")) for name, words in RUBRIC.items()]


@register.filter
def event_words(kind: str) -> str:
    """What happened, from the kind of an event."""
    return label_of(kind)


@register.filter
def subject_words(event: Event) -> str:
    """To which object an event happened: `milestone 12`."""
    model = apps.get_model(event.subject_kind)
    return f"{model._meta.verbose_name} {event.subject_id}"


@register.filter
def move_words(event: Event) -> str:
    """From which state to which an event led, in the words of the object's stage."""
    machine = event.subject_kind.rpartition(".")[2]
    return " → ".join(names.state_name(machine, state).words for state in (event.from_state, event.to_state))


# ── forms ────────────────────────────────────────────────────────────────────────────────────────

_KINDS: tuple[tuple[type[forms.Widget], str], ...] = (
    (forms.HiddenInput, "hidden"),
    (forms.CheckboxSelectMultiple, "choices"),
    (forms.RadioSelect, "choices"),
    (forms.CheckboxInput, "checkbox"),
    (forms.FileInput, "file"),
    (forms.Textarea, "textarea"),
    (forms.Select, "select"),
)


@register.filter
def kind(field: BoundField) -> str:
    """The sort of control behind a field; it decides where the label goes."""
    widget = field.field.widget
    return next((name for cls, name in _KINDS if isinstance(widget, cls)), "input")


@register.simple_tag
def grid_cell(field: BoundField, row: object, column: object, table: str) -> SafeString:
    """One amount of a budget grid, named by the headings of its row and column."""
    described_by = f"{field.auto_id}_error" if field.errors else None
    return field.as_widget(
        attrs={
            "aria-labelledby": f"{table}-row-{row} {table}-column-{column}",
            "data-sum-row": str(row),
            "data-sum-column": str(column),
            **({"aria-describedby": described_by, "aria-invalid": "true"} if described_by else {}),
        }
    )


@dataclass(frozen=True)
class FormError:
    """One line of an error summary; `target` is the id of the control, if there is one."""

    text: str
    target: str


_Part = forms.BaseForm | forms.BaseFormSet[forms.BaseForm] | None
_FORM_OR_SET = (forms.BaseForm, forms.BaseFormSet)


@register.simple_tag
def form_errors(form: _Part | Sequence[_Part], formset: _Part = None) -> list[FormError]:
    """Every error of a form and of a formset, or of a list of both, in the order of the page."""
    parts: Sequence[_Part] = [form, formset] if form is None or isinstance(form, _FORM_OR_SET) else form
    return [error for part in parts for error in _errors_of_part(part)]


def _errors_of_part(part: _Part) -> Iterable[FormError]:
    if not isinstance(part, forms.BaseFormSet):
        yield from _errors_of(part) if part else ()
    elif part.is_bound:
        yield from (FormError(str(error), "") for error in part.non_form_errors())
        for row, each in enumerate(part.forms, start=1):
            if getattr(each, "cleaned_data", {}).get("DELETE"):
                continue
            place = f"{getattr(part, 'row_words', '')} {row}".strip()
            yield from (FormError(f"{place}. {error.text}", error.target) for error in _errors_of(each))


def _errors_of(form: forms.BaseForm) -> Iterable[FormError]:
    for error in form.non_field_errors():
        yield FormError(str(error), "")
    for field in form:
        for error in field.errors:
            yield FormError(f"{field.label}: {error}", _first_control(field))


def _first_control(field: BoundField) -> str:
    """Radio buttons and check boxes have no control with the field's own id, only numbered ones."""
    numbered = isinstance(field.field.widget, forms.RadioSelect | forms.CheckboxSelectMultiple)
    return f"{field.auto_id}_0" if numbered else field.auto_id


# ── bars ─────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Segment:
    """One part of a stacked bar; `start` and `width` are per cent of the whole, ready for SVG."""

    box: str
    words: str
    amount: int
    start: str
    width: str


@register.simple_tag
def segments(boxes: Mapping[str, int] | Iterable[Sequence[object]]) -> list[Segment]:
    """The boxes of an award or an envelope, laid side by side. Takes a mapping or pairs."""
    pairs = list(boxes.items()) if isinstance(boxes, Mapping) else [(str(b), int(str(a))) for b, a in boxes]
    whole = sum(amount for _box, amount in pairs) or 1
    laid, start = [], 0.0
    for box, amount in pairs:
        width = 100 * amount / whole
        laid.append(Segment(box, str(BoxKind(box).label), amount, f"{start:.3f}%", f"{width:.3f}%"))
        start += width
    return laid


@register.simple_tag
def share(part: float, whole: float) -> str:
    """`part` of `whole` as a width for SVG, never beyond the bar."""
    return f"{min(100.0, max(0.0, 100 * part / whole)) if whole else 0:.2f}%"


@register.simple_tag
def percent(part: float, whole: float) -> str:
    """`part` of `whole` in words: 41 %. Of nothing it is a dash."""
    return gettext("%(number)s %%") % {"number": round(100 * part / whole)} if whole else "–"


@register.simple_tag
def elapsed(start: dt.datetime, due: dt.datetime, now: dt.datetime) -> str:
    """How much of the time from `start` to `due` has gone, as a width for SVG."""
    return share((now - start).total_seconds(), (due - start).total_seconds())


# ── proposals ────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class BudgetTable:
    """A budget laid out for `<c-amount-table>`: categories down, years and the sum across."""

    columns: list[str]
    rows: list[tuple[str, list[int]]]
    totals: list[int]


@register.simple_tag
def budget_table(proposal: Proposal | Plan) -> BudgetTable:
    """The budget of a proposal or plan read with all its rows: `{% budget_table proposal as budget %}`."""
    found: Iterable[BudgetLine | PlanBudgetLine] = proposal.budget.all()
    lines = sorted(found, key=lambda line: line.category.position)
    years = list(range(1, max((line.year for line in lines), default=0) + 1))
    by_category: dict[str, list[int]] = {}
    for line in lines:
        row = by_category.setdefault(in_language(line.category, "name"), [0] * len(years))
        row[line.year - 1] += line.amount
    rows = [(words, [*amounts_, sum(amounts_)]) for words, amounts_ in by_category.items()]
    columns = [gettext("Year %(number)s") % {"number": year} for year in years]
    totals = [sum(column) for column in zip(*(row for _words, row in rows), strict=True)]
    return BudgetTable([*columns, gettext("Total")], rows, totals)


@dataclass(frozen=True)
class ScreeningLine:
    """One finding of the automatic check in words; no message when the rule is met."""

    title: str
    source: str
    message: str


@register.simple_tag
def screening_line(finding: Finding) -> ScreeningLine:
    """A finding in the reader's language: `{% screening_line finding as line %}`."""
    rule = RULES[finding.rule]
    return ScreeningLine(
        str(rule.title), str(rule.source), "" if finding.outcome == OK else message_of(finding)
    )


# ── the frame of a page ──────────────────────────────────────────────────────────────────────────


@register.filter
def message_tone(message: Message) -> str:
    """The tone of `<c-alert>` for one of Django's messages."""
    tones = {messages.SUCCESS: "success", messages.WARNING: "warning", messages.ERROR: "danger"}
    return tones.get(message.level, "info")
