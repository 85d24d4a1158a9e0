"""What validators must say of values: each case names a document, and in the bundle a definition."""

import copy

from corpus import DOCUMENTS, has_null, tag, variants, without


def cases(corpora, plain):
    """All cases. `plain` has the requests as a client writes them that puts `null` where nothing is."""
    for name, lines in corpora.items():
        yield from (case for line in lines for case in everywhere(name, line, name != "wrong"))
    for line, value in zip(corpora["requests"], plain, strict=True):
        if line["type"] in DOCUMENTS:
            yield in_document("requests", line["type"], value, True)
        # The bundle does not speak of `null`, from which generators would make types of their own.
        if has_null(value):
            yield in_bundle("wrong", line["type"], value, False)
    yield from with_unknown_fields(corpora["requests"])
    yield from without_required_fields(corpora["real"])


def everywhere(corpus, line, valid):
    """Cases for the bundle and, where there is one, for the document of the type."""
    yield in_bundle(corpus, line["type"], line["value"], valid)
    if line["type"] in DOCUMENTS:
        yield in_document(corpus, line["type"], line["value"], valid)


def in_bundle(corpus, name, value, valid):
    return {"corpus": corpus, "document": "yoi", "type": name, "value": value, "valid": valid}


def in_document(corpus, name, value, valid):
    return {**in_bundle(corpus, name, value, valid), "document": DOCUMENTS[name]}


def with_unknown_fields(requests):
    """Requests with a field too much, in each object in turn."""
    for line in requests:
        if line["type"] in DOCUMENTS:
            for changed in each_with_field(line["value"]):
                yield in_document("wrong", line["type"], changed, False)


def each_with_field(value):
    yield {**value, "colour": "blue"}
    for name, field in value.items():
        # Labels and meta are maps, so that any name is right.
        if isinstance(field, dict) and name not in ("labels", "meta"):
            yield from ({**value, name: changed} for changed in each_with_field(field))
        if isinstance(field, list):
            for index, item in enumerate(field):
                for changed in each_with_field(item) if isinstance(item, dict) else ():
                    whole = copy.copy(field)
                    whole[index] = changed
                    yield {**value, name: whole}


def without_required_fields(real):
    """One value of each known variant, without each field in turn that the variant requires."""
    for name in ("RuntimeEvent", "StreamItem", "RuntimeError", "CommandReply", "QueryReply"):
        for variant in variants(name):
            field, value = tag(variant)
            example = next(
                line["value"] for line in real if line["type"] == name and line["value"][field] == value
            )
            for required in variant["required"]:
                line = {"type": name, "value": without(example, [f"/{required}"])}
                yield from everywhere("wrong", line, False)
