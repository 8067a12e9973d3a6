"""What growth.py measures, and what it writes: pictures, the numbers behind them, and the tables of docs/growth.md."""
import json
from dataclasses import dataclass

from curves import SERVERS, draw, exponent
from tables import grid, in_language, languages, put, show

TENS = [1, 10, 100, 1000, 10_000]
ENTRIES = FILES = [10, 100, 1000, 10_000, 100_000]
SIZES = [100, 1000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000]
LOAD = {"cpu": ("processor time a request, µs", "每个请求的处理器时间"), "p50": ("median latency, ms", "延迟的中位数"),
        "p99": ("99th percentile, ms", "第 99 百分位"), "p999": ("99.9th percentile, ms", "第 99.9 百分位")}
EACH = ("kB for each (no exponent)", "每条的 kB 数（不是指数）")
# What is less, two runs differ by.
STEEPER = 0.1
MEMORY = {"memory": ("memory", "内存")}


@dataclass
class Row:
    words: tuple                # English, Chinese
    xs: list
    floor: int = 10 ** 9        # up to where the floor can do it
    figures: tuple = ("cpu", "p99")     # of which the document has exponents
    better: int = -1            # the sign of a better exponent; 0: neither says anything


ROWS = {
    "connections": Row(("connections", "连接数"), TENS),
    "size": Row(("bytes of the file", "文件的字节数"), SIZES, floor=10_000),
    "files": Row(("files asked for", "所请求文件的个数"), FILES, floor=0),
    "entries": Row(("entries of the folder listed", "所列文件夹的项数"), ENTRIES, floor=0),
    "depth": Row(("depth of the file", "文件的深度"), [1, 2, 4, 8, 16, 32], floor=0),
    "requests": Row(("requests on a connection", "每条连接的请求数"), [1, 10, 100, 1000], better=1),
    "workers": Row(("workers", "工作线程数"), [1, 2], better=0),
    "memory-idle": Row(("idle connections", "空闲连接"), TENS, figures=("memory",)),
    "memory-slow": Row(("slow connections", "慢连接"), TENS, figures=("memory",)),
    "memory-active": Row(("active connections", "活跃连接"), TENS, figures=("memory",)),
    "memory-tls": Row(("idle https connections", "空闲的 https 连接"), TENS, floor=0, figures=("memory",)),
}


def pictures(found):
    """{name of the file: its text}"""
    drawn = {}
    for row, what in ROWS.items():
        if row in found and not row.startswith("memory"):
            panels = [(figure, words[0]) for figure, words in LOAD.items()]
            drawn[f"{row}.svg"] = draw(found[row], panels, what.words[0])
    of_memory = {name: {row: figures["memory"] for row in found if row.startswith("memory")
                        if (figures := found[row].get(name))} for name in SERVERS}
    if any(of_memory.values()):
        titles = [(row, f"MB with {what.words[0]}") for row, what in ROWS.items() if row.startswith("memory")]
        drawn["memory.svg"] = draw(of_memory, titles, "connections")
    return drawn


def kilobytes_each(points):
    """What a connection more takes, between the fewest and the most; None if there were no more than one count."""
    (x0, y0), (x1, y1) = points[0], points[-1]
    return (y1 - y0) * 1024 / (x1 - x0) if x1 > x0 else None


def flattest(slopes, better, curves, figure):
    """Who has a flatter curve than we, and as long a one; what falls where it might rise is level, and chance."""
    if slopes.get("glasshttp") is None:
        return None
    reached = {name: curves[name][figure][-1][0] for name in slopes}
    steep = {name: max(0, -better * k) for name, k in slopes.items()
             if k is not None and name != "limit" and reached[name] == reached["glasshttp"]}
    best = min(steep, key=steep.get)
    return best if steep[best] < steep["glasshttp"] - STEEPER else None


def document(data, language):
    """The exponents, and where ours is not the least."""
    rows, behind = [], []
    names = [name for name in SERVERS if any(name in servers for servers in data["rows"].values())]
    for row, what in ROWS.items():
        for figure in what.figures if row in data["rows"] else ():
            words = [what.words[language], {**LOAD, **MEMORY}[figure][language].split(",")[0]]
            slopes = {name: exponent(points) for name in names
                      if (points := data["rows"][row].get(name, {}).get(figure))}
            rows.append(words + [show(slopes.get(name), 2).replace("-0.00", "0.00") for name in names])
            if flatter := flattest(slopes, what.better, data["rows"][row], figure):
                template = ("- {}, {}: {:.2f}; {} {:.2f}", "- {}，{}：{:.2f}；{} {:.2f}")[language]
                behind.append(template.format(*words, slopes["glasshttp"], flatter, slopes[flatter]))
        if "memory" in what.figures and row in data["rows"]:
            each = {name: kilobytes_each(figures["memory"]) for name, figures in data["rows"][row].items()}
            rows.append([what.words[language], EACH[language]] + [show(each.get(name), 2) for name in names])
    said = ((f"Ours is not the flattest, by more than {STEEPER}, and without the floor:",
             f"我们不是最平的地方（相差 {STEEPER} 以上，底线不算）：") if behind else
            (f"Nowhere is another one flatter by more than {STEEPER}.", f"没有谁比我们平 {STEEPER} 以上。"))
    head = [("against", "随什么变"), ("of", "什么"), *((name, name) for name in names)]
    table = grid([words[language] for words in head], rows, 2)
    where = (data["where"] + ".", in_language(data["where"], 1) + "。")[language]
    return f"{where}\n\n{table}\n{said[language]}\n\n" + "\n".join(behind)


def write(data, folder):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "data.json").write_text(json.dumps(data, separators=(",", ":")).replace('"rows"', '\n"rows"')
                                      .replace('},"', '},\n"') + "\n")
    for name, text in pictures(data["rows"]).items():
        (folder / name).write_text(text)
    for path, language in languages(folder.with_suffix(".md")) if folder.with_suffix(".md").exists() else []:
        put(path, "growth", document(data, language))
