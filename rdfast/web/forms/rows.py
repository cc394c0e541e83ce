"""Adding a row to a formset without JavaScript."""

from django.http import QueryDict


def with_added_row(data: QueryDict) -> QueryDict:
    """What was posted, with one more empty row in the formset whose add button was pressed.

    The view binds its forms to the result and shows the page again instead of saving.
    """
    more = data.copy()
    key = f"{data.get('add_row', '')}-TOTAL_FORMS"
    rows = str(data.get(key, ""))
    if rows.isdecimal():
        more[key] = str(int(rows) + 1)
    return more
