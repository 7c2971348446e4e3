"""Messages through apprise, to a real SMTP server and a real HTTP receiver on this machine.

Every address holds a secret, and each test looks for it wherever something could have been said.
"""

import asyncio
import json
import logging
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from email import message_from_bytes
from email.message import Message as Mail
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword
from attrs import Factory, define
from click.testing import CliRunner, Result

from cmengine import Message
from cmengine.choices import Wish, choose_goals
from cmengine.cli import cli
from cmengine.cli.story import tell
from cmengine.engine import add_client, log_event, make_event
from cmengine.plugins import Registry, load_plugins
from cmengine.program import Program
from cmengine.settings import rule_files

Run = Callable[..., Result]
MakeProgram = Callable[..., Program]
SECRET = "s3cret-tok3n"
READY = "You have something ready to pick up."
RULE = """\
[[rule]]
id    = "drop-in"
title = "I come in"
[rule.goal]
kind   = "any_of"
events = ["visit"]
[[rule.reward]]
kind  = "fixed_voucher"
worth = "2.50"
[[rule.notify]]
kind = "apprise"
"""


@pytest.fixture(scope="module")
def notifier(registry: Registry) -> type[Any]:
    return registry.kinds["notifier"]["apprise"]


@define
class PostOffice:
    """A real SMTP server. It takes mail from whoever knows the password, when it has one."""

    password: str = ""
    port: int = 0
    mails: list[Mail] = Factory(list)

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        self.mails.append(message_from_bytes(envelope.content))
        return "250 OK"

    def let_in(self, server: Any, session: Any, envelope: Any, how: str, data: Any) -> AuthResult:
        known = isinstance(data, LoginPassword) and data.password == self.password.encode()
        return AuthResult(success=known, handled=False)


@pytest.fixture
def post_office(request: pytest.FixtureRequest) -> Iterator[PostOffice]:
    office = PostOffice(getattr(request, "param", ""))
    loop = asyncio.new_event_loop()

    def speak() -> SMTP:
        if not office.password:
            return SMTP(office)
        return SMTP(office, authenticator=office.let_in, auth_required=True, auth_require_tls=False)

    server = loop.run_until_complete(loop.create_server(speak, "127.0.0.1", 0))
    office.port = server.sockets[0].getsockname()[1]
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    yield office

    async def close() -> None:
        server.close()
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()

    asyncio.run_coroutine_threadsafe(close(), loop).result()
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.run_until_complete(loop.shutdown_asyncgens())
    loop.close()


@define
class Receiver:
    """A real HTTP receiver that behaves as a test makes it."""

    port: int = 0
    behaves: str = "well"
    seen: list[tuple[str | None, str]] = Factory(list)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    state = Receiver()
    over = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if state.behaves == "slow":
                over.wait(5)
                return
            if state.behaves == "hangs up":
                self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\nhalf of it")
                self.close_connection = True
                return
            if state.behaves == "says nothing":
                self.close_connection = True
                return
            state.seen.append((self.headers["X-Message-ID"], json.loads(body)["message"]))
            self.send_response(200 if state.behaves == "well" else int(state.behaves))
            self.end_headers()
            self.wfile.write(f"what about {SECRET}?".encode())

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    state.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield state
    over.set()
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def told(caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]) -> Iterator[None]:
    """Hear everything that is logged or printed, and look that no secret was in it."""
    caplog.set_level(logging.DEBUG)
    yield
    out, err = capfd.readouterr()
    # The servers of this test may say what they like; apprise is heard by nobody.
    said = [one for one in caplog.get_records("call") if one.name not in ("mail.log", "asyncio")]
    assert [one.getMessage() for one in said] == []
    assert SECRET not in out + err


@pytest.fixture
def send(notifier: type[Any], tmp_path: Path, told: None) -> Callable[..., str]:
    """Write the addresses of c001, send one message, and give why it did not go."""

    def sent(*addresses: str, id: str = "event/drop-in/0", client: str = "c001") -> str:
        where = tmp_path / "apprise.txt"
        where.write_text("# who is where\n" + "".join(f"c001 = {one}\n" for one in addresses))
        one = notifier(where=where)
        try:
            one.send(Message(id=id, client=client, text=READY, about="1"))
        except Exception as error:
            said = f"{type(error).__name__}: {error}"
            assert SECRET not in said + repr(error) + repr(one)
            return said
        return ""

    return sent


Send = Callable[..., str]


def mail(office: PostOffice, user: str = "") -> str:
    return (
        f"mailto://{user}127.0.0.1:{office.port}"
        "?from=hello@example.org&to=sky@example.org&mode=insecure"
    )


def chat(receiver: Receiver, more: str = "") -> str:
    return f"json://hook:{SECRET}@127.0.0.1:{receiver.port}/{SECRET}{more}"


def test_mail_arrives_with_the_words_and_nothing_that_names_the_program(
    post_office: PostOffice, send: Send
) -> None:
    assert send(mail(post_office)) == ""
    (got,) = post_office.mails
    assert str(got.get_payload()).strip() == READY
    assert (got["From"], got["To"], got["Subject"]) == (
        "hello@example.org",
        "sky@example.org",
        "Hello",
    )
    whole = got.as_string().lower()
    assert [w for w in ("drop-in", "cmengine", "apprise", "reward", "c001") if w in whole] == []


def test_the_same_message_can_be_recognized_and_another_is_another(
    post_office: PostOffice, receiver: Receiver, send: Send
) -> None:
    for id in ("e1/drop-in/0", "e1/drop-in/0", "e2/drop-in/0"):
        assert send(mail(post_office), id=id) == ""
        assert send(chat(receiver), id=id) == ""
    ids = [one["X-Message-ID"] for one in post_office.mails]
    assert ids[0] == ids[1] != ids[2]
    assert [id for id, _ in receiver.seen] == ids
    assert "drop-in" not in str(ids)


def test_chat_arrives(receiver: Receiver, send: Send) -> None:
    assert send(chat(receiver)) == ""
    assert [text for _, text in receiver.seen] == [READY]


@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")  # it is on loopback
@pytest.mark.parametrize("post_office", [SECRET], indirect=True)
def test_a_password_is_used_and_a_wrong_one_is_said_without_it(
    post_office: PostOffice, send: Send
) -> None:
    assert send(mail(post_office, f"hello:{SECRET}@")) == ""
    assert send(mail(post_office, f"hello:{SECRET}-wrong@")) == (
        "NotSent: apprise.txt: line 2: mailto: it did not accept who is sending"
    )
    assert len(post_office.mails) == 1


@pytest.mark.parametrize(
    ("behaves", "said"),
    [
        ("500", "it answered 500"),
        ("404", "it answered 404"),
        ("403", "it did not accept who is sending"),
        ("says nothing", "it closed the line midway"),
        ("hangs up", "it closed the line midway"),
    ],
)
def test_a_receiver_that_does_not_take_it_is_told_in_plain_words(
    behaves: str, said: str, receiver: Receiver, send: Send
) -> None:
    receiver.behaves = behaves
    assert send(chat(receiver)) == f"NotSent: apprise.txt: line 2: json: {said}"


def test_a_receiver_that_is_slow_is_not_waited_for_without_end(
    receiver: Receiver, send: Send
) -> None:
    receiver.behaves = "slow"
    began = time.monotonic()
    said = send(chat(receiver, "?rto=0.3"))
    assert said == "NotSent: apprise.txt: line 2: json: it did not answer in time"
    assert time.monotonic() - began < 4


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


@pytest.mark.parametrize("way", ["json", "form", "mailto"])
def test_a_receiver_that_is_not_there_is_told(way: str, send: Send) -> None:
    more = "?from=hello@example.org&to=sky@example.org&mode=insecure" if way == "mailto" else ""
    said = send(f"{way}://hook:{SECRET}@127.0.0.1:{free_port()}/{SECRET}{more}")
    assert said == f"NotSent: apprise.txt: line 2: {way}: nothing answers there"


@pytest.mark.parametrize(
    "address", [f"mailto://{SECRET}", f"nothing://{SECRET}", SECRET, f"include http://{SECRET}"]
)
def test_an_address_that_cannot_be_one_is_named_by_its_line_alone(address: str, send: Send) -> None:
    assert send(address) == "NotSent: apprise.txt: line 2: apprise cannot read this address"


def test_of_several_lines_the_first_that_takes_it_is_enough(
    post_office: PostOffice, receiver: Receiver, send: Send
) -> None:
    receiver.behaves = "500"
    assert send(chat(receiver), mail(post_office), mail(post_office)) == ""
    assert len(post_office.mails) == 1
    said = send(chat(receiver), f"json://127.0.0.1:{free_port()}/{SECRET}")
    assert said == (
        "NotSent: apprise.txt: line 2: json: it answered 500; line 3: json: nothing answers there"
    )


def test_a_client_without_a_line_is_written_to_by_nobody(receiver: Receiver, send: Send) -> None:
    for client in ("c002", "all", "always", "c00"):
        said = send(chat(receiver), client=client)
        assert said == f"NotSent: apprise.txt: no line is for {client}"
    assert receiver.seen == []


def test_a_file_that_is_not_there_is_said(notifier: type[Any], tmp_path: Path) -> None:
    with pytest.raises(Exception, match=r"^apprise.txt: it is not there, or cannot be read$"):
        notifier(where=tmp_path / "apprise.txt").send(
            Message(id="1", client="c001", text=READY, about="1")
        )


def test_without_the_extra_it_says_what_to_install(
    send: Send, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "apprise", None)
    assert send(chat(receiver)) == (
        "NotSent: apprise is not installed; install it with: pip install 'cmengine[notify]'"
    )


@pytest.mark.parametrize(
    ("hangs_up", "said"),
    [(True, "it closed the line midway"), (False, "it did not answer in time")],
)
def test_a_mail_server_that_hangs_up_or_says_nothing_is_told(
    hangs_up: bool, said: str, send: Send
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        if hangs_up:
            thread = threading.Thread(target=lambda: server.accept()[0].close())
            thread.start()
        address = f"mailto://hello:{SECRET}@127.0.0.1:{server.getsockname()[1]}"
        more = "?from=hello@example.org&to=sky@example.org&mode=insecure&cto=0.3"
        assert send(address + more) == f"NotSent: apprise.txt: line 2: mailto: {said}"
        if hangs_up:
            thread.join()


def test_apprise_is_imported_when_something_is_sent_and_not_before() -> None:
    from subprocess import run
    from sys import executable

    code = "import sys; from cmengine.plugins import load_plugins; load_plugins(); print('apprise' in sys.modules)"
    done = run([executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


def test_a_message_waits_with_a_reason_that_names_no_secret_and_goes_when_it_can(
    make: MakeProgram, run: Run, receiver: Receiver, told: None
) -> None:
    program = make(rules=RULE)
    with (program.folder / "program.toml").open("a") as file:
        file.write('[messages]\nquiet = "none"\n')
    (program.folder / "apprise.txt").write_text(f"c001 = {chat(receiver)}\n")
    add_client(program, "c001")
    choose_goals(program, [Wish(client="c001", rule="drop-in", words="come in")])
    event, _ = make_event(program, client="c001", kind="visit")
    assert event is not None
    log_event(program, event)
    run("consent", "give", "c001", "--channel", "apprise", folder=program.folder)
    receiver.behaves = "500"
    done = run("outbox", "send", folder=program.folder)
    assert done.stdout == (
        "0 sent, 1 kept for another time.\n"
        "  apprise: NotSent: apprise.txt: line 1: json: it answered 500\n"
    )
    listed = run("outbox", "list", "--json", folder=program.folder)
    assert "it answered 500" in listed.stdout
    assert SECRET not in done.output + listed.output
    assert SECRET.encode() not in (program.folder / "program.db").read_bytes()
    receiver.behaves = "well"
    assert run("outbox", "send", folder=program.folder).stdout.startswith("0 sent, 1 kept")
    run("outbox", "retry", "--all", folder=program.folder)
    assert run("outbox", "send", folder=program.folder).stdout == (
        "1 sent, 0 kept for another time.\n"
    )
    first, again = receiver.seen
    assert first == again
    assert run("outbox", "send", folder=program.folder).stdout.startswith("0 sent, 0 kept")


def test_what_is_said_about_the_plugin_says_nothing_of_the_file(tmp_path: Path) -> None:
    one = load_plugins().kinds["notifier"]["apprise"](where=tmp_path / "apprise.txt")
    (tmp_path / "apprise.txt").write_text(f"c001 = json://{SECRET}\n")
    assert SECRET not in repr(one)


def words_in(one: Mail) -> str:
    body = one.get_payload(decode=True)
    assert isinstance(body, bytes)
    return body.decode()


def test_the_receivers_get_exactly_the_messages_that_the_demo_calls_for(
    post_office: PostOffice, receiver: Receiver, tmp_path: Path, told: None
) -> None:
    """c001, c002 and c004 allow it, c004 in fuller words, who gets a hello too; c003 said STOP, c005 was not asked."""

    def by_mail_and_chat(folder: Path) -> None:
        ways = (
            '[[rule.notify]]\nkind = "apprise"\nwhere = "mails.txt"\nchannel = "mail"\n'
            '[[rule.notify]]\nkind = "apprise"\nwhere = "chats.txt"\nchannel = "chat"\n'
        )
        for file in rule_files(folder):
            first, *rules = file.read_text().split("[[rule]]")
            file.write_text(first + "".join(f"[[rule]]{rule}\n{ways}" for rule in rules))
        everybody = [f"c00{n}" for n in range(1, 6)]
        (folder / "mails.txt").write_text(
            "".join(
                f"{one} = {mail(post_office).replace('sky@', f'{one}@')}\n" for one in everybody
            )
        )
        (folder / "chats.txt").write_text(
            "".join(f"{one} = {chat(receiver, f'?+X-To={one}')}\n" for one in everybody)
        )

    said: list[str] = []
    tell(tmp_path / "demo", said.append, "cmengine", prepare=by_mail_and_chat)
    assert "by chat and mail" in "\n".join(said)
    (fuller,) = {text for _, text in receiver.seen if text.startswith("Hi Alder! There is $")}
    hello = (
        "Hi Alder! Just saying hello. You told us what you are proud of: I make the whole room laugh."
        " We are glad with you. Reply STOP to stop."
    )
    told_by_mail = [(one["To"], " ".join(words_in(one).split())) for one in post_office.mails]
    assert told_by_mail == [
        ("c001@example.org", READY),
        ("c002@example.org", READY),
        ("c004@example.org", fuller),
        ("c004@example.org", hello),
    ]
    assert [text for _, text in receiver.seen] == [READY, READY, fuller, hello]
    ids = [one["X-Message-ID"] for one in post_office.mails] + [id for id, _ in receiver.seen]
    assert len(set(ids)) == 8, "each is recognizable by its own"
    outside = "".join(f"{one.as_string()}{words_in(one)}" for one in post_office.mails)
    outside += str(receiver.seen)
    private = ("drop-in", "Riverside", "Juniper", "Moth", "sister", "Get out of my room")
    assert [word for word in private if word in outside] == []
    verdict = json.loads(
        CliRunner().invoke(cli, ["-p", str(tmp_path / "demo"), "outbox", "list", "--json"]).stdout
    )
    assert {(one["client"], one["state"]) for one in verdict["messages"]} == {
        ("c005", "no consent")
    }, "what waited for c003 when they said STOP is not wanted any more"
