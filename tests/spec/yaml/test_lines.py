"""The lines of a text, each found by itself, compared with those of a text that is split as a whole."""

from __future__ import annotations

import random
import re

import pytest

from reconciler.spec.yaml.lines import BLOCK, Lines


def text_of(seed: int) -> str:
    """A text of some blocks: short lines, empty ones, one that is longer than a block, every line break."""
    chance = random.Random(seed)
    parts = [
        "\n",
        "\n\n",
        "\r\n",
        "\r",
        "topic: Standup\n",
        "é: 😀\r\n",
        "x" * (BLOCK - 1) + "\n",
        "y" * 3 * BLOCK,
    ]
    return "".join(chance.choice(parts) for _ in range(chance.randrange(60)))


@pytest.mark.parametrize("seed", range(40))
def test_each_line_is_that_of_the_split_text(seed: int) -> None:
    text = text_of(seed)
    split = re.split("\r?\n", text)
    lines = Lines(text)
    assert ([lines[index] for index in range(len(lines))], lines[3:7]) == (split, split[3:7])


@pytest.mark.parametrize("index", [-1, 2])
def test_a_line_that_the_text_does_not_have(index: int) -> None:
    with pytest.raises(IndexError):
        Lines("one\ntwo")[index]
