"""Commands of optional rooms: imported when called, absent without their room."""

import os
from importlib import import_module
from importlib.util import find_spec

import click

from webapp.cli.language import speak
from webapp.core.text import locales

# command → the room whose module `commands` has it
ROOM_COMMANDS = {"agents": "webapp.helpdesk"}


class RoomCommands(click.Group):
    """A group with its own commands and those of the rooms."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        there = [name for name, room in ROOM_COMMANDS.items() if find_spec(room)]
        return sorted({*super().list_commands(ctx), *there})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        own = super().get_command(ctx, cmd_name)
        room = ROOM_COMMANDS.get(cmd_name)
        if own is not None or room is None or not find_spec(room):
            return own
        found: click.Command | None = import_module(f"{room}.commands").command(cmd_name)
        if found is not None:
            if os.environ.get("LANGUAGE") in locales():
                speak(found, os.environ["LANGUAGE"])  # set by the first call of `speak`
            self.add_command(found)
        return found
