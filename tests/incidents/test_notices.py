from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incidents import notices
from incidents.models import Incident, Update
from incidents.notices import Parts

NOW = datetime(2026, 3, 2, 10, 2, tzinfo=UTC)


@given(title=st.text(min_size=1, max_size=200), kind=st.sampled_from(Update.Kind.values))
def test_a_subject_stays_under_78_characters_and_names_the_incident(title, kind):
    subject = notices.subject(Incident(pk=2041, title=title), kind, 12)

    assert len(subject) < 78
    assert subject.startswith("[INC-2041] ")
    assert "\n" not in subject


@given(text=st.text(alphabet=st.characters(codec="utf-8", exclude_categories=["Cc"]), max_size=400))
def test_lines_fit_40_columns_unless_one_word_is_longer(text):
    for line in notices.wrapped(text).splitlines():
        assert len(line) <= 40 or " " not in line.strip()


def test_the_mail_says_what_comes_next():
    incident = Incident(pk=1, title="Cards fail")
    update = Update(kind="update", number=2, body="One node is out.", next_due_at=NOW + timedelta(minutes=15))

    assert notices.mail(incident, update, link=False) == "One node is out.\n\nNext update 10:17 UTC.\n"


def test_the_last_notice_is_unmistakable():
    incident = Incident(pk=1, title="Cards fail", restored_at=NOW)
    update = Update(kind="restored", number=3, body="Cards work again.")

    assert notices.subject(incident, "restored", 3) == "[INC-1] Service restored: Cards fail"
    assert "restored at 10:02 UTC" in notices.mail(incident, update, link=False).replace("\n", " ")


@pytest.mark.parametrize(
    ("parts", "body"),
    [
        (Parts(what="One node is out."), "One node is out."),
        (Parts(what="Out.", workaround="Cash"), "What is happening\nOut.\n\nWorkaround\nCash"),
    ],
)
def test_parts_stand_under_their_headings(parts, body):
    assert parts.body == body


def test_many_missed_moments_are_counted():
    moments = [NOW + timedelta(minutes=15 * n) for n in range(8)]

    assert notices.listed(moments[:3]) == "10:02, 10:17 and 10:32 UTC"
    assert notices.listed(moments) == "8 moments from 10:02 UTC to 11:47 UTC"
