"""Commands that rooms bring along: found by name, imported when they are called, absent where the room is."""

from __future__ import annotations

import os
from importlib import import_module
from importlib.util import find_spec

import click

from webapp.cli.language import speak
from webapp.text import locales

# command → the room whose module `commands` has it
ROOM_COMMANDS = {"agents": "webapp.helpdesk"}

_spoken: set[str | None] = set()  # commands whose texts are translated already


class RoomCommands(click.Group):
    """A group that has the commands of the rooms beside its own."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        there = [name for name, room in ROOM_COMMANDS.items() if find_spec(room)]
        return sorted({*super().list_commands(ctx), *there})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        own = super().get_command(ctx, cmd_name)
        room = ROOM_COMMANDS.get(cmd_name)
        if own is not None or room is None or not find_spec(room):
            return own
        found: click.Command | None = import_module(f"{room}.commands").command(cmd_name)
        if found is not None and found.name not in _spoken and os.environ.get("LANGUAGE") in locales():
            _spoken.add(found.name)
            speak(found, os.environ["LANGUAGE"])  # as `speak` has set it for the commands that were there before
        return found
