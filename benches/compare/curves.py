"""Curves on two logarithmic axes, drawn as SVG, which is legible on light and dark; and how steep they are.

A picture is four panels, each with the curve of every server:

    draw({"a server": {"cpu": [(1, 7.1), (10, 7.0), (100, 7.4)]}}, [("cpu", "processor time, µs")], "connections")
"""
import math
from statistics import linear_regression

# A server's colour on light and on dark, and the mark of its points: whoever cannot tell the colours sees the marks.
SERVERS = {
    "glasshttp": ("#0969da", "#58a6ff", "circle"),
    "nginx": ("#1a7f37", "#3fb950", "square"),
    "lighttpd": ("#8250df", "#bc8cff", "triangle"),
    "h2o": ("#bc4c00", "#f0883e", "diamond"),
    "limit": ("#57606a", "#8b949e", "none"),
}
MARKS = {
    "circle": '<circle cx="{x}" cy="{y}" r="3.5"/>',
    "square": '<rect x="{x-3}" y="{y-3}" width="6" height="6"/>',
    "triangle": '<path d="M{x} {y-4}l4 7h-8z"/>',
    "diamond": '<path d="M{x} {y-4.5}l4.5 4.5-4.5 4.5-4.5-4.5z"/>',
    "none": "",
}
# Of a panel: its size, what stands left of and below its axes, and how far it is to the next one.
WIDTH, HEIGHT, LEFT, BELOW, TOP = 310, 190, 56, 62, 66


def growing(points):
    """The part of a curve that grows: its points at or above twice the lowest. What a request costs in any case is most
    of those below, and makes them flat. With fewer than three such points it is the whole curve."""
    lowest = min(y for _, y in points)
    part = [(x, y) for x, y in points if y >= 2 * lowest]
    return part if len(part) >= 3 else points


def exponent(points):
    """The k of y ~ x^k: the slope of the straight line, fitted by least squares to the logarithms of what grows."""
    part = growing([(x, y) for x, y in points if y > 0]) if points else []
    if len({x for x, _ in part}) < 2:
        return None
    return linear_regression([math.log(x) for x, _ in part], [math.log(y) for _, y in part]).slope


def short(number):
    """1000 as 1k, and 0.002 as it is."""
    for unit, name in ((1e6, "M"), (1e3, "k")):
        if number >= unit:
            return f"{number / unit:g}{name}"
    return f"{number:g}"


def ticks(low, high):
    """Powers of ten; between them 2 and 5, where there is room."""
    decades = range(math.floor(math.log10(low)) - 1, math.ceil(math.log10(high)) + 1)
    steps = (1, 2, 5) if high / low < 200 else (1,)
    return [step * 10.0 ** decade for decade in decades for step in steps
            if low * 0.999 <= step * 10.0 ** decade <= high * 1.001]


def bounds(values):
    """Of an axis: somewhat more than the values have, and no less than a factor of ten."""
    low, high = min(values), max(values)
    wider = max(1.15, math.sqrt(10 * low / high))
    return low / wider, high * wider


def mark(name, x, y):
    shape = MARKS[SERVERS[name][2]]
    for place, value in (("{x}", x), ("{y}", y), ("{x-3}", x - 3), ("{y-3}", y - 3), ("{y-4}", y - 4),
                         ("{y-4.5}", y - 4.5)):
        shape = shape.replace(place, f"{value:.1f}")
    return shape


def panel(curves, title, label, left, top):
    """One pair of axes and its curves, {server: points}, with its upper left corner there."""
    points = [point for points in curves.values() for point in points]
    xs = sorted({x for x, _ in points})
    (x0, x1), (y0, y1) = (xs[0] / 1.1, xs[-1] * 1.1), bounds([y for _, y in points])
    at_x = lambda x: left + WIDTH * math.log(x / x0) / math.log(x1 / x0)                       # noqa: E731
    at_y = lambda y: top + HEIGHT - HEIGHT * math.log(y / y0) / math.log(y1 / y0)              # noqa: E731
    out = [f'<text class="title" x="{left}" y="{top - 8}">{title}</text>']
    for y in ticks(y0, y1):
        out += [f'<path class="grid" d="M{left} {at_y(y):.1f}h{WIDTH}"/>',
                f'<text class="y" x="{left - 6}" y="{at_y(y) + 4:.1f}">{short(y)}</text>']
    for x in xs:
        out += [f'<path class="grid" d="M{at_x(x):.1f} {top}v{HEIGHT}"/>',
                f'<text class="x" x="{at_x(x):.1f}" y="{top + HEIGHT + 16}">{short(x)}</text>']
    out.append(f'<text class="x" x="{left + WIDTH / 2:.0f}" y="{top + HEIGHT + 34}">{label}</text>')
    # Ours last, and so above the others.
    for name in sorted(curves, key=lambda name: name == "glasshttp"):
        line = "L".join(f"{at_x(x):.1f} {at_y(y):.1f}" for x, y in curves[name])
        out.append(f'<g class="{name}"><path class="line" d="M{line}"/>' +
                   "".join(mark(name, at_x(x), at_y(y)) for x, y in curves[name]) + "</g>")
    return out


def style():
    lines = ["text { font: 12px system-ui, sans-serif; fill: #1f2328 }", ".back { fill: #fff } .title { font-weight: 600 }",
             ".x { text-anchor: middle } .y { text-anchor: end } .grid { stroke: #d1d9e0; fill: none }",
             ".line { fill: none; stroke-width: 1.5 } .glasshttp .line { stroke-width: 3 }",
             ".limit .line { stroke-dasharray: 5 4 }"]
    lines += [f".{name} {{ fill: {light}; stroke: {light} }}" for name, (light, _, _) in SERVERS.items()]
    dark = [f".{name} {{ fill: {dark}; stroke: {dark} }}" for name, (_, dark, _) in SERVERS.items()]
    return "\n".join([*lines, "@media (prefers-color-scheme: dark) {",
                      "text { fill: #f0f6fc } .back { fill: #0d1117 } .grid { stroke: #30363d }", *dark, "}"])


def draw(found, panels, label):
    """The picture: {server: {figure: points}}, the figures with their titles, and what the horizontal axis counts."""
    names = [name for name in SERVERS if any(found.get(name, {}).values())]
    width, height = 2 * (LEFT + WIDTH) + 34, TOP + 2 * (HEIGHT + BELOW) + 10
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}">',
           f"<style>\n{style()}\n</style>", f'<rect class="back" width="{width}" height="{height}"/>']
    for index, name in enumerate(names):
        x = LEFT + 130 * index
        out.append(f'<g class="{name}"><path class="line" d="M{x} 20h30"/>{mark(name, x + 15, 20)}</g>'
                   f'<text x="{x + 36}" y="24">{name}</text>')
    for index, (figure, title) in enumerate(panels):
        curves = {name: points for name in names if (points := found[name].get(figure))}
        if curves:
            left, top = LEFT + index % 2 * (LEFT + WIDTH + 14), TOP + index // 2 * (HEIGHT + BELOW)
            out += panel(curves, title, label, left, top)
    return "\n".join([*out, "</svg>"]) + "\n"
