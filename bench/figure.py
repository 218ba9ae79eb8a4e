"""One measured figure, beside what it is held against."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A figure and its goal. `goal` is on value / against; None: reported only."""

    name: str
    value: float
    against: float
    unit: str
    goal: float | None
    better: Literal["higher", "lower"]

    @property
    def ok(self) -> bool:
        """Whether the goal is met; a figure without goal always is."""
        if self.goal is None:
            return True
        ratio = self.value / self.against
        return ratio >= self.goal if self.better == "higher" else ratio <= self.goal

    def line(self) -> str:
        """`name value unit against goal ok|short`."""
        sign = ">=" if self.better == "higher" else "<="
        goal = "-" if self.goal is None else f"{sign}{self.goal:g}"
        return f"{self.name} {self.value:.4g} {self.unit} {self.against:.4g} {goal} {'ok' if self.ok else 'short'}"

    def json(self) -> str:
        """One object: name, value, against, unit, goal, ok."""
        members = {
            "name": self.name,
            "value": self.value,
            "against": self.against,
            "unit": self.unit,
            "goal": self.goal,
            "ok": self.ok,
        }
        return json.dumps(members)
