"""Draws the points on standard input as curves, a panel for each quantity, into the SVG that the argument names. Needs
matplotlib."""

from __future__ import annotations

import json
import math
import sys

import matplotlib

matplotlib.use("svg")
matplotlib.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "figures", "font.size": 9})
from matplotlib import pyplot

COLOURS = ["#0b6e99", "#3fa7a0", "#6a51a3", "#d98c2b", "#b8525a", "#7f8c95"]

data: dict[str, dict[str, list[tuple[int, float]]]] = json.load(sys.stdin)
columns = 3
lines = math.ceil(len(data) / columns)
figure, panels = pyplot.subplots(lines, columns, figsize=(10, 3.2 * lines), layout="constrained", squeeze=False)
names = list(dict.fromkeys(name for curves in data.values() for name in curves))
colours = dict(zip(names, COLOURS))
for panel, (title, curves) in zip(panels.flat, data.items()):
    for name, points in curves.items():
        tenants, values = zip(*sorted(points))
        panel.plot(tenants, values, marker="o", markersize=4, color=colours[name], label=name)
    panel.set_xscale("log")
    panel.set_yscale("log")
    panel.set_xticks([100, 1000, 10_000], ["100", "1,000", "10,000"])
    panel.yaxis.set_major_formatter(matplotlib.ticker.FuncFormatter(lambda value, _: f"{value:,g}"))
    panel.set_title(title, loc="left", fontweight="bold", fontsize=9)
    panel.grid(color="#dde3e7", linewidth=0.6)
    panel.spines[["top", "right"]].set_visible(False)
handles, labels = panels.flat[0].get_legend_handles_labels()
figure.legend(handles, labels, loc="outside lower center", ncols=3, frameon=False)
figure.supxlabel("tenants; both axes are logarithmic", fontsize=8, color="#667")
figure.savefig(sys.argv[1], metadata={"Date": None})
