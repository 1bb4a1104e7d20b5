"""Numbers on the command line, with a lowest and a highest value, so that neither nan nor inf passes for one."""

import math
from typing import Any

import click


class Number(click.ParamType[float]):
    """A number of something, such as minutes, between two bounds that count."""

    name = "number"

    def __init__(self, lowest: float, highest: float) -> None:
        self._lowest, self._highest = lowest, highest

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        try:
            found = float(value)
        except ValueError:
            found = math.nan
        if not self._lowest <= found <= self._highest:  # nan is in no range
            self.fail(f"{value} can't be used: write a number from {self._lowest:g} to {self._highest:g}.", param, ctx)
        return found
