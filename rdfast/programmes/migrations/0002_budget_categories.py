"""The ten budget categories of the Innovation Act's decree."""

from django.db import migrations

CATEGORIES = [
    ("personnel", "인건비", "Personnel"),
    ("student-personnel", "학생인건비", "Student personnel"),
    ("facilities", "연구시설·장비비", "Facilities and equipment"),
    ("materials", "연구재료비", "Materials"),
    ("activities", "연구활동비", "Research activities"),
    ("allowance", "연구수당", "Research allowance"),
    ("subcontracted", "위탁연구개발비", "Subcontracted R&D"),
    ("international", "국제공동연구개발비", "International joint R&D"),
    ("contribution", "연구개발부담비", "R&D contribution"),
    ("indirect", "간접비", "Indirect costs"),
]


def add(apps, schema_editor):
    category = apps.get_model("programmes", "BudgetCategory")
    category.objects.bulk_create(
        category(code=code, name_ko=name_ko, name_en=name_en, position=position)
        for position, (code, name_ko, name_en) in enumerate(CATEGORIES, start=1)
    )


class Migration(migrations.Migration):
    dependencies = [("programmes", "0001_initial")]
    operations = [migrations.RunPython(add, migrations.RunPython.noop)]
