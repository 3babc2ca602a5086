"""What all cases have in common."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Column:
    """One figure of a case."""

    key: str  # in the results
    title: str
    form: str = ".0f"
    less_is_better: bool = True


class Case:
    """run() measures one peer once. It returns values by key, or raises loads.Failed."""

    name = ""
    about = ""
    columns = ()
    fresh = False  # with processes of its own, and of a peer that has done nothing before
    only = None  # the one peer that it makes sense for

    def run(self, lab, peer):
        raise NotImplementedError


def problem_of(result):
    """The part of a load's result that says what went wrong; a load without a result has gone wrong."""
    if result is None:
        return {"problem": "the load generator gave no result"}
    return {"problem": result["problem"], "failed": result["failed"]} if result["problem"] else {}
