"""One shell for all steps: what stays from step to step, and what is saved from a shell's end."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from dishwasher.runner import orphans
from dishwasher.runner.command import Commands, Ended, Grace
from dishwasher.runner.shared import Shared
from dishwasher.runner.shell import Command
from dishwasher.runner.stop import Stop

from tests.runner.processes import running

PROGRAMS = ["bash", "/bin/sh"]


class Session:
    """A shared shell and what it printed in each step."""

    def __init__(self, commands: Commands, program: str, folder: Path) -> None:
        self.commands, self.folder = commands, folder
        self.base = folder / "checkout"
        self.base.mkdir()
        environment = {"PATH": os.environ["PATH"], "HOME": str(folder)}
        self.shell = Shared(commands, program, self.base, environment, folder / "shell")

    def run(self, text: str, **values: object) -> tuple[int | None, str]:
        ended, said = self.ended(text, **values)
        return ended.exit_code, said

    def ended(self, text: str, **values: object) -> tuple[Ended, str]:
        said: list[bytes] = []
        ended = self.shell.run(Command(text, **values), said.append)  # type: ignore[arg-type]
        return ended, b"".join(said).decode()

    def say(self, text: str) -> str:
        code, said = self.run(text)
        assert code == 0, said
        return said


@pytest.fixture
def sessions(tmp_path: Path) -> Iterator[Callable[[str], Session]]:
    orphans.adopt()
    stop = Stop()
    commands = Commands(stop, time.monotonic() + 60, Grace(0.5, 0.5))
    begun: list[Session] = []

    def begin(program: str) -> Session:
        begun.append(Session(commands, program, tmp_path))
        return begun[-1]

    yield begin
    for session in begun:
        session.shell.end(lambda data: None)
    commands.end()
    orphans.adopt(False)
    stop.close()


@pytest.fixture(params=PROGRAMS)
def session(request: pytest.FixtureRequest, sessions: Callable[[str], Session]) -> Session:
    return sessions(request.param)


@pytest.fixture
def bash(sessions: Callable[[str], Session]) -> Session:
    return sessions("bash")


def test_folder_variables_functions_and_options_stay(session: Session) -> None:
    session.say('mkdir -p app; cd app; export A=\'1 2\'; B="it\'s"; f() { echo "f $1"; }; set -f')
    assert session.say('pwd; env | grep ^A=; echo "$B"; f x; echo *') == (
        f"{session.base}/app\nA=1 2\nit's\nf x\n*\n"
    )


def test_the_last_statement_decides(session: Session) -> None:
    assert session.run("false\necho on") == (0, "on\n")
    assert session.run("echo on\nfalse") == (1, "on\n")
    assert session.run("(exit 7)") == (7, "")


def test_a_failed_step_ends_no_shell(session: Session) -> None:
    pid = session.say("echo $$")
    assert session.run("A=set; false")[0] == 1
    assert session.say("echo $$; echo $A") == f"{pid}set\n"


def test_exit_hands_its_state_to_the_next_shell(bash: Session) -> None:
    bash.say("mkdir app; f() { echo f; }")
    assert bash.run("cd app; export A=$'x\\ny'; b=(1 '2 3'); umask 027; exit 3") == (3, "")
    assert bash.say('pwd; echo "$A"; echo "${b[1]}"; f; umask; printenv A') == (
        f"{bash.base}/app\nx\ny\n2 3\nf\n0027\nx\ny\n"
    )


def test_exit_of_a_plain_sh_hands_on_what_it_can(sessions: Callable[[str], Session]) -> None:
    sh = sessions("/bin/sh")
    assert sh.run("mkdir app; cd app; export A=\"it's\"; B='b c'; exit 3") == (3, "")
    assert sh.say('pwd; echo "$A $B"; printenv A; printenv B || echo none') == (
        f"{sh.base}/app\nit's b c\nit's\nnone\n"
    )


def test_exit_0_passes_and_the_next_step_runs(session: Session) -> None:
    assert session.run("A=1; exit 0") == (0, "")
    assert session.say("echo $A") == "1\n"


def test_set_e_of_the_user_ends_the_step_and_stays(session: Session) -> None:
    assert session.run("set -e; A=1; false; echo no") == (1, "")
    assert session.run("echo $A; false; echo no") == (1, "1\n")
    assert session.say("set +e; false; echo yes") == "yes\n"


def test_set_u_and_set_x_show_nothing_of_ours(session: Session) -> None:
    session.say("set -u; set -C")
    code, said = session.run("set -x; echo hello")
    assert code == 0
    assert "hello\n" in said
    code, said = session.run("echo again")
    assert code == 0
    assert "__dishwasher" not in said
    assert "__end" not in said
    assert "state" not in said


@pytest.mark.parametrize("killer", ["kill -KILL $$", "exec false", "exec /bin/sh -c 'exit 9'"])
def test_a_shell_that_vanishes_is_replaced_as_it_was_before_the_step(
    session: Session, killer: str
) -> None:
    session.say("export A=before; mkdir app; cd app")
    code, _ = session.run(f"A=lost; {killer}")
    assert code in (137, 1, 9)
    assert session.say('echo "$A"; pwd') == f"before\n{session.base}/app\n"


def test_a_shell_may_vanish_before_anything_was_written_down(session: Session) -> None:
    ended, _ = session.ended("kill -KILL $$")
    assert (ended.exit_code, ended.signal) == (137, 9)
    assert session.say("pwd; echo $HOME") == f"{session.base}\n{session.folder}\n"


def test_a_hanging_step_is_ended_by_its_silence_and_the_next_finds_the_state(
    bash: Session,
) -> None:
    bash.say("A=1")
    ended, said = bash.ended("echo begun; A=2; sleep 86301", silence=0.3)
    assert (ended.exit_code, ended.silence, said) == (None, 0.3, "begun\n")
    assert running("86301") == []
    assert bash.say("echo $A") == "2\n"


def test_background_children_live_on_and_mix_into_no_boundary(session: Session) -> None:
    code, said = session.run("(while sleep 0.05; do echo tick; done) & echo $! > pid; echo one")
    assert code == 0
    assert said.startswith("one\n")
    assert "tick\n" in session.say("sleep 0.4; echo two")
    session.say("kill $(cat pid)")


@pytest.mark.parametrize("size", [0, 1, 65_536, 65_537, 300_000])
def test_each_step_has_exactly_its_own_output(session: Session, size: int) -> None:
    for letter in "ab":
        said = session.say(f"head -c {size} /dev/zero | tr '\\0' {letter}")
        assert said == letter * size


def test_heredocs_comments_and_open_ends_stay_in_their_step(session: Session) -> None:
    assert session.say("cat <<'X'\na $b\nX\n# comment") == "a $b\n"
    assert session.say("echo on # no newline after this") == "on\n"
    assert session.run("cat <<X\nnever ended")[1].endswith("never ended\n")
    assert session.say("echo next") == "next\n"


@pytest.mark.parametrize("mistake", ["if true", "echo 'open", "fi", "echo $(", "}"])
def test_a_mistake_in_the_syntax_is_a_failure_of_its_step(session: Session, mistake: str) -> None:
    session.say("A=1")
    code, said = session.run(mistake)
    assert code not in (0, None)
    assert said
    assert session.say("echo $A") == "1\n"


def test_break_and_return_do_not_leave_our_lines(session: Session) -> None:
    session.run("break; continue")
    session.run("return 4")
    assert session.say("echo here") == "here\n"


def test_stdin_is_empty(session: Session) -> None:
    assert session.say("cat; read x || echo nothing") == "nothing\n"


def test_no_descriptor_of_ours_reaches_a_child(session: Session) -> None:
    said = session.say("ls -l /proc/self/fd | grep -e fifo -e shell/ || echo none")
    assert said == "none\n"


def test_traps_of_the_user_stay_and_exit_traps_run_at_the_end(bash: Session) -> None:
    bash.say("trap 'echo got it' USR1; trap 'echo bye' EXIT")
    assert bash.say("kill -USR1 $$") == "got it\n"
    said: list[bytes] = []
    bash.shell.end(said.append)
    assert said == [b"bye\n"]


def test_one_steps_variables_are_gone_after_it(session: Session) -> None:
    session.say("A=mine")
    code, said = session.run('echo "$A $B"', environment={"A": "it's", "B": "b"})
    assert (code, said) == (0, "it's b\n")
    assert session.say('echo "$A${B-}"') == "mine\n"


def test_what_we_set_is_exported_from_then_on(session: Session) -> None:
    session.shell.set("SUCCEEDING", "1")
    assert session.say("printenv SUCCEEDING") == "1\n"
    session.shell.set("SUCCEEDING", "0")
    session.run("exit 1")
    assert session.say("printenv SUCCEEDING") == "0\n"


def test_a_steps_folder_is_changed_to(session: Session) -> None:
    (session.base / "a b").mkdir()
    assert session.run("pwd", directory=session.base / "a b") == (0, f"{session.base}/a b\n")


def test_values_are_what_the_shell_holds(session: Session) -> None:
    session.say("export A='a\nb'; B=plain; C=")
    assert session.shell.values(("A", "B", "C", "D")) == (("A", "a\nb"), ("B", "plain"), ("C", ""))
    session.run("set -u; exit 1")
    assert session.shell.values(("D", "B")) == (("B", "plain"),)


def test_a_text_is_evaluated_as_in_double_quotes(session: Session) -> None:
    session.say("V=2")
    assert session.shell.evaluate("app-$V-$(echo x y)") == "app-2-x y"
    assert session.shell.evaluate("app-$(") == "app-$("


def test_the_folder_of_ours_may_be_removed(session: Session) -> None:
    session.say("A=1")
    code, _ = session.run(f"rm -rf {session.folder}/shell")
    assert code is not None
    assert session.say("echo here") == "here\n"
