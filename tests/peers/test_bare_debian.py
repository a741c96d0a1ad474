"""docs/debian.md is typed word for word in a fresh Debian, and ends in a site with https.

The site's name ends in `localhost`: for such a one Caddy is its own authority, which Debian is told to trust. The network is
there only until all packages are.
"""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from tests.support.bare_debian import SOURCE, BareDebian, sections
from tests.support.observatory import Answer, grade, judged
from tests.support.requirements import need, need_commands

pytestmark = [pytest.mark.peers, pytest.mark.proof, pytest.mark.timeout(3600)]

NAME = "pop.localhost"  # for such a name Caddy is its own authority
HERE = "pop.example.org"
PAGE = {head: text.replace(HERE, NAME) for head, text in sections("debian.md").items()}
WITH_NETWORK = ("Packages, user, folders", "The program")
WITHOUT = ("The settings", "The site", "https", "The first agent", "The backup", "Is it well?")
UPGRADE, SEVERAL = "Another version, and back", "Several processes"

DOWNLOAD = """
apt-get install --yes --download-only --no-install-recommends redis-server
python3 -m venv /root/pip
/root/pip/bin/pip download --quiet --require-hashes --dest /root/libraries -r /usr/local/src/gmx-pop-wizard/requirements.txt
{ declare -p release; echo "cd $PWD"; } > /root/shell
"""
TRUST = f"""
echo '127.0.0.1 localhost {NAME}' > /etc/hosts
(
    made=/var/lib/caddy/.local/share/caddy/pki/authorities/local/root.crt
    until [ -e $made ]; do sleep 0.5; done
    cp $made /usr/local/share/ca-certificates/caddy.crt && update-ca-certificates
) >/dev/null 2>&1 &
"""
ASK = f"""
preflight='Access-Control-Request-Method: GET'
curl --silent --include https://{NAME}/ > /root/page.txt
curl --silent --include http://{NAME}/ > /root/plain.txt
curl --silent --include -X OPTIONS -H 'Origin: https://elsewhere.example' -H "$preflight" https://{NAME}/ > /root/options.txt
"""
TWICE = """
cd /usr/local/src/gmx-pop-wizard
for time in 1 2; do
    rm -rf /opt/same
    sh deploy/build /opt/same > /dev/null
    (cd /opt/same && find . -type f -print0 | sort -z | xargs -0 sha256sum) > /root/built-$time.txt
done
diff /root/built-1.txt /root/built-2.txt
"""
# The next version: another number, and a database that the old one does not know.
NEXT = """
sed -i 's/^version = .*/version = "9.9.9"/' /usr/local/src/gmx-pop-wizard/pyproject.toml
cat > /usr/local/src/gmx-pop-wizard/webapp/infrastructure/migrations/versions/9999_next.py <<'END'
import sqlalchemy as sa
from alembic import op

revision = "9999"
down_revision = "{head}"


def upgrade() -> None:
    op.create_table("next", sa.Column("id", sa.Integer, primary_key=True))
END
"""


def upgrade(part: str) -> str:
    forward, back = part.split("systemctl stop", 1)
    return (
        f"{forward}wizard --version; wizard agents list; echo == back; "
        f"systemctl stop{back}wizard --version; wizard agents list\n"
    )


@pytest.fixture(scope="module")
def debian(tmp_path_factory: pytest.TempPathFactory) -> BareDebian:
    need_commands("mmdebstrap", "unshare", "ip", "chroot", "git")
    need(None if os.geteuid() == 0 else "a Debian in a folder needs root")
    apart = subprocess.run(["unshare", "--mount", "--pid", "--fork", "true"], capture_output=True, check=False)
    need(None if apart.returncode == 0 else "unshare may not make processes of their own here")
    ready_made = os.environ.get("BARE_DEBIAN")  # a .tar of mmdebstrap, for who tries often
    made = BareDebian(tmp_path_factory.mktemp("debian") / "root", Path(ready_made) if ready_made else None)
    made.put_source()
    typed = "".join(PAGE[head] for head in WITH_NETWORK)
    made.type(f"{PAGE['']}{typed}{DOWNLOAD}")
    return made


@pytest.fixture(scope="module")
def said(debian: BareDebian) -> str:
    """Type the page from its first line to its last, and ask the site; return what the commands said."""
    revision = max(
        path.name[:4] for path in (debian.root / SOURCE).glob("webapp/infrastructure/migrations/versions/0*.py")
    )
    steps = {head: PAGE[head] for head in WITHOUT}
    steps["https"] = TRUST + steps["https"]
    assert {*steps, *WITH_NETWORK, "", UPGRADE, SEVERAL} == {*PAGE}, "a section that nobody types"
    typed = "".join(f"echo '== {head}'\n{text}" for head, text in steps.items())
    return debian.type(
        f"{PAGE['']}. /root/shell\n{typed}{ASK}\necho '== upgrade'\n{NEXT.replace('{head}', revision)}{upgrade(PAGE[UPGRADE])}"
        f"echo '== several'\n{PAGE[SEVERAL]}curl --fail --silent https://{NAME}/ > /root/several.txt\n",
        network=False, PIP_NO_INDEX="1", PIP_FIND_LINKS="/root/libraries",
    )  # fmt: skip


def test_the_page_is_typed_from_its_first_line_to_its_last(debian: BareDebian, said: str) -> None:
    parts = dict(part.split("\n", 1) for part in re.split(r"^== ", said, flags=re.MULTILINE)[1:])
    assert "pages: ready\ntests: ready" in parts["The site"]
    assert f"https://{NAME}/helpdesk/first-run/" in parts["The first agent"]
    assert ".sqlite3" in parts["The backup"]
    assert "✗" not in parts["Is it well?"]
    assert "9.9.9" in parts["upgrade"]
    assert "9.9.9" not in parts["back"]
    assert all("anna@example.org" in parts[name] for name in ("upgrade", "back"))
    assert "✗" not in parts["several"]
    assert "<main" in (debian.root / "root/several.txt").read_text()


@pytest.mark.usefixtures("said")
def test_its_start_page_is_graded_a_plus(debian: BareDebian) -> None:
    page, plain, options = (
        Answer.of_curl(f"{scheme}://{NAME}/", (debian.root / f"root/{name}.txt").read_text())
        for scheme, name in (("https", "page"), ("http", "plain"), ("https", "options"))
    )
    assert page.status == 200
    assert "<main" in page.text
    assert grade(judged(page, plain, options))[0] == "A+"


def test_two_builds_of_one_source_are_the_same(debian: BareDebian) -> None:
    assert debian.type(TWICE, network=False, PIP_NO_INDEX="1", PIP_FIND_LINKS="/root/libraries") == ""


def test_what_runs_has_neither_pip_nor_what_building_needs(debian: BareDebian) -> None:
    releases = [*debian.root.glob("opt/gmx-pop-wizard/2*/lib/python3*/site-packages")]
    assert releases
    for libraries in releases:
        names = {re.split(r"-\d", path.name)[0] for path in libraries.glob("*.dist-info")}
        assert "gmx_pop_wizard" in names
        assert not names & {"pip", "setuptools", "hatchling", "editables", "pathspec", "pluggy", "trove_classifiers"}
