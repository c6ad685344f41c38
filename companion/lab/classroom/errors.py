"""The error of the classroom: a sheet or a set-up that cannot be used."""

from __future__ import annotations

from companion.errors import CompanionError


class ClassroomError(CompanionError):
    """What is wrong with sheets, or with the machine that grades them."""
