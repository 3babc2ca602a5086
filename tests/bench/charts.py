"""One SVG bar chart for each case: no dependencies, legible on light and on dark pages."""

import os
from xml.sax.saxutils import escape

import cases
from report import REFERENCE, shown

WIDTH, NAME_WIDTH, BAR_WIDTH = 640, 100, 440
BAR, STEP, HEAD, PANEL_HEAD = 16, 22, 34, 30
# Grey bars have room for the eye to find ours; both colours have contrast on white and on black.
STYLE = """
text { font: 13px system-ui, sans-serif; fill: #1f2328; }
.title { font-weight: 600; font-size: 15px; }
.about, .better { fill: #59636e; }
.bar { fill: #8c959f; }
.ours { fill: #0969da; }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3; }
  .about, .better { fill: #9198a1; }
  .bar { fill: #6e7681; }
  .ours { fill: #4493f8; }
}
"""


def text(x, y, content, kind="", anchor="start"):
    attributes = f' class="{kind}"' if kind else ""
    return f'<text x="{x}" y="{y}" text-anchor="{anchor}"{attributes}>{escape(content)}</text>'


def panel(results, case, column, top):
    """The bars of one figure, and where the next panel begins."""
    names = results.peers(case.name)
    values = {name: results.median(name, case.name, column.key) for name in names}
    most = max([value for value in values.values() if value is not None] + [0]) or 1
    better = "less is better" if column.less_is_better else "more is better"
    parts = [text(NAME_WIDTH, top + 12, f"{column.title} ({better})", "better")]
    top += PANEL_HEAD - STEP + BAR
    for name in names:
        value = values[name]
        length = max(1, round(BAR_WIDTH * value / most)) if value is not None else 0
        kind = "bar ours" if name == REFERENCE else "bar"
        label = shown(value, column) if value is not None else "failed"
        parts += [
            text(NAME_WIDTH - 8, top + 13, name, anchor="end"),
            f'<rect class="{kind}" x="{NAME_WIDTH}" y="{top}" width="{length}" height="{BAR}" rx="2"/>',
            text(NAME_WIDTH + length + 6, top + 13, label)]
        top += STEP
    return parts, top + 8


def chart(results, case):
    parts = [text(12, 20, case.name, "title"), text(12, 38, case.about, "about")]
    top = HEAD + 18
    for column in case.columns:
        more, top = panel(results, case, column, top)
        parts += more
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{top}" viewBox="0 0 {WIDTH} {top}"'
        ' role="img">',
        f"<title>{escape(case.name)}: {escape(case.about)}</title>", f"<style>{STYLE}</style>", *parts, "</svg>", ""])


def write_charts(results, folder):
    """NAME.svg for each case; returns the files."""
    os.makedirs(folder, exist_ok=True)
    files = []
    for name in results.cases():
        if name in cases.ALL:
            files.append(os.path.join(folder, f"{name}.svg"))
            with open(files[-1], "w", encoding="utf-8") as f:
                f.write(chart(results, cases.ALL[name]))
    return files
