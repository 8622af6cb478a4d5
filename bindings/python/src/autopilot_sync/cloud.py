"""Where Microsoft Graph is."""

from __future__ import annotations

from enum import Enum


class Cloud(Enum):
    """A cloud of Microsoft's. A token of one cloud is refused by every other."""

    GLOBAL = 0
    """The global service, and US Government GCC."""
    US_GOVERNMENT = 1
    """US Government L4 (GCC High)."""
    US_GOVERNMENT_DOD = 2
    """US Government L5 (DoD)."""
    CHINA = 3
    """China, operated by 21Vianet."""

    @property
    def root(self) -> str:
        """The root of this cloud's Microsoft Graph."""
        return _ROOTS[self.value]


_ROOTS = (
    "https://graph.microsoft.com",
    "https://graph.microsoft.us",
    "https://dod-graph.microsoft.us",
    "https://microsoftgraph.chinacloudapi.cn",
)
