"""What could not be read of a message is said beside it, in the language of who looks."""

from django.utils import translation

from tests.cast import Cast
from tests.workspace.conftest import Desk
from zabota.tickets.models import Message
from zabota.workspace.context.doubts import doubt_in_words


def test_faults_of_a_letter_stand_folded_below_it(cast: Cast, desk: Desk) -> None:
    ticket = cast.receive()
    client = desk(cast.anna)
    assert "Faults in this letter" not in client.get(f"/tickets/{ticket.number}").content.decode()
    Message.objects.update(warnings=["winmail.dat could not be opened", "<b>odd</b>"])
    page = client.get(f"/tickets/{ticket.number}").content.decode()
    assert "Faults in this letter" in page and "<li>Winmail.dat could not be opened</li>" in page
    assert "<b>odd</b>" not in page


def test_faults_are_said_in_the_language_of_the_agent() -> None:
    with translation.override("ru"):
        assert doubt_in_words("the date is not one") == "вместо даты написано что-то другое"
        said = doubt_in_words("declared as koi8-r, read as cp1251")
        assert said == "объявлена кодировка koi8-r, прочитано как cp1251"
        assert doubt_in_words("read as cp1251").endswith("прочитано как cp1251")
        assert doubt_in_words("something of another channel") == "something of another channel"
