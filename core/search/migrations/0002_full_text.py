from django.db import migrations

POSTGRES = """
ALTER TABLE search_searchdoc
  ADD COLUMN public_vector tsvector GENERATED ALWAYS AS (
    setweight(to_tsvector('simple', reference), 'A') || setweight(to_tsvector('english', title), 'A')
    || setweight(to_tsvector('english', left(public, 200000)), 'B')) STORED,
  ADD COLUMN staff_vector tsvector GENERATED ALWAYS AS (
    setweight(to_tsvector('simple', reference), 'A') || setweight(to_tsvector('english', title), 'A')
    || setweight(to_tsvector('english', left(public, 200000)), 'B')
    || setweight(to_tsvector('english', left(staff, 200000)), 'C')) STORED;
CREATE INDEX search_public_vector ON search_searchdoc USING gin (public_vector);
CREATE INDEX search_staff_vector ON search_searchdoc USING gin (staff_vector);
"""
POSTGRES_BACK = """
ALTER TABLE search_searchdoc DROP COLUMN public_vector, DROP COLUMN staff_vector;
"""
SQLITE = [
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
]
SQLITE_BACK = [
    "DROP TRIGGER search_fts_update",
    "DROP TRIGGER search_fts_delete",
    "DROP TRIGGER search_fts_insert",
    "DROP TABLE search_fts",
]


def forwards(apps, schema_editor):
    run(schema_editor, POSTGRES, SQLITE)


def backwards(apps, schema_editor):
    run(schema_editor, POSTGRES_BACK, SQLITE_BACK)


def run(schema_editor, postgres, sqlite):
    statements = [postgres] if schema_editor.connection.vendor == "postgresql" else sqlite
    for statement in statements:
        schema_editor.execute(statement)


class Migration(migrations.Migration):
    dependencies = [("search", "0001_initial")]
    operations = [migrations.RunPython(forwards, backwards)]
