"""Draws the figures on standard input as bars, a panel each, into the SVG that the argument names. Needs matplotlib."""

from __future__ import annotations

import json
import sys

import matplotlib

matplotlib.use("svg")
matplotlib.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "figures", "font.size": 9})
from matplotlib import pyplot

OURS, THEIRS = "#0b6e99", "#b8c4cc"

data: dict[str, dict[str, float]] = json.load(sys.stdin)
figure, panels = pyplot.subplots(2, 2, figsize=(10, 5.6), layout="constrained")
for panel, (title, values) in zip(panels.flat, data.items()):
    names = list(values)[::-1]
    bars = panel.barh(
        names,
        [values[name] for name in names],
        color=[OURS if name.startswith("autopilot-sync") else THEIRS for name in names],
    )
    labels = [f"{values[name]:,.1f}" if values[name] < 1000 else f"{values[name]:,.0f}" for name in names]
    panel.bar_label(bars, labels, padding=3)
    panel.set_xscale("log")
    panel.set_xlim(min(values.values()) / 3, max(values.values()) * 3)
    panel.xaxis.set_visible(False)
    panel.set_title(title, loc="left", fontweight="bold", fontsize=9)
    panel.spines[["top", "right", "bottom"]].set_visible(False)
    panel.tick_params(left=False)
figure.supxlabel("logarithmic: each step to the right is a factor, not a sum", fontsize=8, color="#667")
figure.savefig(sys.argv[1], metadata={"Date": None})
