"""What arrives, and what happens when it cannot be sent."""

from pathlib import Path

import pytest
from cmengine_new_notifier import NewNotifier

from cmengine import Message
from cmengine.testing import check_notifier

HELLO = Message(
    id="event/rule/0", client="c001", text="You have something ready to pick up.", about="1"
)


def test_a_message_arrives(tmp_path: Path) -> None:
    NewNotifier(where=tmp_path / "out").send(HELLO)
    (file,) = (tmp_path / "out").iterdir()
    assert file.read_text() == "c001\nYou have something ready to pick up.\n"


def test_sent_twice_it_is_there_once(tmp_path: Path) -> None:
    for _ in range(2):
        NewNotifier(where=tmp_path).send(HELLO)
    assert len(list(tmp_path.iterdir())) == 1


def test_what_cannot_be_sent_raises_so_that_it_is_kept_and_tried_again(tmp_path: Path) -> None:
    (tmp_path / "in-the-way").touch()
    with pytest.raises(OSError):
        NewNotifier(where=tmp_path / "in-the-way").send(HELLO)


def test_it_keeps_what_a_notifier_promises(tmp_path: Path) -> None:
    where = tmp_path / "out"
    check_notifier(
        NewNotifier(where=where), arrived=lambda: [one.read_text() for one in where.glob("*.txt")]
    )
