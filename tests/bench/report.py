"""Tables of medians, and of their ratio to penstock's."""

import cases
import peers

REFERENCE = "penstock"
FOREIGN_SHARE_MAX = 0.15


def aligned(rows):
    """The first column to the left, the others to the right."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    for row in rows:
        cells = [text.rjust(width) for text, width in zip(row, widths)]
        yield "  ".join([row[0].ljust(widths[0]), *cells[1:]]).rstrip()


def shown(value, column):
    return "-" if value is None else format(value, column.form)


def ratio(value, reference):
    return format(value / reference, ".2f") if value is not None and reference else "-"


def case_rows(results, case):
    """One row for each peer: every figure, and how many times penstock's it is."""
    names = results.peers(case.name)
    compare = REFERENCE in names and len(names) > 1
    rows = [[""]]
    for column in case.columns:
        rows[0] += [column.title, "ratio"] if compare else [column.title]
    for name in names:
        row = [name]
        for column in case.columns:
            value = results.median(name, case.name, column.key)
            row.append(shown(value, column))
            if compare:
                row.append(ratio(value, results.median(REFERENCE, case.name, column.key)))
        rows.append(row)
    return rows


def print_tables(results):
    for name in results.cases():
        case = cases.ALL.get(name)
        if not case:
            continue  # from a file that another version has written
        rounds = results.rounds(name)
        print(f"\n{name}: {case.about} ({rounds} round{'s' if rounds != 1 else ''})")
        for line in aligned(case_rows(results, case)):
            print(f"  {line}")
        for peer in results.peers(name):
            print("".join(f"  ! {peer}: {problem}\n" for problem in results.problems(peer, name)), end="")
    print(f"\nMedians of interleaved rounds; the ratio is that to {REFERENCE}'s.")
    print_warning(results)


def print_warning(results):
    """Not for a link between namespaces: its emulator is needed, but cannot be told from other programs."""
    shares = [r["foreign_share"] for r in results.runs if "foreign_share" in r and not r["case"].startswith("wan-")]
    busy = sum(share > FOREIGN_SHARE_MAX for share in shares)
    if busy:
        print(f"In {busy} of {len(shares)} runs other programs took more than {FOREIGN_SHARE_MAX:.0%} of the machine"
              f" (at most {max(shares):.0%}): do not trust their rates.")


def markdown_cells(results, names, case, column):
    """The best tunnel's figures are bold, all that look the same when rounded; what does not tunnel is no rival."""
    values = {name: results.median(name, case.name, column.key) for name in names}
    rivals = [value for name, value in values.items() if value is not None and is_tunnel(name)]
    choose = min if column.less_is_better else max
    best = shown(choose(rivals), column) if len(rivals) > 1 else None
    for name in names:
        text = shown(values[name], column)
        yield f"**{text}**" if text == best and is_tunnel(name) else text


def is_tunnel(name):
    return name in peers.ALL and peers.ALL[name].tunnel


def print_markdown(results):
    """One table: a row for each figure, a column for each peer."""
    names = results.peers()
    print(f"\n| | {' | '.join(names)} |")
    print(f"|---|{'---:|' * len(names)}")
    for case_name in results.cases():
        case = cases.ALL.get(case_name)
        for column in case.columns if case else ():
            cells = markdown_cells(results, names, case, column)
            print(f"| {case_name}, {column.title} | {' | '.join(cells)} |")
