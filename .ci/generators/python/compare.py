"""Compares what a client read and wrote again with what it was given."""

import corpus
from corpus import same, without, without_nothing


def compared(line, answer):
    """How a client took a line: exactly, but for fields that it may drop, not at all, or in another way."""
    if "refused" in answer:
        return "refused"
    if same(answer["value"], line["value"]):
        return "exact"
    if "drops" in line and same(answer["value"], without(line["value"], line["drops"])):
        return "but for fields"
    return "other"


def survived(line, answer):
    """Whether a client that has one struct for all variants of a union kept what it can keep.

    That is everything but nulls, empty lists and unknown fields; of an unknown variant it is the tag, and
    the fields that some known variant has too.
    """
    if "value" not in answer:
        return False
    read = answer["value"]
    expected = without(line["value"], line.get("drops", ()))
    for pointer in line.get("unknown", ()):
        expected = with_less(expected, pointer, kept(corpus.at(expected, pointer), corpus.at(read, pointer)))
    return same(without_nothing(read), without_nothing(expected))


def kept(variant, read):
    """The tag of an unknown variant, and of its other fields those that were read."""
    if not isinstance(variant, dict) or not isinstance(read, dict):
        return variant
    tag = "code" if "code" in variant else "type"
    fields = {name: field for name, field in variant.items() if name == tag or read.get(name) is not None}
    # An error of unknown code may have a `retry` of unknown type.
    return {name: kept(field, read.get(name)) for name, field in fields.items()}


def with_less(value, pointer, part):
    """The value with another part at a pointer."""
    if pointer == "":
        return part
    value = without(value, ())
    parent, _, name = pointer.rpartition("/")
    parent = corpus.at(value, parent)
    parent[int(name) if isinstance(parent, list) else name] = part
    return value
