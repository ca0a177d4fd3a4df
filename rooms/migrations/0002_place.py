from django.core.management import call_command
from django.db import migrations


def make(apps, schema_editor):
    apps.get_model("rooms", "Place").objects.using(schema_editor.connection.alias).create(pk=1)
    # The database cache's table, which migrations do not create by themselves.
    call_command("createcachetable", database=schema_editor.connection.alias, verbosity=0)


class Migration(migrations.Migration):
    dependencies = [("rooms", "0001_initial")]
    operations = [migrations.RunPython(make, migrations.RunPython.noop)]
