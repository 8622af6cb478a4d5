"""Microsoft's clouds."""

from __future__ import annotations

from enum import Enum


class Cloud(Enum):
    """A Microsoft cloud. Each one refuses the tokens of the others.

    Attributes:
        GLOBAL: The global service, which also serves US Government GCC.
        US_GOVERNMENT: US Government L4 (GCC High).
        US_GOVERNMENT_DOD: US Government L5 (DoD).
        CHINA: China, operated by 21Vianet.
    """

    GLOBAL = 0
    US_GOVERNMENT = 1
    US_GOVERNMENT_DOD = 2
    CHINA = 3

    @property
    def root(self) -> str:
        """The root of this cloud's Microsoft Graph, such as "https://graph.microsoft.com"."""
        return _ROOTS[self.value]


_ROOTS = (
    "https://graph.microsoft.com",
    "https://graph.microsoft.us",
    "https://dod-graph.microsoft.us",
    "https://microsoftgraph.chinacloudapi.cn",
)
