"""Teams and people as files: what goes out comes in again without a change, and a wrong row names its line."""

from datetime import time

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.accounts.models import User
from core.audit.models import Event
from core.common import spreadsheet
from core.common.actor import Door, system
from core.common.errors import NotAllowed, RuleBroken
from core.common.vocabulary import Area
from escalation import operations, queries
from escalation.exchange import files, vcard
from escalation.exchange.columns import PEOPLE, TEAMS
from escalation.models import Card, Roster, Team

CLI = system(door=Door.CLI)


def written(kind, form):
    entries = queries.teams(CLI) if kind is TEAMS else queries.people(CLI)
    return (files.to_csv if form == "csv" else files.to_vcard)(kind, entries)


def bring(text, **more):
    parsed = files.parse(text)
    return operations.import_directory(parsed.kind, parsed.rows, **{"by": CLI, **more})


# --- out and in again ----------------------------------------------------------------------------------------
@pytest.mark.parametrize("form", ["csv", "vcf"])
@pytest.mark.parametrize("kind", [TEAMS, PEOPLE])
def test_what_goes_out_comes_in_again_without_a_change(house, kind, form):
    operations.edit_person(
        "lea",
        changes={"work_phone": "+44 1", "work_days": [0, 4], "work_from": time(22), "work_to": time(6)},
        by=house.admin,
    )
    nasty = "=cmd|' /C calc'!A0, \"quoted\"; a\\b\r\nsecond line, 'more\n\n;end\\"
    operations.edit_team(
        "network",
        changes={"scope": nasty, "not_scope": "'=1", "keywords": "-x", "chat": "\\n"},
        by=house.admin,
    )
    events = Event.objects.count()
    report = bring(written(kind, form))
    assert report.wrong == [] and report.changed == [] and report.same == len(report.rows) > 2
    assert Event.objects.count() == events


TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=40)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(TEXT, TEXT, TEXT, st.lists(st.sampled_from(Area.values), unique=True), st.booleans())
def test_any_text_survives_both_ways(house, scope, ready, chat, areas, vendor):
    facts = {"scope": scope, "have_ready": ready, "chat": chat, "areas": areas, "is_vendor": vendor}
    Team.objects.filter(slug="network").update(**facts)
    for form in ("csv", "vcf"):
        report = bring(written(TEAMS, form), dry_run=True)
        assert (report.wrong, report.changed) == ([], [])


@given(TEXT)
def test_a_cell_is_no_formula_and_loses_nothing(text):
    cell = spreadsheet.escaped(text)
    assert not cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n"))
    assert spreadsheet.plain(cell) == text


def test_a_lost_directory_comes_back_from_its_files(house):
    teams = written(TEAMS, "csv")
    for rotation in queries.rotations(CLI):
        rotation.shifts.all().delete()
        rotation.delete()
    Roster.objects.all().delete()
    Team.objects.all().delete()
    report = bring(teams)
    assert [row.new for row in report.changed] == [True] * 3
    team = Team.objects.get(slug="payments")
    assert (team.lead, team.tier, team.zone) == (house.ira, 2, "Europe/London")
    assert set(team.members.all()) == {house.eli, house.lea, house.ira}
    assert list(team.components.all()) == [house.gateway]


def test_private_numbers_are_in_no_file(house):
    for kind in (TEAMS, PEOPLE):
        for form in ("csv", "vcf"):
            assert "5550 0101" not in written(kind, form)


def test_a_phone_reads_the_card_of_a_team(house):
    lines = vcard.written(
        "teams", {c.name: c.write(house.network) for c in TEAMS.written}, {"name": "Network"}
    )
    assert lines.startswith(
        "BEGIN:VCARD\r\nVERSION:4.0\r\nKIND:org\r\nUID:urn:desk:teams:network\r\nFN:Network\r\n"
    )
    assert "TEL;TYPE=work:+44 20 5550 0900\r\n" in lines
    assert all(len(line.encode()) <= 75 for line in lines.split("\r\n"))


# --- a dry run, then the run ---------------------------------------------------------------------------------
CHANGES = (
    'slug,phone,tier,members,areas\npayments,+44 20 5550 0200,L3,"eli, lea",network data\nnetwork,,2,,\n'
)


def test_a_dry_run_lists_what_would_change_and_changes_nothing(house):
    report = bring(CHANGES, dry_run=True)
    assert [(row.line, row.name, row.fields) for row in report.changed] == [
        (
            2,
            "Payments engineering",
            {
                "phone": ("", "+44 20 5550 0200"),
                "tier": ("2", "3"),
                "members": ("eli, ira, lea", "eli, lea"),
                "areas": ("", "data, network"),
            },
        ),
        (3, "Network", {"phone": ("+44 20 5550 0900", "")}),
    ]
    assert not report.written and Team.objects.get(slug="payments").phone == ""
    assert not Event.objects.filter(name="team.changed").exists()


def test_the_run_does_what_the_dry_run_said(house):
    planned = bring(CHANGES, dry_run=True)
    report = bring(CHANGES)
    assert report.written
    assert [row.fields for row in report.changed] == [row.fields for row in planned.changed]
    team = Team.objects.get(slug="payments")
    assert (team.phone, team.tier, team.members.count(), team.areas) == (
        "+44 20 5550 0200", 3, 2, ["data", "network"],
    )  # fmt: skip
    assert Event.objects.filter(name="team.changed", door="cli").count() == 2
    assert bring(CHANGES).changed == []


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        ("payments,L9,,,,", "tier: “L9” is no tier"),
        ("payments,2,nobody,,,", "lead: There is no person called “nobody”"),
        ("payments,2,,engine,,", "components: There is no component called “engine”"),
        ("payments,2,,,magic,", "areas: There is no kind of trouble “magic”"),
        ("payments,2,,,,soon", "review_due: “soon” is no day"),
        ("payments,2,,,,2099-01-01", "review_due: The next check lies within two years."),
        ("unheard,2,,,,", "name: A new team needs a name."),
        ("payments,2,,,,,more", "There are 7 cells under 6 columns."),
    ],
)
def test_a_wrong_row_is_named_with_its_line_and_nothing_is_written(house, row, sentence):
    text = f"slug,tier,lead,components,areas,review_due\nnetwork,3,,,,2027-07-01\n{row}\n"
    report = bring(text)
    assert [(wrong.line, sentence in wrong.errors[0]) for wrong in report.wrong] == [(3, True)], report.wrong
    assert not report.written and Team.objects.get(slug="network").tier == 2


def test_lines_are_counted_where_cells_hold_breaks(house):
    report = bring('slug,scope,tier\nnetwork,"one\ntwo\nthree",2\npayments,x,9\n', dry_run=True)
    assert [row.line for row in report.rows] == [2, 5]


def test_the_same_entry_twice_is_refused(house):
    report = bring("name,tier\nNetwork,2\nNew one,1\nnetwork,2\nNetwork,3\nNew one,2\n")
    assert [(row.line, row.errors) for row in report.wrong if "Line" in row.errors[0]] == [
        (5, ["Line 2 speaks of the same entry."]),
        (6, ["Line 3 speaks of the same entry."]),
    ]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("slug,colour\nnetwork,red\n", "There is no column “colour” for teams. Known are slug, name, tier"),
        ("username,nickname\neli,e\n", "There is no column “nickname” for people"),
        ("who,what\nx,y\n", "The first line must name the columns"),
        ("slug,slug\nx,y\n", "stands twice"),
        ("slug,name\n", "holds no entry"),
        ("", "must name the columns"),
        ('slug,name\n"x,y\n', "is no CSV"),
        ("BEGIN:VCARD\nFN:x\n", "has no end"),
        ("BEGIN:VCARD\nEND:VCARD\nFN:x\n", "stands outside"),
        ("BEGIN:VCARD\nKIND:org\nFN:x\nEND:VCARD\nBEGIN:VCARD\nFN:y\nEND:VCARD", "mixes teams and people"),
    ],
)
def test_a_file_that_cannot_be_read_says_why(text, sentence):
    with pytest.raises(RuleBroken, match=sentence):
        files.parse(text)


@pytest.mark.parametrize("raw", [b"\xff\xfe\x00", b"slug,name\nx\x00,y", b"x" * 1_000_001])
def test_bytes_that_are_no_text_are_refused(raw):
    with pytest.raises(RuleBroken):
        files.decoded(raw)


def test_a_spreadsheet_with_semicolons_and_a_mark_of_its_own_is_read(house):
    report = bring(files.decoded("\ufeffslug;hours\r\nnetwork;Mon to Fri, 8-18\r\n".encode()))
    assert report.changed[0].fields == {"hours": ("", "Mon to Fri, 8-18")}


# --- people --------------------------------------------------------------------------------------------------
def test_people_are_changed_and_their_private_numbers_stay_unsaid(house):
    report = bring("username,phone,languages,work_days\nlea,+44 20 5550 0102,English,mon TUE\n")
    assert report.changed[0].fields == {
        "phone": ("", "a private number"), "languages": ("", "English"), "work_days": ("", "Mon Tue"),
    }  # fmt: skip
    assert User.objects.get(username="lea").phone == "+44 20 5550 0102"


def test_new_people_are_entered_by_who_manages_data_alone(house):
    text = "username,email,first_name,timezone\nnew,new@desk.example,Nia,Europe/Oslo\n"
    report = bring(text, by=house.admin)
    assert "Admin can" in report.wrong[0].errors[0]
    assert bring(text).written
    made = User.objects.get(username="new")
    assert (made.first_name, made.timezone, made.has_usable_password()) == ("Nia", "Europe/Oslo", False)
    assert Card.objects.filter(user=made).exists()
    assert queries.get_person("new", by=house.admin)


def test_nobodys_sign_in_address_changes_by_a_file(house):
    report = bring("username,email\neli,other@desk.example\n")
    assert "eli signs in as eli@desk.example" in report.wrong[0].errors[0]


def test_the_card_of_a_telephone_is_read(house):
    text = (
        "BEGIN:VCARD\r\nVERSION:3.0\r\nN:Lind;Lea;;;\r\nFN:Lea Lind\r\nEMAIL;type=INTERNET:LEA@desk.example\r\n"
        "item1.TEL;type=pref;TYPE=WORK:+44 20 5550\r\n  0900\r\nTEL;TYPE=CELL:tel:+442055500102\r\n"
        "TITLE:Engineer\\, platform\r\nPHOTO;ENCODING=b:AAAA\r\nEND:VCARD\r\n"
    )
    parsed = files.parse(text)
    report = operations.import_directory(parsed.kind, parsed.rows, by=CLI)
    assert report.changed[0].fields == {
        "job_title": ("", "Engineer, platform"),
        "work_phone": ("", "+44 20 5550 0900"),
        "phone": ("", "a private number"),
    }
    assert parsed.aside == {"PHOTO": 1}
    assert User.objects.get(username="lea").phone == "+442055500102"


# --- the command ---------------------------------------------------------------------------------------------
def test_the_command_says_what_it_would_do_and_does_it(house, tmp_path, capsys):
    file = tmp_path / "teams.csv"
    file.write_text(CHANGES)
    call_command("import_directory", str(file), dry_run=True)
    said = capsys.readouterr().out
    assert "line 2: Payments engineering" in said and "phone: “” -> “+44 20 5550 0200”" in said
    assert "2 changes would be brought in, 0 as they were." in said
    call_command("import_directory", str(file))
    assert "2 changes brought in" in capsys.readouterr().out
    assert Team.objects.get(slug="payments").tier == 3


def test_the_command_names_the_lines_that_are_wrong(house, tmp_path, capsys):
    file = tmp_path / "teams.csv"
    file.write_text("slug,tier\nnetwork,9\n")
    with pytest.raises(CommandError, match="Nothing was written: 1 row"):
        call_command("import_directory", str(file))
    assert "line 2: tier: “9” is no tier" in capsys.readouterr().out
    with pytest.raises(CommandError, match="cannot be read"):
        call_command("import_directory", str(tmp_path / "none"))


# --- the pages -----------------------------------------------------------------------------------------------
def test_the_files_are_handed_out_to_staff_with_a_name(client, house):
    client.force_login(house.ana)
    for name, kind in (("teams.csv", "text/csv"), ("people.vcf", "text/vcard")):
        answer = client.get(f"/on-call/{name}")
        assert answer["Content-Type"] == f"{kind}; charset=utf-8"
        assert answer["Content-Disposition"].startswith(f'attachment; filename="{name[:5]}')


def test_on_the_page_a_file_is_looked_at_first_and_brought_in_by_a_second_click(client, house):
    client.force_login(house.max)
    upload = SimpleUploadedFile("teams.csv", CHANGES.encode(), "text/csv")
    looked = client.post("/on-call/import/", {"file": upload})
    html = looked.content.decode()
    assert "Would change" in html and "<ins>+44 20 5550 0200</ins>" in html
    assert Team.objects.get(slug="payments").phone == ""
    answer = client.post("/on-call/import/", {"text": looked.context["text"], "really": "1"})
    assert answer.status_code == 302
    assert Team.objects.get(slug="payments").phone == "+44 20 5550 0200"
    assert Event.objects.filter(name="team.changed", door="import").count() == 2


def test_on_the_page_a_wrong_file_says_what_to_do(client, house):
    client.force_login(house.max)
    wrong = SimpleUploadedFile("teams.csv", b"slug,tier\nnetwork,9\n", "text/csv")
    html = client.post("/on-call/import/", {"file": wrong}).content.decode()
    assert "Nothing was written" in html and "Line 2" in html and 'name="really"' not in html
    other = SimpleUploadedFile("x.csv", b"slug,colour\nx,red\n", "text/csv")
    answer = client.post("/on-call/import/", {"file": other})
    assert answer.status_code == 400 and "no column “colour”" in answer.content.decode()
    assert client.post("/on-call/import/", {}).status_code == 422


def test_only_managers_bring_in(client, house, by):
    client.force_login(house.eli)
    assert client.get("/on-call/import/").status_code == 403
    parsed = files.parse(CHANGES)
    with pytest.raises(NotAllowed):
        operations.import_directory(parsed.kind, parsed.rows, by=by(house.eli))
