from django.db import migrations


class Migration(migrations.Migration):
    """Their name was stored in the language of whoever deleted the account."""

    dependencies = [("rooms", "0005_followers")]

    operations = [
        migrations.RunSQL(
            """
            UPDATE rooms_person
            SET name = '', handle = '~' || CAST(id AS VARCHAR(20)),
              folded = '~' || CAST(id AS VARCHAR(20))
            WHERE user_id IS NULL AND handle = 'deleted-' || CAST(id AS VARCHAR(20))
            """,
            migrations.RunSQL.noop,
        )
    ]
