"""Draws the points on standard input as curves, a panel for each quantity, into the SVG that the argument names. Needs
matplotlib."""

from __future__ import annotations

import json
import math
import sys

import matplotlib

matplotlib.use("svg")
matplotlib.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "figures", "font.size": 9})
from matplotlib import pyplot, ticker

COLOURS = ["#0b6e99", "#3fa7a0", "#6a51a3", "#d98c2b", "#b8525a", "#7f8c95", "#4d5a63"]

data: dict[str, dict[str, list[tuple[int, float]]]] = json.load(sys.stdin)
columns = 3
lines = math.ceil(len(data) / columns)
size = {"figsize": (10, 3 * lines), "layout": "constrained"}
figure, panels = pyplot.subplots(lines, columns, sharey="col", squeeze=False, **size)
names = list(dict.fromkeys(name for curves in data.values() for name in curves))
colours = dict(zip(names, COLOURS))
drawn = {}
for panel, (title, curves) in zip(panels.flat, data.items()):
    for name, points in curves.items():
        tenants, values = zip(*sorted(points))
        (drawn[name],) = panel.plot(tenants, values, marker="o", markersize=4, color=colours[name])
    panel.set_xscale("log")
    panel.set_yscale("log")
    panel.set_xticks([100, 1000, 10_000], ["100", "1,000", "10,000"])
    panel.set_xlim(70, 14_000)
    panel.yaxis.set_major_locator(ticker.LogLocator(subs=(1, 2, 5)))
    panel.yaxis.set_major_formatter(ticker.FuncFormatter(lambda value, _: f"{value:,g}"))
    panel.minorticks_off()
    panel.tick_params(labelleft=True)
    panel.set_title(title, loc="left", fontweight="bold", fontsize=9)
    panel.grid(color="#dde3e7", linewidth=0.6)
    panel.spines[["top", "right"]].set_visible(False)
figure.legend([drawn[name] for name in names], names, loc="outside upper center", ncols=3, frameon=False)
figure.supxlabel("tenants; both axes are logarithmic", fontsize=8, color="#667")
figure.savefig(sys.argv[1], metadata={"Date": None})
