from django.db import migrations, models

from core.search import words

# Who may see a text stands in the index beside it, as words of a column of their own: the newest hits that
# somebody may see are then read off the index, however many others there are.
COLUMNS = "reference, title, public, staff, scope"
NEW = """'kind' || new.kind || ' organisation' || coalesce(new.organisation_id, 0)
       || ' owner' || coalesce(new.owner_id, 0) || CASE WHEN new.staff_only THEN ' deskonly' ELSE '' END"""
OLD = NEW.replace("new.", "old.")
SCOPED = [
    f"""CREATE VIEW search_text AS SELECT id, reference, title, public, staff, {NEW.replace("new.", "")} AS scope
       FROM search_searchdoc""",
    f"""CREATE VIRTUAL TABLE search_fts USING fts5({COLUMNS}, content='search_text', content_rowid='id',
       tokenize='porter unicode61 remove_diacritics 2', prefix='2 3')""",
    f"""CREATE TRIGGER search_fts_insert AFTER INSERT ON search_searchdoc BEGIN
       INSERT INTO search_fts(rowid, {COLUMNS})
       VALUES (new.id, new.reference, new.title, new.public, new.staff, {NEW}); END""",
    f"""CREATE TRIGGER search_fts_delete AFTER DELETE ON search_searchdoc BEGIN
       INSERT INTO search_fts(search_fts, rowid, {COLUMNS})
       VALUES ('delete', old.id, old.reference, old.title, old.public, old.staff, {OLD}); END""",
    f"""CREATE TRIGGER search_fts_update AFTER UPDATE ON search_searchdoc BEGIN
       INSERT INTO search_fts(search_fts, rowid, {COLUMNS})
       VALUES ('delete', old.id, old.reference, old.title, old.public, old.staff, {OLD});
       INSERT INTO search_fts(rowid, {COLUMNS})
       VALUES (new.id, new.reference, new.title, new.public, new.staff, {NEW}); END""",
    "INSERT INTO search_fts(search_fts) VALUES ('rebuild')",
]
UNSCOPED = [
    """CREATE VIRTUAL TABLE search_fts USING fts5(reference, title, public, staff,
       content='search_searchdoc', content_rowid='id', tokenize='porter unicode61 remove_diacritics 2',
       prefix='2 3')""",
    """CREATE TRIGGER search_fts_insert AFTER INSERT ON search_searchdoc BEGIN
       INSERT INTO search_fts(rowid, reference, title, public, staff)
       VALUES (new.id, new.reference, new.title, new.public, new.staff); END""",
    """CREATE TRIGGER search_fts_delete AFTER DELETE ON search_searchdoc BEGIN
       INSERT INTO search_fts(search_fts, rowid, reference, title, public, staff)
       VALUES ('delete', old.id, old.reference, old.title, old.public, old.staff); END""",
    """CREATE TRIGGER search_fts_update AFTER UPDATE ON search_searchdoc BEGIN
       INSERT INTO search_fts(search_fts, rowid, reference, title, public, staff)
       VALUES ('delete', old.id, old.reference, old.title, old.public, old.staff);
       INSERT INTO search_fts(rowid, reference, title, public, staff)
       VALUES (new.id, new.reference, new.title, new.public, new.staff); END""",
    "INSERT INTO search_fts(search_fts) VALUES ('rebuild')",
]
DROP = [
    "DROP TRIGGER search_fts_update",
    "DROP TRIGGER search_fts_delete",
    "DROP TRIGGER search_fts_insert",
    "DROP TABLE search_fts",
]


def forwards(apps, schema_editor):
    if schema_editor.connection.vendor != "sqlite":
        return
    for statement in [*DROP, *SCOPED, "CREATE TABLE search_word (word TEXT PRIMARY KEY) WITHOUT ROWID"]:
        schema_editor.execute(statement)
    docs = apps.get_model("search", "SearchDoc").objects
    for texts in docs.values_list("reference", "title", "public", "staff").iterator(chunk_size=500):
        words.learn(texts)


def backwards(apps, schema_editor):
    if schema_editor.connection.vendor != "sqlite":
        return
    for statement in [*DROP, "DROP VIEW search_text", "DROP TABLE search_word", *UNSCOPED]:
        schema_editor.execute(statement)


class Migration(migrations.Migration):
    dependencies = [("search", "0002_full_text")]
    operations = [
        migrations.RunPython(forwards, backwards),
        migrations.AddIndex(
            model_name="searchdoc",
            index=models.Index(fields=["reference"], name="search_by_reference"),
        ),
    ]
