"""The register of cases: a function with `@case()` is one, named after the behaviour that it shows."""

from dataclasses import dataclass
from typing import Callable

CASES = {}


@dataclass
class Case:
    name: str
    function: Callable
    isolated: bool  # runs with a network and mount table of its own, as root there
    alone: bool     # measures: nothing else may run beside it
    long: bool      # only with --full
    limit: int      # seconds; four times as many with --full

    def seconds(self, full):
        return self.limit * (4 if full else 1)


def case(isolated=False, alone=False, long=False, limit=120):
    def register(function):
        CASES[function.__name__] = Case(function.__name__, function, isolated, alone, long, limit)
        return function

    return register
