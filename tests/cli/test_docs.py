"""docs/cli.md says what the program does: commands, options, examples."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import click
import pytest

from tests.conftest import SECRET_KEY
from tests.support.dovecot import ANNA, Dovecot
from tests.support.providers import rewrite_providers
from tests.support.reports import SHAPE, TEXT
from tests.support.terminal import in_terminal
from webapp.cli import cli
from webapp.core.account import ServerType

BIN = Path(sys.executable).parent
PAGE = (Path(__file__).parents[2] / "docs" / "cli.md").read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^## (\S+)\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL))
EXAMPLES = re.findall(r"^    (gmx-pop-wizard .+)$", PAGE, re.MULTILINE)
RUNS_ON = ("serve", "worker", "doctor")  # until it is stopped, or needs a site: only its options are looked at


def options(command: click.Command) -> set[str]:
    """Return the options of `command`, and of the commands below it."""
    own = {name for parameter in command.params if isinstance(parameter, click.Option) for name in parameter.opts}
    below = command.commands.values() if isinstance(command, click.Group) else ()
    return own.union(*map(options, below))


@pytest.mark.parametrize("name", sorted(cli.commands))
def test_every_command_has_its_section_with_every_option(name: str) -> None:
    assert name in SECTIONS, f"docs/cli.md has no section for {name}"
    assert f"| `{name}` |" in PAGE.partition("## ")[0]
    missing = [option for option in options(cli.commands[name]) if option not in SECTIONS[name]]
    assert not missing, f"docs/cli.md does not name {missing} of {name}"
    assert [example for example in EXAMPLES if example.split()[1] == name], f"no example for {name}"


@pytest.mark.parametrize("name", sorted(set(SECTIONS) & set(cli.commands)))
def test_no_section_names_an_option_that_there_is_not(name: str) -> None:
    known = set.union(*(options(command) for command in cli.commands.values())) if name == "explain" else options(
        cli.commands[name]
    )  # fmt: skip
    named = set(re.findall(r"(?<![\w-])--?[a-z][a-z-]*", re.sub(r"`clients`|ca-certificates", "", SECTIONS[name])))
    assert not named - known - {"--help", "-"}, named - known


def test_every_command_of_the_page_is_one() -> None:
    assert {example.split()[1] for example in EXAMPLES} <= set(cli.commands)


@pytest.mark.peers
@pytest.mark.parametrize("example", EXAMPLES)
def test_an_example_runs(example: str, dovecot: Dovecot, empty_database: Path, tmp_path: Path) -> None:
    words = shlex.split(example)
    if words[1] in RUNS_ON:
        given = {word for word in words if word.startswith("--")}
        assert given <= options(cli.commands[words[1]])
        return
    shutil.copy(empty_database, tmp_path)
    (tmp_path / "report.json").write_text(json.dumps(SHAPE))
    (tmp_path / "report.txt").write_text(TEXT)
    (tmp_path / "fetch.log").write_text("fetchmail: Query status=3 (AUTHFAIL)\n")
    (tmp_path / "people.csv").write_text("address,client,name,keep\nanna@gmx.de,outlook,Anna,14\n")
    environment = {
        "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}", "LC_ALL": "de_DE.UTF-8", "TERM": "dumb",
        "WEBAPP_DATA_DIR": str(tmp_path), "WEBAPP_SECRET_KEY": SECRET_KEY, **dovecot.environment,
    }  # fmt: skip
    if "--login" in words and "--password-stdin" not in words:
        words[0] = str(BIN / words[0])
        answers = [("GMX-Passwort f", ANNA.password)]
        if "--full-circle" in words:
            answers.insert(0, ("Beginnen?", "ja"))
            servers = [dovecot.server(kind) for kind in (ServerType.POP3, ServerType.SMTP)]
            rewrite_providers(tmp_path / "providers", servers, seconds_between=1)
            environment["WEBAPP_PROVIDERS_DIR"] = str(tmp_path / "providers")
        code, shown = in_terminal(words, answers, environment)
        assert code == 0, shown
        return
    result = subprocess.run(
        ["bash", "-o", "pipefail", "-c", example], cwd=tmp_path, env=environment, capture_output=True,
        input=ANNA.password.encode() + b"\n",
    )  # fmt: skip
    assert result.returncode == 0, result.stderr.decode()
    if "--json" in words:
        assert json.loads(result.stdout) is not None
    for word, following in pairwise(words):
        if word in ("--output", "-o"):
            assert (tmp_path / following).stat().st_size > 0
