"""Sentences that were written in one language, said in another one.

The core raises its errors in English sentences with values in them, as in ``latent_dim=0 must be a
whole number between 1 and 4,096``. A phrasebook finds the template that such a sentence was made
from and fills the other language's template with the same values. It knows no page, not which
language a visitor reads and not who made a sentence.
"""

import re
import string
from collections.abc import Mapping

SENTENCE = "problem"  # the field that holds a sentence of its own, said in the other language too
PHRASE = "must"  # the field that holds one of the phrases of the table of that name
LONGEST = 2000  # characters; the core says nothing longer


class Phrasebook:
    """The templates of two languages, which are read once and then never change."""

    def __init__(self, known: Mapping[str, str], wanted: Mapping[str, str]) -> None:
        """Learn templates with ``{names}``; no name may be twice in one of ``known``.

        Args:
            known: of the language in which sentences come, by key.
            wanted: of the language in which they are to be said, by the same keys.
        """
        self._wanted = wanted
        self._patterns: dict[str, list[tuple[str, re.Pattern[str]]]] = {SENTENCE: [], PHRASE: []}
        templates = [(key, *_parts(template)) for key, template in known.items()]
        # The most particular first: the one of which most is fixed.
        for key, fixed, names in sorted(templates, key=lambda each: -sum(map(len, each[1]))):
            kind = PHRASE if PHRASE in key.split(".")[:-1] else SENTENCE
            self._patterns[kind].append((key, _pattern(fixed, names)))

    def said(self, sentence: str, kind: str = SENTENCE) -> str:
        """Return a sentence, or a phrase, in the other language; as it is if no template fits."""
        found = self.entry(sentence, kind) if len(sentence) <= LONGEST else None
        if found is None:
            return sentence
        key, values = found
        inner = {name: self.said(values[name], name) for name in self._patterns if name in values}
        return self._wanted[key].format(**values | inner)

    def entry(self, sentence: str, kind: str = SENTENCE) -> tuple[str, dict[str, str]] | None:
        """Return the key of the template that a sentence was made from, and its values."""
        for key, pattern in self._patterns[kind]:
            match = pattern.fullmatch(sentence)
            if match is None:
                continue
            values = match.groupdict()
            # What must be is often said in other sentences, too: only a phrase tells them apart.
            if PHRASE not in values or self.entry(values[PHRASE], PHRASE) is not None:
                return key, values
        return None


def _parts(template: str) -> tuple[list[str], list[str]]:
    """Return what is fixed in a template, F + 1 texts, and the names of the F fields between."""
    fixed, names = [""], []
    for literal, name, _, _ in string.Formatter().parse(template):
        fixed[-1] += literal
        if name is not None:
            names.append(name)
            fixed.append("")
    return fixed, names


def _pattern(fixed: list[str], names: list[str]) -> re.Pattern[str]:
    """Return what fits a template's sentences: each field is as short as what follows allows.

    The groups are atomic, so that a sentence of any kind is searched once and never again.
    """
    pattern = re.escape(fixed[0])
    for place, (name, after) in enumerate(zip(names, fixed[1:], strict=True), 1):
        if place == len(names):  # whatever is left but for the template's end
            pattern += f"(?P<{name}>.*){re.escape(after)}"
        else:
            pattern += f"(?>(?P<{name}>.*?){re.escape(after)})"
    return re.compile(pattern, re.DOTALL)
