"""The settings that a call has just read."""

from __future__ import annotations

from .detail import Detail, HasDetail
from .settings import Settings


class Reading(Settings, HasDetail):
    """The settings, from `Client.settings`, and what is known about the call that read them.

    Attributes:
        detail: All that is known about the call. Its parts are attributes of the reading too. Two readings are equal if
            their settings are.
    """


def reading_of(detail: Detail) -> Reading:
    """The reading of a call that ended well."""
    assert detail.settings is not None
    found = Reading(**vars(detail.settings))
    vars(found)["detail"] = detail  # no field: it is no part of the settings
    return found
