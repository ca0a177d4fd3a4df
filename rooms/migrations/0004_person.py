"""Replaces users and profiles with persons, which keep the accounts' ids if those are numbers."""

import re
import unicodedata
from collections import defaultdict

import django.db.models.deletion
from django.apps import apps as installed
from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management.color import no_style
from django.db import migrations, models
from django.utils.text import slugify

BATCH = 500


def fold(handle):
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", handle).casefold())


def full_name(user):
    """Like the account class's own method, which historical models do not have."""
    try:
        name = get_user_model().get_full_name(user)
    except Exception:  # it may call anything
        name = f"{getattr(user, 'first_name', '')} {getattr(user, 'last_name', '')}"
    name = " ".join(name.split())
    return "" if "@" in name or not name.isprintable() else name


def wanted_handle(user):
    field = get_user_model().USERNAME_FIELD
    wanted = str(getattr(user, field))
    if field != "username" or "@" in wanted:
        wanted = slugify(full_name(user), allow_unicode=True)
    return re.sub(r"[^\w.+-]+", "-", wanted)[:150] or "person"


def is_number(user_model):
    return isinstance(user_model._meta.pk, (models.IntegerField, models.AutoField))


def check_now(schema_editor):
    """PostgreSQL cannot alter a table with pending deferred constraint checks."""
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def fill(apps, schema_editor):
    user_model = apps.get_model(settings.AUTH_USER_MODEL)
    person_model = apps.get_model("rooms", "Person")
    database = schema_editor.connection.alias
    names = dict(apps.get_model("rooms", "Profile").objects.using(database).values_list("user", "name"))
    taken = set()
    numbers = defaultdict(lambda: 1)
    numbered = is_number(user_model)
    persons = []
    for user in user_model.objects.using(database).order_by("pk").iterator(BATCH):
        wanted = handle = wanted_handle(user)
        while fold(handle) in taken:
            # From where the last one ended, since thousands may have the same name.
            numbers[fold(wanted)] += 1
            handle = f"{wanted[:142]}-{numbers[fold(wanted)]}"
        taken.add(fold(handle))
        persons.append(
            person_model(
                id=user.pk if numbered else None,
                handle=handle,
                folded=fold(handle),
                name=names.get(user.pk, full_name(user)[:60]),
                user_id=user.pk,
                active=getattr(user, "is_active", True),
            )
        )
    person_model.objects.using(database).bulk_create(persons, batch_size=BATCH)
    check_now(schema_editor)
    with schema_editor.connection.cursor() as cursor:
        for statement in schema_editor.connection.ops.sequence_reset_sql(no_style(), [person_model]):
            cursor.execute(statement)


def mark_parts(apps, schema_editor):
    """Sets the bits for reactions and mentions on messages that have some."""
    for bit, table in ((1, "rooms_reaction"), (2, "rooms_mention")):
        schema_editor.execute(
            f"UPDATE rooms_message SET parts = parts + {bit} "
            f"WHERE id IN (SELECT message_id FROM {table})"
        )
    check_now(schema_editor)


def drop_invitations(apps, schema_editor):
    """Drops the table unless an app owns it. Its foreign key would break a flush."""
    if not installed.is_installed("rooms.accounts"):
        schema_editor.delete_model(apps.get_model("rooms", "Invitation"))


class PointAtPersons(migrations.AlterField):
    """Turns a foreign key to accounts into one to persons, keeping the values."""

    def database_forwards(self, app_label, schema_editor, from_state, to_state):
        model = from_state.apps.get_model(app_label, self.model_name)
        field = model._meta.get_field(self.name)
        if schema_editor.connection.vendor == "postgresql" and not is_number(field.related_model):
            # PostgreSQL cannot cast a UUID to a number, not even in an empty table.
            table = schema_editor.quote_name(model._meta.db_table)
            column = schema_editor.quote_name(field.column)
            for name in schema_editor._constraint_names(model, [field.column], foreign_key=True):
                schema_editor.execute(schema_editor._delete_fk_sql(model, name))
            schema_editor.execute(
                f"ALTER TABLE {table} ALTER COLUMN {column} TYPE bigint USING {column}::text::bigint"
            )
        super().database_forwards(app_label, schema_editor, from_state, to_state)


def renamed(model, *state_operations):
    """Renames a model's `user` to `person`. The database also renames it in constraints."""
    before = [operation for operation in state_operations if isinstance(operation, (migrations.RemoveConstraint, migrations.RemoveIndex))]
    after = [operation for operation in state_operations if operation not in before]
    rename = migrations.RenameField(model, "user", "person")
    # Django would copy the table on SQLite.
    statement = f"ALTER TABLE rooms_{model} RENAME COLUMN user_id TO person_id"
    return migrations.SeparateDatabaseAndState(
        [migrations.RunSQL(statement)], [*before, rename, *after]
    )


class Migration(migrations.Migration):
    dependencies = [
        ("rooms", "0003_fewer_indexes"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Person",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("handle", models.CharField(max_length=150, verbose_name="handle")),
                ("folded", models.CharField(editable=False, max_length=450, unique=True)),
                ("name", models.CharField(blank=True, max_length=60, verbose_name="name")),
                ("active", models.BooleanField(default=True, editable=False, verbose_name="active")),
                ("user", models.OneToOneField(editable=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="rooms_person", to=settings.AUTH_USER_MODEL)),
            ],
            options={"verbose_name": "person", "verbose_name_plural": "people"},
        ),
        migrations.RunPython(fill, elidable=True),
        migrations.DeleteModel("Profile"),
        renamed(
            "membership",
            migrations.RemoveConstraint("membership", "one_membership"),
            migrations.AddConstraint("membership", models.UniqueConstraint(fields=("person", "room"), name="one_membership")),
        ),
        renamed(
            "mention",
            migrations.RemoveConstraint("mention", "mentioned_once"),
            migrations.RemoveIndex("mention", "mentions_of_a_user"),
            migrations.AddConstraint("mention", models.UniqueConstraint(fields=("message", "person"), name="mentioned_once")),
            migrations.AddIndex("mention", models.Index(fields=["person", "room", "seq"], name="mentions_of_a_user")),
        ),
        migrations.RenameIndex("mention", new_name="mentions_of_a_person", old_name="mentions_of_a_user"),
        renamed(
            "reaction",
            migrations.RemoveConstraint("reaction", "reacted_once"),
            migrations.AddConstraint("reaction", models.UniqueConstraint(fields=("message", "person", "emoji"), name="reacted_once")),
        ),
        # Adding a column with a default is cheap this way; Django copies the table on SQLite.
        migrations.SeparateDatabaseAndState(
            [migrations.RunSQL("ALTER TABLE rooms_message ADD COLUMN parts integer DEFAULT 0 NOT NULL")],
            [migrations.AddField("message", "parts", models.IntegerField(db_default=0, default=0))],
        ),
        migrations.RunPython(mark_parts, elidable=True),
        PointAtPersons("membership", "person", models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name="memberships", to="rooms.person", verbose_name="person")),
        PointAtPersons("mention", "person", models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="rooms.person")),
        PointAtPersons("reaction", "person", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="+", to="rooms.person")),
        PointAtPersons("message", "author", models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="messages", to="rooms.person")),
        # The membership table stays; only Django's state changes.
        migrations.SeparateDatabaseAndState(
            [],
            [migrations.AlterField("room", "members", models.ManyToManyField(related_name="rooms", through="rooms.Membership", to="rooms.person"))],
        ),
        # Invitations belong to rooms.accounts, which keeps the table.
        migrations.RunPython(drop_invitations, migrations.RunPython.noop),
        migrations.SeparateDatabaseAndState([], [migrations.DeleteModel("Invitation")]),
    ]
